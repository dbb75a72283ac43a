"""What a run has shown, as plain figures."""

from dataclasses import asdict, dataclass
from itertools import chain
from typing import Any

from gsched.simulation.measure import Measure, Share, jain, quantiles


@dataclass(frozen=True)
class Part:
    """One cluster's. Times in seconds."""

    cluster: str
    jobs: int
    cpu_seconds: float
    wait: float  # mean
    wait_95: float  # 95 % of its jobs waited no longer
    slowdown: float  # mean
    share: float | None  # what it got of what it was due while others waited too; None: never so


@dataclass(frozen=True)
class Outcome:
    """Of one algorithm. Times in seconds.

    `slowdown` of a job is the time from its submission to its end, over the time that it ran (10 s
    at the least). `fairness` is Jain's index of the clusters' shares.
    """

    algorithm: str
    jobs: int
    refused: int  # besides, since too many of their cluster waited
    stopped: int  # of the jobs, for running too long
    span: float  # from the first submission to the last end
    utilisation: float  # part of the CPU time in that span
    wait: float
    wait_50: float
    wait_95: float
    wait_99: float
    longest_wait: float
    slowdown: float
    fairness: float | None
    parts: tuple[Part, ...]

    def plain(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def outcome(algorithm: str, measure: Measure) -> Outcome:
    """All figures of a run. There was one job at least."""
    parts = tuple(_part(share) for share in measure.shares.values())
    shares = [part.share for part in parts if part.share is not None]
    jobs = sum(part.jobs for part in parts)
    used = sum(part.cpu_seconds for part in parts)
    waits = list(chain.from_iterable(share.waits for share in measure.shares.values()))
    at_most = quantiles(waits)
    return Outcome(
        algorithm=algorithm,
        jobs=jobs,
        refused=measure.refused,
        stopped=measure.stopped,
        span=measure.span,
        utilisation=used / (measure.cpus * measure.span) if measure.span else 0.0,
        wait=sum(waits) / jobs,
        wait_50=at_most[0.5],
        wait_95=at_most[0.95],
        wait_99=at_most[0.99],
        longest_wait=max(waits),
        slowdown=sum(share.slowdowns for share in measure.shares.values()) / jobs,
        fairness=jain(shares) if shares else None,
        parts=parts,
    )


def _part(share: Share) -> Part:
    jobs = len(share.waits)
    return Part(
        cluster=share.name,
        jobs=jobs,
        cpu_seconds=sum(share.curve.areas),
        wait=sum(share.waits) / jobs,
        wait_95=quantiles(share.waits)[0.95],
        slowdown=share.slowdowns / jobs,
        share=share.got / share.due if share.due else None,
    )
