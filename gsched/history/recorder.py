"""Notes what happens for later: jobs that have ended, figures of each second.

What there is to note gathers and is written once a second, by a thread of its own; another one
reads. A disk that fails stops the history and nothing else: people are told, it is tried again,
and what does not fit into memory meanwhile is left out.
"""

import logging
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import gevent
from gevent.threadpool import ThreadPool

from gsched.core.effects import Remember
from gsched.core.model.job import Event, Job, State
from gsched.history.series import HOUR, WEEK, Series
from gsched.net.exchange import Exchange
from gsched.net.nodes.faults import last_line
from gsched.net.transport.greenlets import Greenlets
from gsched.net.transport.histogram import Histogram
from gsched.store.history import Ended, History, HistoryError
from gsched.store.lookup import Lookup
from gsched.wire.records import JobReply

log = logging.getLogger("gsched.history")

SPANS = (
    *(0.001, 0.01, 0.1, 0.5, 1.0, 5.0, 10.0, 30.0),  # seconds
    *(60.0, 300.0, 1800.0, 3600.0, 21600.0, 86400.0),
)
CONFIRMS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0)  # seconds
PAUSE = 1.0  # seconds between two batches
AT_ONCE = 1000  # jobs that are worked on before others have their turn
MOST_WAITING = 100_000  # jobs that wait to be written; further ones are left out
LONGEST = 300  # characters of a reason

Answer = TypeVar("Answer")
_Noted = tuple[Any, ...]


