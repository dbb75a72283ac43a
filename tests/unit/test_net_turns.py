"""Whose connection is served next."""

from collections import Counter
from collections.abc import Iterator

import gevent
import pytest
from gevent import get_hub

from gsched.net.transport import turns
from gsched.net.transport.channel import Channel
from gsched.net.transport.guests import WAITING, Guests
from gsched.net.transport.listeners import Complaints, Listener
from gsched.net.transport.sockets import Address, Socket
from gsched.net.transport.turns import ADDRESSES, PERIOD, SHARE, Turns

HERE, THERE, ELSEWHERE = "127.0.0.2", "127.0.0.3", "127.0.0.4"
PATIENCE = 30.0  # seconds
LONG = SHARE * PERIOD / 3.5  # seconds: the fourth is too much


class Door:
    """Connections that come, and those that are served, which takes as long as the test says."""

    def __init__(self) -> None:
        self.guests = Guests(1000, 100, 1000)
        self.crowded: set[str] = set()
        self.guests.is_crowded = self.crowded.__contains__  # type: ignore[method-assign]
        self.worked = 0.0
        self.takes: dict[str, float] = {}
        self.served: list[str] = []
        self.rounds: list[tuple[str, int]] = []
        self.turns = Turns(self.guests)

    def come(self, address: str, count: int = 1) -> None:
        for _ in range(count):
            self.turns.take(self.serve, Socket(), (address, 1))

    def flood(self, *addresses: str, count: int) -> None:
        """The first one of each is served, and so many wait."""
        self.crowded |= set(addresses)
        for address in addresses:
            self.come(address, 1 + count)
        self.served.clear()

    def serve(self, sock: Socket, peer: Address) -> None:
        sock.close()
        self.worked += self.takes.get(peer[0], 0.0)
        self.served.append(peer[0])
        self.rounds.append((peer[0], get_hub().loop.iteration))

    def wait(self) -> None:
        """Until nobody waits."""
        with gevent.Timeout(PATIENCE):
            while self.turns.waiting(self.serve):
                gevent.sleep(0.001)


@pytest.fixture
def door(monkeypatch: pytest.MonkeyPatch) -> Iterator[Door]:
    made = Door()
    monkeypatch.setattr(turns, "perf_counter", lambda: made.worked)
    yield made
    made.turns.close(made.serve)


def test_connections_are_served_as_they_come(door: Door) -> None:
    """However many, as long as they leave time for others."""
    door.come(HERE)
    door.come(THERE, 1000)
    assert len(door.served) == 1001 and not door.turns.waiting(door.serve)


def test_whoever_takes_half_of_the_time_waits_and_others_do_not(door: Door) -> None:
    door.takes[THERE] = LONG
    door.come(HERE)
    door.come(THERE, 50)
    assert door.served == [HERE] + [THERE] * 4
    assert door.turns.waiting(door.serve) == door.guests.waiting == 46
    door.come(HERE, 10)
    assert door.served[5:] == [HERE] * 10
    door.wait()
    assert door.served.count(THERE) == 50 and not door.guests.waiting


def test_whoever_is_alone_takes_all_of_the_time(door: Door) -> None:
    door.takes[THERE] = LONG
    door.come(THERE, 50)
    assert len(door.served) == 50


def test_what_was_long_ago_does_not_count(door: Door) -> None:
    door.takes[THERE] = LONG
    door.come(HERE)
    door.come(THERE, 3)
    gevent.sleep(2 * PERIOD)
    door.come(HERE)
    door.come(THERE, 3)
    assert not door.turns.waiting(door.serve)


def test_whoever_has_as_many_as_he_may_waits(door: Door) -> None:
    door.flood(THERE, count=7)
    assert door.turns.waiting(door.serve) == 7
    door.come(HERE)
    assert door.served == [HERE]


def test_one_of_a_line_is_served_in_each_round(door: Door) -> None:
    door.flood(THERE, count=20)
    door.wait()
    assert len(door.served) == 20
    assert max(Counter(door.rounds).values()) == 1


def test_lines_take_turns(door: Door) -> None:
    door.flood(THERE, ELSEWHERE, count=5)
    door.wait()
    assert door.served == [THERE, ELSEWHERE] * 5


