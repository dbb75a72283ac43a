"""The choice of node and job once more, straight from its definition.

It looks at all nodes and all jobs each time and keeps its own record of the order of submission
and of when each cluster had its last turn, so it shares nothing with what it is compared to.
"""

from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from gsched.core.effects import Effect, SendJob
from gsched.core.model.cluster import Cluster
from gsched.core.model.job import Job, State
from gsched.core.model.lease import LeaseState
from gsched.core.model.node import Node, NodeState
from gsched.core.scheduler import Scheduler

Choice = tuple[Node, Job]


class Reference:
    """Follows a scheduler's choices and compares each with the one that is due."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self._order: dict[Job, int] = {}  # of submission
        self._turns: dict[Cluster, int] = {}  # number of the choice that last took a job of it
        self._choices = 0
        keys: dict[str, Callable[[Job], Any]] = {
            "submitted": lambda job: self._order[job],
            "fair": lambda job: (self._turns.get(job.cluster, 0), self._order[job]),
            "early": lambda job: (job.cluster.id, self._order[job]),
        }
        key = keys.get(scheduler.algorithm)  # None: shares are tested, not single choices
        self._key = key and (lambda job: (-job.cluster.rule.priority, key(job)))

    def submitted(self, job: Job) -> None:
        """The job is the latest so far."""
        self._order.setdefault(job, len(self._order))

    def follow(self, effects: list[Effect]) -> None:
        """Verify the choices among an event's effects, and that none is missing."""
        if self._key is None:
            return
        sharing = self._scheduler.book.sharing
        if any(rule.cpus_per_job > 1 or rule.max_cpus_per_node for rule in sharing.rules):
            self._count(effects)  # what suits no cluster waits, and invariants.py looks after it
            return
        sent = [effect for effect in effects if isinstance(effect, SendJob)]
        moment = Moment(self._scheduler, sent)
        for effect in sent:
            due = moment.choice(self._key)
            assert due == (effect.node, effect.job), f"{_tell(due)} was due, not {effect}"
            moment.take(*due)
            self._count([effect])
        due = moment.choice(self._key)
        assert due is None, f"{_tell(due)} was due and did not come"

    def _count(self, effects: list[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, SendJob):
                self._choices += 1
                self._turns[effect.job.cluster] = self._choices


class Moment:
    """What waits and what is free, as it was before the jobs `sent` were given out."""

    def __init__(self, scheduler: Scheduler, sent: list[SendJob]) -> None:
        self._nodes = list(scheduler.nodes.values())  # in the order in which they became known
        self._there = {job for node in self._nodes for job in node.jobs.values()}
        self._there -= {effect.job for effect in sent}
        self._busy = Counter(dict.fromkeys(self._nodes, 0))
        self._running: Counter[Cluster] = Counter()
        for job in self._there:
            self._busy[job.node] += job.cpus
            self._running[job.cluster] += job.cpus
        waiting = [job for job in scheduler.jobs.values() if job.state is State.QUEUED]
        doomed = {job for one in scheduler.book.doomed for job in one.queue}
        self._jobs = [
            job for job in waiting if job.uid not in scheduler.book.aside and job not in doomed
        ]
        self._jobs += [effect.job for effect in sent]

    def choice(self, key: Callable[[Job], Any]) -> Choice | None:
        """The least loaded node with a free CPU and something to run, and the job that is first."""
        able = [node for node in self._nodes if self._has_room(node) and self._candidates(node)]
        if not able:
            return None
        node = min(able, key=self._load)
        return node, min(self._candidates(node), key=key)

    def take(self, node: Node, job: Job) -> None:
        """The job is given to the node."""
        self._busy[node] += 1
        self._running[job.cluster] += 1
        self._jobs.remove(job)

    def _candidates(self, node: Node) -> list[Job]:
        jobs = [job for job in self._jobs if may_run(node, job)]
        return [job for job in jobs if not self._is_full(job.cluster)]

    def _is_full(self, cluster: Cluster) -> bool:
        most = cluster.rule.max_cpus
        return most is not None and self._running[cluster] >= most

    def _has_room(self, node: Node) -> bool:
        usable = node.state is NodeState.UP and node.held_until == 0 and node.drained is None
        most = min(usable_cpus(node), 1) if node.on_trial else usable_cpus(node)  # of one CPU each
        return usable and self._busy[node] < most

    def _load(self, node: Node) -> tuple[Fraction, int]:
        return Fraction(self._busy[node], usable_cpus(node)), self._nodes.index(node)


def usable_cpus(node: Node) -> int:
    """CPUs of the node that may be used at the same time."""
    most = [node.total, node.total if node.limit is None else node.limit]
    if node.ceiling is not None:
        most.append(node.ceiling if node.ceiling >= 0 else node.total + node.ceiling)
    return max(0, min(most))


def may_run(node: Node, job: Job) -> bool:
    """Whether the node is set up for the job, and the job may go there."""
    lease = node.leases.get(job.cluster.id)
    if job.cluster.paused or job.cluster.terminated:
        return False
    return job.pinned in (None, node) and lease is not None and lease.state is LeaseState.READY


def _tell(choice: Choice | None) -> str:
    return f"{choice[1].tell()} to {choice[0].address}" if choice else "nothing"
