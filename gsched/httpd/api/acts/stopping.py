"""The scheduler's own end, by order: as at its prompt, for those who are elsewhere."""

from collections.abc import Callable, Mapping

import bottle

from gsched.httpd.access import roles
from gsched.httpd.api.acts.audit import Audit
from gsched.httpd.api.acts.orders import STOP
from gsched.httpd.api.asking import Given, Row, install

WORDS = {
    "running": "stops once the jobs that run have ended",
    "all": "stops once all jobs have ended",
    "now": "stops",
    "discard": "stops, and leaves nothing for the next start",
}


class Stopping:
    """`ends`: what each of WORDS leads to; all return at once."""

    def __init__(self, ends: Mapping[str, Callable[[], None]], audit: Audit) -> None:
        self._ends, self._audit = ends, audit

    def install(self, app: bottle.Bottle) -> None:
        """Add the route."""
        install(app, [(STOP, self._stop)])

    def _stop(self, given: Given) -> Row:
        how = given["after"]
        self._audit.note(roles.actor(), "stop", "gsched", given.get("reason", ""), WORDS[how])
        self._ends[how]()
        return {"outcome": f"gsched: {WORDS[how]}", "undo": None, "warning": ""}
