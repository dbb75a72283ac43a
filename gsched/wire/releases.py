"""What differs between the releases of dispy.

Peers compare version texts for equality, so each is answered with its own. Behind the text
there are two dialects; gsched speaks the newer one, in use since 4.11.
"""

import re

_VERSION = re.compile(r"(\d{1,3})\.(\d{1,3})(?:\.(\d{1,3}))?", re.ASCII)
_OLDEST, _BEYOND = (4, 11), (4, 16)

# Nodes answer only a greeting in their own version, so a stranger is greeted in each of these.
GREETINGS = (
    "4.15.2",
    "4.15.1",
    "4.15.0",
    "4.14.0",
    "4.13.0",
    "4.12.4",
    "4.12.3",
    "4.12.2",
    "4.12.1",
    "4.12.0",
    "4.11.1",
    "4.11.0",
)


def understood(version: str) -> bool:
    """Whether a peer of that release speaks the dialect that gsched speaks."""
    found = _VERSION.fullmatch(version)
    if not found:
        return False
    return _OLDEST <= (int(found[1]), int(found[2])) < _BEYOND
