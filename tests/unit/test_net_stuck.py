"""A job that its node lists: does it run there? And one that it does not stop.

A dispynode may lose the thread that replies. It goes on to live, to take jobs and to list them.
"""

from types import SimpleNamespace
from typing import Any

import pytest

from gsched.core.model.job import State
from gsched.core.scheduler import Scheduler
from gsched.net.exchange import Exchange
from gsched.net.identity import Identity
from gsched.net.keeping.keeper import Forgetful
from gsched.net.nodes import sending as module
from gsched.net.nodes.sending import REMINDERS, Sending
from gsched.wire.pickles import dumps

JOB = 7


class FakeNode:
    """Takes the place of `Caller`; gives one prepared answer after the other."""

    def __init__(self, *answers: object) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    def ask(self, _address: Any, _code: bytes, payload: bytes, *_limits: Any) -> bytes:
        """Note it, and answer."""
        self.asked.append(payload.partition(b":")[0].decode())
        answer = self.answers.pop(0)
        if isinstance(answer, OSError):
            raise answer
        return dumps(answer)


def is_stuck(node: FakeNode) -> bool:
    """What is made of the node's answers."""
    exchange = Exchange(Scheduler(), lambda: 1000.0)
    identity = Identity(node_secret="", cluster_secret="", announced=("10.0.0.9",))
    arguments = SimpleNamespace()
    sending = Sending(exchange, identity, node, Forgetful(), arguments)  # type: ignore[arg-type]
    cluster = SimpleNamespace(id=1, spec=SimpleNamespace(node_auth="b"))
    address = SimpleNamespace(address="10.0.0.1", port=1, identity="1")
    return sending._is_stuck(address, SimpleNamespace(uid=JOB, cluster=cluster))  # type: ignore[arg-type]


def test_listed_while_nothing_runs() -> None:
    node = FakeNode({"done": [], "pending": 0}, [JOB])
    assert is_stuck(node) and node.asked == ["PENDING_JOBS", "JOBS"]


@pytest.mark.parametrize(
    "answers",
    [
        [{"done": [], "pending": 1}],
        [{"done": [], "pending": 0}, [8]],  # it has just ended
        [{"done": [], "pending": 0}, OSError()],
        [OSError()],
        [None],
        [{}],
    ],
)
def test_in_doubt_it_runs(answers: list[object]) -> None:
    assert not is_stuck(FakeNode(*answers))


@pytest.mark.parametrize("stops_after", [None, 3])
def test_a_node_is_reminded_until_it_has_stopped_a_job_or_is_doubted(
    monkeypatch: pytest.MonkeyPatch, stops_after: int | None
) -> None:
    told: list[Any] = []
    scheduler = SimpleNamespace(unstoppable=lambda *about: told.append(about) or [])
    exchange = Exchange(scheduler, lambda: 1000.0)  # type: ignore[arg-type]
    identity = Identity(node_secret="", cluster_secret="", announced=("10.0.0.9",))
    reminders: list[bytes] = []
    record = SimpleNamespace(hash="h")
    job = SimpleNamespace(uid=JOB, state=State.RUNNING, tries=2)
    vars(job).update(message=SimpleNamespace(record=record), cluster=SimpleNamespace(id=1))

    def tell(_address: Any, _code: bytes, payload: bytes) -> None:
        reminders.append(payload)
        if len(reminders) == stops_after:
            job.state = State.DONE

    monkeypatch.setattr(module, "gevent", SimpleNamespace(sleep=lambda _: None))
    node = SimpleNamespace(address="10.0.0.1", port=1, identity="1")
    parts: Any = (SimpleNamespace(tell=tell), Forgetful(), SimpleNamespace())
    sending = Sending(exchange, identity, *parts)
    sending._terminate(node, job)  # type: ignore[arg-type]
    assert all(one.startswith(b"TERMINATE_JOB:") for one in reminders)
    assert len(reminders) == (stops_after or REMINDERS)
    assert told == ([] if stops_after else [(JOB, 2, 1000.0)])
