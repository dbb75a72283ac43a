"""Nodes that are lost again and again: a growing pause, and then one job at a time.

A loss counts here if nobody said goodbye: the node fell silent, could not be reached or was
started anew. The first two in a row cost nothing, as maintenance takes a restart or two. From the
third on a node is left alone after each loss, first for a minute, which is longer than
any dispynode takes to be there again, then for twice as long each time, but at the most for half
an hour: so much may be lost of a node that has been mended. What it has had on it is not set up
there meanwhile. Afterwards it is on trial, with one job at a time, until one has ended there. All
is forgiven once it has stayed for an hour, which is how long a node by itself keeps what is idle.

A node that does not stop a job may have lost the thread that replies, as a dispynode can: then
nothing that runs there is ever heard of, though it lives. It is put on trial, too.
"""

from gsched.core.book import INFO, WARNING, Book
from gsched.core.model.job import SENDING
from gsched.core.model.node import Loss, Node

FREE = 2  # losses in a row that cost nothing
FIRST_PAUSE, LONGEST_PAUSE = 60.0, 1800.0  # seconds, doubling
FORGIVEN = 3600.0  # seconds that a node stays, after which its losses are forgotten


class Quarantine:
    """Events of nodes, as far as trust in them is concerned. See the module's text."""

    def __init__(self, book: Book) -> None:
        self._book = book

    def lost(self, node: Node, reason: str, now: float) -> None:
        """The node is gone without a goodbye, and with it the jobs that were there."""
        node.loss = Loss(node.address)
        for job in node.jobs.values():
            if job.state is SENDING and not job.leaving:
                continue  # it never was there
            job.losses = (*job.losses, node.loss)
        node.losses = 1 if now - node.back_at >= FORGIVEN else node.losses + 1
        if node.losses > FREE:
            pause = min(FIRST_PAUSE * 2 ** min(node.losses - FREE - 1, 10), LONGEST_PAUSE)
            node.barred_until, node.on_trial = now + pause, True
            node.doubt = f"lost {node.losses} times in a row, the last time: {reason}"
            text = f"node {node.address} is not used for {pause:.0f} s: {node.doubt}"
            self._book.report(WARNING, text, node)

    def doubted(self, node: Node, reason: str, now: float) -> None:
        """The node is there, but may not reply any more."""
        node.on_trial, node.doubt, node.back_at = True, reason, now
        self._book.report(WARNING, f"node {node.address} is on trial: {reason}", node)

    def back(self, node: Node, same: bool, now: float) -> None:
        """The node is there again; `same`: it was not started anew, so no job has ended it."""
        if node.loss is not None and same:
            node.loss.survived = True
        node.loss = None
        node.back_at = max(now, node.barred_until)
        self._release(node, now)

    def over(self, node: Node, now: float) -> bool:
        """Time has gone by: whether the node, which is up, may be used from now on."""
        if node.on_trial and now - node.back_at >= FORGIVEN:
            self.proven(node)
        return bool(node.barred_until) and self._release(node, now)

    def proven(self, node: Node) -> None:
        """A job has come to its end there."""
        if node.on_trial and not node.barred_until:
            node.on_trial, node.doubt = False, ""
            self._book.ready.roomier(node)
            self._book.report(INFO, f"node {node.address} is trusted again", node)

    def _release(self, node: Node, now: float) -> bool:
        if node.barred_until > now:
            return False
        node.barred_until = 0.0
        return True
