"""The interface for programs at /api/v1: what changes something, told to the core as events are."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import bottle
from bottle import HTTPError

from gsched.core.actions import Actions, Forbidden
from gsched.core.model.cluster import Cluster
from gsched.core.model.lease import Allocation, LeaseState
from gsched.core.model.node import Node
from gsched.core.model.order import CLOSED
from gsched.core.scheduler import Refused
from gsched.httpd.access import roles
from gsched.httpd.api.acts.audit import Audit
from gsched.httpd.api.acts.cancelling import Cancelling
from gsched.httpd.api.acts.done import as_ordered, settle, undo_by
from gsched.httpd.api.acts.orders import ORDERS
from gsched.httpd.api.acts.several import Several
from gsched.httpd.api.asking import Given, Row, find_cluster, find_node, install
from gsched.net.exchange import Exchange
from gsched.net.keeping.keeper import Keeping
from gsched.net.transport.resolver import resolve


class Acting:
    """Carries out what is asked for; answers once it is kept, and says how to take it back."""

    def __init__(self, exchange: Exchange, keeper: Keeping, audit: Audit) -> None:
        self._exchange, self._keeper, self._audit = exchange, keeper, audit
        self._scheduler = exchange.scheduler
        self._actions: Actions = exchange.scheduler.actions
        self._cancelling = Cancelling(exchange, keeper)

    def install(self, app: bottle.Bottle) -> None:
        """Add the routes."""
        calls: dict[str, Callable[[Given], Row]] = {
            "/jobs/cancel": self._cancel,
            "/clusters/{id}/pause": self._pause,
            "/clusters/{id}/resume": self._resume,
            "/clusters/{id}/close": self._close,
            "/clusters/{id}/terminate": self._terminate,
            "/clusters/{id}/nodes": self._allocate,
            "/clusters/{id}/nodes/{address}/deallocate": self._deallocate,
            "/clusters/{id}/nodes/{address}/close": self._give_back,
            "/nodes": self._add_node,
            "/nodes/{address}": self._limit,
            "/nodes/{address}/drain": self._drain,
            "/nodes/{address}/resume": self._resume_node,
            "/nodes/{address}/close": self._close_node,
        }
        calls |= Several(self._exchange, self._keeper, self._audit).calls()
        install(app, [(one, calls[one.path.removeprefix("/api/v1")]) for one in ORDERS])

    # -- jobs ---------------------------------------------------------------------------------

    def _cancel(self, given: Given) -> Row:
        who, reason = roles.actor(), given.get("reason", "")
        answer, target = self._cancelling.cancel(given, who.name)
        if not answer["dry_run"]:
            self._audit.note(who, "cancel", target, reason, answer["outcome"])
        return answer

    # -- clusters -----------------------------------------------------------------------------

    def _pause(self, given: Given) -> Row:
        cluster = self._cluster(given)
        event = self._actions.pause
        return self._do(given, "pause", cluster, "paused", event, _undo(cluster, "resume"))

    def _resume(self, given: Given) -> Row:
        cluster, undo = self._cluster(given), None
        if cluster.paused is not None:
            undo = _undo(cluster, "pause", reason=cluster.paused.reason)
        words = "resumed" if undo else "was not paused"
        return self._do(given, "resume", cluster, words, self._actions.resume, undo)

    def _close(self, given: Given) -> Row:
        words = "takes no more jobs, and goes when its client has all answers"
        return self._do(given, "close", self._cluster(given), words, self._actions.close)

    def _terminate(self, given: Given) -> Row:
        words = "its jobs end, and it goes"
        return self._do(given, "terminate", self._cluster(given), words, self._actions.terminate)

    # -- nodes of a cluster ---------------------------------------------------------------------

    def _allocate(self, given: Given) -> Row:
        cluster, host = self._cluster(given), resolve(given["host"])
        wanted = [Allocation(host, given.get("port"), given.get("cpus", 0))]

        def event(cluster: Cluster, *told: Any) -> Any:
            return as_ordered(self._scheduler.demands.node_allocated)(cluster, wanted, *told)

        lease, undo = cluster.leases.get(host), None
        fresh = lease is None or lease.state is LeaseState.DRAINED
        if fresh and host in self._scheduler.book.nodes:
            undo = _undo(cluster, f"nodes/{quote(host, safe=':')}/deallocate")
        return self._do(given, "allocate node", cluster, f"may use {host}", event, undo)

    def _deallocate(self, given: Given) -> Row:
        cluster, address = self._cluster(given), given["address"]

        def event(cluster: Cluster, *told: Any) -> Any:
            return as_ordered(self._scheduler.demands.node_deallocated)(cluster, address, *told)

        words, undo = f"no more jobs to node {address}", _undo(cluster, "nodes", host=address)
        return self._do(given, "deallocate node", cluster, words, event, undo)

    def _give_back(self, given: Given) -> Row:
        cluster, address = self._cluster(given), given["address"]
        terminate = given.get("terminate", False)

        def event(cluster: Cluster, *told: Any) -> Any:
            return self._actions.give_back(cluster, address, terminate, *told)

        words, undo = f"leaves node {address}", _undo(cluster, "nodes", host=address)
        return self._do(given, "close node", cluster, words, event, undo)

    # -- nodes --------------------------------------------------------------------------------

    def _add_node(self, given: Given) -> Row:
        host, port = given["host"], given.get("port")

        def event(*told: Any) -> Any:
            return self._actions.add_node(host, port, *told)

        return self._do(given, "add node", host, "is looked for", event)

    def _limit(self, given: Given) -> Row:
        node, cpus = self._node(given), given["cpus"]

        def event(node: Node, *told: Any) -> Any:
            return self._actions.limit(node, cpus, *told)

        words = "all its CPUs may be used" if cpus is None else f"limited to {cpus} CPUs"
        undo = undo_by(_path(node), "PATCH", cpus=node.ceiling)
        return self._do(given, "set CPUs", node, words, event, undo)

    def _drain(self, given: Given) -> Row:
        node = self._node(given)
        return self._do(given, "drain", node, "drained", self._actions.drain, _undo(node, "resume"))

    def _resume_node(self, given: Given) -> Row:
        node, undo = self._node(given), None
        if node.drained is not None:
            before = "close" if node.drained.what == CLOSED else "drain"
            undo = _undo(node, before, reason=node.drained.reason)
        words = "resumed" if undo else "was neither drained nor closed"
        return self._do(given, "resume", node, words, self._actions.resume_node, undo)

    def _close_node(self, given: Given) -> Row:
        node, undo = self._node(given), _undo(self._node(given), "resume")
        return self._do(given, "close", node, "closed", self._actions.close_node, undo)

    # -- within -------------------------------------------------------------------------------

    def _cluster(self, given: Given) -> Cluster:
        return find_cluster(self._scheduler.book, given["id"])

    def _node(self, given: Given) -> Node:
        return find_node(self._scheduler.book, given["address"])

    def _do(
        self,
        given: Given,
        action: str,
        thing: Cluster | Node | str,
        outcome: str,
        event: Callable[..., Any],
        undo: Row | None = None,
    ) -> Row:
        """Tell the core, wait until that is kept, and note it. Raises HTTPError."""
        who, reason = roles.actor(), given.get("reason", "")
        target = _target(thing)
        about = () if isinstance(thing, str) else (thing,)
        try:
            self._exchange.tell(event, *about, who.name, reason)
        except (Forbidden, Refused) as error:
            self._audit.note(who, action, target, reason, f"refused: {error}")
            raise HTTPError(409, str(error)) from None
        warning = settle(self._keeper)
        self._audit.note(who, action, target, reason, outcome)
        return {"outcome": f"{target}: {outcome}", "undo": undo, "warning": warning}


def _target(thing: Cluster | Node | str) -> str:
    if isinstance(thing, Cluster):
        return f"cluster {thing.label}"
    return f"node {thing if isinstance(thing, str) else thing.address}"


def _path(thing: Cluster | Node) -> str:
    if isinstance(thing, Cluster):
        return f"/clusters/{thing.handle}"
    return f"/nodes/{quote(thing.address, safe=':')}"


def _undo(thing: Cluster | Node, action: str, **body: Any) -> Row:
    return undo_by(f"{_path(thing)}/{action}", **body)
