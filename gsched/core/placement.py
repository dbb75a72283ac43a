"""Which cluster is on which node: leases from the set-up to the close. See lease.py."""

from gsched.core.book import ERROR, WARNING, Book
from gsched.core.dispatch import Dispatch
from gsched.core.effects import Close, SetUp, TellNode
from gsched.core.model.cluster import Cluster, ClusterState
from gsched.core.model.job import End, Job, State
from gsched.core.model.lease import Allocation, Lease, LeaseState, SetUpFailure
from gsched.core.model.node import Node, NodeState
from gsched.core.sweeping import Sweeping

MAX_BROKEN = 4  # set-ups that fail by the computation's fault, before the node is given up
OVERTAKING = 10.0  # seconds within which two messages of a node may arrive in the wrong order
FIRST_PAUSE, LONGEST_PAUSE = 5.0, 60.0  # seconds before the next try, three times as long each


class Placement:
    """Events of leases, and the wishes of clusters that lead to them."""

    def __init__(
        self, book: Book, dispatch: Dispatch, sweeping: Sweeping, cooperative: bool
    ) -> None:
        self._book = book
        self._dispatch = dispatch
        self._sweeping = sweeping
        self._cooperative = cooperative  # clusters may change the CPUs of nodes
        self._failed: set[Lease] = set()  # to be tried again

    # -- wishes -------------------------------------------------------------------------------

    def spread(self, cluster: Cluster) -> None:
        """Set the cluster up on all nodes that it may use and is not on."""
        for node in self._book.nodes.values():
            self.settle(cluster, node)

    def welcome(self, node: Node, now: float) -> None:
        """Set all clusters up that may use the node and are not on it."""
        for cluster in self._book.clusters.values():
            self.settle(cluster, node)
            self.end_hopeless(cluster, now)  # after a restart it may be none of theirs
        self._end_unfit(node, now)

    def rearrange(self, cluster: Cluster, now: float) -> None:
        """Its rule may be another one: it leaves nodes that it may not use any more.

        Jobs that run there go on; those that are pinned there end.
        """
        for node in cluster.pins:
            if reason := _barrier(cluster, node):
                self._abandon(cluster, node, now, reason)
        for lease in list(cluster.leases.values()):
            if not cluster.rule.allows(lease.node.address):
                self.close(lease, False, now)
        self.spread(cluster)

    def settle(self, cluster: Cluster, node: Node) -> None:
        """Set the cluster up on the node, if it may use it and is not on it."""
        usable = node.state is NodeState.UP and node.total and not node.barred_until
        usable = usable and not self._book.stopping and node.drained is None
        if not usable or cluster.state is not ClusterState.ACTIVE or cluster.terminated:
            return
        if cluster.id in node.leases or node.address in cluster.shut:
            return
        allocation = cluster.allocation_for(node)
        if allocation is not None:
            self._open(cluster, node, allocation)

    def resume(self, lease: Lease) -> None:
        """The client wants a node again that it gave back before."""
        if lease.evicted:
            return
        lease.unwanted = False
        if lease.state is LeaseState.DRAINED:
            lease.state = LeaseState.READY
            self._book.keep(lease)
            self._serve(lease)
        elif lease.state is LeaseState.FAILED:
            lease.failures = lease.broken = 0
            self._try(lease)

    def drain(self, lease: Lease) -> None:
        """No more jobs of the cluster to the node; those there go on."""
        if lease.state is LeaseState.READY:
            lease.state = LeaseState.DRAINED
            self._book.keep(lease)
            self._serve_no_more(lease)

    def close(self, lease: Lease, terminate: bool, now: float) -> None:
        """Take the cluster from the node, stopping what runs there or waiting for it."""
        lease.terminate = terminate or bool(lease.evicted)
        self._book.keep(lease)
        if lease.state is LeaseState.SETTING_UP:
            lease.unwanted = True
        elif lease.state is LeaseState.FAILED:
            self._remove(lease, now, "set-up had failed")
        elif lease.state is not LeaseState.CLOSING:
            lease.state = LeaseState.CLOSING
            self._serve_no_more(lease)
            self._book.ask(Close(lease))

    def evict(self, lease: Lease, reason: str, now: float) -> None:
        """Take the cluster from the node at once, for a reason that is not its client's."""
        lease.evicted = reason
        if lease.state is LeaseState.DRAINED:
            self._shut(lease, "closed", now)
        self.close(lease, True, now)

    def give_back(self, lease: Lease, terminate: bool, reason: str, now: float) -> None:
        """Take the cluster from the node, for good, for a reason that is not its client's."""
        cluster, node = lease.cluster, lease.node
        cluster.shut.add(node.address)
        self._book.keep(cluster)
        self._abandon(cluster, node, now, reason)
        if terminate:
            self.evict(lease, reason, now)
        else:
            self.close(lease, False, now)

    def clear(self, node: Node, now: float) -> None:
        """Take all clusters from a node that somebody has closed."""
        self._serve_nobody(node)
        for lease in list(node.leases.values()):
            self.evict(lease, f"node {node.address} was {node.drained}", now)

    def leave_all(self, now: float) -> None:
        """Take all clusters from all nodes."""
        for node in self._book.nodes.values():
            self._serve_nobody(node)
            for lease in list(node.leases.values()):
                self.close(lease, True, now)

    # -- events -------------------------------------------------------------------------------

    def ready(self, lease: Lease, cpus: int, now: float) -> None:
        """The node is set up; it has so many CPUs in all, or 0 if it did not say."""
        if not self._is_current(lease, LeaseState.SETTING_UP):
            return
        lease.failures, lease.broken, lease.reason = 0, 0, ""
        lease.node.failures = 0
        lease.node.heard = lease.since = now
        lease.node.total = cpus or lease.node.total
        self._book.keep(lease.node)
        lease.state = LeaseState.READY
        self._book.keep(lease)
        self._book.ready.roomier(lease.node)
        if lease.unwanted:
            self.close(lease, lease.terminate, now)
            return
        self._serve(lease)
        lease.known = True
        self.tell(lease, "initialized")

    def restored(self, lease: Lease, state: LeaseState) -> None:
        """The node was set up in an earlier run, and its client was told."""
        lease.state, lease.known = state, True
        if state is LeaseState.READY:
            self._serve(lease)

    def failed(self, lease: Lease, why: SetUpFailure, reason: str, now: float) -> None:
        """The set-up came to nothing.

        It is tried again with growing pauses; where the computation is at fault, some times only.
        """
        if not self._is_current(lease, LeaseState.SETTING_UP):
            return
        lease.state = LeaseState.FAILED
        self._book.keep(lease)
        lease.failures += 1
        lease.broken += why is SetUpFailure.BROKEN
        lease.why, lease.reason = why, reason
        self._report_failure(lease)
        if lease.unwanted:
            self._remove(lease, now, reason)
        elif lease.broken < MAX_BROKEN:
            pause = FIRST_PAUSE * 3 ** min(lease.failures - 1, 5)
            lease.retry_at = now + min(pause, LONGEST_PAUSE)
            self._failed.add(lease)
        else:
            self._give_up(lease, now)

    def dropped(self, lease: Lease) -> None:
        """The node does not have the computation any more: set it up anew."""
        if lease.state is LeaseState.READY:  # where it is DRAINED, it is not wanted there anyway
            self._serve_no_more(lease)
            self._try(lease)

    def closed(self, lease: Lease, now: float) -> None:
        """The node is rid of the computation, as far as can be known."""
        if self._is_current(lease, LeaseState.CLOSING):
            self._remove(lease, now, "the computation was closed on its node")
            self.settle(lease.cluster, lease.node)

    def retry(self, now: float) -> None:
        """Try again what is due."""
        for lease in list(self._failed):
            due = lease.retry_at is not None and lease.retry_at <= now
            if due and lease.node.drained is None:
                self._try(lease)

    def vacate(self, node: Node, now: float, reason: str) -> None:
        """The node is gone: no lease is left on it."""
        self._serve_nobody(node)
        for lease in list(node.leases.values()):
            self._remove(lease, now, reason)

    def emptied(self, node: Node, now: float) -> None:
        """The node has dropped what it held: set that up anew, or now that it serves no others.

        What was set up just now may be meant or not: the node's word may have been overtaken
        by it, and if not, the first job will tell.
        """
        for lease in list(node.leases.values()):
            set_up = lease.state in (LeaseState.READY, LeaseState.DRAINED)
            if set_up and now - lease.since > OVERTAKING:
                self._remove(lease, now, "it dropped the computation")
                self.settle(lease.cluster, node)
            elif lease in self._failed and lease.why is SetUpFailure.UNWILLING:
                self._try(lease)

    def renew_idle(self, node: Node, now: float) -> None:
        """The node has dropped something that had no jobs there: set all such up anew.

        A node that has a cluster all the same says so when it is set up.
        """
        busy = {job.cluster for job in node.jobs.values()}
        for lease in node.leases.values():
            if lease.cluster not in busy and now - lease.since > OVERTAKING:
                self.dropped(lease)

    def tell(self, lease: Lease, what: str) -> None:
        """Tell the client about a node that it knows of, unless it has closed."""
        if lease.known and lease.cluster.state is not ClusterState.CLOSING:
            self._book.ask(TellNode(lease.cluster, lease.node, what))

    def hopeless(self, cluster: Cluster) -> str:
        """Why none of its nodes will ever run a job of the cluster; empty while there is hope."""
        leases = cluster.leases.values()
        if not leases or not all(lease.given_up for lease in leases):
            return ""
        if any(self._may_come(cluster, node) for node in self._book.nodes.values()):
            return ""
        return "; ".join(sorted({f"{x.node.address}: {x.reason}" for x in leases})[:3])

    def end_hopeless(self, cluster: Cluster, now: float) -> None:
        """End all that waits, if it would wait for ever."""
        reason = self.hopeless(cluster)
        if reason:
            reason = f"set-up failed on every node ({reason})"
            self._sweeping.end_waiting((cluster,), End.ABANDONED, now, reason)

    def end_stranded(self, job: Job, now: float) -> None:
        """End the job if it has just begun to wait and would do so for ever."""
        if job.state is not State.QUEUED:
            return
        reason = self.hopeless(job.cluster)
        why = f"set-up failed on every node ({reason})" if reason else self._obstacle(job)
        if why:
            self._dispatch.end(job, End.ABANDONED, now, reason=why)

    # -- within -------------------------------------------------------------------------------

    def _open(self, cluster: Cluster, node: Node, allocation: Allocation) -> None:
        lease = Lease(cluster, node, allocation)
        node.leases[cluster.id] = cluster.leases[node.address] = lease
        self._book.keep(lease)
        if cluster.exclusive or self._cooperative:
            node.limit = allocation.limit(node.total)
            self._book.keep(node)
            self._book.ready.roomier(node)
        self._book.ask(SetUp(lease))

    def _try(self, lease: Lease) -> None:
        self._failed.discard(lease)
        lease.state = LeaseState.SETTING_UP
        self._book.keep(lease)
        lease.retry_at = None
        self._book.ask(SetUp(lease))

    def _remove(self, lease: Lease, now: float, reason: str) -> None:
        cluster, node = lease.cluster, lease.node
        self._failed.discard(lease)
        if lease.state is LeaseState.DRAINED:
            self._shut(lease, "lost", now)
        self._serve_no_more(lease)
        del node.leases[cluster.id], cluster.leases[node.address]
        self._book.keep(lease)
        if cluster.exclusive and not self._cooperative:
            node.limit = lease.limit_before
            self._book.keep(node)
            self._book.ready.roomier(node)
        stopped = lease.state is LeaseState.CLOSING and lease.terminate
        for job in [job for job in node.jobs.values() if job.cluster is cluster]:
            if lease.evicted:
                self._dispatch.evicted(job, lease.evicted, now)
            elif stopped:
                self._dispatch.stopped(job, f"its client closed node {node.address}", now)
            else:
                self._dispatch.lost(job, f"node {node.address}: {reason}", now)
        self.tell(lease, "closed")
        self.end_hopeless(cluster, now)
        if cluster.state is ClusterState.CLOSING:
            self._book.touched.add(cluster)

    def _shut(self, lease: Lease, how: str, now: float) -> None:
        """Its client wanted no more jobs there, so it is not set up there again."""
        cluster, node = lease.cluster, lease.node
        cluster.shut.add(node.address)
        self._book.keep(cluster)
        reason = f"its client gave away node {node.address}, which was {how}"
        self._abandon(cluster, node, now, reason)

    def _serve(self, lease: Lease) -> None:
        self._book.ready.serves(lease.node, lease.node.serves | {lease.cluster})

    def _serve_no_more(self, lease: Lease) -> None:
        if lease.cluster in lease.node.serves:
            self._book.ready.serves(lease.node, lease.node.serves - {lease.cluster})

    def _serve_nobody(self, node: Node) -> None:
        """All are about to leave it: one by one would take the square of the time."""
        self._book.ready.serves(node, frozenset())

    def _is_current(self, lease: Lease, state: LeaseState) -> bool:
        """Whether an answer still concerns anybody: the node may have gone meanwhile."""
        return lease.node.leases.get(lease.cluster.id) is lease and lease.state is state

    def _report_failure(self, lease: Lease) -> None:
        where = f"{lease.cluster.label} on node {lease.node.address}"
        self._book.report(WARNING, f"set-up of {where} failed: {lease.reason}", lease)

    def _give_up(self, lease: Lease, now: float) -> None:
        cluster, node = lease.cluster, lease.node
        self._book.report(ERROR, f"{cluster.label}: node {node.address} is given up", cluster, node)
        reason = f"set-up failed on node {node.address}: {lease.reason}"
        self._abandon(cluster, node, now, reason)
        self.end_hopeless(cluster, now)

    def _abandon(self, cluster: Cluster, node: Node, now: float, reason: str) -> None:
        """End the jobs that wait for that very node."""
        self._sweeping.end_pinned(cluster, node, End.ABANDONED, now, reason)

    def _may_come(self, cluster: Cluster, node: Node) -> bool:
        """Whether the cluster, not on that node, will be set up there when it can be."""
        if cluster.id in node.leases or node.address in cluster.shut:
            return False
        return cluster.allocation_for(node) is not None

    def _end_unfit(self, node: Node, now: float) -> None:
        """End the jobs that are pinned to a node which has come back with other software."""
        for cluster in list(node.pinned):
            if not cluster.works_with(node):
                self._abandon(cluster, node, now, _unfit(node))

    def _obstacle(self, job: Job) -> str:
        """Why the node that the job is pinned to will never run it; empty while it may."""
        node = job.pinned
        if node is None:
            return ""
        if self._book.nodes.get(node.address) is not node:
            return f"it is pinned to node {node.address}, which did not come back"
        if not job.cluster.works_with(node):
            return _unfit(node)
        if barrier := _barrier(job.cluster, node):
            return barrier
        lease = node.leases.get(job.cluster.id)
        if lease is not None and lease.given_up:
            return f"set-up failed on node {node.address}: {lease.reason}"
        return ""


def _barrier(cluster: Cluster, node: Node) -> str:
    """Why the cluster may not use the node any more; empty while it may."""
    if node.address in cluster.shut:
        return f"its client closed node {node.address}"
    if not cluster.rule.allows(node.address):
        return f"rule {cluster.rule.name!r} does not allow its node {node.address}"
    return ""


def _unfit(node: Node) -> str:
    return f"it is pinned to node {node.address}, which runs {node.family} now"
