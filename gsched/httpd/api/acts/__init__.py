"""What changes something: orders, and the audit of who gave them."""
