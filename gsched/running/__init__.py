"""A server: its parts, how they start, what they show, and how they stop."""
