"""Clusters coming and going. See cluster.py for the states.

An exclusive cluster has all nodes for itself: it waits until no other cluster is there, and while
it is there no other starts, unless that has waited for `book.max_exclusive`. Clusters start in the
order in which they asked, so nobody can be overtaken for ever; only one whose client is out of
reach at its turn lets the others pass until it is there again.
"""

from dataclasses import dataclass, field
from typing import Any

from gsched.core.book import INFO, Book
from gsched.core.effects import FindNodes, Forget, SeekClient, TellScheduled
from gsched.core.model.cluster import Cluster, ClusterState
from gsched.core.model.job import End
from gsched.core.model.lease import Allocation
from gsched.core.model.wishes import Wishes
from gsched.core.placement import Placement
from gsched.core.sweeping import Sweeping


@dataclass(frozen=True, kw_only=True)
class Opening:
    """What a client says of a new cluster. `spec`, `release` and `family` are opaque here.

    With `id` 0 it gets the next one.
    """

    id: int = 0
    name: str
    client: str
    spec: Any = None
    release: str = ""
    family: str = ""
    reentrant: bool = False
    exclusive: bool = False
    allocations: list[Allocation] = field(default_factory=list)


class Admission:
    """Events of whole clusters. `zombie_interval` in seconds; None: never."""

    def __init__(
        self,
        book: Book,
        sweeping: Sweeping,
        placement: Placement,
        zombie_interval: float | None,
    ) -> None:
        self._book = book
        self._sweeping = sweeping
        self._placement = placement
        self._zombie_interval = zombie_interval

    def open(self, opening: Opening, now: float) -> Cluster:
        """A new cluster; its client goes on to send files."""
        return self.enter(opening.id or self._book.next_id(), opening, now)

    def enter(self, id_: int, opening: Opening, now: float) -> Cluster:
        """A cluster with that id, new or of an earlier run."""
        place = self._book.next_place()
        cluster = Cluster(id_, place, opening.name, opening.client, opening.spec)
        cluster.release, cluster.family = opening.release, opening.family
        cluster.reentrant, cluster.exclusive = opening.reentrant, opening.exclusive
        cluster.allocations = Wishes(opening.allocations)
        cluster.heard = now
        cluster.rule = self._book.sharing.rule_for(cluster.name, cluster.client)
        if self._book.ledger is not None:
            self._book.ledger.open(cluster, now)
        self._book.clusters[id_] = cluster
        return cluster

    def schedule(self, cluster: Cluster, now: float) -> None:
        """The client has sent all files and wants to start."""
        if cluster.state is ClusterState.NEW:
            cluster.state = ClusterState.WAITING
            cluster.asked_at = now
            self._book.keep(cluster)
            self._book.waiting.append(cluster)
            self.admit()

    def admit(self) -> None:
        """Let clusters start whose turn has come."""
        while (cluster := next((x for x in self._book.waiting if not x.absent), None)) is not None:
            cluster.note = self._obstacle(cluster)
            if cluster.note:
                return
            self._start(cluster)

    def _let_by(self, now: float) -> None:
        """Let those start beside an exclusive cluster that have waited for long enough."""
        most = self._book.max_exclusive
        if most is None:
            return
        patient = [x for x in self._book.waiting if not (x.exclusive or x.absent)]
        for cluster in [x for x in patient if now - x.asked_at >= most]:
            text = f"{cluster.label} {cluster.note or 'waits for its turn'} no longer: {most:g} s"
            self._book.report(INFO, text, cluster)
            cluster.beside = True
            self._start(cluster)

    def _start(self, cluster: Cluster) -> None:
        self._book.waiting.remove(cluster)
        cluster.note = cluster.absent = ""
        cluster.state = ClusterState.STARTING
        self._book.ask(TellScheduled(cluster))

    def started(self, cluster: Cluster) -> None:
        """The client knows that it may submit."""
        if cluster.state is ClusterState.STARTING:
            cluster.state = ClusterState.ACTIVE
            self._book.keep(cluster)
            self._book.touched.add(cluster)
            if cluster.jobs or not cluster.ending:
                self._placement.spread(cluster)
                self._book.ask(FindNodes(cluster))

    def absent(self, cluster: Cluster, now: float, reason: str) -> None:
        """The client cannot be told: it waits on, since it may come back, but holds up nobody."""
        if cluster.state is not ClusterState.STARTING:
            return
        if cluster.jobs:  # it has brought some, so it knows
            self.started(cluster)
        elif self._book.stopping:
            self.close(cluster, True, now, reason)
        else:
            cluster.state = ClusterState.WAITING
            cluster.note = cluster.absent = reason
            cluster.absences += 1
            self._book.keep(cluster)
            self._book.waiting.insert(0, cluster)
            self._book.ask(SeekClient(cluster, cluster.absences))
            self.admit()

    def back(self, cluster: Cluster) -> None:
        """The client of one that was absent is there again."""
        if not cluster.absent or cluster.state is not ClusterState.WAITING:
            return
        cluster.note = cluster.absent = ""
        self._book.touched.add(cluster)
        self.admit()

    def resume(self, now: float) -> None:
        """Go on with all clusters of an earlier run."""
        for cluster in self._book.clusters.values():
            if cluster.state is ClusterState.CLOSING:
                self._book.touched.add(cluster)
            elif cluster.state is ClusterState.ACTIVE:
                self._book.ask(FindNodes(cluster))
            if cluster.ending:
                self.let_go(cluster)
            if cluster.terminated:
                self.expel(cluster, now)
        self.admit()

    def close(self, cluster: Cluster, terminate: bool, now: float, reason: str) -> None:
        """No more jobs. Those not done are stopped, or with `terminate` False waited for."""
        if cluster in self._book.waiting:
            self._book.waiting.remove(cluster)
        cluster.state = ClusterState.CLOSING
        cluster.note = reason
        self._book.keep(cluster)
        self._book.report(INFO, f"{cluster.label} closes: {reason}", cluster)
        if terminate:
            self._stop(cluster, now, reason)
        self._book.touched.add(cluster)

    def stop(self, reason: str, terminate: bool, now: float) -> None:
        """The scheduler is about to end: no more jobs, and with `terminate` none at nodes."""
        self._book.stopping = self._book.refusing = reason
        while self._book.waiting:  # their clients wait without end, so they are let go
            self._start(self._book.waiting[0])
        clusters = self._book.clusters.values()
        self._sweeping.end_waiting(clusters, End.TERMINATED, now, reason)
        if terminate:
            self._placement.leave_all(now)

    def tick(self, now: float) -> None:
        """Close the clusters whose clients are gone; nobody waits for ever behind another."""
        self._let_by(now)
        for cluster in list(self._book.clusters.values()):
            silence = now - cluster.heard  # in seconds
            if cluster.state is ClusterState.CLOSING or self._zombie_interval is None:
                continue
            if silence > self._zombie_interval:
                self.close(cluster, True, now, f"nothing heard of its client for {silence:.0f} s")

    def settle(self, now: float) -> None:
        """Finish the closing of clusters as far as it can go."""
        while self._book.touched:
            cluster = self._book.touched.pop()
            if cluster.state is not ClusterState.CLOSING:
                self._end_if_done(cluster, now)
                continue
            if cluster.jobs and not cluster.leases:
                self._stop(cluster, now, "no node is left to run it")
            if not cluster.jobs:
                self._leave_nodes(cluster, now)
            if not cluster.jobs and not cluster.leases:
                self._closed(cluster)
            elif not cluster.leases:
                self.admit()  # nobody has to wait until all its jobs have ended

    # -- what somebody has ordered ----------------------------------------------------------------

    def let_go(self, cluster: Cluster) -> None:
        """It takes no more jobs: without any, its client is not left waiting for its turn."""
        self._book.touched.add(cluster)

    def expel(self, cluster: Cluster, now: float) -> None:
        """Its jobs end, and it leaves all nodes."""
        for lease in list(cluster.leases.values()):
            self._placement.evict(lease, str(cluster.ending), now)
        self._sweeping.end_waiting((cluster,), End.TERMINATED, now, str(cluster.ending))

    def _end_if_done(self, cluster: Cluster, now: float) -> None:
        """Its client has all that it is owed: no more of it, once it knows that it might submit."""
        if not cluster.ending or cluster.jobs:
            return
        if cluster.state is ClusterState.WAITING and not cluster.absent:
            self._start(cluster)
        elif cluster.state in (ClusterState.NEW, ClusterState.ACTIVE):
            self.close(cluster, True, now, str(cluster.ending))

    # -- within -----------------------------------------------------------------------------------

    def _stop(self, cluster: Cluster, now: float, reason: str) -> None:
        self._sweeping.drop(cluster, now, reason)
        self._leave_nodes(cluster, now)

    def _leave_nodes(self, cluster: Cluster, now: float) -> None:
        for lease in list(cluster.leases.values()):
            self._placement.close(lease, terminate=True, now=now)

    def _closed(self, cluster: Cluster) -> None:
        if cluster.state is ClusterState.CLOSED:
            return
        cluster.state = ClusterState.CLOSED
        del self._book.clusters[cluster.id]
        self._book.keep(cluster)
        for node in self._book.nodes.values():
            node.pinned.pop(cluster, None)
        if self._book.ledger is not None:
            self._book.ledger.close(cluster, cluster.heard)
        self._book.ask(Forget(cluster))
        self.admit()

    def _obstacle(self, cluster: Cluster) -> str:
        """Why it cannot start yet; empty if it can."""
        present = [other for other in self._book.clusters.values() if other.present]
        for other in present:
            if other.exclusive:
                return f"waits for the exclusive cluster {other.label} to close"
        if cluster.exclusive and present:
            return f"is exclusive and waits for {len(present)} other clusters to close"
        return ""
