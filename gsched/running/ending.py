"""How a server comes to its end: what is waited for, and what its clients and nodes are told.

With a durable state nobody is told anything: jobs that wait and results that were not taken are
there at the next start, and nodes go on with what they run. Without, all of that ends here.
"""

import logging
from collections.abc import Callable, Iterable

import gevent

from gsched.core.model.cluster import Cluster
from gsched.core.model.job import State
from gsched.core.scheduler import Scheduler
from gsched.net.exchange import Exchange

log = logging.getLogger("gsched")

STOP_TIMEOUT = 20.0  # seconds for nodes to stop jobs and for clients to be told
SETTLING = 3.0  # seconds for connections that are there, before a restart
LAST_RESULTS = 2.0  # seconds for clients to take the results of the last jobs
_LOOK = 0.05  # seconds between two looks


class Ending:
    """Ends the jobs of one scheduler, or leaves them for the next start if it is `durable`.

    `reaches` tells whether a cluster's client took the last thing that it was told.
    """

    def __init__(
        self,
        exchange: Exchange,
        *,
        durable: bool,
        grace: float,
        reaches: Callable[[Cluster], bool],
    ) -> None:
        self._exchange = exchange
        self._scheduler: Scheduler = exchange.scheduler
        self._durable = durable
        self._grace = grace  # seconds that jobs which run are waited for
        self._reaches = reaches

    def drain(self, everything: bool) -> None:
        """Take no more jobs; wait for those that run, or for `everything` that is queued too."""
        if everything:
            self._exchange.tell(self._scheduler.drained)
        elif self._durable:
            self._exchange.tell(self._scheduler.suspended)
        else:
            self._end_all("the scheduler is about to stop", terminate=False)
        keeps_some = self._durable and not everything
        wait_until(lambda: not (self._running() if keeps_some else self._scheduler.jobs))

    def finish(self) -> None:
        """Bring all to its end, in a bounded time."""
        if self._durable:
            self._keep_all()
        else:
            self._end_all("the scheduler was stopped", terminate=True)
            with gevent.Timeout(STOP_TIMEOUT, False):
                wait_until(lambda: not self._awaited() and not self._leases())
            with gevent.Timeout(LAST_RESULTS, False):  # a client may have been away for a moment
                wait_until(lambda: not self._scheduler.jobs)
            for job in self._scheduler.jobs.values():
                log.error("not told to its client: %s", job.tell())

    def pass_on(self, busy: Callable[[], bool]) -> None:
        """Leave all to the next run, which begins at once; jobs on their way arrive first."""
        with gevent.Timeout(SETTLING, False):
            wait_until(lambda: not busy())
        self._exchange.tell(self._scheduler.suspended)
        with gevent.Timeout(SETTLING, False):
            wait_until(lambda: not self._sending())

    def discard(self) -> None:
        """From now on nothing is left for the next start."""
        self._durable = False

    def _keep_all(self) -> None:
        self._exchange.tell(self._scheduler.suspended)
        with gevent.Timeout(self._grace, False):
            wait_until(lambda: not self._running())
        with gevent.Timeout(LAST_RESULTS, False):
            wait_until(lambda: not self._scheduler.book.untaken)
        queued = sum(cluster.waiting for cluster in self._clusters())
        log.info(
            "for the next start: %d jobs wait, %d run on their nodes, %d results are not taken",
            *(queued, self._running(), self._scheduler.book.untaken),
        )

    def _end_all(self, reason: str, terminate: bool) -> None:
        self._exchange.tell(lambda now: self._scheduler.stopped(reason, terminate, now))

    def _awaited(self) -> bool:
        """Whether a job is still to end, or to be taken by a client that is there."""
        return any(
            len(cluster.jobs) > len(cluster.untaken) or (cluster.jobs and self._reaches(cluster))
            for cluster in self._clusters()
        )

    def _running(self) -> int:
        return sum(cluster.running for cluster in self._clusters())

    def _sending(self) -> bool:
        nodes = self._scheduler.nodes.values()
        return any(job.state is State.SENDING for node in nodes for job in node.jobs.values())

    def _clusters(self) -> Iterable[Cluster]:
        return self._scheduler.clusters.values()

    def _leases(self) -> bool:
        return any(node.leases for node in self._scheduler.nodes.values())


def wait_until(done: Callable[[], object]) -> None:
    """Return as soon as that is so."""
    while not done():
        gevent.sleep(_LOOK)
