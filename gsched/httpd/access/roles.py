"""Who asks, and what they may do: each route names the least role that it takes.

A route for GET that names none takes `viewer`; any other has to name one, or the page does not
start. Only those that say ANYBODY answer strangers.
"""

import os
import pwd
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import bottle
from bottle import HTTPError, request

from gsched.httpd.access import guard

VIEWER, OPERATOR, ADMIN = "viewer", "operator", "admin"
ROLES = (VIEWER, OPERATOR, ADMIN)  # each may do what those before it may
ANYBODY = "anybody"

ACTOR_KEY = "gsched.actor"  # environ: the Actor, or None where a stranger asks
HOLD_KEY = "gsched.hold"  # environ: the Hold of a request, where it has one
HEADER = "HTTP_X_GSCHED"  # environ: what our page says by itself, and no form can
CHECK = 60.0  # seconds from one look at a stream's hold to the next

Environ = dict[str, Any]


@dataclass(frozen=True)
class Actor:
    """Whoever sent a request."""

    name: str
    role: str  # one of ROLES
    address: str  # where the request came from

    def may(self, role: str) -> bool:
        """Whether that role, or a greater one, is theirs."""
        return ROLES.index(self.role) >= ROLES.index(role)


@dataclass(frozen=True)
class Hold:
    """How long somebody may go on: streams end with it."""

    lives: Callable[[], bool]
    endings: set[Callable[[], None]] = field(default_factory=set)
    """What is called when it ends before anybody looks."""
    by_cookie: bool = False  # which a browser sends by itself


Identify = Callable[[Environ], Actor | None]
"""Who sent the request; None: nobody known."""


def everybody(environ: Environ) -> Actor:
    """Without accounts, whoever reaches the page, which is then at loopback only, may all."""
    return Actor("local", ADMIN, environ.get("REMOTE_ADDR", ""))


def looking(who: Actor | None) -> Actor | None:
    """The same one, who only looks."""
    return replace(who, role=VIEWER) if who else None


def neighbour(environ: Environ) -> Actor | None:
    """Who has come by a Unix socket: root and the user that we run as may all, others nothing."""
    uid = environ[guard.PEER_KEY]
    return Actor(local_name(uid), ADMIN, "unix") if uid in (0, os.geteuid()) else None


@cache  # since it may ask a network's directory, and nobody should wait for that twice
def local_name(uid: int) -> str:
    """What this host calls a user."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"


def actor() -> Actor:
    """Who sent the request that is being answered. Not for routes that ANYBODY may ask."""
    known: Actor = request.environ[ACTOR_KEY]
    return known


class Roles:
    """A plugin of Bottle: no route runs for who lacks its role, or reads what is no JSON."""

    name, api = "roles", 2

    def apply(self, callback: Callable[..., Any], route: bottle.Route) -> Callable[..., Any]:
        """The route's callback behind the checks."""
        role = needed(route)
        changes = route.method not in guard.SAFE

        def checked(*args: Any, **named: Any) -> Any:
            if role != ANYBODY:
                _require(role, request.environ[ACTOR_KEY])
            if changes:
                _require_ours(request.environ)
            return callback(*args, **named)

        return checked


def _require(role: str, who: Actor | None) -> None:
    if who is None:
        bearer = {"WWW-Authenticate": 'Bearer realm="gsched"'}
        raise HTTPError(401, "sign in, or send a token", **bearer)
    if not who.may(role):
        raise HTTPError(403, f"this takes the role {role}; {who.name} is {who.role}")


def _require_ours(environ: Environ) -> None:
    if reason := guard.not_json(environ):
        raise HTTPError(415, reason)
    hold = environ.get(HOLD_KEY)
    if hold and hold.by_cookie and environ.get(HEADER) != "1":
        raise HTTPError(403, "with a cookie, what changes something needs the header X-Gsched: 1")


class HeldStream:
    """A live stream that ends when its reader may not read on."""

    def __init__(self, stream: Any, hold: Hold, now: Callable[[], float] = time.monotonic) -> None:
        self._stream, self._hold, self._now = stream, hold, now
        self._due = now() + CHECK
        hold.endings.add(stream.end)

    def close(self) -> None:
        """Its reader has gone."""
        self._hold.endings.discard(self._stream.end)
        self._stream.close()

    def __iter__(self) -> "HeldStream":
        return self

    def __next__(self) -> bytes:
        chunk: bytes = next(self._stream)
        if self._now() >= self._due:
            self._due += CHECK
            if not self._hold.lives():
                raise StopIteration
        return chunk


def needed(route: bottle.Route) -> str:
    """The role that a route takes. Raises LookupError for one that has to name it."""
    role: str = route.config.get("role") or (VIEWER if route.method == "GET" else "")
    if role not in (*ROLES, ANYBODY):
        raise LookupError(f"{route.method} {route.rule} names no role")
    return role
