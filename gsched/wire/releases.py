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


# Where nodes of these releases listen unless told otherwise. Elsewhere any may be found.
_OWN_PORTS = {9701: (4, 15), 61591: (4, 14)}
_FIRST_OF = {(4, 15): (4, 15), (4, 14): (4, 11)}


def greetings(port: int) -> tuple[str, ...]:
    """The versions to try at a port of nodes, the likeliest first.

    A node writes a line into its log for each that is not its own, so the fewer the better.
    """
    newest = _OWN_PORTS.get(port)
    if newest is None:
        return GREETINGS
    oldest = _FIRST_OF[newest]
    return tuple(version for version in GREETINGS if oldest <= _line(version) <= newest)


def _line(version: str) -> tuple[int, int]:
    major, minor, *_ = version.split(".")
    return int(major), int(minor)


def understood(version: str) -> bool:
    """Whether a peer of that release speaks the dialect that gsched speaks."""
    found = _VERSION.fullmatch(version)
    if not found:
        return False
    return _OLDEST <= (int(found[1]), int(found[2])) < _BEYOND
