"""Names of hosts that all processes of a test know: a table of hosts instead of the system's."""

import ctypes
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

TABLE = "/etc/hosts"
CLONE_NEWNS = 0x20000
MS_BIND, MS_REC, MS_PRIVATE, MNT_DETACH = 0x1000, 0x4000, 1 << 18, 2


class Names:
    """The table. Names may be changed at any time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.write({})

    def write(self, names: Mapping[str, str]) -> None:
        """These names for these addresses, and no others."""
        lines = [f"{address} {name}" for name, address in names.items()]
        self.path.write_text("\n".join(["127.0.0.1 localhost", *lines, ""]))


@contextmanager
def own_names(folder: Path) -> Iterator[Names]:
    """Have a table of our own, which nobody else on this machine sees."""
    names = Names(folder / "hosts")
    try:
        if not _Surroundings.private:
            _call("unshare", CLONE_NEWNS)
            _call("mount", b"none", b"/", None, MS_REC | MS_PRIVATE, None)
            _Surroundings.private = True
        _call("mount", str(names.path).encode(), TABLE.encode(), None, MS_BIND, None)
    except OSError as error:
        pytest.skip(f"no names of our own: {error.strerror}")
    try:
        yield names
    finally:
        _call("umount2", TABLE.encode(), MNT_DETACH)


class _Surroundings:
    private = False  # whether what we mount is seen by nobody else


def _call(name: str, *arguments: int | bytes | None) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    wanted = [ctypes.c_ulong(x) if isinstance(x, int) else x for x in arguments]
    if getattr(libc, name)(*wanted):
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
