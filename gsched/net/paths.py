"""Paths that peers name."""

from gsched.wire.errors import PeerError
from gsched.wire.records import XferFile

SEPARATORS = ("/", "\\")
_FORBIDDEN = frozenset("/\\\0")  # in a name, on one system or the other
_MAX_LENGTH = 1024


def check_file(file: XferFile) -> None:
    """Raises PeerError unless nodes put it below the computation's directory, whatever they are.

    They take `sep` for what parts both of its paths, and the last part of `name` for its name.
    """
    check_relative(file.dest_path)
    name = file.name.split(file.sep)[-1] if file.sep in SEPARATORS else ""
    drive = name[1:2] == ":"
    if not name or name in (".", "..") or drive or not _FORBIDDEN.isdisjoint(name):
        raise PeerError(f"file {file.name[:60]!r} leads out of the computation's directory")


def check_relative(path: str) -> None:
    """Raises PeerError unless the path stays below wherever it is put, on any system."""
    parts = path.replace("\\", "/").split("/")
    absolute = path[:1] in SEPARATORS
    drive = len(path) > 1 and path[1] == ":"
    if absolute or drive or ".." in parts or "\0" in path or len(path) > _MAX_LENGTH:
        raise PeerError(f"destination {path[:60]!r} leads out of the computation's directory")
