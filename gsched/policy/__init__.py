"""The file of the sharing policy: what it may say, and how it is read."""
