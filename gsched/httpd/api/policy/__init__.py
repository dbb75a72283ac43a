"""The sharing policy: its rules, and orders to read its file again."""
