"""What clusters got and were due, counted by two clocks, is what a look at each moment says."""

import random
from typing import Any

import pytest

from gsched.core.model.cluster import Cluster
from gsched.core.model.sharing import Rule
from gsched.simulation.measure import Measure, jain, quantiles
from gsched.simulation.workload import Task


def cluster(number: int, weight: float) -> Cluster:
    made = Cluster(number, number, f"c{number}", "10.0.0.1", None)
    made.rule = Rule(weight=weight)
    return made


class Plain:
    """The same by adding up between any two events."""

    def __init__(self, clusters: list[Cluster]) -> None:
        self.waiting = dict.fromkeys(clusters, 0)
        self.running = dict.fromkeys(clusters, 0)
        self.got, self.due = dict.fromkeys(clusters, 0.0), dict.fromkeys(clusters, 0.0)

    def pass_time(self, seconds: float) -> None:
        wanting = [one for one, jobs in self.waiting.items() if jobs]
        if len(wanting) < 2:
            return
        held = sum(self.running[one] for one in wanting)
        weights = sum(one.rule.weight for one in wanting)
        for one in wanting:
            self.got[one] += self.running[one] * seconds
            self.due[one] += one.rule.weight / weights * held * seconds


@pytest.mark.parametrize("seed", range(20))
def test_got_and_due(seed: int) -> None:
    dice = random.Random(seed)
    clusters = [cluster(number, dice.choice((0.5, 1.0, 3.0))) for number in range(5)]
    measure, plain, now = Measure(100), Plain(clusters), 0.0
    for _ in range(400):
        passed = dice.choice((0.0, dice.uniform(0, 10)))
        plain.pass_time(passed)
        now += passed
        one = dice.choice(clusters)
        _event(dice, measure, plain, one, now)
    measure.stop(now)
    for one, share in measure.shares.items():
        assert share.got == pytest.approx(plain.got[one])
        assert share.due == pytest.approx(plain.due[one])
    assert sum(share.got for share in measure.shares.values()) == pytest.approx(
        sum(share.due for share in measure.shares.values())
    )


def _event(dice: random.Random, measure: Measure, plain: Plain, one: Cluster, now: float) -> None:
    what = dice.choice(("submitted", "started", "ended"))
    job: Any = type("Job", (), {"cluster": one})
    if what == "submitted":
        measure.submitted(one, now)
        plain.waiting[one] += 1
    elif what == "started" and plain.waiting[one]:
        measure.started(job, Task(now, "", 1.0), now)
        plain.waiting[one] -= 1
        plain.running[one] += 1
    elif what == "ended" and plain.running[one]:
        measure.ended(job, now)
        plain.running[one] -= 1


def test_quantiles() -> None:
    assert quantiles(list(range(100, 0, -1))) == {0.5: 51, 0.95: 96, 0.99: 100}
    assert quantiles([7.0]) == {0.5: 7.0, 0.95: 7.0, 0.99: 7.0}


def test_jains_index() -> None:
    assert jain([2.0, 2.0, 2.0]) == pytest.approx(1.0)
    assert jain([1.0, 0.0, 0.0, 0.0]) == pytest.approx(0.25)
    assert jain([0.0, 0.0]) == 1.0
