"""Paths that peers name."""

from gsched.wire.errors import PeerError

_MAX_LENGTH = 1024


def check_relative(path: str, sep: str) -> None:
    """Raises PeerError unless the path stays below wherever it is put, on any system."""
    parts = path.replace(sep or "/", "/").replace("\\", "/").split("/")
    absolute = path[:1] in ("/", "\\", sep) and path != ""
    drive = len(path) > 1 and path[1] == ":"
    if absolute or drive or ".." in parts or "\0" in path or len(path) > _MAX_LENGTH:
        raise PeerError(f"destination {path[:60]!r} leads out of the computation's directory")
