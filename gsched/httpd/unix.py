"""Unix sockets: only users of this host reach them, and the system says who has connected.

Without gevent: programs that ask the server use this too.
"""

import os
import socket
import struct
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

LONGEST = 107  # bytes of a path that fit into a socket's address
BACKLOG = 64
_CREDENTIALS = struct.Struct("3i")  # process, user, group


def listen(path: Path) -> socket.socket:
    """A socket that listens at `path`, for its owner alone; what is there is replaced.

    So nobody else may listen there: the caller holds the lock of its directory. Raises OSError.
    """
    with suppress(FileNotFoundError):
        path.unlink()
    with _made() as sock, _short(path) as name:
        os.fchmod(sock.fileno(), 0o600)  # what bind makes has this mode from its first instant
        sock.bind(name)
        os.chmod(path, 0o600)  # for systems that do not look at the former
        sock.listen(BACKLOG)
    return sock


def connect(path: Path, timeout: float) -> socket.socket:
    """A connection to who listens at `path`. Raises OSError.

    `timeout`: seconds for this, and for each step later.
    """
    with _made() as sock, _short(path) as name:
        sock.settimeout(timeout)
        sock.connect(name)
    return sock


def user(sock: socket.socket) -> int:
    """The id of the user whose process has connected, as the system knows it. Raises OSError."""
    given = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    uid: int = _CREDENTIALS.unpack(given)[1]
    return uid


@contextmanager
def _made() -> Iterator[socket.socket]:
    """A new socket, which is closed if what is done with it fails."""
    with ExitStack() as failing:
        sock = socket.socket(socket.AF_UNIX)
        failing.callback(sock.close)
        yield sock
        failing.pop_all()


@contextmanager
def _short(path: Path) -> Iterator[str]:
    """A name of `path` that fits into an address: long ones go by an open directory."""
    if len(os.fsencode(path)) <= LONGEST:
        yield str(path)
        return
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{directory}/{path.name}"
    finally:
        os.close(directory)
