"""Arguments of jobs: how many bytes of them are in memory, and which jobs' are on disk only.

Jobs that wait in the same queue are in the same lane. What is brought back to memory is shared by
lanes: one that does not move, as its node is away, does not keep the memory from the others.
"""

from collections import deque
from collections.abc import Callable
from typing import Protocol

from gsched.core.model.cluster import Cluster
from gsched.core.model.job import Job, State
from gsched.core.model.node import Node
from gsched.store.arguments import MOST_AT_ONCE

TRIP = 1 << 22  # bytes that are brought back at once
ENDED = 100  # jobs that are over, after which that is told
Uid = int | str | None
_WAITING = (State.OFFERED, State.QUEUED)


class Load(Protocol):
    """What a lane wants to know of a job's message."""

    spilled: int  # bytes that are on disk only

    @property
    def held(self) -> int: ...  # bytes in memory


class Stock:
    """All lanes; `most` bytes are to be in memory. `wake` is called when there is something to do.

    A quarter is for what is brought back. Only the rest is for jobs that have just come.
    """

    def __init__(
        self,
        most: int,
        load: Callable[[Job], Load],
        wake: Callable[[], None] = lambda: None,
        *,
        tell_of_ends: bool = False,
    ) -> None:
        self.most = most
        self.memory = 0  # bytes
        self.disk = 0  # bytes that are only there
        self.wake = wake
        self.low = 0  # bytes of a lane in memory, below which more are brought back
        self.load = load
        self._freely = most - most // 4
        self._ended: list[Uid] | None = [] if tell_of_ends else None
        self._lanes: dict[Cluster, dict[Node | None, Lane]] = {}
        self._behind: dict[Lane, None] = {}  # those that have some on disk

    def lane(self, cluster: Cluster, pinned: Node | None) -> "Lane":
        """The one of that queue."""
        lanes = self._lanes.setdefault(cluster, {})
        lane = lanes.get(pinned)
        if lane is None:
            lane = lanes[pinned] = Lane(self)
        return lane

    def close(self, cluster: Cluster) -> None:
        """The cluster is gone with all its jobs."""
        for lane in self._lanes.pop(cluster, {}).values():
            lane.close()
            self._behind.pop(lane, None)
        self.low = self._share() // 2
        if self._behind:
            self.wake()

    def end(self, uid: Uid) -> None:
        """What is on disk for that job is of no use any more."""
        if self._ended is not None:
            self._ended.append(uid)
            if len(self._ended) >= ENDED:
                self.wake()

    def take_ended(self) -> list[Uid]:
        """Uids of jobs that have ended since the last time."""
        ended, self._ended = self._ended, []
        return ended or []

    def has_room(self, lane: "Lane", size: int) -> bool:
        """Whether those of a job that has just come may be in memory: none stand in front of it."""
        return not lane.later and self.memory + size <= self._freely

    def add(self, lane: "Lane", job: Job) -> None:
        """Those of a job that waits are on disk; it comes after all that the lane has there."""
        lane.later.append(job)
        self._behind[lane] = None
        self.low = self._share() // 2
        if lane.memory <= self.low:
            self.wake()

    def ahead(self) -> list[Job]:
        """The next ones to be brought back, of a lane that has little; they leave `later`."""
        for lane in list(self._behind):
            if lane.memory <= self.low and (jobs := self._of(lane)):
                del self._behind[lane]  # the others go first the next time
                if lane.later:
                    self._behind[lane] = None
                self.low = self._share() // 2
                return jobs
            if not lane.later:
                del self._behind[lane]
        return []

    def _of(self, lane: "Lane") -> list[Job]:
        jobs: list[Job] = []
        size, most = 0, min(TRIP, self.low)
        while lane.later and len(jobs) < MOST_AT_ONCE:
            job = lane.later[0]
            spilled = self.load(job).spilled if job.state in _WAITING else 0
            if spilled and self.memory + size + spilled > self.most:
                break  # it is brought back when it is sent, and no earlier
            if spilled and jobs and size + spilled > most:
                break
            lane.later.popleft()
            if spilled:
                jobs.append(job)
                size += spilled
        return jobs

    def _share(self) -> int:
        return (self.most - self._freely) // max(1, len(self._behind))


class Lane:
    """Jobs of one cluster, those that are pinned to one node or those that are to none."""

    __slots__ = ("_stock", "disk", "later", "memory")

    def __init__(self, stock: Stock) -> None:
        self._stock = stock
        self.memory = 0  # bytes
        self.disk = 0  # bytes that are only there
        self.later: deque[Job] = deque()  # on disk, as they were submitted; some are over by now

    def add(self, memory: int, disk: int) -> None:
        """So many bytes more, or less, here and there."""
        self.memory += memory
        self.disk += disk
        stock = self._stock
        stock.memory += memory
        stock.disk += disk
        if self.later and memory < 0 and self.memory <= stock.low:
            stock.wake()

    def end(self, uid: Uid) -> None:
        """What is on disk for that job is of no use any more."""
        self._stock.end(uid)

    def close(self) -> None:
        """Nothing of it counts any more."""
        self._stock.memory -= self.memory
        self._stock.disk -= self.disk
        self.later.clear()
        self._stock = Stock(0, self._stock.load)  # for what is dropped after that