class Recorder:
    """See the module's text. Without a `history`, only figures are kept, in memory."""

    def __init__(self, exchange: Exchange, history: History | None, most: int) -> None:
        """Raises HistoryError. `most`: jobs that are kept."""
        self.problem = ""  # why nothing can be written now; empty as long as all is well
        self.most = most
        self.series = Series()
        self.confirms = Histogram(CONFIRMS)
        self.waits, self.runs = Histogram(SPANS), Histogram(SPANS)
        """Seconds of jobs that have ended: until clients knew them, before and while they ran."""
        self._exchange, self._history = exchange, history
        self._lookup = Lookup(history) if history else None
        self._writer, self._reader = ThreadPool(1), ThreadPool(1)
        self._greenlets = Greenlets()
        self._noted: deque[_Noted] = deque()
        self._unwritten: tuple[list[Ended], list[Any], list[Any]] = ([], [], [])
        self._left_out = 0

    @property
    def kept(self) -> int:
        """Jobs that are in the file."""
        return self._history.count if self._history else 0

    def start(self) -> None:
        """Note what happens from now on."""
        if self._lookup is not None:
            now = self._exchange.now()
            points, shares = self._lookup.points(now - WEEK), self._lookup.shares(now - HOUR)
            self.series.restore(points, shares)
            self._exchange.perform(Remember, self._note)
            book = self._exchange.scheduler.book
            book.remembering = True
            self._recall(book.jobs.values())
        self._greenlets.spawn("history", self._run)

    def stop(self) -> None:
        """Write what is left, and nothing more."""
        self._greenlets.kill()
        if self._history is None or self._lookup is None:
            return
        self._gather(self.series.rest())
        if error := self._write(self._history):
            log.error("the last of the history was not kept: %s", error)
        self._writer.apply(self._history.close)
        self._reader.apply(self._lookup.close)

    def ask(self, question: Callable[[Lookup], Answer], nothing: Answer) -> Answer:
        """Look something up; `nothing` if there is no history. Raises HistoryError."""
        if self._lookup is None:
            return nothing
        answer, error = self._reader.apply(_tried, (question, self._lookup))
        if error is not None:
            raise error
        return answer  # type: ignore[no-any-return]

    def job(self, uid: int) -> dict[str, Any] | None:
        """All that is kept of a job that has ended; None if nothing is."""
        for noted in reversed(self._noted):
            if noted[0] == uid:
                gevent.sleep(PAUSE + 0.1)  # it is about to be written
                break
        try:
            return self.ask(lambda file: file.job(uid), None)
        except HistoryError as error:
            log.warning("the history cannot be read: %s", error)
            return None

    # -- within -----------------------------------------------------------------------------------

    def _note(self, ended: Remember) -> None:
        """Only what is lost soon is worked out here: it is done for each job."""
        if len(self._noted) >= MOST_WAITING:  # the thread that writes is held up by its disk
            self._left_out += 1
            return
        job, reply = ended.job, ended.job.reply
        is_reply = isinstance(reply, JobReply)
        self._noted.append(
            (
                *(job.uid, job.cluster, ended.node, job.lane, job.story, ended.started),
                *(self._exchange.now(), job.end, job.tries, ended.seconds),
                job.message.size if job.message else 0,
                len(reply.result or b"") if is_reply else 0,
                job.reason or (last_line(reply) if is_reply and reply.exception else ""),
            )
        )

    def _recall(self, jobs: Iterable[Job]) -> None:
        """Jobs that ended just before a crash may have been kept by the journal only."""
        for job in jobs:
            if job.state is State.DONE:
                self._note(Remember(job, job.last, None, None))

    def _run(self) -> None:
        while True:
            gevent.sleep(PAUSE)
            minutes = self.series.sample(self._exchange.scheduler.book, self._exchange.now())
            if self._history is not None:
                self._gather(minutes)
                self._report(self._write(self._history))

    def _gather(self, minutes: tuple[list[Any], list[Any]]) -> None:
        jobs, points, shares = self._unwritten
        points += minutes[0]
        shares += minutes[1]
        for _ in range(0, len(self._noted), AT_ONCE):
            some = [self._noted.popleft() for _ in range(min(AT_ONCE, len(self._noted)))]
            room = MOST_WAITING - len(jobs)
            self._left_out += max(0, len(some) - room)
            jobs += map(_ended, some[:room])
            self._measure(some)
            gevent.sleep(0)  # others have their turn

    def _measure(self, noted: Iterable[_Noted]) -> None:
        for one in noted:
            story, started, seconds = one[4], one[5], one[9]
            if Event.ACCEPTED.value in story[4:5]:
                self.confirms.add(max(0.0, story[3] - story[0]))
            if started is not None:
                self.waits.add(max(0.0, started - story[0]))
            if seconds is not None:
                self.runs.add(max(0.0, seconds))

    def _write(self, history: History) -> HistoryError | None:
        """What went wrong; then it is tried again with what comes next."""
        if not any(self._unwritten) and history.tidy:
            return None
        _, error = self._writer.apply(_tried, (lambda file: file.write(*self._unwritten), history))
        if error is None:
            self._unwritten = ([], [], [])
        return error  # type: ignore[no-any-return]

    def _report(self, error: HistoryError | None) -> None:
        if error is not None and not self.problem:
            log.error("the history is not kept: %s", error)
        elif error is None and self.problem:
            log.warning("the history is kept again; %d jobs are missing", self._left_out)
            self._left_out = 0
        self.problem = f"The history is not kept: {error}" if error else ""


def _tried(call: Callable[[Any], Any], file: Any) -> tuple[Any, HistoryError | None]:
    """Runs in a thread, whose errors gevent would print."""
    try:
        return call(file), None
    except HistoryError as error:
        return None, error


def _ended(noted: _Noted) -> Ended:
    uid, cluster, node, lane, story, started, ended, end, *rest, reason = noted
    return Ended(
        *(uid, (cluster.handle, cluster.name, cluster.client)),
        *(node.address if node else None, None if started is None else lane),
        *(story[0], started, ended, end.value, *rest, _text(reason)),
    )


def _text(reason: str) -> str:
    """As SQLite takes it: peers' texts may hold what is no character."""
    return reason[:LONGEST].encode(errors="replace").decode()
