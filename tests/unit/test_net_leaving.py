"""When a job counts as one that its node may have: once there is a connection, and no earlier."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from gsched.core.dispatch import Refusal
from gsched.core.effects import SendJob
from gsched.core.model.job import State
from gsched.net.exchange import Exchange
from gsched.net.identity import Identity
from gsched.net.keeping.keeper import Forgetful
from gsched.net.nodes.sending import FRESH, Sending


class SlowDisk(Forgetful):
    """Keeps nothing either, but takes its time."""

    def __init__(self, clock: "Clock", seconds: list[float]) -> None:
        self._clock, self._seconds = clock, seconds

    def settled_at_last(self) -> None:
        self._clock.now += self._seconds.pop(0)


class Clock:
    """Stands still."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


class Sent:
    """A job on its way to a node that is reached by `connect`; notes what the core is told."""

    def __init__(self, connect: Callable[[], Any], disk: list[float]) -> None:
        self.told: list[tuple[str, Any]] = []
        self.job = SimpleNamespace(uid=7, state=State.SENDING, tries=1, cluster=None)
        self.job.message = SimpleNamespace(files=[], record=SimpleNamespace(xfer_files=[]))
        clock = Clock()
        scheduler: Any = SimpleNamespace(leaving=self._leaving, refused=self._refused)
        identity = Identity(node_secret="", cluster_secret="", announced=("10.0.0.9",))
        caller: Any = SimpleNamespace(connect=lambda _address: connect())
        arguments: Any = SimpleNamespace(fetch=lambda _job, _tries: True)
        exchange = Exchange(scheduler, clock)
        sending = Sending(exchange, identity, caller, SlowDisk(clock, disk), arguments)
        sending._send_job = lambda _effect, channel: self.told.append(("sent", channel))  # type: ignore
        node: Any = SimpleNamespace(address="10.0.0.1", port=1, identity="1")
        sending._send(SendJob(node, self.job, 1))  # type: ignore[arg-type]

    def _leaving(self, *_about: Any) -> list[Any]:
        self.told.append(("leaving", None))
        return []

    def _refused(self, _uid: int, _tries: int, why: Refusal, *_more: Any) -> list[Any]:
        self.told.append(("refused", why))
        return []


class Connection:
    """Notes whether it is open."""

    open = True

    def close(self) -> None:
        self.open = False


def test_a_node_that_cannot_be_reached_has_not_got_the_job() -> None:
    """So nothing is said of that, which would end the job when the node is given up meanwhile."""

    def connect() -> Any:
        raise ConnectionRefusedError

    assert Sent(connect, [0.0]).told == [("refused", Refusal.UNREACHABLE)]


def test_a_connection_that_had_to_wait_for_the_disk_is_made_anew() -> None:
    """Its node may have hung up by then, and what became of the job would not be known."""
    made = [Connection() for _ in range(3)]
    there = iter(made)
    sent = Sent(lambda: next(there), [FRESH, 2 * FRESH, FRESH / 2])
    assert sent.told[-1] == ("sent", made[2])
    assert [one.open for one in made] == [False, False, True]


@pytest.mark.parametrize("after", [State.QUEUED, State.DONE])
def test_what_is_not_to_be_sent_any_more_is_not(
    monkeypatch: pytest.MonkeyPatch, after: State
) -> None:
    made = Connection()

    def leaving(self: Sent, *_about: Any) -> list[Any]:
        self.job.state = after
        return []

    monkeypatch.setattr(Sent, "_leaving", leaving)
    assert not Sent(lambda: made, [0.0]).told
    assert not made.open
