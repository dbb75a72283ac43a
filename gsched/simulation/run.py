"""One algorithm at work on a workload: the real core, and a clock that jumps to what is next.

Nodes and clients do at once what they are asked to, so what is seen is the core's doing alone.
"""

from collections import deque
from collections.abc import Callable, Sequence
from heapq import heappop, heappush
from math import inf
from typing import Any

from gsched.core.admission import Opening
from gsched.core.effects import (
    Effect,
    SendJob,
    SendResult,
    SetUp,
    TellScheduled,
    TerminateJob,
)
from gsched.core.fleet import NodeFacts
from gsched.core.model.cluster import Cluster
from gsched.core.model.job import End, Job
from gsched.core.model.lease import Allocation
from gsched.core.model.sharing import NO_SHARING, Sharing
from gsched.core.scheduler import Refused, Scheduler
from gsched.simulation.measure import Measure
from gsched.simulation.workload import Task, Workload

BEGIN = 1_000_000.0  # on the core's clock; any will do but 0, which there means never
TICK = 10.0  # seconds between two ticks of the core


class Run:
    """Made for one algorithm, and good for one run. `nodes`: the CPUs of each."""

    def __init__(self, algorithm: str, nodes: Sequence[int], sharing: Sharing = NO_SHARING) -> None:
        self.measure = Measure(sum(nodes))
        self._scheduler = Scheduler(algorithm, pulse_interval=inf, zombie_interval=None)
        self._scheduler.book.share(sharing, BEGIN)
        self._clock = 0.0  # seconds since the beginning
        self._ends: list[tuple[float, int, int]] = []  # heap: when, uid, which try
        self._running: dict[int, Job] = {}
        self._stopped: set[int] = set()  # uids of jobs that ran for too long
        self._clusters: dict[tuple[str, str], Cluster] = {}
        self._ticked = 0.0
        self._todo: deque[Effect] = deque()
        for number, cpus in enumerate(nodes):
            self._event("node_joined", _facts(number, cpus))

    def go(self, workload: Workload) -> Measure:
        """Until all jobs have ended. Raises WorkloadError."""
        tasks = workload.tasks()
        coming = next(tasks, None)
        while coming is not None or self._ends:
            arrival = inf if coming is None else coming.arrival
            end = self._ends[0][0] if self._ends else inf
            if self._tick(min(arrival, end)):
                continue
            if end <= arrival:
                self._end(*heappop(self._ends))
            elif coming is not None:
                self._clock = arrival
                self._submit(coming)
                coming = next(tasks, None)
        self.measure.stop(self._clock)
        return self.measure

    @property
    def _now(self) -> float:
        """On the core's clock."""
        return BEGIN + self._clock

    # -- what happens -------------------------------------------------------------------------

    def _tick(self, following: float) -> bool:
        """Tell the core of time, if that is due before what follows and anything goes on."""
        due = self._ticked + TICK
        if due >= following:
            return False
        if not self._running:
            self._ticked = following - TICK
            return False
        self._ticked = self._clock = due
        self._event("tick")
        return True

    def _submit(self, task: Task) -> None:
        cluster = self._clusters.get((task.cluster, task.client)) or self._open(task)
        try:
            job = self._scheduler.offered(cluster, None, task, self._now)
        except Refused:
            self.measure.refused += 1
            return
        self.measure.submitted(cluster, self._clock)
        self._event("accepted", job.uid)

    def _open(self, task: Task) -> Cluster:
        wishes = [Allocation("*")]
        opening = Opening(name=task.cluster, client=task.client, allocations=wishes)
        cluster = self._scheduler.cluster_opened(opening, self._now)
        self._event("cluster_scheduled", cluster)
        self._clusters[task.cluster, task.client] = cluster
        return cluster

    def _end(self, when: float, uid: int, tries: int) -> None:
        job = self._running.get(uid)
        if job is None or job.tries != tries:
            return
        del self._running[uid]
        self._clock = when
        self.measure.ended(job, self._clock)
        address = job.node.address if job.node else ""
        end = End.TERMINATED if uid in self._stopped else End.FINISHED
        self._stopped.discard(uid)
        self._event("finished", uid, address, end, None, self._now - job.started_at)

    # -- what the core asks for ---------------------------------------------------------------

    def _event(self, name: str, *args: Any) -> None:
        """Something happens, and all that follows from it at once."""
        todo = self._todo
        todo.extend(getattr(self._scheduler, name)(*args, self._now))
        while todo:
            effect = todo.popleft()
            answer = ANSWERS.get(type(effect))
            if answer is not None:
                todo.extend(answer(self, effect))

    def _send(self, effect: SendJob) -> list[Effect]:
        job, task = effect.job, effect.job.message
        self._running[job.uid] = job
        heappush(self._ends, (self._clock + task.seconds, job.uid, effect.tries))
        self.measure.started(job, task, self._clock)
        return self._scheduler.started(job.uid, effect.tries, self._now)

    def _stop(self, effect: TerminateJob) -> list[Effect]:
        job = effect.job
        self.measure.stopped += 1
        self._stopped.add(job.uid)
        heappush(self._ends, (self._clock, job.uid, job.tries))
        return []

    def _set_up(self, effect: SetUp) -> list[Effect]:
        lease = effect.lease
        return self._scheduler.lease_ready(lease, lease.node.total, self._now)

    def _start(self, effect: TellScheduled) -> list[Effect]:
        return self._scheduler.cluster_started(effect.cluster, self._now)

    def _deliver(self, effect: SendResult) -> list[Effect]:
        return self._scheduler.delivered(effect.job.uid, self._now)


ANSWERS: dict[type, Callable[[Run, Any], list[Effect]]] = {
    SendJob: Run._send,
    TerminateJob: Run._stop,
    SetUp: Run._set_up,
    TellScheduled: Run._start,
    SendResult: Run._deliver,
}


def _facts(number: int, cpus: int) -> NodeFacts:
    address = f"10.{1 + number // 62_500}.{number // 250 % 250}.{number % 250}"
    return NodeFacts(address=address, port=51348, name=f"node{number}", cpus=cpus, identity="1")
