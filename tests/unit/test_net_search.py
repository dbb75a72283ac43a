"""Nodes that clients name: how many are greeted at a time, where, and for how long."""

import logging
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import gevent
import psutil
import pytest
from test_net_discovery import World

from gsched.core.admission import Opening
from gsched.core.effects import FindNodes, SetUp
from gsched.core.model.cluster import Cluster
from gsched.core.model.lease import Allocation
from gsched.net.nodes import search
from gsched.net.nodes.doors import Doors
from gsched.net.transport import resolver

CLIENT, OTHER = "192.0.2.50", "192.0.2.51"
NODES_PORT = 51348


def own_address() -> str:
    found = [link.address for links in psutil.net_if_addrs().values() for link in links]
    return next((x for x in found if x.count(".") == 3 and not x.startswith("127.")), "127.0.0.1")


class Searching(World):
    """Clients whose clusters name nodes; greetings wait until the test lets them go on."""

    def __init__(self) -> None:
        super().__init__()
        self.exchange.perform(SetUp, lambda _: None)
        self.gate = gevent.event.Event()
        self.at: list[tuple[str, int]] = []
        self.most = self.under_way = 0

    def tell(self, address: tuple[str, int], code: bytes, payload: bytes) -> None:
        self.at.append(address)
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        try:
            self.gate.wait()
            super().tell(address, code, payload)
        finally:
            self.under_way -= 1

    def name(self, *hosts: tuple[str, int | None], source: str = CLIENT) -> Cluster:
        """A cluster of a client there names these nodes."""
        wanted = [Allocation(host, port) for host, port in hosts]
        spec = SimpleNamespace(source=source)
        opening = Opening(name="c", client=source, spec=spec, allocations=wanted)
        cluster = self.scheduler.cluster_opened(opening, self.now)
        cluster.state = type(cluster.state).ACTIVE
        self.discovery._find(FindNodes(cluster))
        return cluster


@pytest.fixture
def world(caplog: pytest.LogCaptureFixture) -> Iterator[Searching]:
    caplog.set_level(logging.DEBUG)
    world = Searching()
    yield world
    world.discovery.stop()


def test_who_asks_for_one_more_does_not_have_all_looked_for(world: Searching) -> None:
    """With ten thousand, a client that asks for one after the other would keep us busy."""
    cluster = world.name(*hosts(200))
    looked: list[str] = []
    search_of = world.discovery._search_of(CLIENT)
    world.discovery._search_of = lambda _: SimpleNamespace(  # type: ignore[assignment, method-assign]
        add=lambda host, port, _: looked.append(host)
    )
    wanted = [Allocation("10.9.9.9"), Allocation("10.0.0.1")]
    world.exchange.tell(world.scheduler.demands.node_allocated, cluster, wanted)
    assert sorted(looked) == ["10.0.0.1", "10.9.9.9"]
    assert len(search_of) == 200


def hosts(count: int, first: int = 0) -> list[tuple[str, int | None]]:
    return [(f"10.{first}.{n >> 8}.{n & 255}", None) for n in range(count)]


def test_nodes_of_one_client_are_greeted_some_at_a_time(world: Searching) -> None:
    """However many clusters it has; another client does not wait for them."""
    for number in range(5):
        world.name(*hosts(1000, number))
    world.settle(5)
    assert world.under_way == search.AT_ONCE
    world.name(("10.200.0.1", None), source=OTHER)
    world.settle(5)
    assert world.under_way == search.AT_ONCE + 1
    assert ("10.200.0.1", NODES_PORT) in world.at


def test_all_have_their_turn(world: Searching) -> None:
    world.gate.set()
    world.name(*hosts(500))
    world.settle()
    assert set(world.greeted) == {host for host, _ in hosts(500)}


def test_what_two_clusters_of_a_client_name_is_greeted_once(world: Searching) -> None:
    """By another client once more, since that one may be served first."""
    for _ in range(3):
        world.name(("10.0.0.1", None))
    world.name(("10.0.0.1", None), source=OTHER)
    world.settle(5)
    assert world.at == [("10.0.0.1", NODES_PORT)] * 2


def test_what_nobody_wants_any_more_is_not_looked_for(world: Searching) -> None:
    clusters = [world.name(*hosts(10)) for _ in range(2)]
    for cluster in clusters:
        cluster.state = type(cluster.state).CLOSING
    world.settle(5)
    assert not world.at and not world.discovery._searches


def test_it_goes_on_until_the_node_is_there(world: Searching) -> None:
    """After pauses that grow."""
    world.gate.set()
    world.name(("10.0.0.1", None))
    for pause in (0.0, 1.0, 2.0, 4.0):
        world.now += pause
        world.settle(5)
        world.discovery._searches[CLIENT]._news.set()
        world.settle(5)
    assert len(world.greeted) == 4
    world.answer = lambda address: world.join(address, address)
    world.now += 8.0
    world.discovery._searches[CLIENT]._news.set()
    with gevent.Timeout(30.0):
        while world.discovery._searches:
            gevent.sleep(0.01)
    assert len(world.greeted) == 5


@pytest.mark.parametrize("port", [22, 80, 51347, 65535])
def test_nobody_looks_for_open_ports_through_us(
    world: Searching, port: int, caplog: pytest.LogCaptureFixture
) -> None:
    """At hosts of others only nodes' ports are called; people are told which option allows more."""
    cluster = world.name(("10.0.0.1", port), ("10.0.0.2", NODES_PORT), (CLIENT, port))
    world.settle(5)
    assert sorted(world.at) == [("10.0.0.2", NODES_PORT), (CLIENT, port)]
    assert cluster.warning == f"node 10.0.0.1 is not called at port {port}: see --allow_node_port"


def test_names_are_held_to_the_same(world: Searching, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also one that has another address the next time it is looked up, or none at first."""
    answers = iter(["", CLIENT, "10.0.0.1", "10.0.0.1"])
    monkeypatch.setattr(resolver, "_look_up", lambda _: next(answers, ""))
    monkeypatch.setattr(resolver, "KEPT", -1.0)
    monkeypatch.setattr(resolver, "UNKNOWN_KEPT", -1.0)
    monkeypatch.setattr(resolver, "_known", {})
    world.gate.set()
    world.name(("rebinds.example.org", 22))
    for _ in range(4):
        world.now += 100.0
        world.settle(5)
        if running := world.discovery._searches.get(CLIENT):
            running._news.set()
        world.settle(5)
    assert world.at == [(CLIENT, 22)]


@pytest.mark.parametrize(
    "address, port, source, admitted",
    [
        ("10.0.0.1", None, CLIENT, True),
        ("10.0.0.1", NODES_PORT, CLIENT, True),
        ("10.0.0.1", 9999, CLIENT, True),
        ("10.0.0.1", 22, CLIENT, False),
        (CLIENT, 22, CLIENT, True),
        ("127.0.0.1", 22, CLIENT, False),
        (own_address(), 22, CLIENT, False),
        ("127.0.0.2", 22, "127.0.0.1", True),
        ("10.0.0.1", 22, "127.0.0.1", False),
        ("a.name", 22, CLIENT, False),
    ],
)
def test_doors(address: str, port: Any, source: str, admitted: bool) -> None:
    assert Doors([NODES_PORT, 9999]).admit(address, port, source) is admitted
