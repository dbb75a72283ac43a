"""What could run, and where there is room.

Nodes that serve the same set of clusters form a group. A group has a heap of its nodes, keyed by
load, and a heap of its clusters that have jobs, keyed by the policy. Above all groups stands one
heap, keyed by the load of each group's best node. Jobs pinned to a node wait in a queue of that
node and compete by the same keys. A choice looks at the tops only: O(log n), however many
nodes, clusters and jobs there are.
"""

from collections.abc import Iterable

from gsched.core.choice.policies import Policy
from gsched.core.model.cluster import Cluster
from gsched.core.model.heap import Key, LazyHeap
from gsched.core.model.job import Job
from gsched.core.model.node import Node
from gsched.core.model.queue import JobQueue


class Group:
    """The nodes that serve exactly these clusters, one at the least."""

    __slots__ = ("clusters", "members", "nodes", "ready")

    def __init__(self, clusters: frozenset[Cluster]) -> None:
        self.clusters = clusters
        self.members = 0  # nodes, with room or without
        self.nodes: LazyHeap[Node] = LazyHeap()
        self.ready: LazyHeap[Cluster] = LazyHeap()


class Ready:
    """Finds the next pair of node and job. Knows no events: it is told what changed."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._groups: dict[frozenset[Cluster], Group] = {}
        self._groups_of: dict[Cluster, dict[Group, None]] = {}
        self._best: LazyHeap[Group] = LazyHeap()
        self._pinned: LazyHeap[Node] = LazyHeap()  # nodes that jobs are pinned to
        self._choices = 0

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
        group.nodes.put(node, key)
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

    def renew(self, policy: Policy, nodes: Iterable[Node]) -> None:
        """All keys may be others than before. Takes its time: it looks at everything."""
        self._policy = policy
        for node in nodes:
            node.pinned_ready = LazyHeap()
        for group in self._groups.values():
            group.ready = LazyHeap()
        for cluster in list(self._groups_of):
            self.resumed(cluster)

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
        return node, job

    def _next_node(self) -> Node | None:
        group = self._best.top(self._group_key)
        free = group.nodes.top(Node.load) if group else None
        pinned = self._pinned.top(self._pinned_key)
        if free is None or pinned is None:
            return free or pinned
        return min(free, pinned, key=lambda node: node.load() or ())

    def _next_queue(self, node: Node) -> JobQueue:
        """Where the job that goes first on this node waits: its own queues, or a cluster's."""
        common = self._groups[node.serves].ready.top(self._cluster_key)
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
        return node.pinned_ready.top(lambda cluster: self._key_there(node, cluster))

    # -- keys ---------------------------------------------------------------------------------

    def _queue_key(self, queue: JobQueue) -> Key:
        job = queue.head()
        return self._policy(job.cluster, job) if job else ()

    def _cluster_key(self, cluster: Cluster) -> Key | None:
        job = None if cluster.paused or cluster.full else cluster.queue.head()
        return self._policy(cluster, job) if job else None

    def _group_key(self, group: Group) -> Key | None:
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
                group.ready.put(cluster, key)
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
                group.ready.put(cluster, key)
        return group

    def _leave(self, node: Node) -> None:
        group = self._groups.get(node.serves)
        if group is None:
            return
        group.nodes.discard(node)
        group.members -= 1
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


def _is_awaited(node: Node, cluster: Cluster) -> bool:
    """Whether a job of the cluster waits for that very node."""
    queue = node.pinned.get(cluster)
    return queue is not None and queue.head() is not None
