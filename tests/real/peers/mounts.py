"""File systems and files of our own, mounted where nobody else on this machine sees them."""

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

CLONE_NEWNS = 0x20000
MS_RDONLY, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 1, 1 << 5, 1 << 12, 1 << 14, 1 << 18
MNT_DETACH = 2
_FILLER = "filler"


class _Surroundings:
    private = False  # whether what we mount is seen by nobody else


class Disk:
    """A small file system."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def fill(self, left: int = 0) -> None:
        """Take all room but so many bytes."""
        free = os.statvfs(self.folder)
        with (self.folder / _FILLER).open("wb", buffering=0) as file:
            file.write(bytes(max(0, free.f_bavail * free.f_bsize - left)))

    def free(self) -> None:
        """Give it back."""
        (self.folder / _FILLER).unlink()

    def forbid_writing(self) -> None:
        """From now on it can only be read."""
        call("mount", b"none", _name(self.folder), b"tmpfs", MS_REMOUNT | MS_RDONLY, None)


@contextmanager
def small_disk(folder: Path, size: int) -> Iterator[Disk]:
    """A disk of so many bytes, in a folder that is made for it."""
    folder.mkdir()
    options = f"size={size}".encode()
    with mounted(b"tmpfs", folder, b"tmpfs", 0, options):
        yield Disk(folder)


@contextmanager
def mounted(
    source: bytes, target: Path, kind: bytes | None, flags: int, options: bytes | None
) -> Iterator[None]:
    """Mount it there, in a table of mounts of our own; skip the test where we may not."""
    try:
        if not _Surroundings.private:
            call("unshare", CLONE_NEWNS)
            call("mount", b"none", b"/", None, MS_REC | MS_PRIVATE, None)
            _Surroundings.private = True
        call("mount", source, _name(target), kind, flags, options)
    except OSError as error:
        pytest.skip(f"no mounts of our own: {error.strerror}")
    try:
        yield
    finally:
        call("umount2", _name(target), MNT_DETACH)


def call(name: str, *arguments: int | bytes | None) -> None:
    """A call of the system. Raises OSError."""
    libc = ctypes.CDLL(None, use_errno=True)
    wanted = [ctypes.c_ulong(x) if isinstance(x, int) else x for x in arguments]
    if getattr(libc, name)(*wanted):
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


def _name(path: Path) -> bytes:
    return str(path).encode()
