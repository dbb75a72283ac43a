"""Mistakes of whoever starts the server, found only when it starts."""


class Mistake(Exception):
    """What the user has to mend. The text is one line that names the option."""
