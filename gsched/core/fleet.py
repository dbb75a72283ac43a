"""Nodes coming, going and falling silent."""

from dataclasses import dataclass
from typing import Any

from gsched.core.book import INFO, WARNING, Book
from gsched.core.model.job import SENDING, End
from gsched.core.model.node import Node, NodeState
from gsched.core.placement import Placement
from gsched.core.quarantine import Quarantine
from gsched.core.sweeping import Sweeping

MAX_FAILURES = 3  # messages in a row that do not reach a node; then it counts as lost
REST = 10.0  # seconds without CPUs and jobs after which a node is left by all clusters
TELL_INTERVAL = 300.0  # seconds between two words to a client on what a node has to spare


@dataclass(frozen=True, kw_only=True)
class NodeFacts:
    """What a node says of itself when it joins. `identity` changes when the node restarts.

    `release` and `family` are opaque to the core; the node serves clusters of the same family.
    """

    address: str
    port: int
    name: str
    cpus: int
    identity: str
    contact: str = ""
    source: str = ""
    release: str = ""
    family: str = ""
    avail: Any = None


class Fleet:
    """Events of whole nodes. `silence` and `zombie_interval` in seconds; None: never."""

    def __init__(
        self,
        book: Book,
        sweeping: Sweeping,
        placement: Placement,
        *,
        silence: float,
        zombie_interval: float | None,
    ) -> None:
        self._book = book
        self._sweeping = sweeping
        self._placement = placement
        self._silence = silence
        self._zombie_interval = zombie_interval
        self._quarantine = Quarantine(book)

    def heard(self, address: str, now: float) -> Node | None:
        """The node, if it is known, after a sign of life."""
        node = self._book.nodes.get(address)
        if node is not None:
            node.heard = now
        return node

    def joined(self, facts: NodeFacts, now: float) -> None:
        """A node says that it is free."""
        node = self._book.nodes.get(facts.address)
        same = node is not None and _who(node) == _who(facts)
        if node is None:
            node = self._book.nodes[facts.address] = Node(self._book.next_place(), facts.address)
            node.back_at = now
            text = f"node {facts.address} ({facts.name}): {facts.cpus} cpus"
            self._book.report(INFO, text, node)
        elif not same:
            self.lose(node, "restarted", now)
        self._learn(node, facts)
        self._revive(node, same, now)

    def emptied(self, address: str, now: float) -> None:
        """A node says that it serves nobody."""
        node = self.heard(address, now)
        if node is not None:
            self._placement.emptied(node, now)

    def dropped(self, address: str, now: float) -> None:
        """A node says goodbye to one cluster or to all; it drops none that has jobs there."""
        node = self.heard(address, now)
        if node is not None and node.jobs:
            self._placement.renew_idle(node, now)
        elif node is not None:
            self.lose(node, "it said goodbye", now, goodbye=True)

    def pulse(self, address: str, avail: Any, now: float) -> None:
        """A sign of life of a node that serves, with what it has to spare."""
        node = self.heard(address, now)
        if node is None:
            return
        if node.state is NodeState.LOST:
            self._revive(node, True, now)
        node.avail = avail or node.avail
        for lease in node.leases.values():
            if lease.known and now - lease.told_at >= TELL_INTERVAL:
                lease.told_at = now
                self._placement.tell(lease, "available")

    def offer(self, address: str, cpus: int, now: float) -> None:
        """The node's owner has changed how many CPUs it offers."""
        node = self.heard(address, now)
        if node is not None and cpus >= 0:
            node.total = cpus
            self._book.keep(node)
            node.note = "" if cpus else "offers no CPUs now: its owner or its service times say so"
            node.rests_since = now
            self._book.ready.roomier(node)
            self._placement.welcome(node, now)
            for lease in node.leases.values():
                self._placement.tell(lease, "cpus")

    def unreachable(self, node: Node, now: float) -> None:
        """A message could not be brought to the node."""
        node.failures += 1
        self._give_up(node, "unreachable", now)

    def restarted(self, node: Node, reason: str, now: float) -> None:
        """Another process is in its place, and has none of what it had."""
        node.failures = MAX_FAILURES
        self._give_up(node, reason, now)

    def lose(self, node: Node, reason: str, now: float, goodbye: bool = False) -> None:
        """The node is not to be counted on until it is heard of again."""
        if node.state is NodeState.LOST:
            return
        self._book.report(WARNING, f"node {node.address} is lost: {reason}", node)
        if not goodbye:
            self._quarantine.lost(node, reason, now)
        node.state, node.note, node.lost_at = NodeState.LOST, reason, now
        self._book.keep(node)
        self._placement.vacate(node, now, reason)
        self._release(node)
        node.refusals = 0

    def doubted(self, node: Node, reason: str, now: float) -> None:
        """The node has not done what it was asked to, again and again."""
        self._quarantine.doubted(node, reason, now)

    def proven(self, node: Node) -> None:
        """A job has come to its end on the node."""
        self._quarantine.proven(node)

    def tick(self, now: float) -> None:
        """What happens to nodes because nothing happened."""
        for node in [node for node in self._book.held if node.held_until <= now]:
            self._release(node)
        for node in list(self._book.nodes.values()):
            if node.state is NodeState.LOST:
                self._forget(node, now)
            else:
                self._check_silence(node, now)
                if self._quarantine.over(node, now):
                    self._placement.welcome(node, now)
                self._leave_at_rest(node, now)

    # -- within -------------------------------------------------------------------------------

    def _give_up(self, node: Node, reason: str, now: float) -> None:
        """Not while it is being found out what became of a job: it would count as lost there."""
        under_way = any(job.state is SENDING and job.leaving for job in node.jobs.values())
        if node.failures >= MAX_FAILURES and not under_way:
            self.lose(node, reason, now)

    def _learn(self, node: Node, facts: NodeFacts) -> None:
        learn(node, facts)
        if not node.jobs:  # else it has told its free CPUs, not all
            node.total = facts.cpus
        self._book.keep(node)

    def _revive(self, node: Node, same: bool, now: float) -> None:
        """`same`: it was not started anew."""
        if node.state is NodeState.LOST:
            self._book.report(INFO, f"node {node.address} is back", node)
            self._quarantine.back(node, same, now)
        node.state, node.note = NodeState.UP, ""
        self._book.keep(node)
        node.heard, node.failures = now, 0
        self._book.ready.roomier(node)
        self._placement.welcome(node, now)

    def _release(self, node: Node) -> None:
        self._book.held.discard(node)
        node.held_until = 0.0
        self._book.ready.roomier(node)

    def _check_silence(self, node: Node, now: float) -> None:
        """Nodes that serve a cluster send pulses; the others have no reason to speak."""
        if (node.serves or node.jobs) and now - node.heard > self._silence:
            self.lose(node, f"silent for {now - node.heard:.0f} s", now)

    def _leave_at_rest(self, node: Node, now: float) -> None:
        """When its service time comes again, a node says so only if it serves nobody."""
        rests = not node.total and not node.jobs and now - node.rests_since >= REST
        for lease in list(node.leases.values()) if rests else ():
            self._placement.close(lease, False, now)

    def _forget(self, node: Node, now: float) -> None:
        if self._zombie_interval is None or now - node.lost_at <= self._zombie_interval:
            return
        reason = f"it is pinned to node {node.address}, which did not come back"
        for cluster in list(node.pinned):
            self._sweeping.end_pinned(cluster, node, End.ABANDONED, now, reason)
        if node.drained or node.limited:
            return  # what somebody has ordered counts, too, for one that comes back after days
        del self._book.nodes[node.address]
        node.state = NodeState.GONE
        self._book.keep(node)
        self._book.ready.forget(node)
        for cluster in self._book.clusters.values():
            self._placement.end_hopeless(cluster, now)


def learn(node: Node, facts: NodeFacts) -> None:
    """Note what a node says of itself, but for its CPUs."""
    node.identity, node.port, node.name = facts.identity, facts.port, facts.name
    node.contact, node.avail = facts.contact, facts.avail
    node.source = facts.source
    node.release, node.family = facts.release, facts.family


def _who(node: Node | NodeFacts) -> tuple[str, int, str]:
    """What does not change as long as a node runs."""
    return node.identity, node.port, node.family
