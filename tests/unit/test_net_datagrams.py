"""How many datagrams are looked at."""

import errno
from types import SimpleNamespace
from typing import Any

import gevent

from gsched.net.transport import datagrams
from gsched.net.transport.datagrams import Valve

HERE, THERE = "192.0.2.1", "203.0.113.9"


class Clock:
    """A time that the test sets."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def passed(valve: Valve, source: str, count: int) -> int:
    return sum(valve.admits(source) for _ in range(count))


def test_datagrams_are_counted_each_second() -> None:
    """Of one address half as many as of all."""
    clock = Clock()
    valve = Valve(100, clock)
    assert passed(valve, HERE, 1000) == 50
    assert passed(valve, THERE, 1000) == 50
    assert passed(valve, "198.51.100.1", 1000) == 0
    assert (valve.count, valve.dropped) == (100, 2900)
    clock.now += 1.0
    assert valve.count == 0
    assert passed(valve, "198.51.100.1", 1000) == 50


def test_addresses_that_are_made_up_are_counted_together() -> None:
    valve = Valve(100, Clock())
    assert sum(valve.admits(f"10.0.{n >> 8}.{n & 255}") for n in range(10_000)) == 100
    assert len(valve._each) == 100


def test_one_datagram_a_second_is_possible() -> None:
    assert passed(Valve(1, Clock()), HERE, 10) == 1


def test_others_have_their_turn() -> None:
    """However many there are: to read one that is there takes no waiting."""
    read: list[str] = []
    others: list[int] = []

    def recvfrom(_: int) -> tuple[bytes, tuple[str, int]]:
        if len(read) == 100 * datagrams.TURN:
            raise OSError(errno.EBADF, "closed")
        return b"", (HERE, 1)

    sock: Any = SimpleNamespace(recvfrom=recvfrom)
    nobody: Any = None
    other = gevent.spawn(lambda: others.append(len(read)))
    datagrams._receive(sock, lambda _, peer: read.append(peer), nobody, Valve(1 << 20, Clock()))
    other.join()
    assert others[0] <= datagrams.TURN
