"""The real core on a virtual clock: exact where it can be worked out by hand, and the promises of
each algorithm where hundreds of nodes are wanted by all."""

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import pairwise

import pytest

from gsched.core.choice.policies import POLICIES
from gsched.core.model.sharing import Rule, Sharing
from gsched.simulation.generated import AT_ONCE, Generated, durations
from gsched.simulation.measure import Measure
from gsched.simulation.outcome import outcome
from gsched.simulation.run import Run
from gsched.simulation.workload import Task

NODES = (1,) * 500
CLUSTERS = 8
WEIGHTS = (1, 2, 3, 4, 1, 2, 3, 4)


class Listed:
    """Tasks as they are."""

    def __init__(self, *tasks: Task) -> None:
        self._tasks = tasks

    def tasks(self) -> Iterator[Task]:
        return iter(self._tasks)


def waits(measure: Measure) -> dict[str, list[float]]:
    return {share.name: list(share.waits) for share in measure.shares.values()}


@pytest.mark.parametrize("algorithm", POLICIES)
def test_one_cpu_and_one_cluster(algorithm: str) -> None:
    work = Listed(Task(0.0, "a", 5.0), Task(1.0, "a", 2.0), Task(20.0, "a", 1.0))
    seen = outcome(algorithm, Run(algorithm, [1]).go(work))
    assert (seen.jobs, seen.span, seen.longest_wait) == (3, 21.0, 4.0)
    assert seen.utilisation == pytest.approx(8 / 21)
    assert seen.wait == pytest.approx(4 / 3)
    assert seen.slowdown == pytest.approx(1.0)  # (4 + 2) / 10 counts as 1: it ran under 10 s
    assert seen.fairness is None  # nobody had to share


def test_the_order_of_each_algorithm() -> None:
    tasks = [Task(0.0, "a", 1.0), *(Task(0.0, "aabab"[n], 1.0) for n in range(5))]
    work = Listed(*tasks)
    seen = {name: waits(Run(name, [1]).go(work)) for name in POLICIES}
    assert seen["submitted"] == {"a": [0.0, 1.0, 2.0, 4.0], "b": [3.0, 5.0]}
    assert seen["fair"] == {"a": [0.0, 2.0, 4.0, 5.0], "b": [1.0, 3.0]}
    assert seen["early"] == {"a": [0.0, 1.0, 2.0, 3.0], "b": [4.0, 5.0]}
    assert seen["weighted"] == {"a": [0.0, 2.0, 4.0, 5.0], "b": [1.0, 3.0]}


def test_clusters_of_one_name_and_two_clients_are_two() -> None:
    work = Listed(Task(0.0, "a", 1.0, "10.1.1.1"), Task(0.0, "a", 1.0, "10.1.1.2"))
    assert waits(Run("submitted", [1]).go(work)) == {"a @ 10.1.1.1": [0.0], "a @ 10.1.1.2": [1.0]}


@cache
def crowd(algorithm: str, weights: Sequence[int] = (1,) * CLUSTERS) -> Measure:
    """500 CPUs, and 16,000 jobs of clusters that all want them from the beginning on."""
    rules = [Rule(clusters=(f"cluster{k + 1}",), weight=w) for k, w in enumerate(weights)]
    lasting = [durations("exponential:30"), durations("constant:60")]
    work = Generated(16_000, CLUSTERS, sum(NODES), lasting, AT_ONCE)
    return Run(algorithm, NODES, Sharing(tuple(rules))).go(work)


@pytest.mark.parametrize("algorithm", POLICIES)
def test_no_cpu_is_idle_while_jobs_wait(algorithm: str) -> None:
    seen = crowd(algorithm)
    last_start = max(wait for share in seen.shares.values() for wait in share.waits)
    curves = [share.curve.means(seen.span, 100) for share in seen.shares.values()]
    busy = [sum(of_all) for of_all in zip(*curves, strict=True)]
    full = int(last_start / seen.span * 100)
    assert full > 50
    assert busy[:full] == pytest.approx([sum(NODES)] * full, rel=1e-3)
    assert sum(len(share.waits) for share in seen.shares.values()) == 16_000


def test_submitted_goes_by_the_order_of_submission() -> None:
    waits = [wait for share in crowd("submitted").shares.values() for wait in share.waits]
    assert waits == sorted(waits)


def test_early_serves_one_cluster_after_the_other() -> None:
    spans = [(min(s.waits), max(s.waits)) for s in crowd("early").shares.values()]
    assert all(one[1] <= two[0] for one, two in pairwise(spans))


def test_fair_gives_each_cluster_as_many_jobs() -> None:
    """After so many starts each cluster has had its part of them."""
    starts = sorted((w, n) for n, s in enumerate(crowd("fair").shares.values()) for w in s.waits)
    later = [number for wait, number in starts if wait][: 100 * CLUSTERS]
    counts = [later.count(number) for number in range(CLUSTERS)]
    assert max(counts) - min(counts) <= 1


def test_weighted_gives_each_cluster_its_part_of_the_cpu_time() -> None:
    for share in crowd("weighted", WEIGHTS).shares.values():
        assert share.got / share.due == pytest.approx(1.0, abs=0.05)


def test_rules_of_a_policy_hold() -> None:
    """One cluster has half of the CPUs at the most, another a short queue, a third short jobs."""
    rules = (
        Rule(clusters=("half",), max_cpus=2),
        Rule(clusters=("short",), max_queued_jobs=3),
        Rule(clusters=("hasty",), hard_time_limit=20.0),
    )
    half = [Task(0.0, "half", 10.0) for _ in range(4)]
    assert waits(Run("fair", [4], Sharing(rules)).go(Listed(*half))) == {"half": [0, 0, 10, 10]}
    short = [Task(0.0, "short", 1.0) for _ in range(9)]
    seen = Run("fair", [4], Sharing(rules)).go(Listed(*short))
    assert (seen.refused, len(waits(seen)["short"])) == (2, 7)
    seen = Run("fair", [1], Sharing(rules)).go(Listed(Task(0, "hasty", 900), Task(0, "hasty", 5)))
    assert seen.stopped == 1
    assert 20 <= waits(seen)["hasty"][1] <= 31
