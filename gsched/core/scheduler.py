"""The scheduler: events in, effects out.

One method for each event; those for what people have it do are in `actions`, those for what clients
want of nodes in `demands`. Each returns the effects that the event has led to; nothing here blocks,
reads a clock or opens a socket, so an event is atomic. Events that come too late, of a job or node
that is not there any more, have no effect.
"""

from typing import Any

from gsched.core.actions import Actions
from gsched.core.admission import Admission, Opening
from gsched.core.aside import Aside
from gsched.core.book import Book
from gsched.core.deadlines import Deadlines
from gsched.core.demands import Demands, Refused
from gsched.core.dispatch import AT_NODE, Dispatch, Refusal
from gsched.core.effects import Effect
from gsched.core.fleet import Fleet, NodeFacts
from gsched.core.invariants import verify
from gsched.core.model.cluster import Cluster, ClusterState
from gsched.core.model.job import DONE, OFFERED, QUEUED, RUNNING, SENDING, End, Job, State
from gsched.core.model.lease import Lease, SetUpFailure
from gsched.core.placement import Placement
from gsched.core.restoring import Restoring, Saved
from gsched.core.sweeping import Sweeping

MISSED_PULSES = 5  # in a row, after which a node is silent (options: --pulse_interval)


class Scheduler:
    """All state of the scheduler, and what can happen to it."""

    def __init__(
        self,
        algorithm: str = "submitted",
        *,
        first_id: int = 1,
        cooperative: bool = False,
        pulse_interval: float = 10.0,
        zombie_interval: float | None = 3600.0,
        max_exclusive: float | None = None,
        durable: bool = False,
    ) -> None:
        self.algorithm = algorithm
        self.pulse_interval = pulse_interval  # seconds
        self._book = Book(algorithm, first_id, durable)
        self._book.max_exclusive = max_exclusive  # seconds, None: without end
        self._dispatch = Dispatch(self._book)
        self._sweeping = Sweeping(self._book, self._dispatch)
        self._placement = Placement(self._book, self._dispatch, self._sweeping, cooperative)
        self._fleet = Fleet(
            self._book,
            self._sweeping,
            self._placement,
            silence=MISSED_PULSES * pulse_interval,
            zombie_interval=zombie_interval,
        )
        self._admission = Admission(self._book, self._sweeping, self._placement, zombie_interval)
        self._parts = (self._book, self._dispatch, self._placement, self._admission)
        self.actions = Actions(*self._parts, self._after)
        self.demands = Demands(
            self._book, self._sweeping, self._placement, cooperative, self._after
        )
        self._deadlines = Deadlines(self._book)
        self.aside = Aside(*self._parts[:3], self._after)
        book = self._book
        self.nodes, self.clusters, self.jobs = book.nodes, book.clusters, book.jobs

    @property
    def book(self) -> Book:
        """All that is known, to be read."""
        return self._book

    # -- clusters -----------------------------------------------------------------------------

    def cluster_opened(self, opening: Opening, now: float) -> Cluster:
        """A client brings a computation."""
        return self._admission.open(opening, now)

    def cluster_scheduled(self, cluster: Cluster, now: float) -> list[Effect]:
        """The client has sent what belongs to it and asks for its turn."""
        self._admission.schedule(cluster, now)
        return self._after(now)

    def cluster_started(self, cluster: Cluster, now: float) -> list[Effect]:
        """The client knows that it may submit."""
        self._admission.started(cluster)
        return self._after(now)

    def cluster_absent(self, cluster: Cluster, reason: str, now: float) -> list[Effect]:
        """The client, which waits for its turn, cannot be told that it has come."""
        self._admission.absent(cluster, now, reason)
        return self._after(now)

    def client_back(self, cluster: Cluster, now: float) -> list[Effect]:
        """The client of a cluster that was absent can be reached again."""
        cluster.heard = now
        self._admission.back(cluster)
        return self._after(now)

    def cluster_closed(
        self, cluster: Cluster, now: float, reason: str, terminate: bool = True
    ) -> list[Effect]:
        """The client has closed it, or is gone; may come twice, the second one harder."""
        if cluster.state is not ClusterState.CLOSED:
            self._admission.close(cluster, terminate, now, reason)
        return self._after(now)

    # -- jobs ---------------------------------------------------------------------------------

    def offered(self, cluster: Cluster, pinned: str | None, message: Any, now: float) -> Job:
        """A client brings a job. It counts once it is `accepted`. Raises Refused."""
        if self._book.refusing:
            raise Refused(self._book.refusing)
        if cluster.refusing:
            raise Refused(cluster.refusing)
        node = self.demands.node_for(cluster, pinned) if pinned else None
        return self._dispatch.offer(cluster, node, message, now)

    def accepted(self, uid: int, now: float) -> list[Effect]:
        """The client knows the uid."""
        job = self._job(uid, OFFERED)
        if job is not None:
            self._dispatch.accepted(job, now)
            self._placement.end_stranded(job, now)
        return self._after(now)

    def withdrawn(self, uid: int, now: float, reason: str) -> list[Effect]:
        """The client does not know the uid."""
        job = self._job(uid, OFFERED)
        if job is not None:
            self._dispatch.withdrawn(job, now, reason)
        return self._after(now)

    def leaving(self, uid: int, tries: int, now: float) -> list[Effect]:
        """All is ready, and the job itself is about to be sent to its node."""
        job = self._job(uid, SENDING)
        if job is not None and job.tries == tries:
            self._dispatch.leaving(job)
        return self._after(now)

    def started(self, uid: int, tries: int, now: float) -> list[Effect]:
        """The node has taken the job that was sent at the `tries`-th time."""
        job = self._job(uid, SENDING)
        if job is not None and job.tries == tries:
            self._dispatch.started(job, now)
        return self._after(now)

    def refused(self, uid: int, tries: int, why: Refusal, reason: str, now: float) -> list[Effect]:
        """The job did not start at its node."""
        job = self._job(uid, SENDING)
        if job is not None and job.node is not None and job.tries == tries:
            node, lease = job.node, job.node.leases.get(job.cluster.id)
            self._dispatch.refused(job, why, reason, now)
            if why is Refusal.UNKNOWN and lease is not None:
                self._placement.dropped(lease)
            if why is Refusal.UNREACHABLE:
                self._fleet.unreachable(node, now)
            else:
                node.failures = 0
            self._placement.end_stranded(job, now)
        return self._after(now)

    def missing(self, uid: int, tries: int, reason: str, now: float) -> list[Effect]:
        """The node, asked again, does not know a job that it may have started."""
        job = self._job(uid, *AT_NODE)
        if job is not None and job.tries == tries:
            self._dispatch.missing(job, reason, now)
            self._placement.end_stranded(job, now)
        return self._after(now)

    def unstoppable(self, uid: int, tries: int, now: float) -> list[Effect]:
        """The node lists a job on and on that it was asked to stop, and says nothing of it."""
        job = self._job(uid, RUNNING)
        if job is not None and job.node is not None and job.tries == tries:
            self._fleet.doubted(job.node, f"it did not stop job {uid}", now)
            self._dispatch.missing(job, f"node {job.node.address} does not stop it", now)
        return self._after(now)

    def provisional(self, uid: int, address: str, reply: Any, now: float) -> list[Effect]:
        """A running job has sent a result that is not its last."""
        job = self._job(uid, *AT_NODE)
        if job is not None and job.node is self._fleet.heard(address, now):
            self._dispatch.provisional(job, reply, now)
        else:
            self._book.strays += 1
        return self._after(now)

    def finished(
        self, uid: int, address: str, end: End, reply: Any, seconds: float, now: float
    ) -> list[Effect]:
        """A node says how a job ended. Also taken from a node that had been given up."""
        job = self._job(uid, QUEUED, *AT_NODE)
        node = self._fleet.heard(address, now)
        if job is not None and node is not None and (job.node or job.last) is node:
            self._dispatch.finished(job, end, reply, seconds, now)
            self._fleet.proven(node)
        else:
            self._book.strays += 1
        return self._after(now)

    def stray(self, now: float) -> list[Effect]:
        """A node speaks of a job that is not known, or not any more."""
        self._book.strays += 1
        return self._after(now)

    def broke(self, uid: int, address: str, reply: Any, seconds: float, now: float) -> list[Effect]:
        """As `finished`, where the fault lies in the node's own software, not in the job."""
        job = self._job(uid, *AT_NODE)  # one that waits again needs no answer
        node = self._fleet.heard(address, now)
        if job is not None and job.node is node:
            self._dispatch.broke(job, reply, seconds, now)
        else:
            self._book.strays += 1
        return self._after(now)

    def delivered(self, uid: int, now: float) -> list[Effect]:
        """The client has the answer."""
        job = self._job(uid, DONE)
        if job is not None:
            self._dispatch.delivered(job, now)
        return self._after(now)

    def cancelled(self, uid: int, now: float) -> list[Effect]:
        """The client takes the job back."""
        job = self._job(uid, OFFERED, QUEUED, *AT_NODE)
        if job is not None:
            self._dispatch.cancel(job, now)
        return self._after(now)

    # -- leases -------------------------------------------------------------------------------

    def lease_ready(self, lease: Lease, cpus: int, now: float) -> list[Effect]:
        """The computation is set up on the node, which has `cpus` in all (0: not said)."""
        self._placement.ready(lease, cpus, now)
        return self._after(now)

    def lease_failed(
        self, lease: Lease, why: SetUpFailure, reason: str, now: float
    ) -> list[Effect]:
        """The set-up came to nothing, and nothing is left of it on the node."""
        self._placement.failed(lease, why, reason, now)
        if why is SetUpFailure.UNREACHABLE:
            self._fleet.unreachable(lease.node, now)
        return self._after(now)

    def lease_closed(self, lease: Lease, now: float) -> list[Effect]:
        """The computation is off the node, or the node did not answer."""
        self._placement.closed(lease, now)
        return self._after(now)

    # -- nodes --------------------------------------------------------------------------------

    def node_joined(self, facts: NodeFacts, now: float) -> list[Effect]:
        """A node says that it is free, be it new, known, back or restarted."""
        self._fleet.joined(facts, now)
        return self._after(now)

    def node_emptied(self, address: str, now: float) -> list[Effect]:
        """A node says that it serves nobody: what was set up there is gone."""
        self._fleet.emptied(address, now)
        return self._after(now)

    def node_dropped(self, address: str, now: float) -> list[Effect]:
        """A node has said goodbye to one cluster or to all."""
        self._fleet.dropped(address, now)
        return self._after(now)

    def node_left(self, address: str, now: float) -> list[Effect]:
        """A node has said goodbye."""
        node = self.nodes.get(address)
        if node is not None:
            self._fleet.lose(node, "it said goodbye", now, goodbye=True)
        return self._after(now)

    def node_lost(self, address: str, reason: str, now: float) -> list[Effect]:
        """A node cannot be reached, or was restarted."""
        node = self.nodes.get(address)
        if node is not None:
            self._fleet.lose(node, reason, now)
        return self._after(now)

    def node_restarted(self, address: str, reason: str, now: float) -> list[Effect]:
        """A node has another sign than it had, so it knows nothing of what it was sent."""
        node = self.nodes.get(address)
        if node is not None:
            self._fleet.restarted(node, reason, now)
        return self._after(now)

    def node_heard(self, address: str, avail: Any, now: float) -> list[Effect]:
        """A sign of life, with what the node has to spare."""
        self._fleet.pulse(address, avail, now)
        return self._after(now)

    def node_cpus(self, address: str, cpus: int, now: float) -> list[Effect]:
        """The node's owner has changed how many CPUs it offers."""
        self._fleet.offer(address, cpus, now)
        return self._after(now)

    def client_heard(self, cluster: Cluster, now: float) -> None:
        """A sign of life of a client."""
        cluster.heard = now

    # -- time ---------------------------------------------------------------------------------

    def tick(self, now: float) -> list[Effect]:
        """To be called about once a second: what happens because nothing happened."""
        self._fleet.tick(now)
        self._admission.tick(now)
        self._placement.retry(now)
        self._deadlines.tick(now)
        self._book.tick(now)
        return self._after(now)

    def swept(self, now: float) -> list[Effect]:
        """Others have had their turn: end some more of the jobs that are to end."""
        self._sweeping.swept(now)
        return self._after(now)

    def stopped(self, reason: str, terminate: bool, now: float) -> list[Effect]:
        """The scheduler is to end. Jobs that wait end as Terminated, and their clients are told.

        Those that run are waited for or, with `terminate`, stopped; may come twice, the second
        time harder. All is done once `jobs` and the leases are gone.
        """
        self._admission.stop(reason, terminate, now)
        return self._after(now)

    def drained(self, now: float) -> list[Effect]:
        """Take no more jobs; all that wait are still to run."""
        self._book.refusing = "the scheduler is about to stop"
        return self._after(now)

    def suspended(self, now: float) -> list[Effect]:
        """Take and give out no more jobs; all that is known is to be there after a restart."""
        self._book.refusing = "the scheduler is about to stop"
        self._book.suspended = True
        self._book.keep_usage(now, at_once=True)
        return self._after(now)

    # -- restarts -----------------------------------------------------------------------------

    def take_changes(self) -> list[Any]:
        """Jobs, clusters, nodes, leases and accounts that have changed since the last time, once.

        They are to be kept as they are by then. Empty unless the scheduler is `durable`.
        """
        return self._book.take_changes()

    def restored(self, saved: Saved, now: float) -> list[Effect]:
        """What was kept by an earlier run. To be told before anything else happens."""
        Restoring(*self._parts, now).restore(saved)
        return self._after(now)

    def check(self) -> None:
        """Verify all that must hold between two events. Raises AssertionError. For tests."""
        verify(self._book)

    # -- within -------------------------------------------------------------------------------

    def _after(self, now: float) -> list[Effect]:
        """What each event ends with."""
        if self._book.touched:
            self._admission.settle(now)
        if self._sweeping.begun:
            self._sweeping.leave()
        self._dispatch.assign(now)
        return self._book.take_effects()

    def _job(self, uid: int, *states: State) -> Job | None:
        job = self.jobs.get(uid)
        return job if job is not None and job.state in states else None
