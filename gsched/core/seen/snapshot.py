"""The scheduler's state as plain values, for people to look at."""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, TypeVar

from gsched.core.model.cluster import Cluster
from gsched.core.model.lease import LeaseState
from gsched.core.model.node import Node, NodeState
from gsched.core.model.order import Order
from gsched.core.scheduler import Scheduler
from gsched.core.seen.obstacles import is_meant
from gsched.core.seen.why import is_overdue

SOME = 500  # rows that are made before others have their turn: some milliseconds

Row = dict[str, Any]
Thing = TypeVar("Thing")


def snapshot(scheduler: Scheduler, now: float, turn: Callable[[], None] = lambda: None) -> Row:
    """Totals, nodes and clusters. Times in seconds. `turn` is called where others may run: each row
    is of one moment, not all of them are of the same.
    """
    nodes = list(scheduler.nodes.values())
    clusters = list(scheduler.clusters.values())
    return {
        "algorithm": scheduler.algorithm,
        "totals": _totals(nodes, clusters, scheduler.book.done),
        "nodes": [node_row(node, now) for node in _by_turns(nodes, SOME, turn)],
        "clusters": [cluster_row(one, nodes) for one in _by_turns(clusters, SOME // 10, turn)],
    }


def _by_turns(things: Iterable[Thing], some: int, turn: Callable[[], None]) -> Iterator[Thing]:
    for number, thing in enumerate(things, 1):
        yield thing
        if not number % some:
            turn()


def _totals(nodes: list[Node], clusters: list[Cluster], done: int) -> Row:
    up = [node for node in nodes if node.state is NodeState.UP]
    return {
        "nodes": len(up),
        "cpus": sum(node.cpus for node in up),
        "busy": sum(node.busy for node in up),
        "clusters": len(clusters),
        "waiting": sum(cluster.waiting for cluster in clusters),
        "running": sum(cluster.running for cluster in clusters),
        "done": done,
    }


def node_row(node: Node, now: float) -> Row:
    """What is shown of a node in a line."""
    heard = node.heard_at
    return {
        "address": node.address,
        "port": node.port,
        "name": node.name,
        "release": node.release,
        "state": node_state(node),
        "cpus": node.cpus,
        "busy": node.busy,
        "jobs_done": node.jobs_done,
        "cpu_time": node.cpu_time,
        "sent": node.sent,
        "received": node.received,
        "clusters": len(node.leases),
        "waiting": sum(1 for queue in node.pinned.values() for _ in queue),
        "heard": None if heard is None else max(0.0, now - heard),
        "heard_at": None if heard is None else round(heard, 1),
        "total": node.total,
        "ceiling": node.ceiling,
        "limited": order_row(node.limited),
        "drained": order_row(node.drained),
        "avail": node.avail,
        "note": node.note or _node_note(node, now),
    }


def node_state(node: Node) -> str:
    """Whether it is used, in a word."""
    if node.state is NodeState.LOST:
        return "lost"
    if node.drained is not None:
        return node.drained.what
    if node.barred_until:
        return "quarantine"
    if node.held_until:
        return "held"
    return "ready" if node.total else "out of service"


def order_row(order: Order | None) -> Row | None:
    """What somebody has ordered."""
    if order is None:
        return None
    return {"what": order.what, "by": order.by, "reason": order.reason, "since": order.since}


def _node_note(node: Node, now: float) -> str:
    if node.drained is not None:
        return str(node.drained)
    if node.barred_until:
        return f"{node.doubt}; used again in {max(0.0, node.barred_until - now):.0f} s"
    if node.on_trial:
        return f"one job at a time until one has ended: {node.doubt}"
    failed = [x for x in node.leases.values() if x.state is LeaseState.FAILED]
    if not failed:
        return _overdue(node, now)
    return f"set-up of {failed[0].cluster.label} failed: {failed[0].reason}"


def _overdue(node: Node, now: float) -> str:
    """Word of a job that may hang."""
    for job in node.jobs.values():
        if is_overdue(job, now):
            return (
                f"job {job.uid} has run for {(now - job.started_at) / 60:.0f} min, no other of"
                f" {job.cluster.label} for more than {job.cluster.longest:.0f} s:"
                " if it hangs, cancel it"
            )
    return ""


def cluster_row(cluster: Cluster, nodes: list[Node]) -> Row:
    """What is shown of a cluster in a line."""
    return {
        "id": cluster.handle,
        "name": cluster.name,
        "client": cluster.client,
        "release": cluster.release,
        "label": cluster.label,
        "state": cluster.state.value,
        "waiting": cluster.waiting,
        "running": cluster.running,
        "done": cluster.done,
        "nodes": sum(x.state is LeaseState.READY for x in cluster.leases.values()),
        "exclusive": cluster.exclusive,
        "rule": cluster.rule.name,
        "paused": order_row(cluster.paused),
        "ending": order_row(cluster.ending),
        "note": "; ".join(
            filter(None, (_obstacle(cluster, nodes), _late(cluster), cluster.warning))
        ),
    }


def _obstacle(cluster: Cluster, nodes: list[Node]) -> str:
    """What holds its jobs up, where that can be said in a line."""
    if order := cluster.ending or cluster.paused:
        return str(order)
    if cluster.note:
        return cluster.note
    if not cluster.taking_jobs:
        return ""
    if not cluster.leases:
        if resting := [node.address for node in nodes if _rests(node) and is_meant(cluster, node)]:
            return f"its nodes offer no CPUs now: {', '.join(resting[:3])}"
        hosts = ", ".join(allocation.host for allocation in islice(cluster.allocations, 3))
        return f"no node found yet that matches {hosts}{_unfit(cluster, nodes)}"
    failed = [x for x in cluster.leases.values() if x.state is LeaseState.FAILED]
    if not failed:
        return ""
    return f"set-up failed on {len(failed)} nodes: {failed[0].reason}"


def _late(cluster: Cluster) -> str:
    rule = cluster.rule.name
    return f"{cluster.late} of its jobs run beyond a time limit of rule {rule!r}" * bool(
        cluster.late
    )


def _unfit(cluster: Cluster, nodes: list[Node]) -> str:
    """Word of nodes that would be there, if their software were another."""
    found = sum(is_meant(cluster, node) for node in nodes if not cluster.works_with(node))
    return f" and runs {cluster.family}; {found} do not" if found else ""


def _rests(node: Node) -> bool:
    return node.state is NodeState.UP and not node.total
