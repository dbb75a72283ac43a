"""Messages on a stream: four bytes of big-endian length, then that many bytes.

A stream may start with a code of 40 bytes that has no length, and the bytes of a file follow
their request without one either, so the reader hands out all three: `raw` and `message`.
"""

from struct import Struct

from gsched.wire.errors import PeerError

LENGTH = Struct(">I")
CODE_SIZE = 40  # the handshake code that opens a stream towards a scheduler or a node
MAX_MESSAGE = (1 << 32) - 1


def frame(payload: bytes) -> bytes:
    """The payload with its length in front. Raises ValueError from 4 GiB on."""
    if len(payload) > MAX_MESSAGE:
        raise ValueError(f"a message of {len(payload)} bytes cannot be framed")
    return LENGTH.pack(len(payload)) + payload


class FrameReader:
    """Collects received bytes and gives back whole messages. Holds at most one message."""

    __slots__ = ("_buffer",)

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> None:
        """Add bytes in the order in which they were received."""
        self._buffer += data

    @property
    def pending(self) -> int:
        """Bytes received and not yet handed out."""
        return len(self._buffer)

    def raw(self, size: int) -> bytes | None:
        """The next `size` bytes, or None until they are all here."""
        if len(self._buffer) < size:
            return None
        data = bytes(self._buffer[:size])
        del self._buffer[:size]
        return data

    def some(self, most: int) -> bytes:
        """The bytes at hand, `most` of them at the most; empty if there are none."""
        return self.raw(min(most, len(self._buffer))) or b""

    def message(self, limit: int) -> bytes | None:
        """The next message, or None until all of it is here.

        Raises PeerError as soon as the announced length is over `limit` bytes.
        """
        if len(self._buffer) < LENGTH.size:
            return None
        (size,) = LENGTH.unpack_from(self._buffer)
        if size > limit:
            raise PeerError(f"message of {size} bytes announced, {limit} allowed")
        end = LENGTH.size + size
        if len(self._buffer) < end:
            return None
        payload = bytes(self._buffer[LENGTH.size : end])
        del self._buffer[:end]
        return payload
