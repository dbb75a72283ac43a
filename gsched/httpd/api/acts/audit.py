"""Who ordered what, and what came of it: in the log, in a file, and at /api/v1/audit."""

import logging
from collections.abc import Callable
from typing import Any

import bottle
from bottle import HTTPError
from gevent.threadpool import ThreadPool

from gsched.httpd.access.roles import Actor
from gsched.httpd.api.acts.orders import AUDIT
from gsched.httpd.api.asking import Given, Row, install
from gsched.httpd.api.operation import LIMIT
from gsched.store.audit import AuditError, AuditFile, Entry

LAST_ID = 2**63 - 1  # no entry has it, and SQLite knows no larger one

log = logging.getLogger("gsched.audit")


class Audit:
    """Writes and reads by a thread of its own: a slow disk holds nobody else up."""

    def __init__(self, file: AuditFile, now: Callable[[], float]) -> None:
        self._file, self._now = file, now
        self._pool = ThreadPool(1)

    def install(self, app: bottle.Bottle) -> None:
        """Add the route."""
        install(app, [(AUDIT, self._page)])

    def note(self, actor: Actor, action: str, target: str, reason: str, outcome: str) -> None:
        """Returns once it is written. If that fails, the log, where all of it is, says so."""
        who = (actor.name, actor.role, actor.address or "-")
        told = (*who, action, target, reason or "-", outcome)
        log.info("%s (%s, %s): %s %s (%s): %s", *told, extra={"by": actor.name})
        error = self._try(self._file.add, Entry(self._now(), *who, action, target, reason, outcome))
        if isinstance(error, AuditError):
            log.error("not kept: %s", error)

    def close(self) -> None:
        """Let go of the file."""
        self._pool.apply(self._file.close)

    def _page(self, given: Given) -> Row:
        limit = given.get("limit", LIMIT)
        before = min(given.get("before", LAST_ID), LAST_ID)
        found = self._try(self._file.page, before, limit + 1)
        if isinstance(found, AuditError):
            raise HTTPError(503, str(found))
        entries = [{"id": str(id_)} | entry._asdict() for id_, entry in found[:limit]]
        return {"audit": entries, "next": entries[-1]["id"] if len(found) > limit else None}

    def _try(self, call: Callable[..., Any], *args: Any) -> Any:
        """What it returns, or AuditError."""
        return self._pool.apply(_attempt, (call, args))


def _attempt(call: Callable[..., Any], args: tuple[Any, ...]) -> Any:
    try:
        return call(*args)
    except AuditError as error:
        return error
