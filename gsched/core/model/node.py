"""A node: a machine that runs dispynode."""

from enum import Enum
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Any

from gsched.core.model.heap import LazyHeap
from gsched.core.model.order import Order
from gsched.core.model.queue import JobQueue

if TYPE_CHECKING:
    from gsched.core.model.cluster import Cluster
    from gsched.core.model.job import Job
    from gsched.core.model.lease import Lease


class NodeState(Enum):
    """Whether a node can be used."""

    UP = "up"
    LOST = "lost"  # silent, unreachable or stopped; used again as soon as it is heard of
    GONE = "gone"  # lost for so long that it was forgotten


_UP = NodeState.UP  # by itself: see job.py


class Loss:
    """A node was gone without a goodbye; shared by all jobs that were there."""

    __slots__ = ("address", "survived")

    def __init__(self, address: str) -> None:
        self.address = address
        self.survived = False  # it was only out of reach, as has turned out


class Node:
    """What is known of one node. All of it is learnt anew after a restart of the scheduler."""

    __slots__ = (
        "address",
        "avail",
        "back_at",
        "barred_until",
        "busy",
        "ceiling",
        "contact",
        "cpu_time",
        "doubt",
        "drained",
        "failures",
        "family",
        "free_lanes",
        "heard",
        "held_until",
        "identity",
        "jobs",
        "jobs_done",
        "leases",
        "limit",
        "limited",
        "loss",
        "losses",
        "lost_at",
        "name",
        "note",
        "on_trial",
        "pinned",
        "pinned_ready",
        "port",
        "received",
        "refusals",
        "release",
        "restored_at",
        "rests_since",
        "sent",
        "seq",
        "serves",
        "source",
        "state",
        "total",
    )

    def __init__(self, seq: int, address: str) -> None:
        self.seq = seq  # order in which nodes became known
        self.address = address  # what the node calls itself; the key of all its messages
        self.port = 0  # TCP and UDP, where it listens
        self.name = ""
        self.identity = ""  # its sign, new at each start of the node
        self.release = ""  # of its software; opaque here
        self.family = ""  # it serves clusters of the same one; opaque here
        self.contact = ""  # our address as the node sees it
        self.source = ""  # its address as we see it
        self.total = 0  # CPUs that the node offers
        self.limit: int | None = None  # CPUs that a client lets us use, at the most
        self.ceiling: int | None = None  # as somebody has ordered; negative: all but so many
        self.limited: Order | None = None  # who has
        self.drained: Order | None = None  # it gets no jobs; if CLOSED, no clusters either
        self.rests_since = 0.0  # while it offers none
        self.state = _UP
        self.note = ""  # why it is not used, for people
        self.heard = 0.0  # last sign of life; of a restored one, since when one is waited for
        self.restored_at = 0.0  # when an earlier run's word of it was believed
        self.lost_at = 0.0
        self.failures = 0  # messages in a row that could not be brought to it
        self.refusals = 0  # jobs in a row that it would not take
        self.held_until = 0.0  # no new jobs before that time, after a refusal
        self.loss: Loss | None = None  # while LOST without a goodbye
        self.losses = 0  # such ones in a row
        self.back_at = 0.0  # since when it may be used
        self.barred_until = 0.0  # not used before that time, after too many of them; else 0
        self.on_trial = False  # then one job at a time, until one has ended there
        self.doubt = ""  # why so, for people
        self.avail: Any = None  # what it says of its CPU, memory, disk and swap; opaque here
        self.busy = 0  # CPUs taken by jobs
        self.jobs: dict[int, Job] = {}  # on their way to it, or running there
        self.free_lanes: list[int] = []  # a heap: those that jobs have left, while there are others
        self.leases: dict[int, Lease] = {}  # by id of the cluster
        self.serves: frozenset[Cluster] = frozenset()  # clusters whose jobs it may be sent
        self.pinned: dict[Cluster, JobQueue] = {}  # jobs that wait for this very node
        self.pinned_ready: LazyHeap[Cluster] = LazyHeap()  # whose turn it is among those
        self.jobs_done = 0
        self.cpu_time = 0.0  # seconds, of jobs that ended here
        self.sent = 0  # bytes of files and jobs to it
        self.received = 0  # bytes of results and files from it

    @property
    def cpus(self) -> int:
        """CPUs in use by the scheduler, busy or not."""
        usable = self.total if self.limit is None else min(self.total, self.limit)
        if self.ceiling is None:
            return usable
        return min(usable, self.ceiling if self.ceiling >= 0 else max(0, self.total + self.ceiling))

    @property
    def slots(self) -> int:
        """Jobs that it may be given at the same time."""
        return min(self.cpus, 1) if self.on_trial else self.cpus

    @property
    def heard_at(self) -> float | None:
        """When it was heard last; None for one that is known from an earlier run alone."""
        return self.heard if self.heard > self.restored_at else None

    def has_share_of(self, cluster: "Cluster") -> bool:
        """Whether the cluster may have one more job here: see there."""
        return cluster.has_share(self)

    @property
    def spare(self) -> int:
        """CPUs that one more job may have now."""
        return 0 if self.on_trial and self.jobs else self.cpus - self.busy

    def take(self, job: "Job") -> None:
        """A job is here, or on its way. It gets the first lane that is free."""
        job.lane = heappop(self.free_lanes) if self.free_lanes else len(self.jobs)
        self.jobs[job.uid] = job
        self.busy += job.cpus

    def leave(self, job: "Job") -> None:
        """A job is not here any more."""
        del self.jobs[job.uid]
        self.busy -= job.cpus
        if self.jobs:
            heappush(self.free_lanes, job.lane)
        else:
            self.free_lanes.clear()

    def has_room(self) -> bool:
        """Whether one more job may be sent now."""
        return self.load() is not None

    def load(self) -> tuple[float, int] | None:
        """Key of the choice: the least load first, then the longest known. None without room."""
        if self.state is not _UP or self.held_until or self.drained is not None:
            return None
        busy, cpus = self.busy, self.cpus
        if busy >= cpus or (self.on_trial and busy):
            return None
        return (busy / cpus, self.seq)
