"""What a client is told, and how many results it is to expect that recovers its jobs."""

from types import SimpleNamespace
from typing import Any

import gevent
import pytest

from gsched.net.clients import mailbox as module
from gsched.net.clients.mailbox import JUST, LANES, Letter, Mailbox
from gsched.net.transport.greenlets import Greenlets


class World:
    """A mailbox, and the client's port."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now, self.there = 1000.0, True
        monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: self.now))
        self.mailbox = Mailbox(("10.0.0.1", 9700), self, Greenlets())  # type: ignore[arg-type]

    def ask(self, *_about: Any) -> bytes:
        """Take the place of `Caller`."""
        if not self.there:
            raise ConnectionRefusedError("Connection refused")
        return b"ACK"

    def deliver(self, count: int = 1) -> None:
        """Try so many results, one after the other."""
        for _ in range(count):
            self.mailbox._try(b"result", Letter(lambda: b"result", lambda: None))

    def come_back(self) -> None:
        """Nobody listens for a moment."""
        self.there = False
        self.deliver()
        self.there = True


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    return World(monkeypatch)


def test_what_came_before_the_question_counts(world: World) -> None:
    """dispy.recover_jobs listens first, and counts down; what it was not told of it never ends."""
    world.deliver(5)
    assert world.mailbox.asked() == 0  # nobody was away: that was the process of before
    world.come_back()
    world.deliver(3)
    world.now += JUST / 2
    world.deliver()
    assert world.mailbox.asked() == 4
    assert world.mailbox.asked() == 0  # it knows by now


def test_what_it_has_had_for_long_does_not(world: World) -> None:
    world.come_back()
    assert world.mailbox.asked() == 0
    world.deliver(3)
    assert world.mailbox.asked() == 0  # that it was told to expect
    world.come_back()
    world.deliver(3)
    world.now += JUST
    world.deliver()
    assert world.mailbox.asked() == 0
    world.come_back()
    world.deliver(2)
    world.come_back()
    assert world.mailbox.asked() == 0  # nobody has taken anything who is there


def test_what_a_client_that_is_away_is_not_told_is_let_go_at_its_end(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lane by lane, and without a wait for the next try."""
    monkeypatch.setattr(module, "FIRST_PAUSE", 3600.0)
    monkeypatch.setattr(module, "LONGEST_PAUSE", 3600.0)
    world.there, tried = False, list[int]()

    def letter(number: int) -> Letter:
        def payload() -> bytes:
            tried.append(number)
            return b"result"

        return Letter(payload, lambda: None)

    for number in range(5 * LANES):
        world.mailbox.put(letter(number), number)
    gevent.sleep(0)
    assert tried == [*range(LANES)]
    world.mailbox.close()
    with gevent.Timeout(30.0):
        while world.mailbox._lanes:
            gevent.sleep(0)
    assert len(tried) == LANES
