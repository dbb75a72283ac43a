"""What people who watch over the scheduler have it do, each by somebody and for some reason.

Each method is an event like those of the scheduler, and returns what it has led to. Orders that
stand (order.py) are kept, so they outlive a restart. To order once more what stands already gives
it the new name and reason; to take back what does not stand does nothing.
"""

from collections.abc import Callable, Iterable

from gsched.core.admission import Admission
from gsched.core.book import INFO, Book
from gsched.core.deadlines import Deadlines
from gsched.core.dispatch import AT_NODE, Dispatch
from gsched.core.effects import Effect, SeekNode
from gsched.core.model.cluster import Cluster, ClusterState
from gsched.core.model.job import State
from gsched.core.model.node import Node
from gsched.core.model.order import CANCELLED, CLOSED, DRAINED, LIMITED, PAUSED, TERMINATED, Order
from gsched.core.model.sharing import Sharing
from gsched.core.placement import Placement

Finish = Callable[[float], list[Effect]]


class Forbidden(Exception):
    """What was asked for cannot be done; the text says why."""


class Actions:
    """See the module's text. `by` and `reason` are for people, here opaque."""

    def __init__(
        self,
        book: Book,
        dispatch: Dispatch,
        placement: Placement,
        admission: Admission,
        finish: Finish,
    ) -> None:
        self._book = book
        self._dispatch = dispatch
        self._placement = placement
        self._admission = admission
        self._deadlines = Deadlines(book)
        self._finish = finish  # what each event ends with

    # -- all ----------------------------------------------------------------------------------

    def share(self, sharing: Sharing, by: str, reason: str, now: float) -> list[Effect]:
        """Go by these rules from now on. Jobs that run go on, also beyond a limit."""
        self._book.share(sharing, now)
        self._book.report(INFO, str(Order(f"{len(sharing.rules)} rules", by, reason, now)))
        self._deadlines.renew()
        for cluster in list(self._book.clusters.values()):
            self._placement.rearrange(cluster, now)
        return self._finish(now)

    # -- jobs ---------------------------------------------------------------------------------

    def cancel(self, uids: Iterable[int], by: str, reason: str, now: float) -> list[Effect]:
        """These jobs are not to run, or no longer; those that have ended by now stay as they are.

        The time it takes grows with their number, so whoever has many gives some at a time.
        """
        words = str(Order(CANCELLED, by, reason, now))
        for uid in uids:
            job = self._book.jobs.get(uid)
            if job is not None and job.state in (State.OFFERED, State.QUEUED, *AT_NODE):
                self._dispatch.cancel(job, now, words)
        return self._finish(now)

    # -- clusters -----------------------------------------------------------------------------

    def pause(self, cluster: Cluster, by: str, reason: str, now: float) -> list[Effect]:
        """None of its jobs are given to nodes any more. Raises Forbidden."""
        _check_open(cluster)
        cluster.paused = Order(PAUSED, by, reason, now)
        self._note(cluster, str(cluster.paused))
        return self._finish(now)

    def resume(self, cluster: Cluster, by: str, reason: str, now: float) -> list[Effect]:
        """Its jobs are given to nodes again."""
        if cluster.paused is not None:
            cluster.paused = None
            self._note(cluster, str(Order("resumed", by, reason, now)))
            self._book.ready.resumed(cluster)
        return self._finish(now)

    def close(self, cluster: Cluster, by: str, reason: str, now: float) -> list[Effect]:
        """It gets no more jobs, and goes once its client has the answers to all. Raises Forbidden.

        One that is terminated stays so.
        """
        _check_open(cluster)
        if not cluster.terminated:
            self._end(cluster, Order(CLOSED, by, reason, now))
        return self._finish(now)

    def terminate(self, cluster: Cluster, by: str, reason: str, now: float) -> list[Effect]:
        """All its jobs end, and it goes once its client has been told. Raises Forbidden."""
        _check_open(cluster)
        self._end(cluster, Order(TERMINATED, by, reason, now))
        self._admission.expel(cluster, now)
        return self._finish(now)

    def give_back(
        self,
        cluster: Cluster,
        address: str,
        terminate: bool,
        by: str,
        reason: str,
        now: float,
    ) -> list[Effect]:
        """It leaves the node, at once or when its jobs there have ended. Raises Forbidden."""
        lease = cluster.leases.get(address)
        if lease is None:
            raise Forbidden(f"cluster {cluster.label} is not on node {address}")
        order = Order(CLOSED, by, reason, now)
        self._note(cluster, f"node {address} {order}")
        self._placement.give_back(lease, terminate, f"node {address} was {order}", now)
        return self._finish(now)

    # -- nodes --------------------------------------------------------------------------------

    def limit(self, node: Node, cpus: int | None, by: str, reason: str, now: float) -> list[Effect]:
        """Use so many of its CPUs at the most; negative: all but so many; None: all.

        Jobs that run go on. Raises Forbidden.
        """
        if cpus is not None and cpus < 0 and node.total and -cpus >= node.total:
            raise Forbidden(f"cpus: node {node.address} has {node.total} in all; for none, give 0")
        node.ceiling = cpus
        node.limited = None if cpus is None else Order(LIMITED, by, reason, now)
        words = "all its CPUs may be used" if cpus is None else f"limited to {cpus} CPUs"
        self._note(node, f"{words} {Order('', by, reason, now).who}")
        self._book.ready.roomier(node)
        for lease in node.leases.values():
            self._placement.tell(lease, "cpus")
        return self._finish(now)

    def drain(self, node: Node, by: str, reason: str, now: float) -> list[Effect]:
        """It gets no more jobs; those that run there go on. One that is closed is not any more."""
        node.drained = Order(DRAINED, by, reason, now)
        self._note(node, str(node.drained))
        return self._finish(now)

    def close_node(self, node: Node, by: str, reason: str, now: float) -> list[Effect]:
        """All clusters leave it at once: its jobs go elsewhere if they may run again, or end."""
        node.drained = Order(CLOSED, by, reason, now)
        self._note(node, str(node.drained))
        self._placement.clear(node, now)
        return self._finish(now)

    def resume_node(self, node: Node, by: str, reason: str, now: float) -> list[Effect]:
        """It is used again, be it drained or closed."""
        if node.drained is not None:
            node.drained = None
            self._note(node, str(Order("resumed", by, reason, now)))
            self._book.ready.roomier(node)
            self._placement.welcome(node, now)
        return self._finish(now)

    def add_node(
        self, host: str, port: int | None, by: str, reason: str, now: float
    ) -> list[Effect]:
        """Look for a node at that host, and whenever it is not known."""
        self._book.report(INFO, f"node {host} added {Order('', by, reason, now).who}")
        self._book.ask(SeekNode(host, port))
        return self._finish(now)

    # -- within -------------------------------------------------------------------------------

    def _end(self, cluster: Cluster, order: Order) -> None:
        cluster.ending = order
        self._note(cluster, str(order))
        self._admission.let_go(cluster)

    def _note(self, thing: Cluster | Node, words: str) -> None:
        name = thing.label if isinstance(thing, Cluster) else f"node {thing.address}"
        self._book.report(INFO, f"{name}: {words}", thing)
        self._book.keep(thing)


def _check_open(cluster: Cluster) -> None:
    if cluster.state in (ClusterState.CLOSING, ClusterState.CLOSED):
        raise Forbidden(f"cluster {cluster.label} is {cluster.state.value} ({cluster.note})")
