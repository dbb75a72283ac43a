"""How late the hub is."""

import time
from collections.abc import Iterator

import gevent
import pytest

from gsched.net.transport.lag import PERIOD, Lag


@pytest.fixture
def lag() -> Iterator[Lag]:
    one = Lag()
    one.start()
    yield one
    one.stop()


def looks(lag: Lag) -> float:
    """How many there were."""
    return lag.histogram()[0][-1][1]


def wait_for_looks(lag: Lag, count: int) -> None:
    """Until there were so many."""
    with gevent.Timeout(20):
        while looks(lag) < count:
            gevent.sleep(0.01)


def test_who_keeps_all_others_waiting_is_seen(lag: Lag) -> None:
    wait_for_looks(lag, 1)
    before = dict(lag.histogram()[0])
    time.sleep(0.4)
    wait_for_looks(lag, int(looks(lag)) + 1)
    after, total = lag.histogram()
    below = dict(after)
    slow = (below["+Inf"] - below["0.25"]) - (before["+Inf"] - before["0.25"])
    assert slow >= 1 and total >= 0.3


def test_counts_are_cumulative(lag: Lag) -> None:
    wait_for_looks(lag, 3)
    found, total = lag.histogram()
    counts = [count for _, count in found]
    assert counts == sorted(counts) and counts[-1] >= 3 and total >= 0.0
    assert [bound for bound, _ in found][-1] == "+Inf"


def test_it_looks_once_in_a_period_and_sleeps_in_between(lag: Lag) -> None:
    began = time.monotonic()
    wait_for_looks(lag, 5)
    span = time.monotonic() - began
    assert span >= 4 * PERIOD
    assert looks(lag) <= span / PERIOD + 1
