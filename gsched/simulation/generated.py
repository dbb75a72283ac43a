"""Workloads that are made up, of the kinds that are common in practice."""

import random
from bisect import bisect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import exp, log

from gsched.simulation.workload import Task

Draw = Callable[[random.Random], float]

POISSON, AT_ONCE = "poisson", "at-once"
ARRIVALS = (POISSON, AT_ONCE)


@dataclass(frozen=True)
class Durations:
    """How long jobs run: a distribution by its mean in seconds."""

    text: str  # as given
    mean: float
    draw: Draw


def durations(text: str) -> Durations:
    """`constant:60`, `uniform:10-50`, `exponential:60` or `lognormal:60,1.5`. Raises ValueError.

    The figure is the mean in seconds; lognormal's second one is the standard deviation of the
    logarithm: 1.5 has many short jobs and few that are very long, as real ones often are
    (Feitelson, Workload Modeling for Computer Systems Performance Evaluation, chapter 5).
    """
    kind, _, figures = text.partition(":")
    try:
        mean, draw = _KINDS[kind](figures)
    except (KeyError, ValueError, TypeError):
        mean, draw = 0.0, None
    if draw is None or not 0 < mean < float("inf"):
        raise ValueError("constant:60, uniform:10-50, exponential:60 or lognormal:60,1.5")
    return Durations(text, mean, draw)


def _constant(figures: str) -> tuple[float, Draw]:
    mean = float(figures)
    return mean, lambda _: mean


def _uniform(figures: str) -> tuple[float, Draw]:
    least, most = (float(part) for part in figures.split("-"))
    if not 0 <= least <= most:
        raise ValueError
    return (least + most) / 2, lambda dice: dice.uniform(least, most)


def _exponential(figures: str) -> tuple[float, Draw]:
    mean = float(figures)
    return mean, lambda dice: dice.expovariate(1 / mean)


def _lognormal(figures: str) -> tuple[float, Draw]:
    mean, sigma = (float(part) for part in figures.split(","))
    if sigma < 0:
        raise ValueError
    mu = log(mean) - sigma * sigma / 2
    return mean, lambda dice: exp(dice.gauss(mu, sigma))


_KINDS: dict[str, Callable[[str], tuple[float, Draw]]] = {
    "constant": _constant,
    "uniform": _uniform,
    "exponential": _exponential,
    "lognormal": _lognormal,
}


@dataclass(frozen=True)
class Generated:
    """`jobs` in all, of so many `clusters`, drawn with a `seed`.

    `load`: work that arrives in the time in which `cpus` could do 1; with AT_ONCE all arrive at
    the beginning. `skew`: the k-th cluster has a part of the jobs like 1 / k ** skew. Clusters
    take the `lasting` in turn.
    """

    jobs: int
    clusters: int
    cpus: int
    lasting: Sequence[Durations]
    arrivals: str = POISSON
    load: float = 0.9
    skew: float = 0.0
    seed: int = 1

    def tasks(self) -> Iterator[Task]:
        """Drawn as they are needed."""
        dice, now = random.Random(self.seed), 0.0  # nosec B311  # dice, no secret
        names = [f"cluster{number + 1}" for number in range(self.clusters)]
        for place in self._places(dice):
            drawn = self.lasting[place % len(self.lasting)].draw(dice)
            yield Task(now, names[place], drawn)
            if self.arrivals == POISSON:
                now += dice.expovariate(self._rate())

    def _places(self, dice: random.Random) -> Iterator[int]:
        """Whose each job is: one cluster after the other if all come at once, else mixed."""
        parts = list(accumulate(self._parts()))
        if self.arrivals == AT_ONCE:
            return (bisect(parts, number / self.jobs) for number in range(self.jobs))
        return (bisect(parts, dice.random()) for _ in range(self.jobs))

    def _parts(self) -> list[float]:
        weights = [(number + 1) ** -self.skew for number in range(self.clusters)]
        return [weight / sum(weights) for weight in weights]

    def _rate(self) -> float:
        """Jobs per second."""
        parts = enumerate(self._parts())
        mean = sum(part * self.lasting[k % len(self.lasting)].mean for k, part in parts)
        return self.load * self.cpus / mean
