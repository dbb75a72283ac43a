"""What an earlier run of the scheduler has left, put back in its place.

Nodes and clients are taken to be there as before; whoever calls this finds out. Computations that
were being set up on a node or taken from it are taken from it now, since how far that had come is
not known, and set up anew where they are wanted.
"""

from dataclasses import dataclass, field
from typing import Any

from gsched.core.admission import Admission, Opening
from gsched.core.book import Book
from gsched.core.dispatch import Dispatch
from gsched.core.effects import Close, SendResult, TerminateJob
from gsched.core.fleet import NodeFacts, learn
from gsched.core.model.cluster import ClusterState
from gsched.core.model.job import End, Job, State
from gsched.core.model.lease import Lease, LeaseState
from gsched.core.model.node import Node, NodeState
from gsched.core.model.order import CLOSED, Order
from gsched.core.placement import Placement

RESTORED = "restored"  # in a job's story


@dataclass(frozen=True, kw_only=True)
class SavedNode:
    """A node, the CPUs of it that a client lets us use, None: all, and what is ordered of it."""

    facts: NodeFacts
    limit: int | None = None
    lost: bool = False
    ceiling: int | None = None
    limited: Order | None = None
    drained: Order | None = None


@dataclass(frozen=True, kw_only=True)
class SavedCluster:
    """A cluster, and the addresses of nodes that its client has given back."""

    id: int
    opening: Opening
    state: ClusterState
    shut: frozenset[str] = frozenset()
    opened: float = 0.0  # when: clusters go on in that order
    paused: Order | None = None
    ending: Order | None = None


@dataclass(frozen=True, kw_only=True)
class SavedLease:
    """A cluster's place on a node."""

    cluster: int
    address: str
    state: LeaseState
    limit_before: int | None = None
    terminate: bool = True  # where it was being closed: do not wait for jobs


@dataclass(frozen=True, kw_only=True)
class SavedJob:
    """A job that its client knows of, by its uid at the least.

    With `node` it was sent there, for the `tries`-th time, and may or may not run; `started` if
    the node had confirmed it. With `end` it is over, and its client has not confirmed that.
    """

    uid: int
    cluster: int
    message: Any
    offered: float
    pinned: str = ""
    node: str = ""
    tries: int = 0
    started: bool = False
    started_at: float = 0.0  # 0: not known
    cancelling: bool = False
    end: End | None = None
    reason: str = ""
    reply: Any = None


@dataclass(frozen=True, kw_only=True)
class SavedUsage:
    """CPU seconds that had been used in some name, as they counted at that time."""

    label: str
    seconds: float
    at: float


@dataclass(frozen=True, kw_only=True)
class Saved:
    """All that was kept, in any order."""

    nodes: list[SavedNode] = field(default_factory=list)
    clusters: list[SavedCluster] = field(default_factory=list)
    leases: list[SavedLease] = field(default_factory=list)
    jobs: list[SavedJob] = field(default_factory=list)
    usage: list[SavedUsage] = field(default_factory=list)


