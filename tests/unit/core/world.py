"""A small world for plain tests: nodes and clients that do what they are told to, in one line each.

Effects are strict: each has to be taken, by the verb that is known to lead to it or by the test,
before the next thing happens. One that nobody took is an unexpected one, and fails.
"""

from typing import Any, TypeVar

from gsched.core.admission import Opening
from gsched.core.dispatch import Refusal
from gsched.core.effects import (
    Close,
    Effect,
    FindNodes,
    Forget,
    Report,
    SendJob,
    SendResult,
    SetUp,
    TellNode,
    TellScheduled,
    TellStarted,
)
from gsched.core.fleet import NodeFacts
from gsched.core.model.cluster import Cluster
from gsched.core.model.job import End, Job, State
from gsched.core.model.lease import Allocation, Lease, SetUpFailure
from gsched.core.model.node import Node, NodeState
from gsched.core.scheduler import Scheduler

from .recorder import Recorder

Kind = TypeVar("Kind")
PORT = 51348


class World:
    """See the module's text. Times in seconds."""

    def __init__(self, algorithm: str = "submitted", **options: Any) -> None:
        self.recorder = Recorder(algorithm, **options)
        self.log: list[str] = []  # all reports
        self._effects: list[Effect] = []  # not taken yet

    @property
    def scheduler(self) -> Scheduler:
        """What is tested."""
        return self.recorder.scheduler

    @property
    def now(self) -> float:
        """The time."""
        return self.recorder.now

    # -- effects ------------------------------------------------------------------------------

    def do(self, event: str, *args: Any, **named: Any) -> None:
        """An event; all effects of the one before it must have been taken."""
        self.quiet()
        self._also(event, *args, **named)

    def take(self, kind: type[Kind]) -> list[Kind]:
        """The effects of a kind, in order."""
        found = [effect for effect in self._effects if isinstance(effect, kind)]
        self._effects = [effect for effect in self._effects if not isinstance(effect, kind)]
        return found

    def quiet(self) -> None:
        """Fail if there is an effect that nobody took."""
        assert not self._effects, f"unexpected: {self._effects}"

    def sent(self) -> list[Job]:
        """Jobs that were given to nodes."""
        return [effect.job for effect in self.take(SendJob)]

    def sent_to(self) -> list[tuple[Job, Node]]:
        """Jobs that were given to nodes, and which."""
        return [(effect.job, effect.node) for effect in self.take(SendJob)]

    def results(self) -> list[tuple[Job, End | None]]:
        """Jobs whose clients are told that they ended, and how."""
        return [(effect.job, effect.job.end) for effect in self.take(SendResult)]

    def set_ups(self) -> list[Lease]:
        """Leases that are to be set up."""
        return [effect.lease for effect in self.take(SetUp)]

    def closes(self) -> list[Lease]:
        """Leases that are to be closed."""
        return [effect.lease for effect in self.take(Close)]

    def told(self) -> list[tuple[str, Node]]:
        """What clients are told of nodes."""
        return [(effect.what, effect.node) for effect in self.take(TellNode)]

    # -- nodes --------------------------------------------------------------------------------

    def join(self, address: str, cpus: int = 1, identity: str = "1", port: int = PORT) -> Node:
        """A node says that it is free."""
        facts = NodeFacts(address=address, port=port, name="n", cpus=cpus, identity=identity)
        self.do("node_joined", facts)
        return self.scheduler.nodes[address]

    def node(self, cpus: int = 1, address: str = "", identity: str = "1") -> Node:
        """A node joins, and everybody who may use it is set up there."""
        node = self.join(address or f"10.0.0.{len(self.scheduler.nodes) + 1}", cpus, identity)
        self.take(TellNode)  # where it was there before
        self.set_up_all()
        return node

    def set_up_all(self) -> None:
        """All that is to be set up now is, without trouble."""
        for lease in self.set_ups():
            self._ready(lease)

    def ready(self, lease: Lease, cpus: int = 0) -> None:
        """The set-up is done, and the client is told of it."""
        self.quiet()
        self._ready(lease, cpus)

    def offer_cpus(self, node: Node, cpus: int) -> None:
        """The node's owner offers so many from now on; clients are told."""
        self.do("node_cpus", node.address, cpus)
        assert all(what == "cpus" for what, _ in self.told())

    def fail(
        self, lease: Lease, why: SetUpFailure = SetUpFailure.BROKEN, reason: str = "no such file"
    ) -> None:
        """The set-up is over and came to nothing."""
        self.do("lease_failed", lease, why, reason)

    def setting_up(self, cluster: Cluster, address: str = "10.0.0.1") -> Lease:
        """The only cluster's lease on a new node, whose set-up goes on."""
        self.join(address)
        (lease,) = self.set_ups()
        assert lease.cluster is cluster
        return lease

    def fail_for_good(self, lease: Lease) -> None:
        """The set-up fails by the computation's fault until the node is given up."""
        for _ in range(3):
            self.fail(lease)
            self.wait(61.0)
            assert self.set_ups() == [lease]
        self.fail(lease)

    def lose(self, node: Node, reason: str = "stopped") -> None:
        """The node does not answer any more; clients that knew of it are told."""
        self.do("node_lost", node.address, reason)
        assert all(told == ("closed", node) for told in self.told())

    def tick(self, seconds: float = 0.0) -> None:
        """Time goes by, and nobody says anything."""
        self.recorder.now += seconds
        self.do("tick")

    def wait(self, seconds: float) -> None:
        """Time goes by, and nodes that are up and clients show that they are alive."""
        self.quiet()
        self.recorder.now += seconds
        for node in list(self.scheduler.nodes.values()):
            if node.state is NodeState.UP:
                self._also("node_heard", node.address, None)
        for cluster in self.scheduler.clusters.values():
            self._also("client_heard", cluster)
        self.take(TellNode)
        self._also("tick")

    # -- clusters -----------------------------------------------------------------------------

    def opened(self, *hosts: str, cpus: int = 0, **wishes: Any) -> Cluster:
        """A client brings a computation, for all nodes if it names none."""
        allocations = [Allocation(host, cpus=cpus) for host in hosts or ("*",)]
        said = {"name": "compute", "client": "10.9.9.9"} | wishes
        opening = Opening(allocations=allocations, **said)
        return self.recorder.open(opening)

    def asked(self, *hosts: str, **wishes: Any) -> Cluster:
        """A client brings a computation and asks for its turn."""
        cluster = self.opened(*hosts, **wishes)
        self.do("cluster_scheduled", cluster)
        return cluster

    def start(self, cluster: Cluster) -> None:
        """The client, told that it is its turn, confirms."""
        assert self.take(TellScheduled) == [TellScheduled(cluster)]
        self.do("cluster_started", cluster)
        assert self.take(FindNodes) == [FindNodes(cluster)]

    def cluster(self, *hosts: str, **wishes: Any) -> Cluster:
        """A computation that is set up wherever it may be."""
        cluster = self.asked(*hosts, **wishes)
        self.start(cluster)
        self.set_up_all()
        return cluster

    def close(self, cluster: Cluster, terminate: bool = True) -> None:
        """The client closes its computation."""
        self.do("cluster_closed", cluster, reason="its client wants so", terminate=terminate)

    def closed(self, lease: Lease) -> None:
        """The node is rid of the computation."""
        self.do("lease_closed", lease)

    def gone(self, *clusters: Cluster) -> None:
        """These clusters, and no others, have just come to their end."""
        assert self.take(Forget) == [Forget(cluster) for cluster in clusters]

    # -- jobs ---------------------------------------------------------------------------------

    def offer(self, cluster: Cluster, pinned: Node | None = None) -> Job:
        """A client brings a job and is told its uid."""
        return self.recorder.offer(cluster, pinned.address if pinned else None)

    def submit(self, cluster: Cluster, pinned: Node | None = None) -> Job:
        """A client brings a job and confirms its uid."""
        job = self.offer(cluster, pinned)
        self.do("accepted", job.uid)
        return job

    def submit_some(self, cluster: Cluster, count: int, pinned: Node | None = None) -> list[Job]:
        """Several at once."""
        self.quiet()
        jobs = [self.offer(cluster, pinned) for _ in range(count)]
        for job in jobs:
            self._also("accepted", job.uid)
        return jobs

    def sending(self, cluster: Cluster, pinned: Node | None = None) -> Job:
        """A job on its way to a node, since there was room for it."""
        job = self.submit(cluster, pinned)
        assert self.sent() == [job]
        return job

    def running(self, cluster: Cluster, pinned: Node | None = None) -> Job:
        """A job that has just started, since there was room for it."""
        job = self.sending(cluster, pinned)
        self.started(job)
        return job

    def started(self, job: Job) -> None:
        """The node confirms that it runs the job; its client is told."""
        self.do("started", job.uid, job.tries)
        assert self.take(TellStarted) == [TellStarted(job)]

    def refuse(self, job: Job, why: Refusal, reason: str = "not now") -> None:
        """The node does not take the job."""
        self.do("refused", job.uid, job.tries, why, reason)

    def over(self, job: Job, end: End = End.FINISHED, reply: Any = "reply") -> None:
        """The job's node says how it ended."""
        assert job.last is not None
        self.do("finished", job.uid, job.last.address, end, reply, 1.0)

    def finish(self, job: Job) -> None:
        """A job goes its way to the end."""
        if job.state is State.SENDING:
            self.started(job)
        self.over(job)
        assert self.results() == [(job, End.FINISHED)]
        self._also("delivered", job.uid)

    def run_all(self) -> list[Job]:
        """Let each job end as soon as it is at a node; all of them, in the order of starting."""
        order: list[Job] = []
        while sent := self.sent():
            order += sent
            for job in sent:
                self._also("finished", job.uid, job.node.address, End.FINISHED, "reply", 1.0)
                self._also("delivered", job.uid)
            self.take(SendResult)
        return order

    # -- within -------------------------------------------------------------------------------

    def _also(self, event: str, *args: Any, **named: Any) -> None:
        effects = self.recorder.event(event, *args, **named)
        self.log += [effect.text for effect in effects if isinstance(effect, Report)]
        self._effects += [effect for effect in effects if not isinstance(effect, Report)]

    def _ready(self, lease: Lease, cpus: int = 0) -> None:
        self._also("lease_ready", lease, cpus)
        told = self.take(TellNode)
        assert told == [TellNode(lease.cluster, lease.node, "initialized")], told
