"""The page's web server: gevent's, with the limits it lacks.

gevent's server has no timeouts, does not stop handlers that it started, and sends headers and
body apart, which costs 40 ms each where Nagle's algorithm meets delayed acknowledgements. It also
prints to stderr; here everything goes to the log. The process must be monkey-patched.
"""

import io
import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from ssl import SSLError
from typing import Any

import gevent
from gevent import pywsgi
from gevent.socket import cancel_wait_ex
from gevent.util import wrap_errors

from gsched.httpd import app as page
from gsched.httpd import unix
from gsched.httpd.access import guard
from gsched.httpd.places import Places
from gsched.net.transport.tls import PLAIN, Tls

log = logging.getLogger("gsched.httpd")

BACKLOG = 1024
MOST_BODY = 102_400  # bytes; Bottle parses no more either
ACCEPT_PAUSE = 1.0  # seconds without accepting after the system refused, as out of descriptors
KILL_TIMEOUT = 1.0  # seconds for handlers to end after they were killed

# What a vanished or stalled peer causes, or one that had to make room; no fault of ours.
PEER_ERRORS = (ConnectionError, TimeoutError, SSLError, gevent.GreenletExit, cancel_wait_ex)

_REFUSAL = "HTTP/1.1 %s\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


class IdleError(OSError):
    """No request came for too long; the connection is closed without a word."""


class SlowHeadError(ValueError):
    """A request's headers took too long."""


class SlowBodyError(ValueError):
    """A request's body took too long."""


class BodyError(ValueError):
    """A request brings a body that nothing here reads."""


class Handler(pywsgi.WSGIHandler):
    """One connection."""

    idle_timeout = 15.0  # seconds from one request to the end of the next one's first line
    head_timeout = 10.0  # seconds for the headers of a request
    body_timeout = 10.0  # seconds for its body
    handshake_timeout = 5.0  # seconds for that of TLS
    io_timeout = 20.0  # seconds for a single read or write

    def read_requestline(self) -> str:
        """Waits for a request; the server may end the wait when it stops."""
        if not self.server.started:
            return ""
        self.server.idle.add(self.socket)
        self.server.places.listen(self.socket)
        try:
            with gevent.Timeout(self.idle_timeout, IdleError):
                return super().read_requestline()  # type: ignore[no-any-return]
        finally:
            self.server.idle.discard(self.socket)

    def read_request(self, raw_requestline: str) -> bool:
        """Reads headers and body.

        Raises ValueError, which becomes an error response, when they are wrong or slow.
        """
        with gevent.Timeout(self.head_timeout, SlowHeadError("slow headers")):
            good: bool = super().read_request(raw_requestline)
        self._check_length()
        with gevent.Timeout(self.body_timeout, SlowBodyError("a slow body")):
            self._body = self._read_body()
        self.server.places.forget(self.socket)
        return good

    def _check_length(self) -> None:
        if self.headers.get("transfer-encoding"):
            raise BodyError("a body of unknown length")
        most = 0 if self.command in guard.SAFE else MOST_BODY
        if (self.content_length or 0) > most:
            raise BodyError(f"a body of {self.content_length} bytes")

    def _read_body(self) -> bytes:
        """All of it, before anybody looks at it: no route waits for a slow sender."""
        length = self.content_length or 0
        if length and self.headers.get("expect", "").lower() == "100-continue":
            self.socket.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        body: bytes = self.rfile.read(length) if length else b""
        if len(body) < length:
            raise BodyError("a body that ends too early")
        return body

    def get_environ(self) -> dict[str, Any]:
        """Returns the request's environ with what the application wants to know of the socket."""
        environ: dict[str, Any] = super().get_environ()
        self.wsgi_input.rfile = io.BytesIO(self._body)
        self.wsgi_input.socket = None  # whoever awaited "100 Continue" has had it
        environ["wsgi.input"] = self.wsgi_input
        environ[page.SOCKET_KEY] = self.socket
        environ["wsgi.url_scheme"] = "https" if self.server.tls.used else "http"
        if self.socket.family == socket.AF_UNIX:
            environ[guard.PEER_KEY] = unix.user(self.socket)
        else:
            environ[guard.ADDRESS_KEY] = self.socket.getsockname()[0]
        return environ

    def handle_error(self, kind: type[BaseException], error: BaseException, trace: Any) -> None:
        """Logs what went wrong while answering, unless the peer just went away."""
        if issubclass(kind, PEER_ERRORS):
            self.close_connection = True
            return
        log.error("%s failed", self.requestline, exc_info=(kind, error, trace))
        self._send_error_response_if_possible(500)

    def _handle_client_error(self, ex: Exception) -> tuple[str, bytes]:
        """Returns the refusal of a malformed request; gevent would print some of them."""
        log.info("bad request from %s: %s", self.client_address, ex or type(ex).__name__)
        status = "413 Content Too Large" if isinstance(ex, BodyError) else "400 Bad Request"
        return status.split()[0], (_REFUSAL % status).encode()


