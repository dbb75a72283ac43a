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

from collections.abc import Iterable, Iterator
from functools import partial

from gsched.core.choice.policies import Policy
from gsched.core.model.cluster import Cluster
from gsched.core.model.heap import Key, LazyHeap
from gsched.core.model.job import Job
from gsched.core.model.node import Node
from gsched.core.model.queue import JobQueue


class Group:
    """The nodes that serve exactly these clusters, one at the least."""

    __slots__ = ("aside", "callers", "clusters", "kept", "members", "nodes", "ready", "wide")

    def __init__(self, clusters: frozenset[Cluster]) -> None:
        self.clusters = clusters
        self.members = 0  # nodes, with room or without
        self.nodes: LazyHeap[Node] = LazyHeap()  # that may suit some cluster
        self.aside: LazyHeap[Node] = LazyHeap()  # with room that suits none of those in `ready`
        self.kept: dict[int, Node] = {}  # until there is room for a job with so many CPUs; for
        # one that is pinned there: under the node's number, negative
        self.ready: LazyHeap[Cluster] = LazyHeap()
        self.wide: dict[int, LazyHeap[Cluster]] = {}  # those with several CPUs a job, by these
        self.callers: dict[Cluster, None] = {}  # which some node aside may suit

    def put(self, cluster: Cluster, key: Key) -> None:
        """The cluster has a job that waits."""
        width = cluster.rule.cpus_per_job
        heap = self.ready if width == 1 else self.wide.setdefault(width, LazyHeap())
        heap.put(cluster, key)
        if self.aside:
            self.callers[cluster] = None

    def heaps(self) -> Iterator[tuple[int, LazyHeap[Cluster]]]:
        """Clusters with jobs that wait, with the CPUs of their jobs."""
        yield 1, self.ready
        yield from self.wide.items()

    def clear(self) -> None:
        """Nothing is known of what waits."""
        self.ready, self.wide, self.kept, self.callers = LazyHeap(), {}, {}, {}
        self.aside = LazyHeap()

    def roomier(self, node: Node, key: Key) -> None:
        """The node may suit a cluster that it did not suit before."""
        self.nodes.put(node, key)
        if self.aside:
            self.aside.discard(node)

    def leave(self, node: Node) -> None:
        """The node is none of them any more."""
        self.nodes.discard(node)
        self.aside.discard(node)
        self.kept = {width: one for width, one in self.kept.items() if one is not node}
        self.members -= 1


class Ready:
    """Finds the next pair of node and job. Knows no events: it is told what changed."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
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
        if self._pinned_key(node) is not None:
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
        node = self._next_node()
        if node is None:
            return None
        job = self._next_queue(node).pop()
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

    def _next_node(self) -> Node | None:
        group = self._best.top(self._group_key)
        free = group.nodes.top(Node.load) if group else None
        pinned = self._pinned.top(self._pinned_key)
        if free is None or pinned is None:
            return free or pinned
        return min(free, pinned, key=lambda node: node.load() or ())

    def _next_queue(self, node: Node) -> JobQueue:
        """Where the job that goes first on this node waits: its own queues, or a cluster's."""
        group = self._groups[node.serves]
        common = self._first(group, node) if self._picky else group.ready.top(self._cluster_key)
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
            return node.pinned_ready.top(lambda cluster: self._key_there(node, cluster))
        return node.pinned_ready.first(
            lambda cluster: self._key_there(node, cluster), lambda cluster: _suits(cluster, node)
        )

    def _top(self, group: Group) -> Node | None:
        """The node with the least load that suits a cluster. Those that suit none go aside."""
        if not any(heap.top(self._cluster_key) for _, heap in group.heaps()):
            return None
        while (node := group.nodes.top(Node.load)) is not None or self._recall(group):
            if node is None:
                continue
            if self._first(group, node) is not None:
                return node
            group.nodes.discard(node)
            if node not in group.kept.values():
                group.aside.put(node, node.load() or ())
        return None

    def _recall(self, group: Group) -> bool:
        """Fetch a node back that a cluster has a use for; whether there is one."""
        while group.callers:
            cluster = next(iter(group.callers))
            waits = self._cluster_key(cluster) is not None
            node = group.aside.first(Node.load, partial(_suits, cluster)) if waits else None
            if node is not None:
                group.roomier(node, node.load() or ())
                return True
            del group.callers[cluster]
        return any(self._release(group, x) for x in list(group.kept) if self._is_idle(group, x))

    def _first(self, group: Group, node: Node) -> Cluster | None:
        """The cluster whose job goes first on the node, of those that are not pinned.

        If one that needs more room would go before, the node is kept for it, unless another one is:
        so jobs with many CPUs come to their turn as others do.
        """
        best, least = None, None
        for width, heap in group.heaps():
            if width > 1 and not self._may_wait(group, node, width):
                continue
            cluster = heap.top(self._cluster_key)
            if cluster is not None and not cluster.has_share(node):
                cluster = heap.first(self._cluster_key, node.has_share_of)
            key = self._cluster_key(cluster) if cluster is not None else None
            if key is not None and (least is None or key < least):
                best, least = cluster, key
        return best if self._goes_first(group, node, best, least) else None

    def _goes_first(
        self, group: Group, node: Node, best: Cluster | None, least: Key | None
    ) -> bool:
        """Whether the node is not kept for a job with more CPUs than are free."""
        if best is None or least is None:
            return False
        width, spare = best.rule.cpus_per_job, node.spare
        pinned = node.pinned_ready.top(lambda cluster: self._key_there(node, cluster))
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
            return group.wide[width].top(self._cluster_key) is None
        node = group.kept[width]
        return node.pinned_ready.top(lambda cluster: self._key_there(node, cluster)) is None

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
        job = None if cluster.paused or cluster.full else cluster.queue.head()
        return self._policy(cluster, job) if job else None

    def _group_key(self, group: Group) -> Key | None:
        if self._picky:
            node = self._top(group)
            return node.load() if node else None
        if group.ready.top(self._cluster_key) is None:
            return None
        return group.nodes.least(Node.load)

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
        key = self._group_key(group)
        if key is not None:
            self._best.put(group, key)

    def _found(self, clusters: frozenset[Cluster]) -> Group:
        group = self._groups[clusters] = Group(clusters)
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


def _is_awaited(node: Node, cluster: Cluster) -> bool:
    """Whether a job of the cluster waits for that very node."""
    queue = node.pinned.get(cluster)
    return queue is not None and queue.head() is not None
