"""The interface for programs at /api/v1, from one table of operations."""
