"""Whether it is of use to send work here: for load balancers and those who start services."""

from collections.abc import Callable

import bottle
from bottle import response

from gsched.httpd.access import roles


class Readiness:
    """`problem` says why no jobs are taken; empty as long as they are."""

    def __init__(self, problem: Callable[[], str]) -> None:
        self._problem = problem

    def install(self, app: bottle.Bottle) -> None:
        """Add the route."""
        app.get("/readyz", callback=self._ready, role=roles.ANYBODY)

    def _ready(self) -> str:
        response.content_type = "text/plain; charset=utf-8"
        problem = self._problem()
        response.status = 503 if problem else 200
        return f"{problem or 'ok'}\n"
