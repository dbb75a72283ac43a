"""A cluster: one client's computation, its jobs and the nodes it may use.

        schedule asked        its turn           client told
NEW -------------------> WAITING ----> STARTING ------------> ACTIVE
 |                          |  <---------  |                    |
 |                          |    absent    |                    |
 +--------------------------+-------------+---- closed ---------+----> CLOSING ----> CLOSED
"""

from enum import Enum
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from gsched.core.model.account import Account
from gsched.core.model.job import Job
from gsched.core.model.order import TERMINATED, Order
from gsched.core.model.queue import JobQueue
from gsched.core.model.sharing import NO_RULE, Rule
from gsched.core.model.tally import Tally
from gsched.core.model.wishes import Wishes

if TYPE_CHECKING:
    from gsched.core.model.lease import Allocation, Lease
    from gsched.core.model.node import Node


class ClusterState(Enum):
    """How far a cluster is."""

    NEW = "new"  # its files are arriving
    WAITING = "waiting"  # for an exclusive cluster to end, or exclusive itself for all others
    STARTING = "starting"  # its client is being told that it may submit
    ACTIVE = "active"
    CLOSING = "closing"  # takes no more jobs
    CLOSED = "closed"


class Cluster:
    """See the module's text."""

    __slots__ = (
        "absences",
        "absent",
        "account",
        "allocations",
        "asked_at",
        "beside",
        "chosen",
        "client",
        "done",
        "ending",
        "exclusive",
        "family",
        "handle",
        "heard",
        "id",
        "jobs",
        "late",
        "leases",
        "longest",
        "name",
        "note",
        "offered",
        "paused",
        "pins",
        "queue",
        "reentrant",
        "release",
        "rule",
        "running",
        "seq",
        "shut",
        "spec",
        "state",
        "tallies",
        "untaken",
        "used",
        "waiting",
        "warning",
    )

    def __init__(self, id_: int, seq: int, name: str, client: str, spec: Any) -> None:
        self.id = id_  # never used again; who knows it may bring files, so it is shown to nobody
        self.handle = sha256(b"cluster %d" % id_).hexdigest()[:16]  # what is shown in its place
        self.seq = seq  # order in which clusters were created
        self.name = name
        self.client = client  # address
        self.spec = spec  # what nodes and client are sent about it; opaque here
        self.release = ""  # of its client's software; opaque here
        self.family = ""  # it may use the nodes of the same one; opaque here
        self.reentrant = False  # a job that was lost may run again
        self.exclusive = False  # no other cluster while it is there
        self.allocations = Wishes()
        self.rule: Rule = NO_RULE  # of the sharing policy
        self.account: Account | None = None  # of what it uses, where weights count
        self.state = ClusterState.NEW
        self.absent = ""  # why its client could not be told that it is its turn: others may pass
        self.absences = 0  # how often that was so
        self.asked_at = 0.0  # when its client asked for its turn
        self.beside = False  # it did not wait for an exclusive cluster to close
        self.note = ""  # what holds it up, for people
        self.warning = ""  # what else is wrong with it, for people
        self.paused: Order | None = None  # its jobs are not given to nodes
        self.ending: Order | None = None  # no more jobs; it goes once its client has all answers
        self.heard = 0.0  # last sign of life of the client
        self.chosen = 0  # number of the choice that last took a job of it; 0: none yet
        self.jobs: dict[int, Job] = {}  # all that are not gone
        self.untaken: dict[int, Job] = {}  # those of them that are DONE
        self.queue = JobQueue()  # jobs that any of its nodes may run
        self.pins: dict[Node, None] = {}  # nodes that jobs of it may be pinned to
        self.leases: dict[str, Lease] = {}  # by address of the node
        self.shut: set[str] = set()  # addresses of nodes that the client gave back
        self.tallies: dict[str, Tally] = {}  # by address of the node
        self.offered = 0  # jobs OFFERED
        self.waiting = 0  # jobs QUEUED
        self.running = 0  # jobs SENDING or RUNNING
        self.used = 0  # CPUs that these have
        self.late = 0  # jobs at nodes beyond a time limit
        self.longest = 0.0  # seconds that any of its jobs has run
        self.done = 0  # jobs that ended, ever

    @property
    def label(self) -> str:
        """How people are shown it."""
        return f"{self.name} @ {self.client}"

    def works_with(self, node: "Node") -> bool:
        """Whether its client's software and the node's understand each other."""
        return self.family == node.family

    def wish_for(self, node: "Node") -> "Allocation | None":
        """The first of its wishes that means the node, if it can use the node at all."""
        if not self.works_with(node):
            return None
        return self.allocations.first(node)

    def allocation_for(self, node: "Node") -> "Allocation | None":
        """The same, if its rule allows the node."""
        return self.wish_for(node) if self.rule.allows(node.address) else None

    def tally(self, node: "Node") -> Tally:
        """What the node has done for it."""
        return self.tallies.setdefault(node.address, Tally())

    def sent(self, node: "Node", size: int) -> None:
        """So many bytes went to the node for it."""
        self.tally(node).sent += size
        node.sent += size

    def received(self, node: "Node", size: int) -> None:
        """So many bytes came from the node for it."""
        self.tally(node).received += size
        node.received += size

    @property
    def taking_jobs(self) -> bool:
        """Whether its client may submit, unless somebody has ordered otherwise."""
        return self.state in (ClusterState.STARTING, ClusterState.ACTIVE)

    @property
    def full(self) -> bool:
        """Whether it has as many CPUs as its rule allows."""
        most = self.rule.max_cpus
        return most is not None and self.used + self.rule.cpus_per_job > most

    @property
    def next_job(self) -> Job | None:
        """Its first job that any of its nodes may run; None if none may be given out now."""
        return None if self.paused or self.full else self.queue.head()

    def has_share(self, node: "Node") -> bool:
        """Whether it may have one more job on the node, as far as its rule has a limit for that."""
        most = self.rule.max_cpus_per_node
        if most is None or node.busy + self.rule.cpus_per_job <= most:
            return True
        used = sum(job.cpus for job in node.jobs.values() if job.cluster is self)
        return used + self.rule.cpus_per_job <= most

    @property
    def refusing(self) -> str:
        """Why it takes no jobs; empty if it does."""
        if not (self.taking_jobs or self.state is ClusterState.WAITING):
            return f"computation is {self.state.value}"
        if self.ending:
            return f"computation was {self.ending}"
        most, waiting = self.rule.max_queued_jobs, self.waiting + self.offered
        if most is not None and waiting >= most:
            return f"{waiting} of its jobs wait, rule {self.rule.name!r} allows no more"
        return ""

    @property
    def terminated(self) -> bool:
        """Whether somebody has ordered that all its jobs end."""
        return self.ending is not None and self.ending.what == TERMINATED

    @property
    def present(self) -> bool:
        """Whether it counts where exclusive clusters are concerned."""
        if self.state is ClusterState.CLOSING:
            return bool(self.leases)  # what it has on no node is in nobody's way
        if self.ending is not None and not self.jobs and not self.leases:
            return False
        return self.taking_jobs
