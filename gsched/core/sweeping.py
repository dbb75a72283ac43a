"""Jobs that are to end, too many for one event: others have their turn in between.

What is to end is decided at once: those jobs leave their queues, so none of them is given to a node
any more. An event ends AT_ONCE of them at the most, and asks for a Sweep that goes on with the
rest; until that is through, all that is to end besides waits for its turn there. After a restart
the rest waits in its queues again, and what it was to end for is found again, too.
"""

from collections import deque
from collections.abc import Collection
from itertools import islice

from gsched.core.book import Book
from gsched.core.dispatch import Dispatch
from gsched.core.effects import Sweep
from gsched.core.model.cluster import Cluster
from gsched.core.model.job import End, State
from gsched.core.model.node import Node
from gsched.core.model.queue import Doomed, JobQueue

AT_ONCE = 500  # jobs that one event ends


class Sweeping:
    """Works on `book.doomed` and `book.dropping`."""

    def __init__(self, book: Book, dispatch: Dispatch) -> None:
        self._book = book
        self._dispatch = dispatch
        self._ended = 0  # jobs, in this event
        self._kinds = deque((self._end_more, self._drop_more))
        self.begun = False  # something ends in this event, or is to end

    def end_waiting(self, clusters: Collection[Cluster], end: End, now: float, reason: str) -> None:
        """All jobs of theirs that wait, for whichever node, and those that were set aside."""
        for queue in self._take_aside(clusters):
            self._end(Doomed(queue, end, reason), now)
        for cluster in clusters:
            queue, cluster.queue = cluster.queue, JobQueue()
            self._end(Doomed(queue, end, reason), now)
            for node in cluster.pins:
                self.end_pinned(cluster, node, end, now, reason)

    def end_pinned(self, cluster: Cluster, node: Node, end: End, now: float, reason: str) -> None:
        """All its jobs that wait for that very node."""
        queue = node.pinned.pop(cluster, None)
        if queue is not None:
            self._end(Doomed(queue, end, reason), now)

    def drop(self, cluster: Cluster, now: float, reason: str) -> None:
        """Nobody waits for its jobs any more: also what has ended is not delivered."""
        self.end_waiting((cluster,), End.TERMINATED, now, reason)
        self._drop(cluster, now, self._book.dropping.pop(cluster, reason))

    def swept(self, now: float) -> None:
        """Others have had their turn: go on with what has waited longest for its own."""
        self._book.sweeping, self.begun = False, True
        self._kinds.rotate()
        for go_on in self._kinds:
            go_on(now)

    def leave(self) -> None:
        """The event is over: the rest is for the next turn."""
        book, self.begun, self._ended = self._book, False, 0
        if (book.doomed or book.dropping) and not book.sweeping:
            book.sweeping = True
            book.ask(Sweep())

    # -- within -------------------------------------------------------------------------------

    @property
    def _left(self) -> int:
        """Jobs that this event may still end."""
        return 0 if self._book.sweeping else AT_ONCE - self._ended

    def _end_more(self, now: float) -> None:
        while self._left and self._book.doomed:
            self._end(self._book.doomed.popleft(), now)

    def _drop_more(self, now: float) -> None:
        while self._left and self._book.dropping:
            cluster = next(iter(self._book.dropping))
            self._drop(cluster, now, self._book.dropping.pop(cluster))

    def _end(self, doomed: Doomed, now: float) -> None:
        queue, self.begun = doomed.queue, True
        for _ in range(self._left):
            if queue.head() is None:
                return
            self._ended += 1
            self._dispatch.end(queue.pop(), doomed.end, now, reason=doomed.reason)
        if queue.head() is not None:
            self._book.doomed.append(doomed)

    def _drop(self, cluster: Cluster, now: float, reason: str) -> None:
        jobs, self.begun = list(islice(cluster.untaken.values(), self._left)), True
        self._ended += len(jobs)
        for job in jobs:
            self._dispatch.dropped(job, now, reason)
        if cluster.untaken:
            self._book.dropping[cluster] = reason

    def _take_aside(self, clusters: Collection[Cluster]) -> Collection[JobQueue]:
        """Each cluster's apart."""
        queues, aside = {cluster: JobQueue() for cluster in clusters}, self._book.aside
        for job in [self._book.jobs.get(uid) for uid in aside]:
            if job is not None and job.state is State.QUEUED and job.cluster in queues:
                del aside[job.uid]
                queues[job.cluster].put_back(job)
        return queues.values()
