"""Clients that wait for their turn are asked whether they are there."""

from collections.abc import Iterator
from itertools import pairwise
from types import SimpleNamespace

import gevent
import pytest

from gsched.core.admission import Opening
from gsched.core.effects import FindNodes, Forget, TellScheduled
from gsched.core.model.cluster import Cluster, ClusterState
from gsched.core.scheduler import Scheduler
from gsched.net.clients import waiting
from gsched.net.clients.waiting import FIRST_PAUSE, LONGEST_PAUSE, LOOKS, Waiting
from gsched.net.exchange import Exchange

ZOMBIE = 100.0  # seconds


class World:
    """A core in which time passes as soon as somebody waits, and clients that are there or not."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.scheduler = Scheduler(zombie_interval=ZOMBIE)
        self.exchange = Exchange(self.scheduler, lambda: self.now)
        self.there: set[Cluster] = set()
        self.probes: list[tuple[Cluster, float]] = []
        for kind in (TellScheduled, FindNodes, Forget):
            self.exchange.perform(kind, lambda effect: None)

    def probe(self, cluster: Cluster) -> str:
        """Take the place of Delivery's."""
        self.probes.append((cluster, self.now))
        return "" if cluster in self.there else "no answer"

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


def absent(world: World, part: Waiting, cluster: Cluster, times: int = 1) -> None:
    """Its client was out of reach at its turn, again and again."""
    for _ in range(times):
        world.exchange.tell(world.scheduler.client_back, cluster)
        world.exchange.tell(world.scheduler.cluster_absent, cluster, "no answer")


def test_one_that_was_away_at_its_turn_is_sought_with_growing_pauses(world: World) -> None:
    part = Waiting(world.exchange, world, None)  # type: ignore[arg-type]
    cluster = world.cluster()
    absent(world, part, cluster)
    while len(world.probes) < 6:
        gevent.sleep(0)
    world.there = {cluster}
    while cluster.absent:
        gevent.sleep(0)
    assert cluster.state is ClusterState.STARTING
    times = [1000.0, *(when for _, when in world.probes)]
    pauses = [after - before for before, after in pairwise(times)]
    assert pauses == [0.5, 1, 2, 4, 8, 16, LONGEST_PAUSE]
    part.stop()


def test_one_that_answers_but_cannot_be_told_is_left_alone_for_longer_and_longer(
    world: World,
) -> None:
    """Each time it holds the others up for as long as it takes to find that out."""
    part = Waiting(world.exchange, world, None)  # type: ignore[arg-type]
    cluster = world.cluster()
    world.there = {cluster}
    absent(world, part, cluster, 3)
    world.settle()
    assert [when for _, when in world.probes] == [1000.0 + 4 * FIRST_PAUSE]
    part.stop()


def test_one_that_is_given_up_is_sought_no_more(world: World) -> None:
    part = Waiting(world.exchange, world, None)  # type: ignore[arg-type]
    cluster = world.cluster()
    absent(world, part, cluster)
    world.settle()
    assert cluster.state is ClusterState.CLOSED
    assert world.probes[-1][1] <= 1000.0 + ZOMBIE + LONGEST_PAUSE
    part.stop()
