"""Nodes that a client names, and that are not there yet.

Each client has a search of its own: some of its nodes are greeted at a time, each again and again
after growing pauses. So whoever names thousands that never answer takes little memory, and holds
up nobody but himself.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count

from gevent.event import Event
from gevent.lock import BoundedSemaphore

from gsched.core.model.cluster import Cluster
from gsched.net.transport.greenlets import Greenlets

AT_ONCE = 50  # nodes of one client that are greeted at the same time
FIRST_PAUSE = 1.0  # seconds between two greetings of a node that is not there; doubles


@dataclass(slots=True)
class Named:
    """A host, and who wants it."""

    host: str
    port: int | None
    clusters: set[Cluster] = field(default_factory=set)
    pause: float = FIRST_PAUSE
    tries: int = 0

    def is_wanted(self) -> bool:
        """Whether there are clusters that want it still."""
        self.clusters = {cluster for cluster in self.clusters if cluster.taking_jobs}
        return bool(self.clusters)


class Search:
    """`visit` greets a node, which takes its time, and says whether to go on looking for it."""

    def __init__(
        self,
        visit: Callable[[Named], bool],
        now: Callable[[], float],
        greenlets: Greenlets,
        longest_pause: float,
    ) -> None:
        self._visit = visit
        self._now = now
        self._greenlets = greenlets
        self._longest_pause = longest_pause
        self._named: dict[tuple[str, int | None], Named] = {}
        self._queue: list[tuple[float, int, Named]] = []
        self._numbers = count()
        self._news = Event()
        self._turns = BoundedSemaphore(AT_ONCE)

    def __len__(self) -> int:
        """Hosts that are looked for."""
        return len(self._named)

    def add(self, host: str, port: int | None, cluster: Cluster) -> None:
        """The cluster wants that node."""
        named = self._named.get((host, port))
        if named is None:
            named = self._named[host, port] = Named(host, port)
            self._put(named, self._now())
        named.clusters.add(cluster)

    def run(self) -> None:
        """Until all are found, or wanted no more."""
        while self._named:
            pause = self._queue[0][0] - self._now() if self._queue else None
            if pause is None or pause > 0:
                self._news.clear()
                self._news.wait(pause)
                continue
            self._turns.acquire()
            named = heappop(self._queue)[2]
            self._greenlets.spawn(f"seek {named.host}", self._try, named)

    def _try(self, named: Named) -> None:
        try:
            goes_on = named.is_wanted() and self._visit(named)
        finally:
            self._turns.release()
        if goes_on:
            self._put(named, self._now() + named.pause)
            named.pause = min(2 * named.pause, self._longest_pause)
        else:
            del self._named[named.host, named.port]
            self._news.set()

    def _put(self, named: Named, due: float) -> None:
        heappush(self._queue, (due, next(self._numbers), named))
        self._news.set()
