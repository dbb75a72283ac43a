"""Who asks, and what they may do: each route names the least role that it takes.

A route for GET that names none takes `viewer`; any other has to name one, or the page does not
start. Only those that say ANYBODY answer strangers.
"""

import os
import pwd
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import bottle
from bottle import HTTPError, request

from gsched.httpd import guard

VIEWER, OPERATOR, ADMIN = "viewer", "operator", "admin"
ROLES = (VIEWER, OPERATOR, ADMIN)  # each may do what those before it may
ANYBODY = "anybody"

ACTOR_KEY = "gsched.actor"  # environ: the Actor, or None where a stranger asks

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


Identify = Callable[[Environ], Actor | None]
"""Who sent the request; None: nobody known."""


def everybody(environ: Environ) -> Actor:
    """Without accounts, whoever reaches the page, which is then at loopback only, may all."""
    return Actor("local", ADMIN, environ.get("REMOTE_ADDR", ""))


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
            if changes and (reason := guard.not_json(request.environ)):
                raise HTTPError(415, reason)
            return callback(*args, **named)

        return checked


def _require(role: str, who: Actor | None) -> None:
    if who is None:
        bearer = {"WWW-Authenticate": 'Bearer realm="gsched"'}
        raise HTTPError(401, "sign in, or send a token", **bearer)
    if not who.may(role):
        raise HTTPError(403, f"this takes the role {role}; {who.name} is {who.role}")


def needed(route: bottle.Route) -> str:
    """The role that a route takes. Raises LookupError for one that has to name it."""
    role: str = route.config.get("role") or (VIEWER if route.method == "GET" else "")
    if role not in (*ROLES, ANYBODY):
        raise LookupError(f"{route.method} {route.rule} names no role")
    return role
