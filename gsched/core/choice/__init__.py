"""Whose job goes first, and who has had how much."""
