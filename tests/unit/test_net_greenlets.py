"""Calls in greenlets that are used again."""

import logging
from collections.abc import Iterator

import gevent
import pytest
from gevent import getcurrent
from gevent.event import Event

from gsched.net.transport.greenlets import Greenlets

PATIENCE = 30.0


@pytest.fixture
def greenlets() -> Iterator[Greenlets]:
    with gevent.Timeout(PATIENCE):
        yield (group := Greenlets())
        group.kill()


def finish(greenlets: Greenlets) -> None:
    """Wait until all calls are over."""
    while len(greenlets):
        gevent.sleep(0.001)


def test_calls_run_at_the_same_time(greenlets: Greenlets) -> None:
    gate, seen = Event(), []

    def call(number: int) -> None:
        gate.wait()
        seen.append(number)

    for number in range(10):
        greenlets.spawn("call", call, number)
    gevent.sleep(0.01)
    assert not seen and len(greenlets) == 10
    gate.set()
    finish(greenlets)
    assert sorted(seen) == list(range(10))


def test_workers_are_used_again(greenlets: Greenlets) -> None:
    workers = set()
    for _ in range(20):
        greenlets.spawn("call", lambda: workers.add(getcurrent()))
        finish(greenlets)
    assert len(workers) == 1


def test_what_a_call_raises_is_our_bug(
    greenlets: Greenlets, caplog: pytest.LogCaptureFixture
) -> None:
    """It is told with its name and where it was, and the worker goes on to the next call."""

    def broken() -> None:
        raise ValueError("no good")

    seen: list[int] = []
    greenlets.spawn("the broken one", broken)
    finish(greenlets)
    greenlets.spawn("next", seen.append, 1)
    finish(greenlets)
    (record,) = [one for one in caplog.records if one.levelno == logging.CRITICAL]
    assert record.getMessage() == "bug in the broken one" and record.exc_info is not None
    assert seen == [1]


def test_all_are_stopped_together(greenlets: Greenlets, caplog: pytest.LogCaptureFixture) -> None:
    others, ended = Greenlets(), []

    def wait_for_ever(name: str) -> None:
        try:
            Event().wait()
        finally:
            gevent.sleep(0.01)  # what is to be tidied up may take a while
            ended.append(name)

    greenlets.spawn("a", wait_for_ever, "a")
    greenlets.spawn("b", wait_for_ever, "b")
    others.spawn("c", wait_for_ever, "c")
    gevent.sleep(0)
    greenlets.kill()
    assert sorted(ended) == ["a", "b"] and len(others) == 1
    others.kill()
    assert not [one for one in caplog.records if one.levelno > logging.DEBUG]


def test_one_that_stops_all_goes_on_itself(greenlets: Greenlets) -> None:
    seen = []

    def stop() -> None:
        greenlets.kill()
        seen.append("stopped the others")

    greenlets.spawn("waits", Event().wait)
    greenlets.spawn("stops", stop)
    finish(greenlets)
    assert seen == ["stopped the others"]


def test_a_call_that_ends_while_it_is_stopped_harms_no_other(greenlets: Greenlets) -> None:
    """Its worker may already have another call, of somebody else."""
    others, gate, seen = Greenlets(), Event(), []
    greenlets.spawn("ends", gate.wait)
    gevent.sleep(0)
    gate.rawlink(lambda _: others.spawn("other", seen.append, 1))
    gate.set()
    greenlets.kill()
    finish(others)
    assert seen == [1]
