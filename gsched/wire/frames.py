"""Messages on a stream: four bytes of big-endian length, then that many bytes.

A stream may start with a code of 40 bytes that has no length, and the bytes of a file follow
their request without one either, so the reader hands out all three: `raw` and `message`.
"""

from struct import Struct

from gsched.wire.errors import PeerError

LENGTH = Struct(">I")
CODE_SIZE = 40  # the handshake code that opens a stream towards a scheduler or a node
MAX_MESSAGE = (1 << 32) - 1


def frame(payload: bytes, code: bytes = b"") -> bytes:
    """The payload with its length in front, and a code before that.

    Raises ValueError from 4 GiB on.
    """
    return head(len(payload), code) + payload


def head(size: int, code: bytes = b"") -> bytes:
    """What stands in front of a payload of `size` bytes. Raises ValueError from 4 GiB on."""
    if size > MAX_MESSAGE:
        raise ValueError(f"a message of {size} bytes cannot be framed")
    return code + LENGTH.pack(size)


class FrameReader:
    """Collects received bytes and gives back whole messages. Holds at most one message."""

    __slots__ = ("_at", "_data")

    def __init__(self) -> None:
        self._data: bytes | bytearray = b""  # most messages come in one piece: that is not copied
        self._at = 0  # what is before it was handed out

    def feed(self, data: bytes) -> int:
        """Add bytes in the order in which they were received. How many are pending."""
        if self._at == len(self._data):
            self._data, self._at = data, 0
            return len(data)
        if isinstance(self._data, bytearray):
            self._data += data
        else:
            self._data = bytearray(self._data) + data
        return len(self._data) - self._at

    @property
    def pending(self) -> int:
        """Bytes received and not yet handed out."""
        return len(self._data) - self._at

    def raw(self, size: int) -> bytes | None:
        """The next `size` bytes, or None until they are all here."""
        if self.pending < size:
            return None
        return self._take(size)

    def some(self, most: int) -> bytes:
        """The bytes at hand, `most` of them at the most; empty if there are none."""
        return self._take(min(most, self.pending))

    def message(self, limit: int) -> bytes | None:
        """The next message, or None until all of it is here.

        Raises PeerError as soon as the announced length is over `limit` bytes.
        """
        begin = self._at + LENGTH.size
        there = len(self._data) - begin
        if there < 0:
            return None
        (size,) = LENGTH.unpack_from(self._data, self._at)
        if size > limit:
            raise PeerError(f"message of {size} bytes announced, {limit} allowed")
        if there < size:
            return None
        self._at = begin
        return self._take(size)

    def _take(self, size: int) -> bytes:
        begin = self._at
        self._at = end = begin + size
        if isinstance(self._data, bytes):
            return self._data[begin:end]
        data = bytes(memoryview(self._data)[begin:end])
        self._data = bytes(memoryview(self._data)[end:])
        self._at = 0
        return data
