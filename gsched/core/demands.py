"""What clients want of the nodes of their computations.

Each method is an event like those of the scheduler, and returns what it has led to.
"""

from collections.abc import Callable

from gsched.core.book import Book
from gsched.core.effects import Effect, FindNodes
from gsched.core.model.cluster import Cluster, ClusterState
from gsched.core.model.job import End
from gsched.core.model.lease import Allocation, Lease
from gsched.core.model.node import Node
from gsched.core.model.wishes import Wishes
from gsched.core.placement import Placement
from gsched.core.sweeping import Sweeping

Finish = Callable[[float], list[Effect]]


class Refused(Exception):
    """What a client asked for cannot be done; the text says why."""


class Demands:
    """See the module's text."""

    def __init__(
        self,
        book: Book,
        sweeping: Sweeping,
        placement: Placement,
        cooperative: bool,
        finish: Finish,
    ) -> None:
        self._book = book
        self._sweeping = sweeping
        self._placement = placement
        self._cooperative = cooperative  # clusters may change the CPUs of nodes
        self._finish = finish  # what each event ends with

    def node_allocated(
        self, cluster: Cluster, allocations: list[Allocation], now: float
    ) -> list[Effect]:
        """The client wants more nodes, or some of those back that it gave away. Raises Refused."""
        if cluster.state in (ClusterState.CLOSING, ClusterState.CLOSED):
            raise Refused(f"computation is {cluster.state.value}")
        cluster.allocations.add(allocations)
        wishes = Wishes(allocations)
        self._book.keep(cluster)
        for node in self._book.nodes.values():
            if wishes.first(node):
                cluster.shut.discard(node.address)
                lease = cluster.leases.get(node.address)
                self._placement.resume(lease) if lease else self._placement.settle(cluster, node)
        self._book.ask(FindNodes(cluster, allocations))
        return self._finish(now)

    def node_deallocated(self, cluster: Cluster, address: str, now: float) -> list[Effect]:
        """The client wants no more jobs on a node. Raises Refused."""
        lease = _lease(cluster, address)
        if address in cluster.shut:
            raise Refused(f"the client has closed node {address}")
        self._placement.drain(lease)
        return self._finish(now)

    def node_given_back(
        self, cluster: Cluster, address: str, terminate: bool, now: float
    ) -> list[Effect]:
        """The client is through with a node. Raises Refused."""
        lease = _lease(cluster, address)
        cluster.shut.add(address)
        self._book.keep(cluster)
        reason = f"its client closed node {address}"
        self._sweeping.end_pinned(cluster, lease.node, End.TERMINATED, now, reason)
        self._placement.close(lease, terminate, now)
        return self._finish(now)

    def cpus_limited(self, cluster: Cluster, address: str, cpus: int, now: float) -> list[Effect]:
        """The client sets how many of a node's CPUs are used; negative: all but so many; 0: none.

        More than there are to leave out change nothing. Raises Refused.
        """
        node = _lease(cluster, address).node
        if not (cluster.exclusive or self._cooperative):
            raise Refused("only exclusive clusters may set CPUs, or all with --cooperative")
        limit = cpus if cpus >= 0 else node.total + cpus
        node.limit = node.limit if limit < 0 else min(limit, node.total)
        self._book.keep(node)
        self._book.ready.roomier(node)
        for lease in node.leases.values():
            self._placement.tell(lease, "cpus")
        return self._finish(now)

    def node_for(self, cluster: Cluster, address: str) -> Node:
        """The node that the client pins a job to. Raises Refused."""
        node = self._book.nodes.get(address)
        if node is None:
            raise Refused(f"node {address} is not known")
        if not cluster.works_with(node):
            raise Refused(f"node {address} runs {node.family}, the client {cluster.family}")
        if not cluster.rule.allows(address):
            raise Refused(f"rule {cluster.rule.name!r} does not allow node {address}")
        if address in cluster.shut or cluster.allocation_for(node) is None:
            raise Refused(f"node {address} is not among those of the computation")
        return node


def _lease(cluster: Cluster, address: str) -> Lease:
    lease = cluster.leases.get(address)
    if lease is None:
        raise Refused(f"the computation is not on node {address}")
    return lease
