"""A module that clients send to nodes, and whose class nodes can import."""


class Scale:
    """An argument of setup functions."""

    def __init__(self, factor):
        self.factor = factor


def double(n):
    return 2 * n
