"""Sees that arguments of jobs which wait take only so much memory.

Those that it has no room for lie on disk alone. Some of the next jobs of each queue are read back
before they are sent, all by a thread of its own; what is wanted before that is read first. What
the disk does not give is asked for again and again, while its job stands aside; a job ends whose
arguments are there, but are not what was written.
"""

import logging
from collections.abc import Callable
from itertools import islice
from typing import Any

import gevent
from gevent.event import AsyncResult, Event
from gevent.threadpool import ThreadPool

from gsched.core.effects import Forget
from gsched.core.model.job import Job, State
from gsched.net.computation import Message, message_of
from gsched.net.exchange import Exchange
from gsched.net.keeping.keeper import Keeping, NotKept
from gsched.net.lanes import Lane, Stock
from gsched.net.transport.greenlets import Greenlets
from gsched.store.arguments import MOST_AT_ONCE, Scratch
from gsched.store.arguments import Arguments as Stored
from gsched.store.journal import JournalError
from gsched.store.seal import Pair

log = logging.getLogger("gsched.journal")

RETRY_PAUSE = 5.0  # seconds between two tries to read what could not be read
NO_LIMIT = 1 << 62  # bytes
_OVER = (State.DONE, State.GONE)


class Arguments:
    """`most` bytes of them are in memory, 0 for any number.

    With a journal all of them are in there once the keeper says so; else those that memory has no
    room for are in the Scratch file that is `stored`.
    """

    def __init__(
        self,
        exchange: Exchange,
        keeper: Keeping,
        stored: Stored,
        most: int,
    ) -> None:
        self._exchange = exchange
        self._scheduler = exchange.scheduler
        self._keeper = keeper
        self._scratch = stored if isinstance(stored, Scratch) else None
        self._stored = stored
        self._pool = ThreadPool(1)
        self._greenlets = Greenlets()
        self._wake = Event()
        self._calm = Event()  # not too much is on its way to the disk
        self._calm.set()
        self._arriving = 0  # bytes
        self._stock = Stock(
            most or NO_LIMIT, message_of, self._wake.set, tell_of_ends=bool(self._scratch)
        )
        self._wanted: dict[int, tuple[Job, AsyncResult]] = {}  # by uid
        self._aside: dict[int, Job] = {}  # by uid
        self._unread = self._unwritten = ""  # why the last one was not
        exchange.perform(Forget, self._forget)

    @property
    def problem(self) -> str:
        """What cannot be read or written; empty as long as all can."""
        if self._aside:
            return f"{len(self._aside)} jobs wait for arguments that cannot be read: {self._unread}"
        return self._unwritten

    def shown(self) -> dict[str, int]:
        """Bytes of those that are in memory, may be there (0: any number), and are on disk only."""
        most = 0 if self._stock.most == NO_LIMIT else self._stock.most
        return {"memory": self._stock.memory, "most": most, "disk": self._stock.disk}

    def start(self) -> None:
        """Read from now on, first what jobs of an earlier run need."""
        for job in self._scheduler.jobs.values():
            if job.state not in _OVER:
                message_of(job).enter(self._lane(job))
                if job.state is State.QUEUED:
                    self._stock.add(self._lane(job), job)
        self._greenlets.spawn("arguments", self._run)

    def stop(self) -> None:
        """Read nothing more."""
        self._greenlets.kill()
        self._pool.apply(self._stored.close)

    # -- as jobs come and go ----------------------------------------------------------------------

    def wait_for_calm(self) -> None:
        """Wait until the disk has taken most of what has come: no more is to be taken in before."""
        self._calm.wait()

    def settled(self, job: Job) -> None:
        """Wait until the job, which has just come, is safe, and has its place. Raises NotKept."""
        size = message_of(job).held
        self._arrive(size)
        try:
            self._keeper.settled()
            self._settle(job)
        finally:
            self._arrive(-size)

    def fetch(self, job: Job, tries: int) -> bool:
        """Whether its arguments are in memory, as it is to be sent; if not, it is set aside."""
        if not message_of(job).spilled:
            return True
        _, result = self._wanted.setdefault(job.uid, (job, AsyncResult()))
        self._wake.set()
        error = result.get()
        if error is not None:
            self._set_aside(job, tries, error)
        return error is None

    def at_node(self, job: Job) -> None:
        """Its node has it: the memory may be used for others."""
        message = message_of(job)
        tight = self._stock.memory * 2 > self._stock.most
        if tight and message.stored and job.state is State.RUNNING:
            message.spill()

    # -- jobs that come ---------------------------------------------------------------------------

    def _arrive(self, size: int) -> None:
        self._arriving += size
        if self._arriving * 4 > self._stock.most:
            self._calm.clear()
        else:
            self._calm.set()

    def _settle(self, job: Job) -> None:
        message, lane = message_of(job), self._lane(job)
        message.stored = self._scratch is None
        if self._stock.has_room(lane, message.held):
            message.enter(lane)
            return
        if self._scratch is not None:
            self._write(self._scratch, job, message)
        message.enter(lane)
        message.spill()
        self._stock.add(lane, job)

    def _write(self, scratch: Scratch, job: Job, message: Message) -> None:
        pair = (message.record._args, message.record._kwargs)
        problem = self._pool.apply(_problem, (scratch.write, job.cluster.id, job.uid, pair))
        if problem and not self._unwritten:
            log.error("no more jobs are taken: %s", problem)
        self._unwritten = problem and f"No room for arguments, so no jobs are taken: {problem}"
        if problem:
            raise NotKept(self._unwritten)
        message.stored = True

    def _lane(self, job: Job) -> Lane:
        return self._stock.lane(job.cluster, job.pinned)

    # -- reading ----------------------------------------------------------------------------------

    def _run(self) -> None:
        while True:
            self._wake.wait()
            self._wake.clear()
            while self._bring_wanted() or self._bring_ahead():
                pass
            self._tidy()

    def _bring_wanted(self) -> bool:
        """Bring what jobs that are being sent wait for. Whether there were any."""
        wanted = [self._wanted.pop(uid) for uid in list(islice(self._wanted, MOST_AT_ONCE))]
        failed = self._bring([job for job, _ in wanted])
        for job, result in wanted:
            result.set(failed.get(job.uid))
        return bool(wanted)

    def _bring_ahead(self) -> bool:
        """Bring some that are to be sent soon; those that fail are tried again when they are."""
        jobs = self._stock.ahead()
        self._bring(jobs)
        return bool(jobs)

    def _bring(self, jobs: list[Job]) -> dict[int, JournalError]:
        """By uid, why some could not be read."""
        found, failed = self._read(jobs)
        for job in jobs:
            message = message_of(job)
            if message.spilled and job.uid in found and job.state not in _OVER:
                message.unspill(*found[job.uid])
        return failed

    def _read(self, jobs: list[Job]) -> tuple[dict[int, Pair], dict[int, JournalError]]:
        """What was found, and why the rest of those that are not over was not, by uid."""
        uids = [job.uid for job in jobs]
        found, failed = self._pool.apply(_found, (self._stored, uids)) if uids else ({}, {})
        for job in jobs:
            if job.state in _OVER:
                failed.pop(job.uid, None)
        self._unread = str(next(iter(failed.values()), self._unread))
        return found, failed

    # -- jobs whose arguments do not come back ----------------------------------------------------

    def _set_aside(self, job: Job, tries: int, error: JournalError) -> None:
        reason = f"its arguments cannot be read: {error}"
        if error.damaged:
            log.error("job %s ends: %s", job.uid, reason)
            self._exchange.tell(self._scheduler.aside.spoiled, job.uid, tries, reason)
            return
        self._exchange.tell(self._scheduler.aside.unreadable, job.uid, tries, reason)
        if job.uid not in self._scheduler.book.aside:
            return  # it was to end
        if not self._aside:
            log.error("jobs wait for arguments that cannot be read: %s", error)
            self._greenlets.spawn("unread arguments", self._retry)
        self._aside[job.uid] = job

    def _retry(self) -> None:
        while self._aside:
            gevent.sleep(RETRY_PAUSE)
            while self._retry_some():
                pass
        log.warning("arguments can be read again")

    def _retry_some(self) -> bool:
        """Whether others are worth a try now."""
        jobs = list(islice(self._aside.values(), MOST_AT_ONCE))
        _, failed = self._read(jobs)  # they are read again when they are sent
        for job in jobs:
            del self._aside[job.uid]
            if job.uid in failed and not failed[job.uid].damaged:
                self._aside[job.uid] = job  # behind the others
            else:
                self._exchange.tell(self._scheduler.aside.readable, job.uid)
        return len(failed) < len(jobs)

    # -- room on disk -----------------------------------------------------------------------------

    def _tidy(self) -> None:
        if self._scratch is not None and (ended := self._stock.take_ended()):
            self._drop(self._scratch.drop, ended)

    def _forget(self, effect: Forget) -> None:
        self._stock.close(effect.cluster)
        if self._scratch is not None:
            scratch, id_ = self._scratch, effect.cluster.id
            self._greenlets.spawn("drop arguments", self._drop, scratch.drop_cluster, id_)

    def _drop(self, how: Callable[..., None], *args: Any) -> None:
        problem = self._pool.apply(_problem, (how, *args))
        if problem:
            log.warning("arguments that are of no use any more stay on disk: %s", problem)


def _problem(work: Callable[..., None], *args: Any) -> str:
    try:
        work(*args)
    except JournalError as error:
        return str(error)
    return ""


def _found(stored: Stored, uids: list[int]) -> tuple[dict[int, Pair], dict[int, JournalError]]:
    """What is there, and why the rest is not; one that is damaged does not hide the others."""
    try:
        found = stored.read(uids)
        missing = JournalError("they are not there")
        return found, {uid: missing for uid in uids if uid not in found}
    except JournalError as error:
        if len(uids) == 1:
            return {}, {uids[0]: error}
    found, failed = dict[int, Pair](), dict[int, JournalError]()
    for uid in uids:
        one, problem = _found(stored, [uid])
        found |= one
        failed |= problem
    return found, failed
