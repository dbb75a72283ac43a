"""How long we work for whom: large messages of one address wait, those of others do not."""

from collections.abc import Iterator

import gevent
import pytest

from gsched.net.clients import effort
from gsched.net.clients.effort import MOST_SAVED, SHARE, SMALL, Effort
from gsched.wire.errors import PeerError

HERE, THERE = "192.0.2.1", "203.0.113.9"
LARGE = SMALL + 1


class Day:
    """A time in which work takes as long as the test says, and pauses pass at once."""

    def __init__(self) -> None:
        self.now = self.worked = 0.0
        self.paused: list[float] = []
        self.effort = Effort(lambda: self.now, lambda: self.worked)

    def sleep(self, seconds: float) -> None:
        self.paused.append(seconds)
        self.now += seconds
        gevent.sleep(0)

    def work(self, source: str, seconds: float, size: int = LARGE) -> None:
        with self.effort.turn(source, size):
            self.worked += seconds
            self.now += seconds


@pytest.fixture
def day(monkeypatch: pytest.MonkeyPatch) -> Iterator[Day]:
    day = Day()
    monkeypatch.setattr(effort, "gevent", type("Clock", (), {"sleep": staticmethod(day.sleep)}))
    yield day


def test_large_messages_take_a_share_of_the_time(day: Day) -> None:
    for _ in range(100):
        day.work(THERE, 0.1)
    assert day.worked == pytest.approx(10.0)
    assert day.worked <= MOST_SAVED + SHARE * day.now + 0.1


def test_others_do_not_wait(day: Day) -> None:
    for _ in range(20):
        day.work(THERE, 0.1)
    day.paused.clear()
    day.work(HERE, 0.1)
    assert not day.paused
    day.work(THERE, 0.1)
    assert day.paused


def test_small_messages_do_not_count(day: Day) -> None:
    """Nor do they wait where large ones do."""
    for _ in range(100):
        day.work(THERE, 0.1, SMALL)
    day.work(THERE, 1.0)
    day.work(THERE, 0.1, SMALL)
    assert not day.paused


def test_what_is_saved_is_bounded(day: Day) -> None:
    day.work(THERE, 0.1)
    day.now += 3600.0
    for _ in range(9):
        day.work(THERE, 0.1)
    assert day.paused


def test_they_wait_one_behind_the_other(day: Day) -> None:
    """However many connections they come by: else all of them would be read at once."""
    day.work(THERE, 10 * MOST_SAVED)
    greenlets = [gevent.spawn(day.work, THERE, 1.0) for _ in range(10)]
    gevent.joinall(greenlets, timeout=30, raise_error=True)
    assert len(day.paused) == 10 and min(day.paused) > 3.9


@pytest.mark.proves("--max_client_effort")
@pytest.mark.parametrize("share", [0.02, 0.5])
def test_the_share_is_what_was_asked_for(day: Day, share: float) -> None:
    day.effort = Effort(lambda: day.now, lambda: day.worked, share)
    assert day.effort.used == 0
    for _ in range(100):
        day.work(THERE, 0.1)
    day.work(HERE, 0.01)
    assert day.effort.used == share
    assert day.worked == pytest.approx(share * day.now, rel=0.1)
    assert day.effort.delayed == len(day.paused)
    day.now += MOST_SAVED / share / 2
    assert 0 < day.effort.used < share


def test_all_of_the_time_is_no_limit(day: Day) -> None:
    day.effort = Effort(lambda: day.now, lambda: day.worked, 1.0)
    for _ in range(100):
        day.work(THERE, 1.0)
    assert not day.paused


def test_a_message_that_is_none_counts_as_well(day: Day) -> None:
    for _ in range(20):
        with pytest.raises(PeerError), day.effort.turn(THERE, LARGE):
            day.worked += 0.1
            raise PeerError
    assert day.paused


def test_not_all_addresses_are_remembered(day: Day, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(effort, "_MOST_PURSES", 100)
    for number in range(1000):
        day.work(str(number), 0.1)
    assert len(day.effort._purses) <= 100
