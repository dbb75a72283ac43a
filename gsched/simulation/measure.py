"""What is counted while a simulation runs. Times in seconds after its beginning."""

from array import array
from collections.abc import Sequence

from gsched.core.model.cluster import Cluster
from gsched.core.model.job import Job
from gsched.simulation.curve import Curve
from gsched.simulation.workload import SOME_CLIENT, Task

SHORTEST = 10.0  # seconds that a job counts for at the least, where waiting is compared with it
TOLD = (0.5, 0.95, 0.99)  # parts of the jobs whose wait is told


class Share:
    """One cluster's part: what it got, and what it was due while it wanted more."""

    def __init__(self, name: str, weight: float) -> None:
        self.name = name
        self.weight = weight
        self.curve = Curve()  # CPUs that it has
        self.waits = array("d")
        self.slowdowns = 0.0  # in sum
        self.waiting = 0
        self.running = 0
        self.got = self.due = 0.0  # CPU seconds, while jobs of it and of others waited
        self.seen = (0.0, 0.0)  # the two clocks of Measure, when last looked at


class Measure:
    """Of one run.

    A cluster that has jobs waiting is due its weight's part of the CPUs that all such clusters
    have together, as long as there are several of them. To know both sums for each cluster
    without looking at all of them at each step there are two clocks: one goes while there is
    such contention, one goes as fast as a weight of 1 earns CPU seconds by it.
    """

    def __init__(self, cpus: int) -> None:
        self.cpus = cpus
        self.shares: dict[Cluster, Share] = {}
        self.span = 0.0  # seconds until the last job ended
        self.refused = 0  # jobs that were not taken: too many of their cluster waited
        self.stopped = 0  # jobs that ran for longer than they may
        self._now = 0.0
        self._contended = self._earned = 0.0  # the clocks
        self._wanting: set[Share] = set()
        self._weights = 0.0  # of those
        self._held = 0  # CPUs that they have

    # -- what happens -------------------------------------------------------------------------

    def submitted(self, cluster: Cluster, now: float) -> None:
        """A job comes."""
        share = self.shares.get(cluster)
        if share is None:
            name = cluster.name if cluster.client == SOME_CLIENT else cluster.label
            share = self.shares[cluster] = Share(name, cluster.rule.weight)
        self._look(share, now)
        share.waiting += 1
        self._settle(share)

    def started(self, job: Job, task: Task, now: float) -> None:
        """It has a CPU."""
        share, wait = self.shares[job.cluster], now - task.arrival
        self._look(share, now)
        share.waits.append(wait)
        share.slowdowns += max(1.0, (wait + task.seconds) / max(task.seconds, SHORTEST))
        share.waiting -= 1
        self._run(share, 1, now)

    def ended(self, job: Job, now: float) -> None:
        """It has no CPU any more."""
        share = self.shares[job.cluster]
        self._look(share, now)
        self._run(share, -1, now)

    def stop(self, now: float) -> None:
        """All jobs have ended."""
        self.span = now
        for share in self.shares.values():
            self._look(share, now)
            share.curve.change(0, now)

    # -- within -------------------------------------------------------------------------------

    def _run(self, share: Share, by: int, now: float) -> None:
        share.running += by
        share.curve.change(by, now)
        if share in self._wanting:
            self._held += by
        self._settle(share)

    def _look(self, share: Share, now: float) -> None:
        """Bring the clocks, and what the cluster got and was due, up to date."""
        if len(self._wanting) > 1:
            passed = now - self._now
            self._contended += passed
            self._earned += passed * self._held / self._weights
        self._now = now
        if share in self._wanting:
            share.got += share.running * (self._contended - share.seen[0])
            share.due += share.weight * (self._earned - share.seen[1])
        share.seen = (self._contended, self._earned)

    def _settle(self, share: Share) -> None:
        """Whether the cluster wants more than it has."""
        wants = share.waiting > 0
        if wants == (share in self._wanting):
            return
        sign = 1 if wants else -1
        self._weights += sign * share.weight
        self._held += sign * share.running
        (self._wanting.add if wants else self._wanting.discard)(share)


def quantiles(waits: Sequence[float]) -> dict[float, float]:
    """How long the luckier part of the jobs waited at the most."""
    ordered = sorted(waits)
    return {part: ordered[min(int(part * len(ordered)), len(ordered) - 1)] for part in TOLD}


def jain(shares: Sequence[float]) -> float:
    """Jain's index of fairness: 1 if all are equal, 1/n if one has it all.

    Jain, Chiu, Hawe: A Quantitative Measure of Fairness, DEC-TR-301, 1984.
    """
    squares = sum(share * share for share in shares)
    return sum(shares) ** 2 / (len(shares) * squares) if squares else 1.0
