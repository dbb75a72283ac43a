"""TLS as dispy's peers do it.

On one side, nodes or clients, all parties share a certificate, or hold one whose file has that of
its issuer too: whoever connects takes its own certificate file for the authority that the other's
must come from. Host names are not checked, and whoever is connected to asks for no certificate.
"""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from ssl import PROTOCOL_TLS_CLIENT, PROTOCOL_TLS_SERVER, VERIFY_X509_PARTIAL_CHAIN, TLSVersion

from gevent import Timeout, socket
from gevent.ssl import SSLContext, SSLError

from gsched.net.transport.mistakes import Mistake
from gsched.net.transport.sockets import Address, Stream
from gsched.wire.errors import PeerError

HELLO = b"\x16\x03"  # how a TLS connection begins, whatever its version


@dataclass
class Tls:
    """One side's TLS, or that it has none: without contexts.

    `option` names the certificate's option for those who read the log.
    """

    option: str = ""
    accepting: SSLContext | None = None
    connecting: SSLContext | None = None

    @property
    def used(self) -> bool:
        """Whether the side has a certificate."""
        return self.accepting is not None

    def renew(self, other: "Tls") -> None:
        """From now on, connections begin with the certificate of the other."""
        self.accepting, self.connecting = other.accepting, other.connecting

    def accept(self, stream: Stream) -> "Stream | SecureStream":
        """For a connection that came in, before `greet`. Raises OSError."""
        if self.accepting is None:
            return stream
        return SecureStream(stream, self.accepting, server_side=True)

    def greet(self, accepted: "Stream | SecureStream") -> None:
        """The handshake of what `accept` has given. Raises PeerError or OSError."""
        if isinstance(accepted, SecureStream):
            try:
                accepted.shake_hands()
            except SSLError as error:
                raise PeerError(self._problem(error)) from error

    def connect(self, stream: Stream) -> "Stream | SecureStream":
        """The handshake of a connection that we opened. Raises OSError."""
        if self.connecting is None:
            return stream
        secure = SecureStream(stream, self.connecting)
        try:
            secure.shake_hands()
        except OSError as error:  # also where the other does not answer, since it has no TLS
            secure.close()
            raise ConnectionError(self._problem(error)) from error
        except BaseException:  # a kill, too, must not leave it open
            secure.close()
            raise
        return secure

    def refuse_hello(self, data: bytes) -> None:
        """Raises PeerError if a stream that should be plain begins with a TLS handshake.

        It would look like a message of some hundred megabytes.
        """
        if self.accepting is None and data.startswith(HELLO):
            raise PeerError(f"the peer uses TLS, which is off here: see {self.option}")

    def _problem(self, error: OSError) -> str:
        reason = getattr(error, "verify_message", "") or getattr(error, "reason", "") or error
        return (
            f"TLS handshake failed ({reason}): "
            f"the peer must use TLS, with the certificate of {self.option}"
        )


class SecureStream:
    """A connection with TLS, by gevent's sockets; `shake_hands` comes first. Raises OSError."""

    def __init__(self, plain: Stream, context: SSLContext, server_side: bool = False) -> None:
        timeout = plain.timeout
        sock = socket.socket(fileno=plain.detach())
        try:
            sock.settimeout(timeout)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # the handshake writes first
            self._socket = context.wrap_socket(
                sock, server_side=server_side, do_handshake_on_connect=False
            )
        except BaseException:  # a kill, too, must not leave it open
            sock.close()
            raise

    def shake_hands(self) -> None:
        """All of it has to be done in the time that each step may take."""
        with Timeout(self.timeout, TimeoutError("TLS handshake timed out")):
            self._socket.do_handshake()

    @property
    def timeout(self) -> float | None:
        """Seconds that each step may take; None: for ever."""
        seconds: float | None = self._socket.gettimeout()
        return seconds

    @timeout.setter
    def timeout(self, seconds: float | None) -> None:
        self._socket.settimeout(seconds)

    @property
    def local(self) -> Address:
        """Where the connection is on this side."""
        address: Address = self._socket.getsockname()[:2]
        return address

    def option(self, level: int, name: int, value: int) -> None:
        """Set an option of the socket."""
        self._socket.setsockopt(level, name, value)

    def receive(self, most: int) -> bytes:
        """What is there, as soon as something is; empty at the end of the stream."""
        data: bytes = self._socket.recv(most)
        return data

    def receive_into(self, space: memoryview) -> int:
        """As `receive`. How many bytes."""
        size: int = self._socket.recv_into(space)
        return size

    def wait_readable(self) -> None:
        """`receive` waits by itself: what is there may be no message yet, but a ticket."""

    def send(self, data: bytes | memoryview, *, last: bool = False) -> None:
        """Send all of it."""
        self._socket.sendall(data)

    def wait_writable(self) -> None:
        """`send` waits by itself."""

    def pass_on(self, file: int, size: int) -> int:
        """Nothing goes past TLS."""
        return 0

    def finish(self) -> None:
        """A peer sends tickets after the handshake. A close that leaves them unread is a reset to
        the system, which may overtake what was sent.
        """
        with suppress(OSError):  # such as: the peer closes without a farewell
            self._socket.unwrap()

    def close(self) -> None:
        """Close the connection; the peer sees the end of the stream."""
        self._socket.close()

    def abort(self) -> None:
        """End it from elsewhere, also in its handshake: whoever waits for it sees the end.

        The TLS of gevent's sockets must stay as it is, since that one still works with it.
        Raises OSError.
        """
        socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


PLAIN = Tls()  # neither side of anything


def load(side: str, certfile: Path | None, keyfile: Path | None) -> Tls:
    """TLS of the side `node` or `cluster`, if there is a certificate. Raises Mistake."""
    if certfile is None:
        if keyfile is not None:
            raise Mistake(f"--{side}_keyfile is of no use without --{side}_certfile")
        return Tls(f"--{side}_certfile")
    for name, path in (("certfile", certfile), ("keyfile", keyfile)):
        if path is not None and not path.is_file():
            raise Mistake(f"--{side}_{name} {path}: no such file")
    accepting, connecting = SSLContext(PROTOCOL_TLS_SERVER), SSLContext(PROTOCOL_TLS_CLIENT)

    def no_password() -> str:
        raise Mistake(f"--{side}_keyfile: the key in {keyfile or certfile} must have no password")

    try:
        accepting.load_cert_chain(certfile, keyfile, no_password)
        connecting.load_verify_locations(certfile)
    except (SSLError, OSError) as error:
        raise Mistake(_unusable(side, certfile, keyfile, error)) from error
    accepting.minimum_version = connecting.minimum_version = TLSVersion.TLSv1_2
    accepting.num_tickets = 0  # nobody resumes a session
    connecting.check_hostname = False
    connecting.verify_flags |= VERIFY_X509_PARTIAL_CHAIN
    return Tls(f"--{side}_certfile", accepting, connecting)


def _unusable(side: str, certfile: Path, keyfile: Path | None, error: OSError) -> str:
    reason = getattr(error, "reason", None) or error.strerror or str(error)
    if keyfile is not None:
        return f"--{side}_certfile {certfile} with --{side}_keyfile {keyfile}: {reason}"
    hint = f"it must hold certificate and key, or name the key by --{side}_keyfile"
    return f"--{side}_certfile {certfile}: {reason}; {hint}"
