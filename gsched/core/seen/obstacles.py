"""What stands between a cluster's next job and a node."""

from typing import NamedTuple

from gsched.core.model.cluster import Cluster
from gsched.core.model.lease import Lease, LeaseState
from gsched.core.model.node import Node, NodeState

FULL = "full"


class Obstacle(NamedTuple):
    """In a few words that suit one node and many: `what` is the same for all of a kind."""

    what: str
    more: str = ""  # of this very node

    def __str__(self) -> str:
        return f"{self.what} ({self.more})" if self.more else self.what


def is_meant(cluster: Cluster, node: Node) -> bool:
    """Whether the cluster's client wants that node, be it of use or not."""
    return cluster.allocations.first(node) is not None


def obstacle(cluster: Cluster, node: Node, now: float) -> Obstacle | None:
    """Why the node is not sent a job of that cluster now; None if nothing speaks against it."""
    lease = node.leases.get(cluster.id)
    return (
        _between(cluster, node)
        or by_itself(node, now)
        or _of_lease(lease, now)
        or without_room(node)
        or _by_rule(cluster, node)
    )


def _between(cluster: Cluster, node: Node) -> Obstacle | None:
    if not cluster.works_with(node):
        return Obstacle("with other software", f"{node.family}, the client has {cluster.family}")
    if node.address in cluster.shut:
        return Obstacle("closed by the client")
    if not cluster.rule.allows(node.address):
        return Obstacle(f"not allowed by rule {cluster.rule.name!r}")
    return None


def by_itself(node: Node, now: float) -> Obstacle | None:
    """Why it cannot be used by anybody."""
    if node.state is not NodeState.UP:
        return Obstacle("lost", node.note)
    if node.drained is not None:
        return Obstacle(node.drained.what, node.drained.who)
    if node.barred_until:
        pause = f"{max(0.0, node.barred_until - now):.0f} s more"
        return Obstacle("in quarantine", f"{pause}; {node.doubt}")
    if not node.total:
        return Obstacle("without CPUs to offer")
    return None


def _of_lease(lease: Lease | None, now: float) -> Obstacle | None:
    if lease is None:
        return Obstacle("not set up yet")
    if lease.state is LeaseState.FAILED:
        again = "given up" if lease.retry_at is None else f"next try in {_until(lease, now)} s"
        return Obstacle("with a failed set-up", f"{lease.reason}; {again}")
    words = {
        LeaseState.SETTING_UP: "being set up",
        LeaseState.DRAINED: "given no more jobs, as the client asked",
        LeaseState.CLOSING: "being left",
    }
    what = words.get(lease.state)
    return Obstacle(what, lease.reason) if what else None


def without_room(node: Node) -> Obstacle | None:
    """Why it is sent no more jobs now."""
    if node.held_until:
        return Obstacle("given no jobs for some seconds after a refusal")
    if not node.cpus:
        if node.limited and (node.limit is None or node.limit > 0):
            return Obstacle("limited to no CPUs", node.limited.who)
        return Obstacle("limited to no CPUs by a client")
    if node.on_trial and node.busy:
        return Obstacle("on trial with one job at a time", node.doubt)
    return Obstacle(FULL) if node.busy >= node.slots else None


def _by_rule(cluster: Cluster, node: Node) -> Obstacle | None:
    rule = cluster.rule
    if rule.cpus_per_job > node.cpus:
        return Obstacle(f"too small for jobs with {rule.cpus_per_job} CPUs", f"{node.cpus}")
    if rule.cpus_per_job > node.spare:
        return Obstacle(f"without {rule.cpus_per_job} free CPUs", f"{node.spare}")
    if not cluster.has_share(node):
        return Obstacle(
            f"at its limit of {rule.max_cpus_per_node} CPUs there by rule {rule.name!r}"
        )
    return None


def _until(lease: Lease, now: float) -> str:
    return f"{max(0.0, (lease.retry_at or now) - now):.0f}"
