"""Sockets that listen on while a program becomes its next run: so a restart refuses nobody.

Who connects meanwhile waits in the queue of the socket, which is never closed. The process stays
the same; what its next run is to know stands in a variable: names and descriptors.
"""

import os
from collections.abc import Iterable, MutableMapping

VARIABLE = "GSCHED_LISTENING"

_left: dict[str, int] = {}  # by name, until somebody listens there


def inherit(environ: MutableMapping[str, str]) -> None:
    """Take over what the last run has left, if there was one. Children do not get it."""
    for entry in environ.pop(VARIABLE, "").split(";"):
        name, _, descriptor = entry.rpartition("=")
        if name and descriptor.isdecimal():
            os.set_inheritable(int(descriptor), False)
            _left[name] = int(descriptor)


def adopt(name: str) -> int | None:
    """The descriptor of the socket of that name, once."""
    return _left.pop(name, None)


def close_others() -> None:
    """Those that nobody wants any more, since options have changed."""
    while _left:
        os.close(_left.popitem()[1])


def bequeath(listening: Iterable[tuple[str, int]]) -> dict[str, str]:
    """The variable for the next run. The sockets may be closed here, and listen on."""
    entries = []
    for name, descriptor in listening:
        copy = os.dup(descriptor)
        os.set_inheritable(copy, True)
        entries.append(f"{name}={copy}")
    return {VARIABLE: ";".join(entries)}
