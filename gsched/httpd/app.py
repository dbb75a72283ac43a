"""The page's routes: files for the browser, the state as JSON, the state as a live stream."""

import json
import logging
import socket
from collections.abc import Callable, Iterable
from typing import Any, Protocol

import bottle
from bottle import HTTPError, HTTPResponse, request, response

from gsched.httpd import assets
from gsched.httpd.access import guard, roles
from gsched.httpd.live.encoding import encode_by_turns
from gsched.httpd.live.publisher import (
    RETRY_AFTER,
    Publisher,
    TooManyStreamsError,
    take_turns,
)
from gsched.httpd.live.stream import Stream

log = logging.getLogger("gsched.httpd")

SOCKET_KEY = "gsched.socket"  # environ: the connection, for a stream to tune
PART_KEY = "gsched.part"  # environ: whether the answer is a script or style of the page
STREAM_BUFFER = 65536  # bytes the kernel may hold for a reader that does not read

Snapshot = Callable[[], dict[str, Any]]
StartResponse = Callable[..., Any]


class Part(Protocol):
    """Something else that is served beside the page."""

    def install(self, app: bottle.Bottle) -> None:
        """Add its routes, each answered in a bounded time. Those that change something name the
        least role that may (roles.py)."""


def build(
    snapshot: Snapshot,
    hosts: Iterable[str] = (),
    parts: Iterable[Part] = (),
    identify: roles.Identify = roles.everybody,
    origins: Iterable[str] = (),
    read_only: bool = False,
) -> bottle.Bottle:
    """Returns the page as a WSGI application.

    `snapshot` returns the scheduler's state, ready for JSON; it is called for each request of
    the state and once a second while somebody watches. `hosts` are names under which browsers
    may reach us besides localhost, `origins` those of proxies before us; `parts` add routes of
    their own; `identify` says who asks; `read_only` takes all away that changes something, but
    signing in and out, and but for users of this host. Raises FileNotFoundError when the page's
    files are missing, and LookupError for a route that lacks a role. Call `close()` when done: it
    ends the live streams.
    """
    names = guard.host_names(hosts)
    page = Page(snapshot, names, assets.load(), identify, frozenset(origins), read_only)
    for part in parts:
        part.install(page)
    for route in page.routes:
        roles.needed(route)
    return page


