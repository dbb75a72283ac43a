"""Jobs that wait, the one submitted earliest first."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import islice

from gsched.core.model.job import QUEUED, End, Job


class JobQueue:
    """Jobs in the order of submission.

    A job that comes back from a node keeps its place, so it stands in front of all that came
    after it. Jobs that end while they wait are passed over when their turn comes.
    """

    __slots__ = ("_fresh", "_returned")

    def __init__(self) -> None:
        self._fresh: deque[Job] = deque()
        self._returned: list[tuple[int, Job]] = []

    def add(self, job: Job) -> None:
        """A job just accepted. Clients may confirm jobs in another order than they submit them."""
        fresh = self._fresh
        if fresh and fresh[-1].seq > job.seq:
            self.put_back(job)
        else:
            fresh.append(job)

    def put_back(self, job: Job) -> None:
        """A job that stands in front of some that are here."""
        heappush(self._returned, (job.seq, job))

    def head(self) -> Job | None:
        """The job whose turn it is."""
        fresh, returned = self._fresh, self._returned
        while fresh and fresh[0].state is not QUEUED:
            fresh.popleft()
        if not returned:
            return fresh[0] if fresh else None
        while returned and returned[0][1].state is not QUEUED:
            heappop(returned)
        if returned and not (fresh and fresh[0].seq < returned[0][0]):
            return returned[0][1]
        return fresh[0] if fresh else None

    def pop(self) -> Job:
        """Take the head out. Raises IndexError if nothing waits."""
        job = self.head()
        if job is None:
            raise IndexError("no job waits")
        if self._fresh and self._fresh[0] is job:
            self._fresh.popleft()
        else:
            heappop(self._returned)
        return job

    def ahead(self, job: Job, most: int) -> int:
        """How many wait in front of the job; `most` where so many have to be looked at."""
        returned = (one for _, one in islice(self._returned, most))
        number = sum(one.seq < job.seq and one.state is QUEUED for one in returned)
        for looked_at, one in enumerate(self._fresh):
            if one.seq >= job.seq:
                break
            if looked_at >= most:
                return most
            number += one.state is QUEUED
        return min(number, most)

    def __iter__(self) -> Iterator[Job]:
        """All that wait, in no particular order."""
        for job in self._fresh:
            if job.state is QUEUED:
                yield job
        for _, job in self._returned:
            if job.state is QUEUED:
                yield job


@dataclass(frozen=True, slots=True)
class Doomed:
    """Jobs of one cluster that are to end, in what was their queue; how, and why."""

    queue: JobQueue
    end: End
    reason: str
