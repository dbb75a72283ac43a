"""One TCP connection: framed messages in both directions, each step with a time limit.

All that goes wrong with the peer's machine or the way to it is an OSError: refused, reset,
timed out, and `Closed` where the peer ended the stream too early.
"""

from collections.abc import Callable
from socket import IPPROTO_TCP, TCP_NODELAY
from time import monotonic
from types import TracebackType
from typing import Protocol

from gsched.net.transport.guests import Guest
from gsched.net.transport.resolver import resolve
from gsched.net.transport.sockets import Address, new_stream
from gsched.net.transport.tls import PLAIN, Tls
from gsched.wire.frames import FrameReader, frame, head

__all__ = ["Address", "Caller", "Channel", "Closed"]

SLOWEST = 1 << 14  # bytes a second: whoever is slower for long only keeps us busy
_CHUNK = 1 << 16


class Closed(ConnectionError):
    """The peer closed the connection where more was expected."""


class Bytes(Protocol):
    """What a channel needs of a connection, be it plain or with TLS."""

    timeout: float | None

    @property
    def local(self) -> Address: ...
    def option(self, level: int, name: int, value: int) -> None: ...
    def receive(self, most: int) -> bytes: ...
    def receive_into(self, space: memoryview) -> int: ...
    def wait_readable(self) -> None: ...
    def wait_writable(self) -> None: ...
    def send(self, data: bytes | memoryview, *, last: bool = False) -> None: ...
    def pass_on(self, file: int, size: int) -> int: ...
    def finish(self) -> None: ...
    def close(self) -> None: ...


class Channel:
    """A connection, for one greenlet at a time. Closes itself at the end of a `with`.

    It has a `guest` if others have opened it.
    """

    __slots__ = ("_check", "_guest", "_reader", "_sent", "_stream", "peer")

    def __init__(
        self,
        stream: Bytes,
        peer: Address,
        check: Callable[[bytes], None] | None = None,
        guest: Guest | None = None,
    ) -> None:
        self._guest = guest
        self._stream = stream
        self._check = check  # looks at the first bytes; may raise PeerError
        self._reader = FrameReader()
        self._sent = 0  # writes
        self.peer = peer

    @property
    def local(self) -> Address:
        """Where the connection is on this side."""
        return self._stream.local

    def timeout(self, seconds: float | None) -> None:
        """Seconds that each step may take from now on; None for no limit."""
        self._stream.timeout = seconds

    def send(self, payload: bytes, code: bytes = b"", *, last: bool = False) -> None:
        """Send one message, with a code in front of it where it opens a stream that wants one.

        The `last` one may wait for the close, which has to follow at once.
        """
        if len(payload) > _CHUNK:  # what is large is not copied once more
            self._stream.send(head(len(payload), code), last=True)
            self.send_raw(payload, last=last)
        else:
            self.send_raw(frame(payload, code), last=last)

    def send_raw(self, data: bytes | memoryview, *, last: bool = False) -> None:
        """Send bytes that are no message: a piece of a file."""
        self._count_write()
        self._stream.send(data, last=last)

    def pass_on(self, file: int, size: int) -> int:
        """Send of an open file what the peer takes at once, `size` bytes at the most. How many:
        none as well where that does not work, with TLS or at all.

        May wait for the disk, so it is for a thread; `wait_writable` is for what is left.
        """
        self._count_write()
        return self._stream.pass_on(file, size)

    def wait_writable(self) -> None:
        """Until the peer takes more. Raises TimeoutError."""
        self._stream.wait_writable()

    def receive(self, limit: int) -> bytes:
        """The next message. Raises PeerError if it is over `limit` bytes."""
        since = 0.0
        while (payload := self._reader.message(limit)) is None:
            since = self._more(since)
        if self._guest is not None:
            self._guest.spoke()
        return payload

    def receive_answer(self, limit: int) -> bytes:
        """As `receive`, where it is known that nothing can be there yet."""
        self._stream.wait_readable()
        return self.receive(limit)

    def receive_code(self, size: int) -> bytes:
        """The bytes in front of the first message."""
        since = 0.0
        while (code := self._reader.raw(size)) is None:
            since = self._more(since)
        return code

    def receive_into(self, space: memoryview) -> None:
        """The next bytes of a file, as many as there is space for."""
        since, data = monotonic(), self._reader.some(len(space))
        done = len(data)
        space[:done] = data
        while done < len(space):
            size = self._stream.receive_into(space[done:])
            if not size:
                raise Closed("closed by the peer")
            done += size
            self._check_pace(since, done)

    def _count_write(self) -> None:
        self._sent += 1
        if self._sent == 2:  # the system holds back what follows a small write, never the first
            self._stream.option(IPPROTO_TCP, TCP_NODELAY, 1)

    def _more(self, since: float) -> float:
        """The next bytes of what was begun `since` then; 0: now. When it was begun."""
        if since:
            self._check_pace(since, self._reader.pending)
        else:
            since = monotonic()
        data = self._stream.receive(_CHUNK)
        if not data:
            raise Closed("closed by the peer")
        if self._check is not None:
            self._check(data)
            self._check = None
        pending = self._reader.feed(data)
        if self._guest is not None:
            self._guest.hold(pending)
        return since

    def _check_pace(self, since: float, done: int) -> None:
        """Each step may take its time, but many short ones must not take for ever."""
        timeout = self._stream.timeout
        if timeout is not None and monotonic() > since + timeout + done / SLOWEST:
            raise TimeoutError("the peer is too slow")

    def finish(self) -> None:
        """Before a close without having read: see that what was sent arrives."""
        self._stream.finish()

    def close(self) -> None:
        """Close the connection; the peer sees the end of the stream."""
        self._stream.close()

    def __enter__(self) -> "Channel":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stream.close()


class Caller:
    """Opens connections, each step of which may take `timeout` seconds."""

    def __init__(self, timeout: float, tls: Tls = PLAIN) -> None:
        self.timeout = timeout
        self._tls = tls

    def connect(self, address: Address, timeout: float | None = None) -> Channel:
        """A connection to the address. Raises OSError."""
        host = resolve(address[0])  # the system would hold up all of us to look a name up
        stream = new_stream((host, address[1]), timeout or self.timeout)
        try:
            stream.connect((host, address[1]))
            return Channel(self._tls.connect(stream), address)
        except BaseException:  # a kill, too, must not leave it open
            stream.close()
            raise

    def ask(
        self,
        address: Address,
        code: bytes,
        payload: bytes,
        limit: int,
        timeout: float | None = None,
    ) -> bytes:
        """Send one message on a connection of its own and wait for the reply.

        Raises OSError if there is no reply, PeerError if it is over `limit` bytes.
        """
        with self.connect(address, timeout) as channel:
            channel.send(payload, code)
            return channel.receive_answer(limit)

    def tell(self, address: Address, code: bytes, payload: bytes) -> None:
        """Send one message on a connection of its own. Raises OSError."""
        with self.connect(address) as channel:
            channel.send(payload, code, last=True)
            channel.finish()
