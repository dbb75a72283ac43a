"""Nodes that serve the same set of clusters, and what waits for them."""

from collections.abc import Callable

from gsched.core.choice.by_account import ByAccount
from gsched.core.model.cluster import Cluster
from gsched.core.model.heap import Key, LazyHeap
from gsched.core.model.node import Node

Heap = LazyHeap[Cluster] | ByAccount  # of clusters


class Group:
    """The nodes that serve exactly these clusters, one at the least."""

    __slots__ = (
        "_heap",
        "aside",
        "callers",
        "clusters",
        "heaps",
        "kept",
        "members",
        "next",
        "nodes",
    )

    def __init__(self, clusters: frozenset[Cluster], heap: Callable[[], Heap]) -> None:
        self.clusters = clusters
        self._heap = heap
        self.members = 0  # nodes, with room or without
        self.nodes: LazyHeap[Node] = LazyHeap()  # that may suit some cluster
        self.next: tuple[Node, Cluster] | None = None  # who was first when it was looked at last
        self.clear()

    def clear(self) -> None:
        """Nothing is known of what waits."""
        self.heaps: dict[int, Heap] = {1: self._heap()}  # clusters with jobs that
        # wait, by the CPUs that a job of theirs has
        self.aside: LazyHeap[Node] = LazyHeap()  # with room that suits none of those
        self.kept: dict[int, Node] = {}  # until there is room for a job with so many CPUs; for
        # one that is pinned there: under the node's number, negative
        self.callers: dict[Cluster, None] = {}  # which some node aside may suit

    def put(self, cluster: Cluster, key: Key) -> None:
        """The cluster has a job that waits."""
        width = cluster.rule.cpus_per_job
        if width not in self.heaps:
            self.heaps[width] = self._heap()
        self.heaps[width].put(cluster, key)
        if self.aside:
            self.callers[cluster] = None

    def roomier(self, node: Node, key: Key) -> None:
        """The node may suit a cluster that it did not suit before."""
        self.nodes.put(node, key)
        if self.aside:
            self.aside.discard(node)

    def lay_aside(self, node: Node) -> None:
        """The node suits no cluster, unless it is kept for one."""
        self.nodes.discard(node)
        if node not in self.kept.values():
            self.aside.put(node, node.load() or ())

    def leave(self, node: Node) -> None:
        """The node is none of them any more."""
        self.nodes.discard(node)
        self.aside.discard(node)
        self.kept = {width: one for width, one in self.kept.items() if one is not node}
        self.members -= 1

    def is_first_aside(self) -> bool:
        """Whether a node that is aside may have less load than all others."""
        aside, nodes = self.aside.floor(), self.nodes.floor()
        return aside is not None and (nodes is None or aside < nodes)

    def floor(self) -> Key | None:
        """No node for which a job may wait here has less load. None: there is no such node."""
        if self.kept or self.callers:
            return ()
        return self.nodes.floor() if any(self.heaps.values()) else None
