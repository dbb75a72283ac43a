"""The interface for programs at /api/v1/policy: the sharing policy, and orders to read it again."""

from typing import Any, Protocol

import bottle
from bottle import HTTPError

from gsched.core.book import Book
from gsched.core.model.cluster import Cluster
from gsched.core.model.sharing import NO_RULE, Rule, Sharing
from gsched.httpd.access import roles
from gsched.httpd.api.acts.audit import Audit
from gsched.httpd.api.asking import Given, Row, install
from gsched.httpd.api.policy.operations import CHECKED, RELOADED, SHOWN
from gsched.net.exchange import Exchange
from gsched.policy import file
from gsched.policy.fields import RULE
from gsched.policy.file import PolicyError


class Policy(Protocol):
    """What knows the file."""

    path: Any
    since: float

    def reload(self, by: str, reason: str) -> Sharing:
        """Read the file once more. Raises PolicyError."""


class Policing:
    """See the module's text."""

    def __init__(self, policy: Policy, exchange: Exchange, audit: Audit) -> None:
        self._policy, self._exchange, self._audit = policy, exchange, audit

    def install(self, app: bottle.Bottle) -> None:
        """Add the routes."""
        calls = ((SHOWN, self._show), (CHECKED, self._check), (RELOADED, self._reload))
        install(app, calls)

    def _show(self, given: Given) -> Row:
        book, now = self._exchange.scheduler.book, self._exchange.now()
        clusters = book.clusters.values()
        rules = [*book.sharing.rules]
        if any(cluster.rule is NO_RULE for cluster in clusters):
            rules.append(NO_RULE)
        return {
            "file": str(self._policy.path) if self._policy.path else None,
            "since": self._policy.since,
            "half_life": book.sharing.half_life,
            "rules": [
                _rule_row(rule)
                | {"holds_for": [_use(x, book, now) for x in clusters if x.rule is rule]}
                for rule in rules
            ],
        }

    def _check(self, given: Given) -> Row:
        try:
            sharing = file.parse(given["text"], "the file")
        except PolicyError as error:
            return {"problem": str(error), "rules": 0}
        return {"problem": "", "rules": len(sharing.rules)}

    def _reload(self, given: Given) -> Row:
        who, reason = roles.actor(), given.get("reason", "")
        target = str(self._policy.path or "none")
        try:
            sharing = self._policy.reload(who.name, reason)
        except PolicyError as error:
            self._audit.note(who, "reload policy", target, reason, f"refused: {error}")
            raise HTTPError(409, f"the policy that is used stays: {error}") from None
        outcome = f"{len(sharing.rules)} rules"
        self._audit.note(who, "reload policy", target, reason, outcome)
        return {"outcome": f"{target}: {outcome}", "undo": None, "warning": ""}


def _rule_row(rule: Rule) -> Row:
    row = {one.name: getattr(rule, one.name) for one in RULE}
    return {name: list(x) if isinstance(x, tuple) else x for name, x in row.items()}


def _use(cluster: Cluster, book: Book, now: float) -> Row:
    used = None
    if book.ledger is not None and cluster.account is not None:
        used = book.ledger.usage(cluster.account, now)
    return {
        "cluster": cluster.handle,
        "label": cluster.label,
        "waiting": cluster.waiting,
        "running": cluster.running,
        "used": used,
    }
