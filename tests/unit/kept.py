"""A scheduler whose state is kept in a journal at each step, driven by dice."""

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

from gsched.core import effects
from gsched.core.actions import Forbidden
from gsched.core.dispatch import AT_NODE, Refusal
from gsched.core.fleet import NodeFacts
from gsched.core.model.cluster import Cluster, ClusterState
from gsched.core.model.job import End, Job, State
from gsched.core.model.lease import Allocation, Lease, LeaseState, SetUpFailure
from gsched.core.scheduler import Opening, Refused, Scheduler
from gsched.net.computation import Computation, Message, message_of
from gsched.net.keeping.revival import revive
from gsched.net.keeping.rows import batch
from gsched.store.arguments import MOST_AT_ONCE, Arguments
from gsched.store.journal import Journal
from gsched.store.seal import PLAIN, Seal
from gsched.store.spool import Spool, Spools
from gsched.wire.records import Compute, JobReply
from gsched.wire.records import Job as JobRecord

NOW = 1000.0
ARGUMENTS = (b"a", b"k")
ADDRESSES = [f"10.0.0.{number}" for number in range(1, 4)]


class Kept:
    """See the module's text."""

    def __init__(self, folder: Path, seed: int, seal: Seal = PLAIN) -> None:
        self.folder = folder
        self.journal = Journal(folder, power=False, seal=seal)
        self.arguments = Arguments(folder, seal)
        self.scheduler = Scheduler(durable=True)
        self._dice = Random(seed)
        self._effects: list[Any] = []
        self._clusters: list[Cluster] = []
        self.now = NOW
        self._events = [
            self._join,
            self._open,
            self._submit,
            self._submit,
            *([self._answer] * 9),
            self._finish,
            self._deliver,
            self._cancel,
            self._lose,
            self._drop,
            self._wish,
            self._close,
            self._order,
            self._order,
            self._pass,
        ]

    def step(self) -> None:
        """Something happens, and is kept."""
        event = self._dice.choice(self._events)
        with suppress(Refused, Forbidden):  # clients ask for what they cannot have, too
            event()
        self.keep()

    def keep(self) -> None:
        """Write down what has changed."""
        self.journal.write([batch(self.scheduler.take_changes())])

    def furnish(self) -> Cluster:
        """A node with one CPU, and a cluster that is set up there."""
        facts = NodeFacts(address=ADDRESSES[0], port=1, name="n", cpus=1, identity="a")
        opening = Opening(name="x", client="c", spec=computation(self.folder))
        opening.allocations.append(Allocation("*"))
        cluster = self.scheduler.cluster_opened(opening, self.now)
        effects = self.scheduler.node_joined(facts, self.now)
        self.go_on(self.scheduler, effects + self.scheduler.cluster_scheduled(cluster, self.now))
        return cluster

    def submit(self, cluster: Cluster, pinned: str) -> Job:
        """A job that waits for that node."""
        job = self.scheduler.offered(cluster, pinned, Message(record(), []), self.now)
        self.scheduler.accepted(job.uid, self.now)
        return job

    def go_on(self, scheduler: Scheduler, todo: list[Any]) -> set[int]:
        """All do what is expected, but for nodes with jobs; those whose clients have an answer."""
        answered: set[int] = set()
        while todo:
            effect = todo.pop(0)
            if isinstance(effect, effects.TellScheduled):
                todo += scheduler.cluster_started(effect.cluster, self.now)
            elif isinstance(effect, effects.SetUp):
                todo += scheduler.lease_ready(effect.lease, 0, self.now)
            elif isinstance(effect, effects.Close):
                todo += scheduler.lease_closed(effect.lease, self.now)
            elif isinstance(effect, effects.Sweep):
                todo += scheduler.swept(self.now)
            elif isinstance(effect, effects.SendResult):
                answered.add(effect.job.uid)
                todo += scheduler.delivered(effect.job.uid, self.now)
        return answered

    def restored(self) -> Scheduler:
        """What the next run would begin with, before it does anything."""
        scheduler = Scheduler(durable=True, first_id=10**6)
        scheduler.suspended(self.now)
        scheduler.restored(revive(self.journal, Spools(self.folder / "spool")), self.now)
        scheduler.check()
        self._check_arguments(scheduler)
        return scheduler

    def _check_arguments(self, scheduler: Scheduler) -> None:
        """They are kept, whether they were in memory when the row was written or not."""
        uids = [job.uid for job in scheduler.jobs.values() if job.state is not State.DONE]
        for start in range(0, len(uids), MOST_AT_ONCE):
            some = uids[start : start + MOST_AT_ONCE]
            assert self.arguments.read(some) == dict.fromkeys(some, ARGUMENTS)

    # -- events -----------------------------------------------------------------------------------

    def _tell(self, event: Any, *args: Any, **named: Any) -> None:
        self._effects += event(*args, now=self.now, **named)

    def _join(self) -> None:
        facts = NodeFacts(
            address=self._dice.choice(ADDRESSES),
            port=self._dice.choice([1, 2]),
            name="n",
            cpus=self._dice.randint(0, 3),
            identity=self._dice.choice("abc"),
            contact="10.9.9.9",
            release="4.15.2",
        )
        self._tell(self.scheduler.node_joined, facts)

    def _open(self) -> None:
        opening = Opening(
            name="x",
            client="c",
            spec=computation(self.folder),
            reentrant=self._dice.random() < 0.5,
            exclusive=self._dice.random() < 0.2,
            allocations=[Allocation("*", cpus=self._dice.choice([0, 1, -1]))],
        )
        cluster = self.scheduler.cluster_opened(opening, self.now)
        self._clusters.append(cluster)
        if self._dice.random() < 0.9:
            self._tell(self.scheduler.cluster_scheduled, cluster)

    def _submit(self) -> None:
        cluster = self._one(self._clusters)
        pinned = self._dice.choice([None, None, *ADDRESSES])
        if cluster is not None:
            job = self.scheduler.offered(cluster, pinned, Message(record(), []), self.now)
            self.keep()  # before its client is told the uid
            if job.uid % 2:  # what is not in memory must not be taken for what is to be kept
                message_of(job).spill()
            if self._dice.random() < 0.8:
                self._tell(self.scheduler.accepted, job.uid)

    def _answer(self) -> None:
        """Somebody does what is expected, or the contrary."""
        if not self._effects:
            return
        effect = self._effects.pop(self._dice.randrange(len(self._effects)))
        well = self._dice.random() < 0.8
        if isinstance(effect, effects.TellScheduled) and not well:
            self._tell(self.scheduler.cluster_absent, effect.cluster, "no answer")
        elif isinstance(effect, effects.SeekClient):
            self._tell(self.scheduler.client_back, effect.cluster)
        elif isinstance(effect, effects.TellScheduled):
            self._tell(self.scheduler.cluster_started, effect.cluster)
        elif isinstance(effect, effects.SetUp) and well:
            self._tell(self.scheduler.lease_ready, effect.lease, self._dice.randint(0, 3))
        elif isinstance(effect, effects.SetUp):
            self._tell(self.scheduler.lease_failed, effect.lease, SetUpFailure.BROKEN, "no")
        elif isinstance(effect, effects.Sweep):
            self._tell(self.scheduler.swept)
        elif isinstance(effect, effects.Close):
            self._tell(self.scheduler.lease_closed, effect.lease)
        elif isinstance(effect, effects.SendJob) and self._dice.random() < 0.5:
            self._tell(self.scheduler.leaving, effect.job.uid, effect.tries)
            self._effects.append(effect)
        elif isinstance(effect, effects.SendJob) and well:
            self._tell(self.scheduler.started, effect.job.uid, effect.tries)
        elif isinstance(effect, effects.SendJob):
            why = self._dice.choice([*Refusal, None])
            if why is None:
                self._tell(self.scheduler.aside.unreadable, effect.job.uid, effect.tries, "no")
            else:
                self._tell(self.scheduler.refused, effect.job.uid, effect.tries, why, "no")

    def _finish(self) -> None:
        job = self._job(*AT_NODE)
        if job is not None and job.node is not None:
            reply = JobReply(uid=job.uid, hash="h", ip_addr="x", status=11, result=b"r")
            end = self._dice.choice([End.FINISHED, End.TERMINATED])
            self._tell(self.scheduler.finished, job.uid, job.node.address, end, reply, 1.0)

    def _deliver(self) -> None:
        job = self._job(State.DONE)
        if job is not None:
            self._tell(self.scheduler.delivered, job.uid)

    def _cancel(self) -> None:
        job = self._job(State.OFFERED, State.QUEUED, *AT_NODE)
        if job is not None and self._dice.random() < 0.5:
            self._tell(self.scheduler.cancelled, job.uid)
        elif job is not None:
            self._tell(self.scheduler.withdrawn, job.uid, reason="no")

    def _lose(self) -> None:
        self._tell(self.scheduler.node_lost, self._dice.choice(ADDRESSES), reason="silent")

    def _drop(self) -> None:
        self._tell(self.scheduler.node_emptied, self._dice.choice(ADDRESSES))

    def _wish(self) -> None:
        cluster, address = self._one(self._clusters), self._dice.choice(ADDRESSES)
        if cluster is None or cluster.state is ClusterState.CLOSED:
            return
        demands = self.scheduler.demands
        wishes = [
            lambda: self._tell(demands.node_given_back, cluster, address, True),
            lambda: self._tell(demands.node_deallocated, cluster, address),
            lambda: self._tell(demands.node_allocated, cluster, [Allocation(address)]),
            lambda: self._tell(demands.cpus_limited, cluster, address, 1),
            lambda: self._tell(self.scheduler.node_cpus, address, self._dice.randint(0, 3)),
        ]
        self._dice.choice(wishes)()

    def _close(self) -> None:
        cluster = self._one(self._clusters)
        if cluster is not None and self._dice.random() < 0.3:
            self._tell(self.scheduler.cluster_closed, cluster, reason="over")

    def _order(self) -> None:
        """Somebody wants something of a cluster, a node or a job."""
        actions, who = self.scheduler.actions, ("anna", "é\udcff")
        cluster, node = self._one(self._clusters), self._one(list(self.scheduler.nodes.values()))
        orders = [
            lambda: self._tell(actions.pause, cluster, *who),
            lambda: self._tell(actions.resume, cluster, *who),
            lambda: (
                self._tell(self._dice.choice([actions.close, actions.terminate]), cluster, *who)
                if self._dice.random() < 0.3
                else None
            ),
        ]
        if node is not None and (cluster is None or self._dice.random() < 0.5):
            cpus = self._dice.choice([None, -1, 0, 1])
            orders = [
                lambda: self._tell(actions.drain, node, *who),
                lambda: self._tell(actions.close_node, node, *who),
                lambda: self._tell(actions.resume_node, node, *who),
                lambda: self._tell(actions.limit, node, cpus, *who),
            ]
        elif cluster is None:
            return
        self._dice.choice(orders)()

    def _pass(self) -> None:
        self.now += self._dice.choice([1.0, 20.0, 70.0, 4000.0])
        for cluster in self.scheduler.clusters.values():
            self.scheduler.client_heard(cluster, self.now)
        self._tell(self.scheduler.tick)
        for uid in list(self.scheduler.book.aside):
            self._tell(self.scheduler.aside.readable, uid)

    def _one(self, things: list[Any]) -> Any:
        return self._dice.choice(things) if things else None

    def _job(self, *states: State) -> Job | None:
        found: Job | None = self._one(
            [x for x in self.scheduler.jobs.values() if x.state in states]
        )
        return found


