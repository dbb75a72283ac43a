"""What clients are told of their nodes while jobs go on.

One message for each job would cost as much as its result; so the figures are told once a second,
and at once when the last job has ended: that is when people look at them.
"""

from collections.abc import Callable

import gevent
from gevent.event import Event

from gsched.core.model.cluster import Cluster, ClusterState
from gsched.core.model.node import Node
from gsched.net.transport.greenlets import Greenlets

PAUSE = 1.0  # seconds between two messages on a node, while jobs go on
SHORTEST_PAUSE = 0.1  # the same, for clients that wait for each job before the next one
MOST = 50  # messages a second to one client

Tell = Callable[[Cluster, Node], None]


class News:
    """Calls `tell` for nodes of which something has changed, soon."""

    def __init__(self, tell: Tell, greenlets: Greenlets) -> None:
        self._tell = tell
        self._greenlets = greenlets
        self._due: dict[Cluster, dict[str, Node]] = {}
        self._idle: dict[Cluster, Event] = {}

    def changed(self, cluster: Cluster, node: Node) -> None:
        """The client has something to learn about the node."""
        if cluster not in self._due:
            self._due[cluster], self._idle[cluster] = {}, Event()
            self._greenlets.spawn(f"news of {cluster.label}", self._work, cluster)
        self._due[cluster][node.address] = node
        if not cluster.jobs:
            self._idle[cluster].set()

    def _work(self, cluster: Cluster) -> None:
        try:
            while self._due[cluster] and cluster.state is not ClusterState.CLOSED:
                self._wait(cluster)
                nodes, self._due[cluster] = self._due[cluster], {}
                for node in nodes.values():
                    self._tell(cluster, node)
                gevent.sleep(SHORTEST_PAUSE)
        finally:
            del self._due[cluster], self._idle[cluster]

    def _wait(self, cluster: Cluster) -> None:
        idle = self._idle[cluster]
        if cluster.jobs:
            idle.clear()
            idle.wait(max(PAUSE, len(self._due[cluster]) / MOST))
