"""What clients are told of their nodes while jobs go on.

One message for each job would cost as much as its result; so the figures are told once a second,
and at once when the last job has ended: that is when people look at them. A client that waits for
each job before it brings the next one has such a last job all the time: it is told like others.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice
from time import monotonic

import gevent
from gevent.event import Event

from gsched.core.model.cluster import Cluster, ClusterState
from gsched.core.model.node import Node
from gsched.net.transport.greenlets import Greenlets

PAUSE = 1.0  # seconds between two messages on a node, while jobs go on
LULL = 0.1  # the same at the least; and seconds without a job, after which none is expected
MOST = 100  # messages a second to all clients whose jobs go on

Tell = Callable[[Cluster, Node], None]


@dataclass(slots=True)
class _Due:
    """What one client is to be told."""

    nodes: dict[str, Node] = field(default_factory=dict)  # by address
    idle: Event = field(default_factory=Event)  # set when its last job has ended
    several: bool = False  # whether it had others then


class News:
    """Calls `tell` for nodes of which something has changed, soon."""

    def __init__(self, tell: Tell, greenlets: Greenlets) -> None:
        self._tell = tell
        self._greenlets = greenlets
        self._due: dict[Cluster, _Due] = {}

    def changed(self, cluster: Cluster, node: Node) -> None:
        """A job of the client has ended at the node: there is something to learn about it."""
        due = self._due.get(cluster)
        if due is None:
            due = self._due[cluster] = _Due()
            self._greenlets.spawn(f"news of {cluster.label}", self._work, cluster, due)
        due.nodes[node.address] = node
        if cluster.jobs:
            due.several = True
        else:
            due.idle.set()

    def _work(self, cluster: Cluster, due: _Due) -> None:
        try:
            ended = not cluster.jobs or due.idle.wait(PAUSE)
            while due.nodes and cluster.state is not ClusterState.CLOSED:
                share = max(1, MOST // len(self._due))
                for address in list(due.nodes if ended else islice(due.nodes, share)):
                    self._tell(cluster, due.nodes.pop(address))
                ended = _rest(cluster, due, max(PAUSE, len(self._due) / MOST))
        finally:
            del self._due[cluster]


def _rest(cluster: Cluster, due: _Due, seconds: float) -> bool:
    """So long, or until its jobs have ended. Whether they have."""
    until = monotonic() + seconds
    due.idle.clear()
    due.several = False
    gevent.sleep(LULL)
    while (left := until - monotonic()) > 0 and due.idle.wait(left):
        if due.several:
            return True
        due.idle.clear()
        gevent.sleep(LULL)
        if not (cluster.jobs or due.idle.is_set()):
            return True
    return False
