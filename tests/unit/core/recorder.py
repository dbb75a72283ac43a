"""A scheduler with a clock, watched at every event."""

from typing import Any

from gsched.core import sweeping
from gsched.core.actions import Forbidden
from gsched.core.admission import Opening
from gsched.core.effects import Close, Effect, SetUp
from gsched.core.model.cluster import Cluster
from gsched.core.model.job import Job, State
from gsched.core.scheduler import Refused, Scheduler

from .reference import Reference
from .trust import Trust
from .watch import Watch

ANSWERS = {"lease_ready": SetUp, "lease_failed": SetUp, "lease_closed": Close}


class Recorder:
    """Brings events to a scheduler; after each one everything is verified.

    That is: the scheduler's own `check`, each choice against the reference, each effect against
    the rules of `Watch`, and what nodes and jobs are trusted with against `Trust`.
    """

    def __init__(self, algorithm: str = "submitted", **options: Any) -> None:
        self.scheduler = Scheduler(algorithm, **options)
        self.reference = Reference(self.scheduler)
        self.watch = Watch()
        self.trust = Trust(self.scheduler)
        self.now = 1000.0

    def event(self, name: str, *args: Any, **named: Any) -> list[Effect]:
        """Let something happen."""
        self.watch.prepare(self.scheduler.clusters.values())
        self.trust.prepare()
        self._note(name, args)
        job = self.scheduler.jobs.get(args[0]) if name == "finished" else None
        counts = job is not None and self._counts(job, args[1])
        here = [(job, job.state) for job in self.scheduler.jobs.values()]
        try:
            effects = self._find(name)(*args, now=self.now, **named) or []
        except (Refused, Forbidden):
            self.scheduler.check()
            raise
        self.scheduler.check()
        assert name == "cancel" or _ended(here) <= sweeping.AT_ONCE + 1, "it holds up others"
        self.watch.see(effects)
        self.reference.follow(effects)
        if job is not None and counts:
            self.trust.ended(job)
        self.trust.follow(name, self.now)
        return effects

    def open(self, opening: Opening) -> Cluster:
        """A client brings a computation."""
        cluster = self.scheduler.cluster_opened(opening, self.now)
        self.scheduler.check()
        return cluster

    def offer(self, cluster: Cluster, pinned: str | None = None) -> Job:
        """A client brings a job that it has not confirmed yet."""
        job = self.scheduler.offered(cluster, pinned, "message", self.now)
        self.reference.submitted(job)
        self.watch.jobs.append(job)
        self.scheduler.check()
        return job

    def forget(self) -> None:
        """Let go of what is kept of all events so far. Nothing may be under way."""
        self.reference, self.watch = Reference(self.scheduler), Watch()

    def _counts(self, job: Job, address: str) -> bool:
        """Whether a node's last word on the job is listened to."""
        node = self.scheduler.nodes.get(address)
        open_ = job.state in (State.QUEUED, State.SENDING, State.RUNNING)
        return open_ and node is not None and (job.node or job.last) is node

    def _find(self, name: str) -> Any:
        scheduler = self.scheduler
        places = (scheduler, scheduler.actions, scheduler.demands, scheduler.aside)
        return getattr(next(place for place in places if hasattr(place, name)), name)

    def _note(self, name: str, args: tuple[Any, ...]) -> None:
        """What the reference and the watch have to know of an event."""
        if name in ("cancelled", "cancel"):
            for uid in [args[0]] if name == "cancelled" else args[0]:
                job = self.scheduler.jobs.get(uid)
                if job is not None and job.state is not State.DONE:
                    self.watch.cancelled.add(job.uid)
        elif name in ANSWERS:
            self.watch.answered(args[0], ANSWERS[name])


def _ended(before: list[tuple[Job, State]]) -> int:
    """How many of these jobs have ended that waited, or were dropped that had ended."""
    ends = {State.QUEUED: (State.DONE, State.GONE), State.DONE: (State.GONE,)}
    return sum(job.state in ends.get(state, ()) for job, state in before)
