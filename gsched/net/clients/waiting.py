"""Clients that wait for their turn: they send no pulses before that, so they are asked.

One that was out of reach when its turn came waits for that word for ever: it gets it as soon as it
can be reached, and is given up only when it was not for as long as any client.
"""

import logging

import gevent

from gsched.core.effects import SeekClient
from gsched.core.model.cluster import Cluster, ClusterState
from gsched.net.clients.delivery import Delivery
from gsched.net.exchange import Exchange
from gsched.net.subjects import about
from gsched.net.transport.greenlets import Greenlets

log = logging.getLogger("gsched.clients")

LOOKS = 4  # in the time after which a silent client counts as gone
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0  # seconds between tries to reach one whose turn has come


class Waiting:
    """See the module's text. `zombie_interval` is that time, in seconds; None: without end."""

    def __init__(
        self, exchange: Exchange, delivery: Delivery, zombie_interval: float | None
    ) -> None:
        self._exchange = exchange
        self._delivery = delivery
        self._zombie_interval = zombie_interval
        self._greenlets = Greenlets()
        exchange.perform(SeekClient, self._start_seek)

    def run(self) -> None:
        """Ask them from time to time."""
        if self._zombie_interval is not None:
            self._greenlets.spawn("waiting clients", self._run, self._zombie_interval / LOOKS)

    def stop(self) -> None:
        """Ask nobody any more."""
        self._greenlets.kill()

    def _run(self, pause: float) -> None:
        while True:
            gevent.sleep(pause)
            for cluster in list(self._exchange.scheduler.clusters.values()):
                if cluster.state is ClusterState.WAITING:
                    self._greenlets.spawn(f"is {cluster.label} there", self._ask, cluster)

    def _ask(self, cluster: Cluster) -> None:
        problem = self._delivery.probe(cluster)
        if problem:
            log.info("%s: %s", cluster.label, problem, extra=about(cluster))
        else:
            self._exchange.scheduler.client_heard(cluster, self._exchange.now())

    def _start_seek(self, effect: SeekClient) -> None:
        self._greenlets.spawn(f"seek client of {effect.cluster.label}", self._seek, effect)

    def _seek(self, effect: SeekClient) -> None:
        cluster, doublings = effect.cluster, effect.absences - 1
        while cluster.absent and cluster.absences == effect.absences:
            gevent.sleep(min(FIRST_PAUSE * 2 ** min(doublings, 10), LONGEST_PAUSE))
            doublings += 1
            if cluster.state is not ClusterState.WAITING:
                return
            if not self._delivery.probe(cluster):
                self._exchange.tell(self._exchange.scheduler.client_back, cluster)
                return
