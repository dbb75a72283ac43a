"""Keeps what the core knows in the journal, many changes at a time.

All that has changed up to a moment is written as one batch, by a thread of its own, while the
next changes gather. Whoever must not go on before a change is safe waits for it: clients are told
a uid, and nodes that their result is taken, only after that.
"""

import logging
from typing import Protocol

import gevent
from gevent.event import AsyncResult, Event
from gevent.threadpool import ThreadPool

from gsched.core.scheduler import Scheduler
from gsched.net.keeping.rows import batch
from gsched.net.transport.greenlets import Greenlets
from gsched.store.journal import Batch, Journal, JournalError

log = logging.getLogger("gsched.journal")

LAZY = 0.1  # seconds after which changes are written that nobody waits for
GATHERING = 0.005  # seconds, at the most, in which further changes join those that are waited for
RETRY_PAUSE = 1.0  # seconds between two tries on a disk that takes nothing


class NotKept(Exception):
    """A change could not be made safe; the text says why."""


class Keeping(Protocol):
    """What the others want of a keeper."""

    problem: str  # why nothing can be kept now; empty as long as all is well

    def start(self) -> None:
        """Keep what changes from now on."""

    def stop(self) -> None:
        """Keep what has changed by now, and nothing more."""

    def settled(self) -> None:
        """Wait until all that has changed by now is safe. Raises NotKept if the disk fails."""

    def settled_at_last(self) -> None:
        """As `settled`, but wait for a disk that fails to recover."""


class Forgetful:
    """Keeps nothing, so that nothing is waited for."""

    problem = ""

    def start(self) -> None:
        """See Keeping."""

    def stop(self) -> None:
        """See Keeping."""

    def settled(self) -> None:
        """See Keeping."""

    def settled_at_last(self) -> None:
        """See Keeping."""


class Keeper:
    """See the module's text."""

    def __init__(self, scheduler: Scheduler, journal: Journal) -> None:
        self.problem = ""
        self._scheduler = scheduler
        self._journal = journal
        self._pool = ThreadPool(1)
        self._greenlets = Greenlets()
        self._wanted = Event()
        self._waiting: AsyncResult = AsyncResult()
        self._unwritten = Batch()

    def start(self) -> None:
        """Write from now on."""
        self._greenlets.spawn("journal", self._run)

    def stop(self) -> None:
        """Write what is left and close the journal."""
        self._greenlets.kill()
        if self._changed() and (error := self._write()):
            log.error("the last changes were not kept: %s", error)
        self._pool.apply(self._journal.close)

    def settled(self) -> None:
        """See Keeping."""
        if self.problem:
            raise NotKept(self.problem)
        waiting = self._waiting
        self._wanted.set()
        waiting.get()

    def settled_at_last(self) -> None:
        """See Keeping."""
        while True:
            try:
                return self.settled()
            except NotKept:
                gevent.sleep(RETRY_PAUSE)

    # -- within -----------------------------------------------------------------------------------

    def _run(self) -> None:
        while True:
            if self._wanted.wait(LAZY):
                _gather()
            self._wanted.clear()
            waiting, self._waiting = self._waiting, AsyncResult()
            error = self._write() if self._changed() else None
            if error is None:
                waiting.set(None)
            else:
                self._recover(error, waiting)

    def _changed(self) -> bool:
        """Whether there is something to write."""
        changes = self._scheduler.take_changes()
        if changes:
            self._unwritten = self._unwritten.followed_by(batch(changes))
        return bool(len(self._unwritten))

    def _write(self) -> JournalError | None:
        """What went wrong; then all of it is tried again with the next changes."""
        error: JournalError | None = self._pool.apply(_attempt, (self._journal, [self._unwritten]))
        if error is None:
            self._unwritten = Batch()
        return error

    def _recover(self, error: JournalError, waiting: AsyncResult) -> None:
        """Say it, and try again until it works; meanwhile nobody waits in vain."""
        self.problem = f"The state cannot be kept, so no new jobs are taken: {error}"
        log.error("%s", self.problem)
        for one in (waiting, self._waiting):
            one.set_exception(NotKept(self.problem))
        self._waiting = AsyncResult()
        while self._changed() and self._write():
            gevent.sleep(RETRY_PAUSE)
        self.problem = ""
        log.warning("state is kept again")


def _gather() -> None:
    """As long as others have something to do, more changes come, which may go with these."""
    with gevent.Timeout(GATHERING, False):
        gevent.idle()


def _attempt(journal: Journal, batches: list[Batch]) -> JournalError | None:
    try:
        journal.write(batches)
    except JournalError as error:
        return error
    return None
