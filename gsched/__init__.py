"""A shared job scheduler for dispy."""

__version__ = "0.1.0"
