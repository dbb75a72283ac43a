"""A history on a disk that takes its time: nobody waits for it, and nothing piles up."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gevent
import pytest
from past import Side, ended

from gsched.core.effects import Remember
from gsched.core.model.job import End
from gsched.core.scheduler import Scheduler
from gsched.history import recorder as module
from gsched.history.recorder import Recorder
from gsched.store.history import History

PATIENCE = 30.0  # seconds
MOST = 5  # jobs that wait to be written


class Slow(History):
    """It comes back from its disk when it may."""

    def __init__(self, folder: Path, most: int) -> None:
        super().__init__(folder, most)
        self.begun, self.may = threading.Event(), threading.Event()
        self.written: list[int] = []

    def _tidy(self) -> None:
        self.begun.set()
        assert self.may.wait(PATIENCE)
        super()._tidy()

    def _add(self, jobs: Any) -> None:
        self.written += [job.uid for job in jobs]
        super()._add(jobs)


@pytest.fixture
def slow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Slow]:
    first = History(tmp_path, 100)
    first.write([ended(uid, 10.0) for uid in range(3)], [], [])
    first.close()
    monkeypatch.setattr(module, "PAUSE", 0.001)
    monkeypatch.setattr(module, "MOST_WAITING", MOST)
    slow = Slow(tmp_path, 100)
    with gevent.Timeout(PATIENCE):
        yield slow


def note(recorder: Recorder, uid: int) -> None:
    """A job has ended."""
    cluster = SimpleNamespace(handle="0" * 16, name="c", client="10.0.0.9")
    job = SimpleNamespace(uid=uid, cluster=cluster, lane=0, story=(5.0,), end=End.FINISHED)
    about = {"tries": 1, "message": None, "reply": None, "reason": ""}
    vars(job).update(about)
    recorder._note(Remember(job, None, None, None))  # type: ignore[arg-type]


def until(condition: Callable[[], object]) -> None:
    """Others have their turn until it is so: nothing but this thread can open the disk."""
    while not condition():
        gevent.sleep(0.001)


def test_what_is_there_is_counted_while_all_goes_on(slow: Slow) -> None:
    recorder = Recorder(Side(Scheduler(), lambda: 100.0), slow, 100)  # type: ignore[arg-type]
    recorder.start()
    until(slow.begun.is_set)
    assert recorder.kept == 0
    slow.may.set()
    until(lambda: recorder.kept == 3)
    recorder.stop()


def test_very_many_jobs_that_have_ended_hold_up_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "AT_ONCE", 10)
    history = History(tmp_path, 100)
    recorder = Recorder(Side(Scheduler(), lambda: 100.0), history, 100)  # type: ignore[arg-type]
    for uid in range(95):
        note(recorder, uid)
    turns: list[int] = []

    def other() -> None:
        while len(recorder._unwritten[0]) < 95:
            turns.append(len(recorder._unwritten[0]))
            gevent.sleep(0)

    greenlet = gevent.spawn(other)
    recorder._gather(([], []))
    greenlet.join(PATIENCE)
    assert turns == [*range(10, 100, 10)]
    recorder.stop()
    assert history.count == 95


def test_jobs_that_end_meanwhile_are_bounded_and_those_left_out_counted(slow: Slow) -> None:
    recorder = Recorder(Side(Scheduler(), lambda: 100.0), slow, 100)  # type: ignore[arg-type]
    recorder.start()
    until(slow.begun.is_set)
    for uid in range(1000, 1000 + 3 * MOST):
        note(recorder, uid)
    assert (len(recorder._noted), recorder._left_out) == (MOST, 2 * MOST)
    slow.may.set()
    until(lambda: recorder.kept == 3 + MOST)
    assert slow.written == [*range(1000, 1000 + MOST)]
    note(recorder, 2000)
    until(lambda: recorder.kept == 4 + MOST)
    recorder.stop()
