"""All events of the core in any order: sensible, late, repeated and nonsensical ones.

After each event the `Recorder` verifies everything that it knows of; at the end all is answered,
and every job must have come to exactly one end.
"""

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from gsched.core.admission import Opening
from gsched.core.dispatch import AT_NODE, Refusal
from gsched.core.fleet import NodeFacts
from gsched.core.model.cluster import ClusterState
from gsched.core.model.job import End, Job, Limit, State
from gsched.core.model.lease import Allocation, LeaseState, SetUpFailure
from gsched.core.model.node import Node
from gsched.core.placement import MAX_BROKEN

from .answers import Answers
from .orders import Orders
from .strategies import ADDRESS, ALLOCATIONS, FACTS, NOBODY, NUMBERS, OPENINGS, SECONDS

MOST_CLUSTERS = 8  # at the same time, else each step takes too long
Condition = Callable[[Any], bool]


def jobs(*states: State) -> Condition:
    """There is a job in one of these states."""
    return lambda self: any(job.state in states for job in self.scheduler.jobs.values())


def leases(state: LeaseState) -> Condition:
    """There is a lease in that state."""
    return lambda self: any(lease.state is state for lease in self.leases)


def at(job: Job, address: str | None) -> str:
    """That address, or the one of the job's node."""
    if address is None and job.last is not None:
        return job.last.address
    return address or NOBODY


def is_spent(job: Job, usual: int) -> bool:
    """Whether it has run again as often as it may."""
    allowed = job.cluster.rule.retries
    return job.reruns >= (usual if allowed is None else allowed)


def again(node: Node, identity: str) -> NodeFacts:
    """What the node says when it comes back."""
    return NodeFacts(
        address=node.address,
        port=node.port,
        name=node.name,
        cpus=node.total,
        identity=identity,
        family=node.family,
    )


