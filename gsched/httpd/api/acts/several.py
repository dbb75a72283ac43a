"""Orders about several nodes at once. What cannot be done to one of them is done to the others."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import gevent
from bottle import HTTPError

from gsched.core.actions import Forbidden
from gsched.core.demands import Refused
from gsched.core.model.cluster import Cluster
from gsched.core.model.lease import Allocation
from gsched.core.model.node import Node
from gsched.core.model.order import CLOSED
from gsched.httpd.access import roles
from gsched.httpd.api.acts.audit import Audit
from gsched.httpd.api.acts.done import as_ordered, settle, undo_by
from gsched.httpd.api.asking import Given, Row, find_cluster
from gsched.net.exchange import Exchange
from gsched.net.keeping.keeper import Keeping
from gsched.net.transport.resolver import resolve

ALL = "*"  # instead of a cluster's id
AT_ONCE = 100  # nodes before others have their turn
SHOWN = 5  # of them in words


@dataclass
class Step:
    """What happens to one node. `error`: why it does not."""

    node: str
    event: Callable[..., Any] | None
    about: tuple[Any, ...] = ()
    error: str = ""


class Several:
    """Carries them out; the answer tells of each node."""

    def __init__(self, exchange: Exchange, keeper: Keeping, audit: Audit) -> None:
        self._exchange, self._keeper, self._audit = exchange, keeper, audit
        self._scheduler = exchange.scheduler
        self._actions, self._book = exchange.scheduler.actions, exchange.scheduler.book

    def calls(self) -> dict[str, Callable[[Given], Row]]:
        """By path."""
        return {
            "/nodes/drain": self._drain,
            "/nodes/resume": self._resume,
            "/nodes/close": self._close,
            "/nodes/cpus": self._limit,
            "/nodes/add": self._add,
            "/clusters/{id}/nodes/allocate": self._allocate,
            "/clusters/{id}/nodes/deallocate": self._deallocate,
            "/clusters/{id}/nodes/close": self._give_back,
        }

    # -- nodes --------------------------------------------------------------------------------

    def _drain(self, given: Given) -> Row:
        fresh = [node.address for node in self._known(given) if node.drained is None]
        undo = undo_by("/nodes/resume", addresses=fresh) if fresh else None
        return self._do(given, "drain", "drained", self._nodes(given, self._actions.drain), undo)

    def _resume(self, given: Given) -> Row:
        orders = {node.address: node.drained for node in self._known(given) if node.drained}
        kinds, reasons = ({getattr(x, y) for x in orders.values()} for y in ("what", "reason"))
        undo = None
        if len(kinds) == 1:
            again = "close" if kinds == {CLOSED} else "drain"
            why = {"reason": reasons.pop()} if len(reasons) == 1 else {}
            undo = undo_by(f"/nodes/{again}", addresses=list(orders), **why)
        steps = self._nodes(given, self._actions.resume_node)
        return self._do(given, "resume", "resumed", steps, undo)

    def _close(self, given: Given) -> Row:
        fresh = [node.address for node in self._known(given) if node.drained is None]
        undo = undo_by("/nodes/resume", addresses=fresh) if fresh else None
        steps = self._nodes(given, self._actions.close_node)
        return self._do(given, "close", "closed", steps, undo)

    def _limit(self, given: Given) -> Row:
        steps, before = [], []
        for one in given["nodes"]:
            node = self._book.nodes.get(one["address"])
            if node is None:
                steps.append(_unknown(one["address"]))
                continue
            before.append({"address": node.address, "cpus": node.ceiling})
            steps.append(Step(node.address, self._actions.limit, (node, one["cpus"])))
        undo = undo_by("/nodes/cpus", nodes=before) if before else None
        return self._do(given, "set CPUs", "CPUs set", steps, undo)

    def _add(self, given: Given) -> Row:
        steps = [
            Step(one["host"], self._actions.add_node, (one["host"], one.get("port")))
            for one in given["nodes"]
        ]
        return self._do(given, "add node", "looked for", steps, None)

    # -- nodes of clusters ----------------------------------------------------------------------

    def _allocate(self, given: Given) -> Row:
        wanted = [
            Allocation(resolve(one["host"]), one.get("port"), one.get("cpus", 0))
            for one in given["nodes"]
        ]
        event = as_ordered(self._scheduler.demands.node_allocated)
        steps = [
            Step(one.host, event, (cluster, [one]))
            for cluster in self._clusters(given)
            for one in wanted
        ]
        return self._do(given, "allocate nodes", "allocated", steps, None)

    def _deallocate(self, given: Given) -> Row:
        event = as_ordered(self._scheduler.demands.node_deallocated)
        steps = [Step(at, event, (cluster, at)) for cluster, at in self._places(given)]
        return self._do(given, "deallocate nodes", "deallocated", steps, self._again(given))

    def _give_back(self, given: Given) -> Row:
        event, terminate = self._actions.give_back, given.get("terminate", False)
        steps = [Step(at, event, (cluster, at, terminate)) for cluster, at in self._places(given)]
        return self._do(given, "close nodes", "left", steps, self._again(given))

    def _again(self, given: Given) -> Row | None:
        if given["id"] == ALL:
            return None  # not all of them were there
        wanted = [{"host": address} for address in given["addresses"]]
        return undo_by(f"/clusters/{given['id']}/nodes/allocate", nodes=wanted)

    def _places(self, given: Given) -> Iterator[tuple[Cluster, str]]:
        """Of one cluster all that are named, of all of them those where they are."""
        for cluster in self._clusters(given):
            for address in given["addresses"]:
                if given["id"] != ALL or address in cluster.leases:
                    yield cluster, address

    def _clusters(self, given: Given) -> list[Cluster]:
        if given["id"] == ALL:
            return list(self._book.clusters.values())
        return [find_cluster(self._book, given["id"])]

    # -- within -------------------------------------------------------------------------------

    def _known(self, given: Given) -> Iterator[Node]:
        found = map(self._book.nodes.get, given["addresses"])
        return (node for node in found if node is not None)

    def _nodes(self, given: Given, event: Callable[..., Any]) -> Iterator[Step]:
        for address in given["addresses"]:
            node = self._book.nodes.get(address)
            yield _unknown(address) if node is None else Step(address, event, (node,))

    def _do(
        self, given: Given, action: str, done: str, steps: Iterable[Step], undo: Row | None
    ) -> Row:
        """Take all steps, wait until that is kept, and note it. Raises HTTPError if none was."""
        who, reason = roles.actor(), given.get("reason", "")
        steps = list(steps)
        for number, step in enumerate(steps, 1):
            self._take(step, who.name, reason)
            if not number % AT_ONCE:
                gevent.sleep(0)
        warning = settle(self._keeper)
        outcome, target = _words(done, steps), _target(steps)
        self._audit.note(who, action, target, reason, outcome)
        rows = [{"node": step.node, "error": step.error} for step in steps]
        if not steps or all(step.error for step in steps):
            raise HTTPError(409, outcome)
        return {"outcome": outcome, "nodes": rows, "undo": undo, "warning": warning}

    def _take(self, step: Step, by: str, reason: str) -> None:
        if step.event is None:
            return
        try:
            self._exchange.tell(step.event, *step.about, by, reason)
        except (Forbidden, Refused) as error:
            step.error = str(error)


def _unknown(address: str) -> Step:
    return Step(address, None, error=f"node {address} is not known")


def _words(done: str, steps: list[Step]) -> str:
    failed = [step.error for step in steps if step.error]
    good = len(steps) - len(failed)
    words = f"{good:,} node{'' if good == 1 else 's'} {done}"
    if not failed:
        return words
    more = "; ..." if failed[SHOWN:] else ""
    return f"{words}, {len(failed):,} not: {'; '.join(failed[:SHOWN])}{more}"


def _target(steps: list[Step]) -> str:
    names = list(dict.fromkeys(step.node for step in steps))
    return f"nodes {', '.join(names[:SHOWN])}{', ...' if names[SHOWN:] else ''}"
