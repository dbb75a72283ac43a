"""What could run, and where there is room.

Nodes that serve the same set of clusters form a group. A group has a heap of its nodes, keyed by
load, and a heap of its clusters that have jobs, keyed by the policy. Above all groups stands one
heap, keyed by the load of each group's best node. Jobs pinned to a node wait in a queue of that
node and compete by the same keys. A choice looks at the tops only: O(log n), however many
nodes, clusters and jobs there are.

Where rules give jobs several CPUs, or a cluster only some of each node's, a node may have room and
suit nobody: then it goes aside until it has more, or a cluster that it may suit has jobs again.
Clusters with the same number of CPUs for a job have a heap of their own, so of each heap only those
are passed over that have all that they may have on a node: no more than have jobs there.
"""

from collections.abc import Callable, Iterable
from functools import partial

from gsched.core.choice.by_account import ByAccount
from gsched.core.choice.group import Group, Heap
from gsched.core.choice.policies import Policy
from gsched.core.model.cluster import Cluster
from gsched.core.model.heap import Key, LazyHeap
from gsched.core.model.job import Job
from gsched.core.model.node import Node
from gsched.core.model.queue import JobQueue


class Ready:
    """Finds the next pair of node and job. Knows no events: it is told what changed."""

    def __init__(self, policy: Policy, by_account: bool = False) -> None:
        self._policy = policy
        self._heap: Callable[[], Heap] = ByAccount if by_account else LazyHeap
        self._picky = False
        self._groups: dict[frozenset[Cluster], Group] = {}
        self._groups_of: dict[Cluster, dict[Group, None]] = {}
        self._best: LazyHeap[Group] = LazyHeap()
        self._pinned: LazyHeap[Node] = LazyHeap()  # nodes that jobs are pinned to
        self._choices = 0

    @property
    def choices(self) -> int:
        """Jobs that were given to nodes, since the start."""
        return self._choices

    # -- what changed -------------------------------------------------------------------------

    def serves(self, node: Node, clusters: frozenset[Cluster]) -> None:
        """The node may from now on be sent jobs of these clusters and no others."""
        self._leave(node)
        fresh = clusters - node.serves
        node.serves = clusters
        if clusters:
            group = self._groups.get(clusters) or self._found(clusters)
            group.members += 1
            node.serves = group.clusters  # the very same, so it is found without comparing all
        for cluster in fresh:
            self._pinned_again(node, cluster)
        self.roomier(node)

    def roomier(self, node: Node) -> None:
        """The node may have more room than before."""
        key = node.load()
        group = self._groups.get(node.serves)
        if key is None or group is None:
            return
        group.roomier(node, key)
        self._raise(group)
        if node.pinned and node.pinned_ready:
            self._pinned.put(node, key)

    def forget(self, node: Node) -> None:
        """The node, which serves nobody, is not known any more."""
        self._pinned.discard(node)

    def queued(self, job: Job) -> None:
        """The job waits, behind all others or in front of some."""
        if job.pinned is not None:
            job.cluster.pins[job.pinned] = None
            self._pinned_again(job.pinned, job.cluster)
            self.roomier(job.pinned)
        elif job.cluster.queue.head() is job:  # else the one in front of it has been told of
            self._queued(job.cluster)

    def resumed(self, cluster: Cluster) -> None:
        """The cluster is not paused, or not at its limit, any more."""
        self._queued(cluster)
        for node in list(cluster.pins):
            if _is_awaited(node, cluster):
                self._pinned_again(node, cluster)
                self.roomier(node)
            else:
                del cluster.pins[node]

    def renew(self, policy: Policy, nodes: Iterable[Node], picky: bool) -> None:
        """All keys may be others than before. Takes its time: it looks at everything.

        `picky`: not each cluster can use each node that serves it and has room.
        """
        self._policy, self._picky = policy, picky
        nodes = list(nodes)
        for node in nodes:
            node.pinned_ready = LazyHeap()
        for group in self._groups.values():
            group.clear()
        for cluster in list(self._groups_of):
            self.resumed(cluster)
        for node in nodes:
            self.roomier(node)

    # -- the choice ---------------------------------------------------------------------------

    def choose(self) -> tuple[Node, Job] | None:
        """Take the next job out of its queue, for the node with the least load that may run any.

        None if nothing that waits could run now.
        """
        if not self._best and not self._pinned:
            return None
        group = self._best.top(self._group_key)
        node, first = group.next if group is not None and group.next else (None, None)
        other = self._pinned.top(self._pinned_key)
        if other is not None and (node is None or _has_less_load(other, node)):
            node, first = other, self._first(self._groups[other.serves], other)
        if node is None:
            return None
        job = self._next_queue(node, first).pop()
        self._choices += 1
        job.cluster.chosen = self._choices
        if self._picky and job.cluster.rule.cpus_per_job > 1:
            group, width = self._groups[node.serves], job.cluster.rule.cpus_per_job
            if self._release(group, -node.seq if job.pinned else width):
                self._raise(group)
        return node, job

    def is_kept(self, node: Node) -> bool:
        """Whether what room it has is kept for a job that needs more."""
        group = self._groups.get(node.serves)
        return group is not None and node in group.kept.values()

    def _next_queue(self, node: Node, common: Cluster | None) -> JobQueue:
        """Where the job that goes first on this node waits: its own queues, or a cluster's."""
        pinned = self._next_pinned(node)
        if pinned is None and common is not None:
            return common.queue
        queues = [node.pinned[pinned]] if pinned else []
        if common is not None:
            queues.append(common.queue)
        return min(queues, key=self._queue_key)

    def _next_pinned(self, node: Node) -> Cluster | None:
        if not node.pinned:
            return None
        if not self._picky:
            return self._first_pinned(node)
        return node.pinned_ready.first(
            partial(self._key_there, node), lambda cluster: _suits(cluster, node)
        )

    def _first_pinned(self, node: Node) -> Cluster | None:
        """The same, be there enough room or not."""
        if not node.pinned:
            return None
        return node.pinned_ready.top(partial(self._key_there, node))

    def _top(self, group: Group) -> Key | None:
        """As `_group_key`, where a node may suit no cluster: then it goes aside."""
        while True:
            node = group.nodes.top(Node.load)
            if group.callers and group.is_first_aside():
                self._recall(group)
                node = group.nodes.top(Node.load)
            if node is None:
                if self._release_idle(group):
                    continue
                return None
            first = self._first(group, node)
            if first is not None:
                group.next = node, first
                return group.nodes.floor()
            if not self._waits(group):
                return None
            group.lay_aside(node)

    def _waits(self, group: Group) -> bool:
        """Whether any job waits that is not pinned."""
        return any(heap.top(self._cluster_key) for heap in group.heaps.values())

    def _recall(self, group: Group) -> None:
        """Fetch nodes back that clusters have a use for: for each the one with the least load.

        Those that would not go before the others that are there are not looked at.
        """
        least = group.nodes.floor()
        for cluster in list(group.callers):
            waits = self._cluster_key(cluster) is not None
            ends = partial(_suits_or_is_late, cluster, least)
            node = group.aside.first(Node.load, ends) if waits else None
            if node is None:
                del group.callers[cluster]
            elif _suits(cluster, node):
                group.roomier(node, node.load() or ())

    def _release_idle(self, group: Group) -> bool:
        """Keep no nodes for jobs that are not there any more; whether one was that has room."""
        if not group.kept or not self._waits(group):
            return False
        return any(self._release(group, x) for x in list(group.kept) if self._is_idle(group, x))

    def _first(self, group: Group, node: Node) -> Cluster | None:
        """The cluster whose job goes first on the node, of those that are not pinned.

        If one that needs more room would go before, the node is kept for it, unless another one is:
        so jobs with many CPUs come to their turn as others do.
        """
        if not self._picky:
            return group.heaps[1].top(self._cluster_key)
        best, least = None, None
        for width, heap in group.heaps.items():
            if width > 1 and not self._may_wait(group, node, width):
                continue
            cluster, key = heap.top(self._cluster_key), heap.floor()
            if cluster is not None and not cluster.has_share(node):
                cluster = heap.first(self._cluster_key, node.has_share_of)
                key = self._cluster_key(cluster) if cluster is not None else None
            if cluster is not None and key is not None and (least is None or key < least):
                best, least = cluster, key
        if best is None or least is None:
            return None
        return best if self._goes_first(group, node, best, least) else None

    def _goes_first(self, group: Group, node: Node, best: Cluster, least: Key) -> bool:
        """Whether the node is not kept for a job with more CPUs than are free."""
        width, spare = best.rule.cpus_per_job, node.spare
        pinned = self._first_pinned(node)
        needs = pinned.rule.cpus_per_job if pinned else 0
        if pinned and spare < needs <= node.cpus and (self._key_there(node, pinned) or ()) < least:
            group.kept[-node.seq] = node
            return False
        if width > spare:
            group.kept[width] = node
        return width <= spare

    def _may_wait(self, group: Group, node: Node, width: int) -> bool:
        """Whether the node has room for so many CPUs, or may be kept until it has."""
        if width <= node.spare:
            return True
        kept = group.kept.get(width)
        return width <= node.cpus and (kept is None or kept is node or kept.load() is None)

    def _is_idle(self, group: Group, width: int) -> bool:
        """Whether nothing waits for which a node would be kept."""
        if width > 0:
            return group.heaps[width].top(self._cluster_key) is None
        return self._first_pinned(group.kept[width]) is None

    def _release(self, group: Group, width: int) -> bool:
        """No node is kept for such jobs any more; whether one was that has room."""
        node = group.kept.pop(width, None)
        key = node.load() if node else None
        if node is not None and key is not None:
            group.roomier(node, key)
        return key is not None

    # -- keys ---------------------------------------------------------------------------------

    def _queue_key(self, queue: JobQueue) -> Key:
        job = queue.head()
        return self._policy(job.cluster, job) if job else ()

    def _cluster_key(self, cluster: Cluster) -> Key | None:
        job = cluster.next_job
        return self._policy(cluster, job) if job is not None else None

    def _group_key(self, group: Group) -> Key | None:
        """The load of its first node; that node, and whose job goes first there, are noted."""
        if self._picky:
            return self._top(group)
        node = group.nodes.top(Node.load)
        first = group.heaps[1].top(self._cluster_key) if node is not None else None
        if node is None or first is None:
            return None
        group.next = node, first
        return group.nodes.floor()

    def _pinned_key(self, node: Node) -> Key | None:
        return node.load() if self._next_pinned(node) else None

    def _key_there(self, node: Node, cluster: Cluster) -> Key | None:
        """Of a cluster's jobs that are pinned to that node."""
        held = cluster.paused or cluster.full
        queue = None if held else node.pinned.get(cluster)
        job = queue.head() if queue and cluster in node.serves else None
        return self._policy(cluster, job) if job else None

    def _queued(self, cluster: Cluster) -> None:
        key = self._cluster_key(cluster)
        if key is not None:
            for group in self._groups_of.get(cluster, ()):
                group.put(cluster, key)
                self._raise(group)

    def _pinned_again(self, node: Node, cluster: Cluster) -> None:
        key = self._key_there(node, cluster)
        if key is not None:
            node.pinned_ready.put(cluster, key)

    # -- groups -------------------------------------------------------------------------------

    def _raise(self, group: Group) -> None:
        """Its first node may have less load than before; which it is shows when its turn comes."""
        key = group.floor()
        if key is not None:
            self._best.lower(group, key)

    def _found(self, clusters: frozenset[Cluster]) -> Group:
        group = self._groups[clusters] = Group(clusters, self._heap)
        for cluster in clusters:
            self._groups_of.setdefault(cluster, {})[group] = None
            key = self._cluster_key(cluster)
            if key is not None:
                group.put(cluster, key)
        return group

    def _leave(self, node: Node) -> None:
        group = self._groups.get(node.serves)
        if group is None:
            return
        group.leave(node)
        if not group.members:
            self._dissolve(group)

    def _dissolve(self, group: Group) -> None:
        del self._groups[group.clusters]
        self._best.discard(group)
        for cluster in group.clusters:
            groups = self._groups_of[cluster]
            del groups[group]
            if not groups:
                del self._groups_of[cluster]


def _suits(cluster: Cluster, node: Node) -> bool:
    """Whether the node has room for a job of the cluster, and that its rule allows it."""
    return cluster.rule.cpus_per_job <= node.spare and cluster.has_share(node)


def _suits_or_is_late(cluster: Cluster, least: Key | None, node: Node) -> bool:
    """The same, or it does not matter since the node has more load than the `least`."""
    return _suits(cluster, node) or (least is not None and (node.load() or ()) > least)


def _has_less_load(one: Node, other: Node) -> bool:
    return (one.load() or ()) < (other.load() or ())


def _is_awaited(node: Node, cluster: Cluster) -> bool:
    """Whether a job of the cluster waits for that very node."""
    queue = node.pinned.get(cluster)
    return queue is not None and queue.head() is not None
