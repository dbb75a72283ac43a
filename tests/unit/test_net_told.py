"""Clients are told that it is their turn; who answers in their place, and who does not at all."""

import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gevent
import pytest

from gsched.core.admission import Opening
from gsched.core.effects import FindNodes, Forget, SeekClient
from gsched.core.model.cluster import Cluster, ClusterState
from gsched.core.scheduler import Scheduler
from gsched.net.clients import delivery as module
from gsched.net.clients.delivery import Delivery
from gsched.net.computation import Computation
from gsched.net.exchange import Exchange
from gsched.net.identity import Identity
from gsched.net.introductions import Introduction
from gsched.net.transport.channel import Closed
from gsched.wire.pickles import dumps
from gsched.wire.releases import find

SIGN, OTHER = "1" * 40, "2" * 40
NEW, OLD = find("4.15.2"), find("4.8.9")


class FakePort:
    """Takes the place of `Caller`: there answers the client, another one, or nobody."""

    timeout = 10.0

    def __init__(self, sign: str, knows: bool, there: bool = True) -> None:
        self.sign, self.knows, self.there = sign, knows, there
        self.heard: list[str] = []
        self.answers: list[bytes] = []

    def connect(self, *_about: Any) -> Any:
        if not self.there:
            raise ConnectionRefusedError("Connection refused")
        return self

    def __enter__(self) -> "FakePort":
        return self

    def __exit__(self, *_error: object) -> None:
        pass

    def close(self) -> None:
        """Of a connection."""

    def ask(self, *about: Any) -> bytes:
        with self.connect() as channel:
            channel.send(about[2])
            answer: bytes = channel.receive(0)
            return answer

    def send(self, payload: bytes) -> None:
        self.heard.append(payload.partition(b":")[0].decode())
        if self.heard[-1] == "RELAY_INFO":
            self.answers = [dumps({"sign": self.sign, "port": 9700})]
        else:
            self.answers = [b"ACK"] if self.knows else [b"ACK", b"NAK"]

    def receive(self, _limit: int) -> bytes:
        if not self.answers:
            raise Closed("closed by the peer")
        return self.answers.pop(0)


class World:
    """A cluster that has asked for its turn, and what tells its client."""

    def __init__(self, port: FakePort, *senders: tuple[str, Any], waits: bool = False) -> None:
        self.scheduler = Scheduler()
        self.exchange = Exchange(self.scheduler, lambda: 1000.0)
        for kind in (FindNodes, SeekClient):
            self.exchange.perform(kind, lambda effect: None)
        identity = Identity(node_secret="", cluster_secret="", announced=("10.0.0.9",))
        self.delivery = Delivery(self.exchange, identity, port)  # type: ignore[arg-type]
        known = (Introduction(identity.client_code_of(sign), one) for sign, one in senders)
        self.computation = Computation(
            record=SimpleNamespace(dialect=None),  # type: ignore[arg-type]
            client_auth="",
            node_auth="",
            source="10.0.0.1",
            reply_to=("10.0.0.1", 9700),
            spool=SimpleNamespace(remove=lambda: None),  # type: ignore[arg-type]
            senders=frozenset(known),
            waits=waits,
        )
        opening = Opening(name="c", client="10.0.0.1", spec=self.computation)
        self.cluster: Cluster = self.scheduler.cluster_opened(opening, 1000.0)

    def take_turn(self) -> None:
        """It asks for its turn, has it at once, and is told."""
        self.scheduler.cluster_scheduled(self.cluster, 1000.0)
        self.delivery._tell(self.cluster)


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SCHEDULED_PAUSES", (0.0, 0.0))


def test_a_client_is_known_by_its_sign() -> None:
    port = FakePort(SIGN, knows=True)
    assert World(port, (SIGN, NEW)).delivery.check(World(port, (SIGN, NEW)).cluster) == ""
    assert port.heard == ["RELAY_INFO"]  # it is not told early


def test_another_one_by_its_own() -> None:
    port = FakePort(OTHER, knows=False)
    world = World(port, (SIGN, NEW))
    assert "another program answers" in world.delivery.check(world.cluster)


@pytest.mark.parametrize(
    "senders", [((SIGN, NEW), (OTHER, NEW)), ((SIGN, OLD),), ()], ids=["two", "old", "nobody"]
)
def test_where_signs_do_not_tell_the_word_itself_does(senders: Any) -> None:
    """It ends the wait of the client that knows the computation; nobody else takes it."""
    for knows in (True, False):
        port = FakePort(SIGN, knows=knows)
        world = World(port, *senders)
        problem = world.delivery.check(world.cluster)
        assert ("another program answers" in problem) is not knows
        assert set(port.heard) == {"SCHEDULED"}


@pytest.mark.parametrize(
    ("port", "why"),
    [
        (FakePort(SIGN, knows=True, there=False), "cannot be reached .* client_port="),
        (FakePort(OTHER, knows=False), "another program answers .* client_port="),
    ],
)
def test_one_that_was_told_to_wait_waits_on(
    port: FakePort, why: str, caplog: pytest.LogCaptureFixture
) -> None:
    """One that still waits for the answer to its request gets a refusal instead."""
    first, waiting = World(port, (SIGN, NEW)), World(port, (SIGN, NEW), waits=True)
    first.delivery._forget = lambda effect: None  # type: ignore[method-assign]
    for world in (first, waiting):
        world.take_turn()
        assert world.computation.told.is_set() and not world.computation.reachable
    assert first.cluster.state is ClusterState.CLOSED
    assert waiting.cluster.state is ClusterState.WAITING
    for _ in range(3):
        waiting.scheduler.client_back(waiting.cluster, 1000.0)
        waiting.delivery._tell(waiting.cluster)
    assert waiting.cluster.absences == 4
    words = [record.message for record in caplog.records if record.levelname == "WARNING"]
    assert len(words) == 2  # one for each of them, however often it is tried
    port.there = port.knows = True
    waiting.scheduler.client_back(waiting.cluster, 1000.0)
    waiting.delivery._tell(waiting.cluster)
    assert waiting.cluster.state is ClusterState.ACTIVE and waiting.computation.reachable


def test_a_restart_does_not_forget_who_waits(tmp_path: Path) -> None:
    """Its client is still there, and asks nothing."""
    from kept import Kept

    kept = Kept(tmp_path, 3)
    while not any(x.state is ClusterState.WAITING for x in kept.scheduler.clusters.values()):
        kept.step()
    found = [x for x in kept.restored().clusters.values() if x.state is ClusterState.WAITING]
    assert found and all(one.spec.waits for one in found)


def test_a_stop_waits_until_files_are_removed() -> None:
    """They are removed by a thread, which would end with the process."""
    world = World(FakePort(SIGN, knows=True), (SIGN, NEW))
    may, removed = threading.Event(), threading.Event()

    def remove() -> None:
        assert may.wait(30)
        removed.set()

    world.computation.spool.remove = remove  # type: ignore[method-assign]
    world.delivery._forget(Forget(world.cluster))
    gevent.sleep(0)
    gevent.spawn(may.set)
    world.delivery.stop()
    assert removed.is_set()