class Server(pywsgi.WSGIServer):
    """The listening socket and its connections.

    `listener`: host and port, or the socket. `tls`: of the page, or that it has none.
    """

    max_accept = 1  # in one round of the hub: jobs of others go on, however many come here

    def __init__(
        self,
        listener: tuple[str, int] | socket.socket,
        application: page.Page,
        tls: Tls = PLAIN,
        places: Places | None = None,
    ) -> None:
        self.tls = tls
        self.places = places or Places()
        self.idle: set[Any] = set()  # sockets on which no request has begun
        # SERVER_NAME is given since gevent would ask the DNS for it, and wait.
        super().__init__(
            listener,
            application,
            backlog=BACKLOG if isinstance(listener, tuple) else None,
            spawn=self.places.pool,
            log=None,
            error_log=log,
            handler_class=Handler,
            environ={"SERVER_NAME": listener[0] if isinstance(listener, tuple) else "localhost"},
        )

    def do_read(self) -> tuple[Any, Any] | None:
        """Accepts a connection; pauses when the system refuses. Runs in the hub: must not wait."""
        try:
            return super().do_read()  # type: ignore[no-any-return]
        except OSError as error:
            if self.is_fatal_error(error):
                raise
            gevent.spawn(log.error, "the page cannot accept connections: %s", error)
            self.stop_accepting()
            self._timer = self.loop.timer(ACCEPT_PAUSE)
            self._timer.start(self._start_accepting_if_started)
            return None

    def do_handle(self, *accepted: Any) -> None:
        """A connection has come. Runs in the hub."""
        super().do_handle(*accepted)
        self.places.make_room()

    def handle(self, sock: Any, address: Any) -> None:
        """Serves a connection until it ends; runs in a greenlet of its own."""
        gevent.getcurrent().name = f"page {address}"
        failure = wrap_errors(Exception, self._serve)(sock, address)
        if failure is not None and not isinstance(failure, PEER_ERRORS):
            log.error("the page's connection from %s failed", address, exc_info=failure)

    def _serve(self, sock: Any, address: Any) -> None:
        if sock.family != socket.AF_UNIX:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.tls.accepting is None:
            sock.settimeout(self.handler_class.io_timeout)
            self._answer(sock, address)
            return
        with self._shaken(sock) as secure:
            self._answer(secure, address)

    def _answer(self, sock: Any, address: Any) -> None:
        try:
            super().handle(sock, address)
        finally:
            self.places.forget(sock)

    @contextmanager
    def _shaken(self, sock: Any) -> Iterator[Any]:
        """The connection with TLS."""
        assert self.tls.accepting is not None
        sock.settimeout(self.handler_class.handshake_timeout)
        secure = self.tls.accepting.wrap_socket(
            sock, server_side=True, do_handshake_on_connect=False
        )
        self.places.listen(secure)
        try:
            with gevent.Timeout(self.handler_class.handshake_timeout, TimeoutError("no handshake")):
                secure.do_handshake()
            secure.settimeout(self.handler_class.io_timeout)
            yield secure
        finally:
            self.places.forget(secure)
            secure.close()

    def stop(self, timeout: float | None = None) -> None:
        """Stops listening, wakes idle connections, and kills what still runs after `timeout`."""
        self.close()
        for sock in tuple(self.idle):
            wrap_errors(OSError, sock.shutdown)(socket.SHUT_RD)
        self.pool.join(timeout=self.stop_timeout if timeout is None else timeout)
        self.pool.kill(block=True, timeout=KILL_TIMEOUT)


class PageServer:
    """The page, served at one address."""

    def __init__(
        self,
        host: str,
        port: int,
        application: page.Page,
        tls: Tls = PLAIN,
        descriptor: int | None = None,
        places: Places | None = None,
    ) -> None:
        """Prepares to serve `application` at `host` and `port` (0 takes a free one).

        `descriptor`: of a socket that listens there already.
        """
        found = (host, port) if descriptor is None else socket.socket(fileno=descriptor)
        self._server = Server(found, application, tls, places)
        self._host, self._port, self._scheme = host, port, "https" if tls.used else "http"

    @property
    def port(self) -> int:
        """The port listened on; once started, the actual one."""
        return self._port

    @property
    def descriptor(self) -> int:
        """Of the socket that listens."""
        return int(self._server.socket.fileno())

    @property
    def url(self) -> str:
        """The page's address for a browser on this host."""
        here = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # nosec B104  # none is bound
        host = here.get(self._host, self._host)
        return f"{self._scheme}://{f'[{host}]' if ':' in host else host}:{self.port}/"

    def start(self) -> None:
        """Listens and returns. Raises OSError when the port is taken or not allowed."""
        self._server.start()
        self._port = self._server.server_port
        log.info("the page is at %s", self.url)

    def stop(self, timeout: float) -> None:
        """Ends all connections and returns in at most `timeout` + KILL_TIMEOUT seconds."""
        self._server.stop(timeout=timeout)