class Page(bottle.Bottle):
    """The application; a wrapper round Bottle's own adds what each answer must have."""

    def __init__(
        self,
        snapshot: Snapshot,
        hosts: frozenset[str],
        files: dict[str, assets.Asset],
        identify: roles.Identify,
        origins: frozenset[str],
        read_only: bool,
    ) -> None:
        super().__init__()
        self._snapshot, self._hosts, self._files = snapshot, hosts, files
        self._identify, self._origins, self._read_only = identify, origins, read_only
        self.publisher = Publisher(snapshot)
        self.install(roles.Roles())
        self.get("/", callback=self.index, role=roles.ANYBODY)
        self.get("/static/<name:path>", callback=self.static, role=roles.ANYBODY)
        self.get("/healthz", callback=self.healthz, role=roles.ANYBODY)
        self.get("/api/v1/status", callback=self.status)
        self.get("/api/v1/events", callback=self.events)

    def close(self) -> None:
        """Says good-bye to the live streams and takes no new ones."""
        self.publisher.close()
        super().close()

    def wsgi(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answers one request: checks whose page and whose request it is, adds the headers that
        protect the page."""
        environ["wsgi.errors"] = _Complaints(environ)

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            return start_response(status, _protected(headers, environ), exc_info)

        if reason := guard.refusal(environ, self._hosts):
            return _refused("421 Misdirected Request", reason, environ, start)
        if reason := guard.foreign(environ, self._origins):
            return _refused("403 Forbidden", reason, environ, start)
        local = guard.PEER_KEY in environ
        if self._read_only and not local and not guard.reads(environ):
            return _refused("405 Method Not Allowed", "this page only reads", environ, start)
        who = (roles.neighbour if local else self._identify)(environ)
        # Who may change nothing here is offered nothing to change.
        environ[roles.ACTOR_KEY] = roles.looking(who) if self._read_only and not local else who
        return super().wsgi(environ, start)  # type: ignore[no-any-return]

    def default_error_handler(self, res: HTTPError) -> bytes:
        """Returns the body of an error that Bottle or a route raised; never its traceback."""
        reason = res.body if res.exception is None else "the request failed; the log says why"
        kind, body = _error_body(request.path, res.status_code, str(reason))
        response.content_type = kind
        return body

    def index(self) -> bytes:
        """The page itself; to strangers, the one where they sign in."""
        stranger = request.environ[roles.ACTOR_KEY] is None
        return self._send(assets.LOGIN if stranger else assets.INDEX)

    def static(self, name: str) -> bytes:
        """One of the page's files."""
        return self._send(name)

    def healthz(self) -> str:
        """Whether the process answers; says nothing about the scheduler's state."""
        response.content_type = "text/plain; charset=utf-8"
        return "ok\n"

    def status(self) -> bytes:
        """The state of the scheduler now, as JSON."""
        response.content_type = "application/json"
        return encode_by_turns(self._snapshot(), take_turns)

    def events(self) -> Stream | roles.HeldStream:
        """The state of the scheduler, and each second what is new, as server-sent events."""
        try:
            stream = self.publisher.subscribe()
        except TooManyStreamsError:
            later = {"Retry-After": str(RETRY_AFTER)}
            raise HTTPError(503, "too many pages are watching", **later) from None
        connection = request.environ.get(SOCKET_KEY)
        if connection is not None:
            # A reader that stalls is noticed when this is full, not megabytes later.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, STREAM_BUFFER)
        response.content_type = "text/event-stream"
        response.set_header("X-Accel-Buffering", "no")  # nginx would collect the events
        hold = request.environ.get(roles.HOLD_KEY)
        return roles.HeldStream(stream, hold) if hold else stream

    def _send(self, name: str) -> bytes:
        asset = self._files.get(name)
        if asset is None:
            raise HTTPError(404, "there is no such file")
        return send(asset)


class _Complaints:
    """Where Bottle writes the traceback of a failed request: our log, naming the request."""

    def __init__(self, environ: dict[str, Any]) -> None:
        self._what = f"{environ.get('REQUEST_METHOD')} {environ.get('PATH_INFO')!r}"

    def write(self, text: str) -> None:
        log.error("%s failed: %s", self._what, text.strip())

    def flush(self) -> None:
        """Nothing is held back."""


def send(asset: assets.Asset) -> bytes:
    """Answers a request with that file, unless the browser holds it."""
    environ = request.environ
    environ[PART_KEY] = asset.is_part
    # Not by Bottle's get_header, which raises where a browser would never send UTF-8.
    body, headers = asset.sent(environ.get("HTTP_ACCEPT_ENCODING", ""))
    if asset.matches(environ.get("HTTP_IF_NONE_MATCH", "")):
        raise HTTPResponse(status=304, **headers)
    for header, value in headers.items():
        response.set_header(header, value)
    response.content_type = asset.content_type
    return body


def _refused(
    status: str, reason: str, environ: dict[str, Any], start: StartResponse
) -> list[bytes]:
    """Answers a request that no route is asked for."""
    log.info("refused %s: %s", environ.get("REMOTE_ADDR", "a request"), reason)
    kind, body = _error_body(environ.get("PATH_INFO", ""), int(status[:3]), reason)
    start(status, [("Content-Type", kind)])
    return [] if environ.get("REQUEST_METHOD") == "HEAD" else [body]


def _error_body(path: str, status: int, reason: str) -> tuple[str, bytes]:
    """Returns the content type and body for an error: JSON for programs, a line for people."""
    if path.startswith("/api/"):
        return "application/json", json.dumps({"status": status, "error": reason}).encode()
    return "text/plain; charset=utf-8", f"{reason}\n".encode()


def _protected(headers: list[tuple[str, str]], environ: dict[str, Any]) -> list[tuple[str, str]]:
    """Returns the headers of an answer with the protecting ones, uncached unless it said so."""
    named = {name.lower() for name, _ in headers}
    caching = [] if "cache-control" in named else [("Cache-Control", "no-store")]
    # There are many scripts, and browsers look for a policy only at what is a page or a worker.
    protecting = guard.OF_PARTS if environ.get(PART_KEY) else guard.HEADERS
    return [*headers, *caching, *protecting]
