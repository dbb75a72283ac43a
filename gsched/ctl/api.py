"""Requests to the scheduler: its answers as plain values, its errors as failures."""

import json
import os
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx2

from gsched import __version__
from gsched.ctl.failures import Failure, Mistake, Refused, Unknown, Unreachable
from gsched.ctl.place import Place

TIMEOUT = 30.0  # seconds, of a single connect, read or write
ROOT = "/api/v1"
LONGEST = 107  # bytes of a path that fit into a socket's address

Row = dict[str, Any]


class Api:
    """The interface of one scheduler. Each call raises Failure with the reason and the mend."""

    def __init__(self, place: Place, timeout: float = TIMEOUT) -> None:
        self.place = place
        headers = {"User-Agent": f"gschedctl/{__version__}"}
        if place.token:
            headers["Authorization"] = f"Bearer {place.token}"
        self._http = httpx2.Client(
            base_url=place.url,
            headers=headers,
            timeout=timeout,
            transport=_transport(place),
            verify=_trust(place),
            trust_env=not place.local,  # a proxy is no way to this host
        )

    def get(self, path: str, **query: Any) -> Row:
        """The answer below /api/v1. Parameters that are None are left out."""
        asked = {name: value for name, value in query.items() if value is not None}
        return self._answer("GET", ROOT + path, params=asked)

    def send(self, method: str, path: str, body: Row | None = None) -> Row:
        """Have something done."""
        return self._answer(method, ROOT + path, json=body or {})

    def pages(self, path: str, name: str, limit: int | None = None, **query: Any) -> Iterator[Row]:
        """Page after page of a list, with `limit` rows together; each with its `next`."""
        left = limit
        while left is None or left > 0:
            page = self.get(path, limit=min(left or 500, 500), **query)
            yield page
            query["after"] = page["next"]
            left = None if left is None else left - len(page[name])
            if page["next"] is None:
                return

    def text(self, path: str) -> tuple[int, str]:
        """Status and body of what is no JSON, such as /readyz."""
        reply = self._request("GET", path)
        return reply.status_code, reply.text.strip()

    @contextmanager
    def events(self, path: str, **query: Any) -> Iterator[Iterator[tuple[str, Row]]]:
        """Names and bodies of server-sent events, as they come."""
        asked = {name: value for name, value in query.items() if value is not None}
        with self._told(), self._http.stream("GET", ROOT + path, params=asked) as reply:
            if reply.status_code != 200:
                reply.read()
                raise _failure(reply, self.place)
            yield ((x.event, json.loads(x.data)) for x in httpx2.EventSource(reply) if x.data)

    def close(self) -> None:
        """End all connections."""
        self._http.close()

    def _answer(self, method: str, path: str, **more: Any) -> Row:
        reply = self._request(method, path, **more)
        if not reply.is_success:
            raise _failure(reply, self.place)
        found = _json(reply)
        if not isinstance(found, dict):
            raise Unreachable(f"{self.place.name} is no gsched: it answers with something else")
        return found

    def _request(self, method: str, path: str, **more: Any) -> httpx2.Response:
        with self._told():
            return self._http.request(method, path, **more)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """What goes wrong on the way, as a failure."""
        try:
            yield
        except httpx2.HTTPError as error:
            raise Unreachable(_unreached(self.place, error)) from None


def _transport(place: Place) -> httpx2.HTTPTransport | None:
    """By the socket; None: by the network."""
    if place.socket is None:
        return None
    path = str(place.socket)
    if len(os.fsencode(path)) > LONGEST:
        try:  # by an open folder, which stays open as long as we run
            folder = os.open(place.socket.parent, os.O_RDONLY | os.O_DIRECTORY)
            path = f"/proc/self/fd/{folder}/{place.socket.name}"
        except OSError as error:
            raise Unreachable(f"{path}: {error.strerror}") from None
    return httpx2.HTTPTransport(uds=path)


def _trust(place: Place) -> ssl.SSLContext | bool:
    """Whose certificates are believed: those of the file, else those of the system."""
    if place.cafile is None:
        return True
    try:
        return ssl.create_default_context(cafile=str(place.cafile))
    except (OSError, ssl.SSLError) as error:
        why = error.strerror if isinstance(error, FileNotFoundError) else "holds no certificate"
        raise Mistake(f"--cafile {place.cafile}: {why}") from None


def _json(reply: httpx2.Response) -> Any:
    try:
        return reply.json()
    except ValueError:
        return None


def _failure(reply: httpx2.Response, place: Place) -> Failure:
    """What a status other than that of success means."""
    status, body = reply.status_code, _json(reply)
    reason = str(body["error"]) if isinstance(body, dict) and "error" in body else ""
    if status in (401, 403):
        mend = "give a token: --token_file" if not place.token else "another token may do it"
        return Refused(f"{place.name} refuses: {reason or reply.reason_phrase}; {mend}")
    if status == 405 or (status == 404 and (not reason or reason.startswith("Not found: "))):
        return Failure(
            f"{place.name} does not know this command: an older gsched, or another server"
        )
    kinds: dict[int, type[Failure]] = {400: Mistake, 404: Unknown, 421: Refused, 422: Mistake}
    kind = kinds.get(status, Unreachable if status >= 500 else Failure)
    return kind(reason or f"{place.name} answers {status} {reply.reason_phrase}")


def _unreached(place: Place, error: httpx2.HTTPError) -> str:
    """Why nobody answers, and the mend."""
    if isinstance(error, httpx2.TimeoutException):
        return f"{place.name} does not answer in time; its log may say why"
    why = _cause(error)
    if "permission denied" in why.lower():
        return f"{place.name} belongs to another user; use sudo, or --url and a token"
    if "certificate" in why.lower():
        return f"{place.name}: {why}; --cafile names the certificate to trust"
    mend = (
        "is gsched running there, with --httpd?" if place.socket is None else "is gsched running?"
    )
    if place.tried:
        sockets = " or ".join(str(path) for path in place.tried)
        return (
            f"found no scheduler on this host: nobody answers at {place.url} ({why}), and there is"
            f" no socket that you may use at {sockets}; is gsched running?"
        )
    return f"nobody answers at {place.name}: {why}; {mend}"


def _cause(error: BaseException) -> str:
    """The innermost text: those round it only repeat it."""
    while error.__cause__ or error.__context__:
        error = error.__cause__ or error.__context__ or error
    return (
        (error.strerror if isinstance(error, OSError) else None)
        or str(error)
        or type(error).__name__
    )