class AnyOrder(Orders):
    """See the module's text."""

    # -- answers ------------------------------------------------------------------------------

    @rule(number=NUMBERS)
    def answer(self, number: int) -> None:
        """Somebody does what is expected."""
        due = Answers(self.recorder).due()
        if due:
            due[number % len(due)]()

    @rule(limit=st.integers(3, 20))
    def answer_some(self, limit: int) -> None:
        """Everybody does what is expected, for a while."""
        Answers(self.recorder).give(limit)

    # -- clusters -----------------------------------------------------------------------------

    @rule(opening=OPENINGS)
    def open(self, opening: Opening) -> None:
        """A client brings a computation."""
        if len(self.scheduler.clusters) < MOST_CLUSTERS:
            self.clusters.append(self.recorder.open(opening))

    @rule(number=NUMBERS, event=st.sampled_from(["cluster_scheduled", "cluster_started"]))
    def get_on(self, number: int, event: str) -> None:
        """A cluster comes further, or it is too early or too late for it."""
        self._on_cluster(number, event)

    @rule(number=NUMBERS, absent=st.booleans())
    def be_away(self, number: int, absent: bool) -> None:
        """A client is out of reach at its turn, or there again."""
        if absent:
            self._on_cluster(number, "cluster_absent", "no answer")
        else:
            self._on_cluster(number, "client_back")

    @rule(number=NUMBERS, terminate=st.booleans())
    def close(self, number: int, terminate: bool) -> None:
        """A client closes its computation."""
        self._on_cluster(number, "cluster_closed", reason="so", terminate=terminate)

    @rule(number=NUMBERS)
    def client_heard(self, number: int) -> None:
        """A client gives a sign of life."""
        self._on_cluster(number, "client_heard")

    # -- jobs, from the client ----------------------------------------------------------------

    @rule(number=NUMBERS, count=st.integers(1, 5))
    def submit(self, number: int, count: int) -> None:
        """A client brings some jobs and confirms them."""
        self._submit(self._cluster(number), None, count)

    @precondition(leases(LeaseState.READY))
    @rule(number=NUMBERS, count=st.integers(1, 3))
    def submit_pinned(self, number: int, count: int) -> None:
        """The same for one node."""
        ready = [lease for lease in self.leases if lease.state is LeaseState.READY]
        lease = self._one(number, self.leases, ready)
        self._submit(lease.cluster, lease.node.address, count)

    @rule(number=NUMBERS, address=st.one_of(st.none(), ADDRESS))
    def offer(self, number: int, address: str | None) -> None:
        """A client brings a job, for whatever node, and does not confirm it yet."""
        self._offer(self._cluster(number), address)

    @precondition(jobs(State.OFFERED))
    @rule(number=NUMBERS)
    def accept(self, number: int) -> None:
        """A client confirms a job, or does so once more."""
        self._event("accepted", self._job(number, State.OFFERED).uid)

    @precondition(jobs(State.OFFERED))
    @rule(number=NUMBERS)
    def withdraw(self, number: int) -> None:
        """A client does not confirm a job."""
        self._event("withdrawn", self._job(number, State.OFFERED).uid, reason="no answer")

    @precondition(jobs(*State))
    @rule(number=NUMBERS)
    def cancel(self, number: int) -> None:
        """A client takes a job back."""
        self._event("cancelled", self._job(number, *State).uid)

    @precondition(jobs(State.DONE))
    @rule(number=NUMBERS)
    def deliver(self, number: int) -> None:
        """A client has the answer."""
        self._event("delivered", self._job(number, State.DONE).uid)

    # -- jobs, from the nodes -----------------------------------------------------------------

    @precondition(jobs(State.SENDING))
    @rule(number=NUMBERS, late=st.sampled_from([0, 0, 0, 1, -1]))
    def start(self, number: int, late: int) -> None:
        """A node takes a job; the word may be of another try."""
        job = self._job(number, State.SENDING)
        self._event("started", job.uid, job.tries - late)

    @precondition(jobs(State.SENDING))
    @rule(number=NUMBERS, late=st.sampled_from([0, 0, 0, 1, -1]))
    def let_go(self, number: int, late: int) -> None:
        """There is a connection to a job's node."""
        job = self._job(number, State.SENDING)
        self._event("leaving", job.uid, job.tries - late)

    @precondition(jobs(State.SENDING))
    @rule(
        number=NUMBERS,
        late=st.sampled_from([0, 0, 0, 1, -1]),
        why=st.sampled_from(list(Refusal)),
    )
    def refuse(self, number: int, late: int, why: Refusal) -> None:
        """A node does not take a job."""
        job = self._job(number, State.SENDING)
        self._event("refused", job.uid, job.tries - late, why, "not here")

    @precondition(jobs(State.SENDING))
    @rule(number=NUMBERS, late=st.sampled_from([0, 0, 0, 1, -1]))
    def not_read(self, number: int, late: int) -> None:
        """A job cannot be read, and so is not sent."""
        job = self._job(number, State.SENDING)
        self._event("unreadable", job.uid, job.tries - late, "bad disk")

    @precondition(lambda self: self.scheduler.book.aside)
    @rule(number=NUMBERS)
    def read(self, number: int) -> None:
        """Such a job, which may have ended, can be read again."""
        aside = list(self.scheduler.book.aside)
        self._event("readable", aside[number % len(aside)])

    @precondition(jobs(State.SENDING, State.RUNNING))
    @rule(number=NUMBERS, late=st.sampled_from([0, 0, 0, 1, -1]))
    def miss(self, number: int, late: int) -> None:
        """A node does not know a job."""
        job = self._job(number, State.SENDING, State.RUNNING)
        self._event("missing", job.uid, job.tries - late, "not known there")

    @precondition(jobs(State.RUNNING))
    @rule(number=NUMBERS, address=st.one_of(st.none(), ADDRESS))
    def report(self, number: int, address: str | None) -> None:
        """A provisional result."""
        job = self._job(number, State.RUNNING)
        self._event("provisional", job.uid, at(job, address), "so far")

    @precondition(jobs(State.SENDING, State.RUNNING))
    @rule(
        number=NUMBERS,
        address=st.one_of(st.none(), st.none(), ADDRESS),
        end=st.sampled_from([End.FINISHED, End.TERMINATED]),
    )
    def finish(self, number: int, address: str | None, end: End) -> None:
        """The last word on a job, of its node or another one."""
        job = self._job(number, State.SENDING, State.RUNNING)
        node = self.scheduler.nodes.get(at(job, address))
        counts = job.state in (State.QUEUED, *AT_NODE) and node and job.last is node
        before, late = job.end, job.over is Limit.HARD and not job.cancelling
        again = late and end is End.TERMINATED and job.cluster.reentrant and not is_spent(job, 2)
        again = again and not self._is_over(job)
        self._event("finished", job.uid, at(job, address), end, "reply", 1.0)
        assert (before is not job.end) == bool(counts and not again), job.tell()

    @precondition(jobs(State.SENDING, State.RUNNING))
    @rule(number=NUMBERS, address=st.one_of(st.none(), st.none(), ADDRESS))
    def fault(self, number: int, address: str | None) -> None:
        """A node fails to run a job."""
        job = self._job(number, State.SENDING, State.RUNNING)
        again = job.cluster.reentrant and not job.broken and not job.stopping
        again = again and not is_spent(job, 1000)
        counts = job.node is not None and job.node.address == at(job, address)
        before = job.end
        self._event("broke", job.uid, at(job, address), "reply", 1.0)
        ends = counts and (not again or self._is_over(job))
        if counts and not again and job.over is Limit.HARD and job.cluster.reentrant:
            return  # it may run again for another reason: see `finish`
        assert (before is not job.end) == bool(ends), job.tell()

    def _is_over(self, job: Job) -> bool:
        cluster = job.cluster
        return cluster.state is ClusterState.CLOSING or cluster.terminated or self.stopped

    # -- leases -------------------------------------------------------------------------------

    @precondition(leases(LeaseState.SETTING_UP))
    @rule(number=NUMBERS, cpus=st.sampled_from([0, 0, 1, 2, 4]))
    def set_up(self, number: int, cpus: int) -> None:
        """A set-up is done."""
        self._on_lease(number, LeaseState.SETTING_UP, "lease_ready", cpus)

    @precondition(leases(LeaseState.SETTING_UP))
    @rule(number=NUMBERS, why=st.sampled_from(list(SetUpFailure)))
    def fail(self, number: int, why: SetUpFailure) -> None:
        """A set-up came to nothing."""
        self._on_lease(number, LeaseState.SETTING_UP, "lease_failed", why, "no such file")

    @precondition(leases(LeaseState.CLOSING))
    @rule(number=NUMBERS)
    def closed(self, number: int) -> None:
        """A node is rid of a computation."""
        self._on_lease(number, LeaseState.CLOSING, "lease_closed")

    @rule(number=NUMBERS, allocations=ALLOCATIONS)
    def allocate(self, number: int, allocations: list[Allocation]) -> None:
        """A client wants more nodes."""
        self._on_cluster(number, "node_allocated", allocations)

    @rule(number=NUMBERS)
    def deallocate(self, number: int) -> None:
        """A client wants no more jobs on a node."""
        self._on_node(number, "node_deallocated")

    @rule(number=NUMBERS, terminate=st.booleans())
    def give_back(self, number: int, terminate: bool) -> None:
        """A client is through with a node."""
        self._on_node(number, "node_given_back", terminate)

    @rule(number=NUMBERS, cpus=st.integers(-2, 3))
    def limit(self, number: int, cpus: int) -> None:
        """A client sets how many CPUs of a node are used."""
        self._on_node(number, "cpus_limited", cpus)

    # -- what takes several events in a row ---------------------------------------------------

    @precondition(leases(LeaseState.SETTING_UP))
    @rule(number=NUMBERS)
    def fail_for_good(self, number: int) -> None:
        """A set-up fails until it is given up."""
        likely = [lease for lease in self.leases if lease.state is LeaseState.SETTING_UP]
        for _ in range(MAX_BROKEN if likely else 0):
            lease = self._one(number, self.leases, likely)
            self._event("lease_failed", lease, SetUpFailure.BROKEN, "no such file")
            self._pass(61.0)

    @precondition(jobs(State.SENDING))
    @rule(number=NUMBERS, why=st.sampled_from(list(Refusal)), times=st.integers(3, 10))
    def refuse_often(self, number: int, why: Refusal, times: int) -> None:
        """A job is refused again and again."""
        job = self._job(number, State.SENDING)
        for _ in range(times):
            self._event("refused", job.uid, job.tries, why, "not here")
            self._pass(31.0)

    # -- nodes --------------------------------------------------------------------------------

    @rule(facts=FACTS)
    def join(self, facts: NodeFacts) -> None:
        """A node says that it is free."""
        self._event("node_joined", facts)

    @rule(address=ADDRESS, cpus=st.integers(-1, 4))
    def offer_cpus(self, address: str, cpus: int) -> None:
        """A node's owner changes how many CPUs it offers."""
        self._event("node_cpus", address, cpus)

    @rule(address=ADDRESS, avail=st.sampled_from([None, "much"]))
    def pulse(self, address: str, avail: str | None) -> None:
        """A node gives a sign of life."""
        self._event("node_heard", address, avail)

    @rule(address=ADDRESS)
    def empty(self, address: str) -> None:
        """A node says that it serves nobody."""
        self._event("node_emptied", address)

    @rule(address=ADDRESS)
    def leave(self, address: str) -> None:
        """A node says goodbye."""
        self._event("node_left", address)

    @rule(address=ADDRESS)
    def drop(self, address: str) -> None:
        """A node says goodbye to some cluster, or to all."""
        self._event("node_dropped", address)

    @rule(address=ADDRESS)
    def lose(self, address: str) -> None:
        """A node does not answer."""
        self._event("node_lost", address, "silent")

    @rule(address=ADDRESS)
    def find_another(self, address: str) -> None:
        """A node has another sign than it had."""
        self._event("node_restarted", address, "restarted")

    @precondition(lambda self: self.scheduler.nodes)
    @rule(number=NUMBERS, times=st.integers(2, 5), same=st.booleans())
    def flap(self, number: int, times: int, same: bool) -> None:
        """A node is lost again and again, and is set up each time that it is back."""
        node = self._one(number, nodes := list(self.scheduler.nodes.values()), nodes)
        for start in range(times):
            self._event("node_lost", node.address, "silent")
            self._event("node_joined", again(node, node.identity if same else f"{start}"))
            self._pass(61.0)
            Answers(self.recorder).set_ups()

    # -- time ---------------------------------------------------------------------------------

    @rule(seconds=SECONDS, lively=st.sampled_from([True, True, True, False]))
    def tick(self, seconds: float, lively: bool) -> None:
        """Time goes by, in silence or with signs of life."""
        if lively:
            self._pass(seconds)
        else:
            self.recorder.now += seconds
            self._event("tick")

    @precondition(lambda self: self.may_stop)
    @rule(terminate=st.booleans())
    def stop(self, terminate: bool) -> None:
        """The scheduler is about to end."""
        self.stopped = True
        self._event("stopped", "maintenance", terminate)