class Restoring:
    """Fills an empty book."""

    def __init__(
        self,
        book: Book,
        dispatch: Dispatch,
        placement: Placement,
        admission: Admission,
        now: float,
    ) -> None:
        self._book = book
        self._dispatch = dispatch
        self._placement = placement
        self._admission = admission
        self._now = now

    def restore(self, saved: Saved) -> None:
        """Nodes first, for all else is on them; jobs in the order of their submission."""
        if self._book.ledger is not None:
            for used in saved.usage:
                self._book.ledger.restore(used.label, used.seconds, used.at, self._now)
        for node in saved.nodes:
            self._node(node)
        for cluster in sorted(saved.clusters, key=lambda one: (one.opened, one.id)):
            self._cluster(cluster)
        for lease in saved.leases:
            self._lease(lease)
        for job in sorted(saved.jobs, key=lambda one: one.uid):
            self._job(job)
        for entered in list(self._book.clusters.values()):
            self._placement.rearrange(entered, self._now)
        for known in self._book.nodes.values():
            if known.drained and known.drained.what == CLOSED:
                self._placement.clear(known, self._now)
        self._admission.resume(self._now)

    def _node(self, saved: SavedNode) -> None:
        facts = saved.facts
        node = self._book.nodes[facts.address] = Node(self._book.next_place(), facts.address)
        learn(node, facts)
        node.total, node.limit = facts.cpus, saved.limit
        node.heard = node.restored_at = self._now
        node.ceiling, node.limited, node.drained = saved.ceiling, saved.limited, saved.drained
        if saved.lost:
            node.state, node.note, node.lost_at = NodeState.LOST, "lost before", self._now

    def _cluster(self, saved: SavedCluster) -> None:
        cluster = self._admission.enter(saved.id, saved.opening, self._now)
        cluster.shut = set(saved.shut)
        cluster.paused, cluster.ending = saved.paused, saved.ending
        cluster.state = saved.state
        cluster.asked_at = saved.opened or self._now
        cluster.beside = True  # who was there with an exclusive one may be so again
        if saved.state in (ClusterState.WAITING, ClusterState.STARTING):
            cluster.state, cluster.beside = ClusterState.WAITING, False
            self._book.waiting.append(cluster)

    def _lease(self, saved: SavedLease) -> None:
        cluster = self._book.clusters.get(saved.cluster)
        node = self._book.nodes.get(saved.address)
        allocation = cluster.wish_for(node) if cluster and node else None
        if cluster is None or node is None or allocation is None:
            return
        lease = Lease(cluster, node, allocation)
        node.leases[cluster.id] = cluster.leases[node.address] = lease
        lease.limit_before = saved.limit_before
        if saved.state in (LeaseState.READY, LeaseState.DRAINED):
            self._placement.restored(lease, saved.state)
        else:
            lease.state, lease.terminate = LeaseState.CLOSING, saved.terminate
            self._book.ask(Close(lease))

    def _job(self, saved: SavedJob) -> None:
        cluster = self._book.clusters.get(saved.cluster)
        if cluster is None:
            return
        job = Job(saved.uid, cluster, self._pinned(saved.pinned), saved.message)
        self._book.jobs[job.uid] = cluster.jobs[job.uid] = job
        job.seq = self._book.next_place()
        job.tries, job.cancelling = saved.tries, saved.cancelling
        job.story += (saved.offered, "offered", "", self._now, RESTORED, saved.node)
        job.last = self._book.nodes.get(saved.node)
        if saved.end is not None:
            self._over(job, saved)
        elif saved.node:
            self._at_node(job, self._any_node(saved.node), saved.started_at or self._now)
        else:
            self._waiting(job)

    def _over(self, job: Job, saved: SavedJob) -> None:
        job.state = State.DONE
        job.end, job.reason, job.reply = saved.end, saved.reason, saved.reply
        job.cluster.done += 1
        job.cluster.untaken[job.uid] = job
        self._book.untaken += 1
        self._book.ask(SendResult(job))

    def _at_node(self, job: Job, node: Node, started_at: float) -> None:
        job.state = State.RUNNING
        job.node = job.last = node
        job.started_at = started_at
        if job.deadline is not None:
            self._book.deadlines.put(job, job.deadline)
        job.cpus = job.cluster.rule.cpus_per_job
        node.take(job)
        job.cluster.running += 1
        job.cluster.used += job.cpus
        if self._book.ledger is not None and job.cluster.account is not None:
            self._book.ledger.take(job.cluster.account, job.cpus, self._now)
        self._book.ready.roomier(node)
        if node.state is NodeState.LOST:
            self._dispatch.lost(job, f"node {node.address} is gone", self._now)
        elif job.cancelling:
            self._book.ask(TerminateJob(node, job))

    def _waiting(self, job: Job) -> None:
        job.state = State.QUEUED
        job.cluster.waiting += 1
        self._dispatch.queue(job).add(job)
        self._book.ready.queued(job)

    def _pinned(self, address: str) -> Node | None:
        return self._any_node(address) if address else None

    def _any_node(self, address: str) -> Node:
        """The node; one that was forgotten may come back."""
        node = self._book.nodes.get(address)
        if node is None:
            node = self._book.nodes[address] = Node(self._book.next_place(), address)
            node.state, node.note, node.lost_at = NodeState.LOST, "not heard of yet", self._now
        return node
