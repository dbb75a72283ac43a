"""Clients that wait for their turn: they send no pulses before that, so they are asked."""

import gevent

from gsched.core.model.cluster import Cluster, ClusterState
from gsched.net.clients.delivery import Delivery
from gsched.net.exchange import Exchange
from gsched.net.transport.greenlets import Greenlets

LOOKS = 4  # in the time after which a silent client counts as gone


class Waiting:
    """See the module's text. `zombie_interval` is that time, in seconds; None: without end."""

    def __init__(
        self, exchange: Exchange, delivery: Delivery, zombie_interval: float | None
    ) -> None:
        self._exchange = exchange
        self._delivery = delivery
        self._zombie_interval = zombie_interval
        self._greenlets = Greenlets()

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
        if self._delivery.probe(cluster):
            self._exchange.scheduler.client_heard(cluster, self._exchange.now())