def test_many_lines_take_turns(door: Door) -> None:
    """Not all of them in one round; none is left out."""
    addresses = [f"127.1.0.{number}" for number in range(3 * ADDRESSES)]
    door.flood(*addresses, count=2)
    del door.rounds[:]
    door.wait()
    assert door.served == addresses * 2
    assert max(Counter(number for _, number in door.rounds).values()) == ADDRESSES


def test_it_is_over_when_the_flood_is(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """But not as long as there is a long line."""
    door.flood(THERE, count=30)
    door.crowded.clear()
    monkeypatch.setattr(turns, "LASTING", 0.0)
    door.turns._until[THERE] = door.turns._since = 0.0
    door.come(HERE)
    door.come(THERE)
    assert door.turns.waiting(door.serve) == 31
    door.wait()
    gevent.sleep(2 * PERIOD)
    door.served.clear()
    door.come(THERE, 5)
    assert door.served == [THERE] * 5 and not door.turns._until


def test_a_few_that_follow_each_other_do_not_line_up_for_ever(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As those of a client that opens the next one when one has ended."""
    monkeypatch.setattr(turns, "LASTING", PERIOD)
    door.takes[THERE] = LONG
    door.come(HERE)
    door.come(THERE, 4 + 8)
    assert door.turns.waiting(door.serve) == 8
    door.takes.clear()
    with gevent.Timeout(PATIENCE):
        while door.turns.waiting(door.serve):
            gevent.sleep(0)
            ended = door.served.count(THERE)
            door.served.clear()
            door.come(HERE)
            door.come(THERE, ended)


def connected() -> tuple[Socket, Socket]:
    """Both ends, and no round of the hub has gone by."""
    server, theirs = Socket(), Socket()
    server.bind(("127.0.0.1", 0))
    server.listen()
    theirs.connect(server.getsockname())
    descriptor, _ = server._accept()  # type: ignore[attr-defined]
    server.close()
    return theirs, Socket(fileno=descriptor)


def test_where_a_line_is_full_the_next_is_reset(door: Door) -> None:
    theirs, ours = connected()
    door.flood(THERE, count=door.guests.most_each)
    door.turns.take(door.serve, ours, (THERE, 1))
    with pytest.raises(ConnectionResetError):
        theirs.recv(1)
    theirs.close()
    assert (door.guests.refused_each, door.guests.refused) == (1, 0)
    door.come(HERE)
    assert door.served == [HERE]


def test_all_lines_together_have_an_end(door: Door) -> None:
    """Else many addresses would take all descriptors."""
    door.flood(*(f"127.1.0.{number}" for number in range(100)), count=10)
    assert door.guests.waiting == door.guests.most // WAITING
    assert door.guests.refused == 1000 - door.guests.waiting
    door.wait()
    assert len(door.served) == door.guests.most // WAITING and not door.guests.waiting


def test_those_that_wait_at_the_end_are_closed(door: Door) -> None:
    """At one port; those at another go on."""
    door.flood(THERE, count=20)
    others: list[str] = []

    def other(sock: Socket, peer: Address) -> None:
        sock.close()
        others.append(peer[0])

    door.turns.take(other, Socket(), (THERE, 1))
    door.turns.close(door.serve)
    assert door.guests.waiting == 1
    with gevent.Timeout(PATIENCE):
        while not others:
            gevent.sleep(0.001)
    assert not door.served


def test_a_port_serves_others_before_a_flood() -> None:
    """All of them are there before the first one is accepted."""
    served: list[str] = []
    guests = Guests(1000, 1, 1000)  # so the second one from an address takes the first one's place
    gate = gevent.event.Event()

    def handle(channel: Channel) -> None:
        served.append(channel.peer[0])
        gate.wait()

    turns = Turns(guests)
    listener = Listener(("127.0.0.1", 0), handle, 5.0, Complaints(), guests, turns)
    sockets = []
    for address in [THERE] * 40 + [HERE]:
        sock = Socket()
        sock.bind((address, 0))
        sock.connect(listener.address)
        sockets.append(sock)
    listener.start()
    with gevent.Timeout(PATIENCE):
        while HERE not in served:
            gevent.sleep(0)
    assert len(served) <= 3 and listener.busy
    listener.stop()
    assert not guests.waiting and not listener.busy
    for sock in sockets:
        sock.close()
