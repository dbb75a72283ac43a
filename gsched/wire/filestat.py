"""What dispy says of a file: its `os.stat_result`, of whichever platform."""

from typing import Any

from gsched.wire.errors import PeerError

BIG = 1 << 64  # no number of a file comes near it


class StatResult:
    """`os.stat_result` of a file at the peer: ten integers and what the platform adds to them."""

    __slots__ = ("fields", "more")
    fields: tuple[int, ...]
    more: dict[str, float]
    GLOBAL = ("os", "stat_result")
    SIZE, MODE, ATIME, MTIME = 6, 0, 7, 8
    # A Python from 3.13 on refuses names that it does not know, Windows' among them.
    TIMES = ("st_atime", "st_mtime", "st_ctime", "st_atime_ns", "st_mtime_ns", "st_ctime_ns")
    PORTABLE = (*TIMES, "st_blksize", "st_blocks", "st_rdev")

    def __new__(cls, fields: Any, more: Any = None) -> "StatResult":
        if type(fields) is not tuple or len(fields) < 10:
            raise PeerError("os.stat_result without its ten numbers")
        if not all(type(value) is int and abs(value) < BIG for value in fields[:10]):
            raise PeerError("os.stat_result with fields that are no numbers")
        if fields[cls.SIZE] < 0:
            raise PeerError(f"os.stat_result of {fields[cls.SIZE]} bytes")
        self = object.__new__(cls)
        self.fields = fields[:10]
        named = more if isinstance(more, dict) else {}
        self.more = {k: named[k] for k in cls.PORTABLE if _is_time(named.get(k))}
        return self

    def __setstate__(self, state: Any) -> None:
        """A pickle's BUILD could else set any attribute, of this class even."""
        raise PeerError("os.stat_result with a state")

    @property
    def size(self) -> int:
        """Bytes."""
        return int(self.fields[self.SIZE])

    @property
    def mtime(self) -> float:
        """Seconds since 1970."""
        return float(self.more.get("st_mtime", self.fields[self.MTIME]))

    def resized(self, size: int) -> "StatResult":
        """The same file cut to `size` bytes."""
        fields = list(self.fields)
        fields[self.SIZE] = size
        return StatResult(tuple(fields), self.more)


def _is_time(value: Any) -> bool:
    return type(value) in (int, float) and -BIG < value < BIG