def record() -> JobRecord:
    """As a client brings it."""
    return JobRecord(
        uid=None,
        hash="é\udcff",
        compute_id=1,
        _args=ARGUMENTS[0],
        _kwargs=ARGUMENTS[1],
        xfer_files=[],
        code="c",
    )


def computation(folder: Path) -> Computation:
    """As a client brings it."""
    record = object.__new__(Compute)
    record.__setstate__(
        {"type": 1, "name": "x", "id": None, "code": "def x(): pass", "dest_path": None}
        | {"xfer_files": [], "reentrant": False, "exclusive": False, "setup": None}
        | {"cleanup": True, "setup_args_count": 0, "scheduler_ip_addr": "10.1.1.1"}
        | {"scheduler_port": 1, "node_ip_addr": None, "auth": "a", "job_result_port": 1}
        | {"pulse_interval": None, "client_reply_addr": ("10.1.1.1", 1)}
    )
    return Computation(
        record=record,
        client_auth="c",
        node_auth="n",
        source="10.1.1.1",
        reply_to=("10.1.1.1", 1),
        spool=Spool(folder / "spool" / "one"),
    )


# -- what has to be the same in both runs -----------------------------------------------------


def essence(scheduler: Scheduler, without: Iterable[int | str] = ()) -> dict[str, Any]:
    """All that a restart must not change, without some jobs, clusters and nodes."""
    clusters = [x for x in scheduler.clusters.values() if x.state is not ClusterState.NEW]
    clusters = [x for x in clusters if x.id not in without]
    nodes = [x for x in scheduler.nodes.values() if x.address not in without]
    leases = [x for cluster in clusters for x in cluster.leases.values() if is_set_up(x)]
    return {
        "jobs": {x.uid: _job(x) for x in scheduler.jobs.values() if x.uid not in without},
        "clusters": {x.id: _cluster(x) for x in clusters},
        "nodes": {x.address: _node(x) for x in nodes if x.identity},
        "leases": {(x.cluster.id, x.node.address): (x.state, x.limit_before) for x in leases},
    }


