"""Clients that wait for their turn are asked whether they are there."""

from collections.abc import Iterator
from types import SimpleNamespace

import gevent
import pytest

from gsched.core.admission import Opening
from gsched.core.effects import FindNodes, Forget, TellScheduled
from gsched.core.model.cluster import Cluster, ClusterState
from gsched.core.scheduler import Scheduler
from gsched.net.clients import waiting
from gsched.net.clients.waiting import LOOKS, Waiting
from gsched.net.exchange import Exchange

ZOMBIE = 100.0  # seconds


class World:
    """A core in which time passes as soon as somebody waits, and clients that are there or not."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.scheduler = Scheduler(zombie_interval=ZOMBIE)
        self.exchange = Exchange(self.scheduler, lambda: self.now)
        self.there: set[Cluster] = set()
        for kind in (TellScheduled, FindNodes, Forget):
            self.exchange.perform(kind, lambda effect: None)

    def probe(self, cluster: Cluster) -> bool:
        """Take the place of Delivery's."""
        return cluster in self.there

    def cluster(self) -> Cluster:
        """One that wants all nodes for itself."""
        cluster = self.scheduler.cluster_opened(Opening(name="w", client="c", exclusive=True), 1000)
        self.exchange.tell(self.scheduler.cluster_scheduled, cluster)
        return cluster

    def sleep(self, seconds: float) -> None:
        """Take the place of gevent's."""
        self.now += seconds
        for cluster in self.scheduler.clusters.values():
            if cluster.state is ClusterState.STARTING:  # it has been told, and sends pulses
                self.scheduler.client_heard(cluster, self.now)
        self.exchange.tell(self.scheduler.tick)
        gevent.sleep(0)

    def settle(self) -> None:
        """Let much more time pass than it takes to be given up."""
        for _ in range(10 * LOOKS):
            gevent.sleep(0)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    world = World()
    monkeypatch.setattr(waiting, "gevent", SimpleNamespace(sleep=world.sleep))
    yield world


def run(world: World, interval: float | None) -> None:
    part = Waiting(world.exchange, world, interval)  # type: ignore[arg-type]
    part.run()
    world.settle()
    part.stop()


def test_one_that_is_there_keeps_its_place(world: World) -> None:
    first, second, third = (world.cluster() for _ in range(3))
    world.there = {second}
    run(world, ZOMBIE)
    assert world.now > 1000 + 2 * ZOMBIE
    states = [one.state for one in (first, second, third)]
    assert states == [ClusterState.STARTING, ClusterState.WAITING, ClusterState.CLOSED]


def test_without_a_limit_nobody_is_asked(world: World) -> None:
    world.cluster()
    world.cluster()
    run(world, None)
    assert world.now == 1000
