"""Jobs that cannot be sent, since what they consist of is on a disk that does not give it back.

Such a job is not lost, nor does it hold a CPU: it stands aside of its queue, and goes back to its
place there as soon as it can be sent. Until then it can be cancelled, or end with its cluster.
"""

from collections.abc import Callable

from gsched.core.book import Book
from gsched.core.dispatch import Dispatch
from gsched.core.effects import Effect
from gsched.core.model.job import State
from gsched.core.placement import Placement


class Aside:
    """See the module's text. Each method is an event, as those of the scheduler."""

    def __init__(
        self,
        book: Book,
        dispatch: Dispatch,
        placement: Placement,
        finish: Callable[[float], list[Effect]],
    ) -> None:
        self._book = book
        self._dispatch = dispatch
        self._placement = placement
        self._finish = finish  # what each event ends with

    def unreadable(self, uid: int, tries: int, reason: str, now: float) -> list[Effect]:
        """The job, on its way for the `tries`-th time, cannot be read, and so was not sent."""
        job = self._book.jobs.get(uid)
        if job is not None and job.state is State.SENDING and job.tries == tries:
            self._dispatch.unreadable(job, reason, now)
        return self._finish(now)

    def spoiled(self, uid: int, tries: int, reason: str, now: float) -> list[Effect]:
        """As `unreadable`, and it never will be: it ends."""
        job = self._book.jobs.get(uid)
        if job is not None and job.state is State.SENDING and job.tries == tries:
            self._dispatch.spoiled(job, reason, now)
        return self._finish(now)

    def readable(self, uid: int, now: float) -> list[Effect]:
        """It can be sent."""
        job = self._book.jobs.get(uid)
        if self._book.aside.pop(uid, None) and job is not None and job.state is State.QUEUED:
            self._dispatch.readable(job)
            self._placement.end_stranded(job, now)
        return self._finish(now)
