"""One TCP connection: framed messages in both directions, each step with a time limit.

All that goes wrong with the peer's machine or the way to it is an OSError: refused, reset,
timed out, and `Closed` where the peer ended the stream too early.
"""

from contextlib import suppress
from types import TracebackType

from gevent import socket
from gevent.ssl import SSLSocket

from gsched.net.tls import PLAIN, Tls
from gsched.wire.frames import FrameReader, frame

Address = tuple[str, int]

_CHUNK = 1 << 16


class Closed(ConnectionError):
    """The peer closed the connection where more was expected."""


class Channel:
    """A connection, for one greenlet at a time. Closes itself at the end of a `with`."""

    __slots__ = ("_prompt", "_reader", "_socket", "_written", "peer")

    def __init__(self, sock: socket.socket, peer: Address, timeout: float) -> None:
        sock.settimeout(timeout)
        self._socket = sock
        self._reader = FrameReader()
        self._written = isinstance(sock, SSLSocket)  # by the handshake
        self._prompt = False
        self.peer = peer

    @property
    def local(self) -> Address:
        """Where the connection is on this side."""
        address: Address = self._socket.getsockname()[:2]
        return address

    def timeout(self, seconds: float | None) -> None:
        """Seconds that each step may take from now on; None for no limit."""
        self._socket.settimeout(seconds)

    def send(self, payload: bytes, code: bytes = b"") -> None:
        """Send one message, with a code in front of it where it opens a stream that wants one."""
        self._write(code + frame(payload))

    def send_raw(self, data: bytes) -> None:
        """Send bytes that are no message: a piece of a file."""
        self._write(data)

    def _write(self, data: bytes) -> None:
        """Most connections see one write, so what only later ones need is left to them.

        The system holds back small writes behind one that is not confirmed, never the first.
        """
        if self._written and not self._prompt:
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._prompt = True
        self._written = True
        sent = self._socket.send(data)
        if sent < len(data):
            self._socket.sendall(memoryview(data)[sent:])

    def receive(self, limit: int) -> bytes:
        """The next message. Raises PeerError if it is over `limit` bytes."""
        while (payload := self._reader.message(limit)) is None:
            self._more()
        return payload

    def receive_code(self, size: int) -> bytes:
        """The bytes in front of the first message."""
        while (code := self._reader.raw(size)) is None:
            self._more()
        return code

    def receive_raw(self, size: int) -> bytes:
        """Some of the next `size` bytes of a file, at least one."""
        while not (data := self._reader.some(size)):
            self._more()
        return data

    def _more(self) -> None:
        data = self._socket.recv(_CHUNK)
        if not data:
            raise Closed("closed by the peer")
        self._reader.feed(data)

    def finish(self) -> None:
        """Before a close without having read: see that what was sent arrives.

        A peer with TLS sends tickets after the handshake. A close that leaves them unread is a
        reset to the system, which may overtake what was sent.
        """
        if isinstance(self._socket, SSLSocket):
            with suppress(OSError):  # such as: the peer closes without a farewell
                self._socket.unwrap()

    def close(self) -> None:
        """Close the connection; the peer sees the end of the stream."""
        self._socket.close()

    def __enter__(self) -> "Channel":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class Caller:
    """Opens connections, each step of which may take `timeout` seconds."""

    def __init__(self, timeout: float, tls: Tls = PLAIN) -> None:
        self.timeout = timeout
        self._tls = tls

    def connect(self, address: Address, timeout: float | None = None) -> Channel:
        """A connection to the address. Raises OSError."""
        family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        sock, timeout = socket.socket(family, socket.SOCK_STREAM), timeout or self.timeout
        try:
            sock.settimeout(timeout)
            sock.connect(address)
            sock = self._tls.connect(sock, timeout)
            return Channel(sock, address, timeout)
        except BaseException:
            sock.close()
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
            return channel.receive(limit)

    def tell(self, address: Address, code: bytes, payload: bytes) -> None:
        """Send one message on a connection of its own. Raises OSError."""
        with self.connect(address) as channel:
            channel.send(payload, code)
            channel.finish()