def over(scheduler: Scheduler) -> set[int | str]:
    """What a restart ends.

    Jobs that no client has confirmed, of clusters that close, and those that wait for these, since
    nobody will confirm them after it. Jobs of terminated clusters that were to end by and by. The
    quarantine of nodes, which are set up at once.
    """
    barred = {x.address for x in scheduler.nodes.values() if x.barred_until}
    closing = [x for x in scheduler.clusters.values() if x.state is ClusterState.CLOSING]
    offered = {x.uid for one in closing for x in one.jobs.values() if x.state is State.OFFERED}
    swept = [x for x in scheduler.jobs.values() if x.cluster.terminated]
    offered |= {x.uid for x in swept if x.state in (State.OFFERED, State.QUEUED)}
    empty = {one.id for one in closing if not one.leases and not one.jobs.keys() - offered}
    return offered | empty | barred


def _job(job: Job) -> Any:
    sent = State.RUNNING if job.leaving else State.QUEUED
    state = {State.OFFERED: State.QUEUED, State.SENDING: sent}.get(job.state, job.state)
    node = job.node.address if job.node and state is State.RUNNING else None
    place = (job.pinned and job.pinned.address, node)
    kept = () if state is State.DONE else job.message.record.code
    ended = (job.end, job.reason, job.reply and job.reply.result)
    place = (None, None) if state is State.DONE else place
    cancelling = job.cancelling and state is State.RUNNING
    return (state, job.cluster.id, place, cancelling, job.message.hash, kept, ended)


def _cluster(cluster: Cluster) -> Any:
    started = {ClusterState.STARTING: ClusterState.WAITING}
    wishes = [(one.host, one.port, one.cpus, one.setup_args) for one in cluster.allocations]
    known = (cluster.name, cluster.client, cluster.reentrant, cluster.exclusive)
    known += (cluster.spec.client_auth, cluster.spec.node_auth, cluster.spec.reply_to)
    known += (cluster.paused, cluster.ending)
    return (started.get(cluster.state, cluster.state), known, wishes, cluster.shut)


def _node(node: Any) -> Any:
    ordered = (node.ceiling, node.limited, node.drained)
    return (node.state, node.identity, node.port, node.total, node.limit, node.contact, ordered)


def is_set_up(lease: Lease) -> bool:
    """Whether the computation is on the node for good: all others are begun anew."""
    return lease.state in (LeaseState.READY, LeaseState.DRAINED)
