"""Jobs that run for longer than their rule allows.

Beyond the soft limit that is told, once. Beyond the hard one the job is stopped at its node; what
becomes of it is decided when the node says that it has ended: see `Dispatch.finished`. Deadlines
stand in a heap, so as long as none is due nothing is looked at.
"""

from gsched.core.book import WARNING, Book
from gsched.core.effects import TerminateJob
from gsched.core.model.job import OVERTIME, Job, Limit


class Deadlines:
    """Works on `book.deadlines`, where jobs are put when they start."""

    def __init__(self, book: Book) -> None:
        self._book = book

    def renew(self) -> None:
        """Limits may be others than before."""
        for node in self._book.nodes.values():
            for job in node.jobs.values():
                if job.deadline is not None:
                    self._book.deadlines.put(job, job.deadline)

    def tick(self, now: float) -> None:
        """Time has gone by."""
        while (job := self._book.deadlines.top(_deadline)) is not None:
            if job.deadline is None or job.deadline[0] > now:
                return
            self._exceed(job, now)

    def _exceed(self, job: Job, now: float) -> None:
        """It has come to the next of its limits."""
        limit, rule = job.next_limit or Limit.HARD, job.cluster.rule
        if job.over is None:
            job.cluster.late += 1
        job.over = limit
        seconds = getattr(rule, limit.value)
        words = f"ran longer than {seconds:g} s, the {limit.value} of rule {rule.name!r}"
        job.story += (now, OVERTIME, words)
        self._book.report(WARNING, f"job {job.uid} of {job.cluster.label} {words}", job)
        if not job.cancelling:
            job.reason = words
            if limit is Limit.HARD and job.node is not None:
                self._book.ask(TerminateJob(job.node, job))


def _deadline(job: Job) -> tuple[float, int] | None:
    return job.deadline
