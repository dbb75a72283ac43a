"""What is known, into the journal and back."""
