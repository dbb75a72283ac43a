"""Greetings to nodes that were named: until when, and how often."""

import logging
import re
from collections.abc import Callable, Iterator
from types import SimpleNamespace

import gevent
import pytest

from gsched.core.fleet import NodeFacts
from gsched.core.scheduler import Scheduler
from gsched.net.exchange import Exchange
from gsched.net.identity import Identity
from gsched.net.nodes import discovery
from gsched.net.nodes.discovery import Discovery
from gsched.net.reception import Reception

NAMED, SAID = "192.0.2.7", "198.51.100.7"
ZOMBIE = 100.0  # seconds


class World:
    """A core, discovery, and a network in which nodes do what the test says."""

    timeout = 1.0

    def __init__(self) -> None:
        self.now = 1000.0
        self.scheduler = Scheduler(zombie_interval=ZOMBIE)
        self.exchange = Exchange(self.scheduler, lambda: self.now)
        self.greeted: list[str] = []
        self.answer: Callable[[str], None] | None = None
        self.discovery = Discovery(
            self.exchange,
            Identity(node_secret="", cluster_secret="", announced=("192.0.2.1",)),
            Reception(self.exchange.now),
            port=51347,
            ports=[51348],
            caller=self,  # type: ignore[arg-type]
            datagrams=SimpleNamespace(send=lambda *_: None),  # type: ignore[arg-type]
        )

    def tell(self, address: tuple[str, int], _code: bytes, _payload: bytes) -> None:
        """Take the place of `Caller`."""
        self.greeted.append(address[0])
        if self.answer is None:
            raise ConnectionRefusedError("nobody there")
        self.answer(address[0])

    def join(self, source: str, address: str) -> None:
        """A node answers from there, in the name of that address."""
        facts = NodeFacts(
            address=address,
            port=51348,
            name="n",
            cpus=1,
            identity="1",
            release="4.15.2",
            contact="192.0.2.1",
        )
        self.exchange.tell(self.scheduler.node_joined, facts)
        self.discovery.answered(source, address)

    def settle(self, turns: int = 1000) -> None:
        """Let all greenlets have some turns."""
        for _ in range(turns):
            gevent.sleep(0)


def pauses(caplog: pytest.LogCaptureFixture) -> list[int]:
    """Seconds between greetings, as they are told."""
    found = [re.search(r"; again in (\d+) s", record.getMessage()) for record in caplog.records]
    return [int(one[1]) for one in found if one]


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> Iterator[World]:
    """Where time passes at once."""
    caplog.set_level(logging.DEBUG)
    world = World()
    monkeypatch.setattr(discovery, "gevent", SimpleNamespace(sleep=lambda _: gevent.sleep(0)))
    yield world
    world.discovery.stop()


def test_pauses_between_greetings_grow(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.discovery.keep(NAMED, 51348)
    world.settle()
    assert pauses(caplog)[:8] == [1, 2, 4, 8, 16, 32, 60, 60]


def test_pauses_are_not_longer_than_the_ping_interval(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.discovery.run(5.0)
    world.discovery.keep(NAMED, 51348)
    world.settle()
    assert pauses(caplog)[:5] == [1, 2, 4, 5, 5]


def test_a_node_is_greeted_again_once_it_is_forgotten(world: World) -> None:
    world.answer = lambda address: world.join(address, address)
    world.discovery.keep(NAMED, 51348)
    world.settle()
    assert world.greeted == [NAMED]
    world.exchange.tell(world.scheduler.node_lost, NAMED, "gone")
    world.settle()
    assert world.greeted == [NAMED]
    world.now += ZOMBIE + 1
    world.exchange.tell(world.scheduler.tick)
    assert NAMED not in world.scheduler.nodes
    world.settle()
    assert world.greeted == [NAMED] * 2 and NAMED in world.scheduler.nodes


def test_a_node_that_says_another_address_is_not_greeted_again(world: World) -> None:
    world.answer = lambda address: world.join(address, SAID)
    world.discovery.keep(NAMED, 51348)
    world.settle()
    assert world.greeted == [NAMED] and list(world.scheduler.nodes) == [SAID]


def test_nodes_that_answer_from_one_loopback_address_are_not_mixed_up(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.join("127.0.0.1", "127.0.0.2")
    world.answer = lambda address: None
    world.discovery.keep("127.0.0.1", 51348)
    world.settle()
    assert len(pauses(caplog)) > 1


def test_a_node_takes_its_address_back(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.join(NAMED, SAID)
    world.join(NAMED, NAMED)
    world.exchange.tell(world.scheduler.node_lost, NAMED, "gone")
    world.now += ZOMBIE + 1
    world.exchange.tell(world.scheduler.tick)
    world.discovery.keep(NAMED, 51348)
    world.settle()
    assert len(pauses(caplog)) > 1
