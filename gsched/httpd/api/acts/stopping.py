"""The scheduler's own end, or next run, by order: for those who are not at its prompt."""

from collections.abc import Callable, Mapping

import bottle
from bottle import HTTPError

from gsched.httpd.access import roles
from gsched.httpd.api.acts.audit import Audit
from gsched.httpd.api.acts.orders import RESTART, STOP
from gsched.httpd.api.asking import Given, Row, install

WORDS = {
    "running": "stops once the jobs that run have ended",
    "all": "stops once all jobs have ended",
    "now": "stops",
    "discard": "stops, and leaves nothing for the next start",
}


class Stopping:
    """`ends`: what each of WORDS leads to; `restart` tells why it cannot be.

    All return at once.
    """

    def __init__(
        self, ends: Mapping[str, Callable[[], None]], restart: Callable[[], str], audit: Audit
    ) -> None:
        self._ends, self._next_run, self._audit = ends, restart, audit

    def install(self, app: bottle.Bottle) -> None:
        """Add the routes."""
        install(app, [(STOP, self._stop), (RESTART, self._restart)])

    def _stop(self, given: Given) -> Row:
        how = given["after"]
        self._audit.note(roles.actor(), "stop", "gsched", given.get("reason", ""), WORDS[how])
        self._ends[how]()
        return {"outcome": f"gsched: {WORDS[how]}", "undo": None, "warning": ""}

    def _restart(self, given: Given) -> Row:
        problem = self._next_run()
        outcome = f"no restart: {problem}" if problem else "restarts"
        self._audit.note(roles.actor(), "restart", "gsched", given.get("reason", ""), outcome)
        if problem:
            raise HTTPError(409, outcome)
        return {"outcome": f"gsched: {outcome}", "undo": None, "warning": ""}
