"""What is outstanding between the core and the rest of the world, and how it may be answered."""

from collections.abc import Callable

from gsched.core.effects import Close
from gsched.core.model.cluster import Cluster, ClusterState
from gsched.core.model.job import End, Job, State
from gsched.core.model.lease import Lease

from .recorder import Recorder

Act = Callable[[], object]
MANY = 10_000  # answers; more than that, and they lead in a circle


class Answers:
    """Plays clients and nodes that do what they should."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    def due(self) -> list[Act]:
        """All that somebody owes an answer to, in a fixed order."""
        scheduler, watch = self._recorder.scheduler, self._recorder.watch
        clusters = [self._to_cluster(cluster) for cluster in scheduler.clusters.values()]
        leases = sorted(watch.exchanges, key=lambda lease: (lease.cluster.id, lease.node.seq))
        acts = clusters + [self._to_exchange(lease) for lease in leases]
        acts += [self._to_job(job) for job in scheduler.jobs.values()]
        if scheduler.book.sweeping:
            acts.append(lambda: self._recorder.event("swept"))
        return [act for act in acts if act is not None]

    def give(self, limit: int = MANY) -> None:
        """Answer one thing after the other, until nothing or only `limit` of them are left."""
        for _ in range(MANY):
            due = self.due()
            if len(due) == 0 or limit == 0:
                return
            due[0]()
            limit -= 1
        raise AssertionError("no end in sight")

    def set_ups(self) -> None:
        """Bring all exchanges with nodes to their end, and leave the rest as it is."""
        while self._recorder.watch.exchanges:
            self._to_exchange(next(iter(self._recorder.watch.exchanges)))()

    # -- within -------------------------------------------------------------------------------

    def _to_cluster(self, cluster: Cluster) -> Act | None:
        event = self._recorder.event
        if cluster.state is ClusterState.NEW:
            return lambda: event("cluster_scheduled", cluster)
        if cluster.state is ClusterState.STARTING:
            return lambda: event("cluster_started", cluster)
        if cluster.absent:
            return lambda: event("client_back", cluster)
        return None

    def _to_exchange(self, lease: Lease) -> Act:
        event = self._recorder.event
        if isinstance(self._recorder.watch.exchanges[lease], Close):
            return lambda: event("lease_closed", lease)
        return lambda: event("lease_ready", lease, 0)

    def _to_job(self, job: Job) -> Act | None:
        event = self._recorder.event
        if job.state is State.OFFERED:
            return lambda: event("accepted", job.uid)
        if job.state is State.SENDING:
            return lambda: event("started", job.uid, job.tries)
        if job.state is State.RUNNING and job.node is not None:
            end = End.TERMINATED if job.stopping else End.FINISHED
            return lambda: event("finished", job.uid, job.last.address, end, "reply", 1.0)
        if job.state is State.DONE:
            return lambda: event("delivered", job.uid)
        return None
