"""Greenlets that do not die in silence, and are used again: a new one costs more than most calls.

A worker runs one call after the other. Between two of them it waits in a pool that all parts of
the server share. What a call raises is logged as our bug, with the name that it was given.
"""

import logging
from collections.abc import Callable
from typing import Any
from weakref import WeakSet

import gevent
from gevent import GreenletExit, get_hub, getcurrent
from greenlet import greenlet

log = logging.getLogger("gsched.greenlets")

_LOOK = 0.001  # seconds between two looks whether all that were stopped have ended
MOST_IDLE = 1000  # workers that are kept for the next storm

Call = Callable[..., Any]


class Worker(greenlet):
    """Runs the calls that it is given. `task` is the one that it runs or is about to."""

    task: "tuple[Greenlets, str, Call, tuple[Any, ...]] | None" = None

    def run(self) -> None:
        """One call after the other, until there are enough idle workers."""
        hub = get_hub()
        while self.task is not None:
            owner, name, call, arguments = self.task
            try:
                call(*arguments)
            except GreenletExit:
                log.debug("%s was stopped", name)
            except BaseException:  # whatever it is: it would end the worker, and say so nowhere
                log.critical("bug in %s", name, exc_info=True)
            self.task = None
            del call, arguments  # they may hold what is large
            owner.left(self)
            if len(_idle) >= MOST_IDLE:
                return
            _idle.append(self)
            hub.switch()


_idle: list[Worker] = []
_all: "WeakSet[Greenlets]" = WeakSet()


def under_way() -> int:
    """Calls of all parts of the server that have not ended."""
    return sum(len(one) for one in _all)


class Greenlets:
    """All calls of one part of the server, to be stopped together."""

    def __init__(self) -> None:
        self._busy: set[Worker] = set()
        _all.add(self)

    def __len__(self) -> int:
        """Calls under way."""
        return len(self._busy)

    def spawn(self, name: str, call: Call, *arguments: Any) -> None:
        """Run the call in a greenlet of its own, soon."""
        get_hub().loop.run_callback(self._worker(name, call, arguments).switch)

    def enter(self, name: str, call: Call, *arguments: Any) -> None:
        """As `spawn`, but at once. To be used by the hub only, which goes on when it waits."""
        self._worker(name, call, arguments).switch()

    def kill(self) -> None:
        """Stop all that still run, and wait until they have."""
        me, told = getcurrent(), set[int]()
        while others := [worker for worker in self._busy if worker is not me]:
            for worker in others:
                if id(worker.task) not in told:
                    told.add(id(worker.task))
                    get_hub().loop.run_callback(_stop, worker, worker.task)
            gevent.sleep(_LOOK)

    def left(self, worker: Worker) -> None:
        """Its call is over."""
        self._busy.discard(worker)

    def _worker(self, name: str, call: Call, arguments: tuple[Any, ...]) -> Worker:
        worker = _idle.pop() if _idle else Worker(parent=get_hub())
        worker.task = (self, name, call, arguments)
        self._busy.add(worker)
        return worker


def give_up() -> str:
    """Have nobody wait any more for the call that runs now; the name that it was given."""
    worker = getcurrent()
    if not isinstance(worker, Worker) or worker.task is None:
        return "a call"
    owner, name, *_ = worker.task
    owner.left(worker)
    return name


def _stop(worker: Worker, task: object) -> None:
    """Runs in the hub. By now the worker may be done with that task, and even have another."""
    if worker.task is task:
        worker.throw(GreenletExit)
