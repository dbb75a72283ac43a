"""Weights, priorities and limits: what clusters get by the sharing policy."""

from heapq import heappop, heappush

import pytest

from gsched.core.effects import SendResult
from gsched.core.model.cluster import Cluster
from gsched.core.model.job import End, Job
from gsched.core.model.sharing import Rule, Sharing
from gsched.core.scheduler import Refused
from gsched.core.seen import why

from .conftest import Make
from .world import World

JOBS = 1000


def clusters_of(world: World, *rules: Rule, half_life: float | None = 3600.0) -> list[Cluster]:
    """A cluster for each rule."""
    named = [Rule(**{**vars(x), "clusters": (f"c{n}",)}) for n, x in enumerate(rules)]
    world.scheduler.book.share(Sharing(tuple(named), half_life), world.now)
    return [world.cluster(name=f"c{number}") for number in range(len(rules))]


def run(world: World, lengths: dict[Cluster, float], jobs: int) -> dict[Cluster, float]:
    """CPU seconds of each, while so many jobs run and all have others that wait."""
    used = dict.fromkeys(lengths, 0.0)
    ends: list[tuple[float, int, Job]] = []
    for _ in range(jobs):
        for job in world.sent():
            heappush(ends, (world.recorder.now + lengths[job.cluster], job.uid, job))
        when, _, job = heappop(ends)
        if int(when) > int(world.recorder.now):
            world._also("tick")
        world.recorder.now = when
        used[job.cluster] += lengths[job.cluster]
        world._also("finished", job.uid, job.node.address, End.FINISHED, "", lengths[job.cluster])
        world._also("delivered", job.uid)
        world.take(SendResult)
    for _, _, job in ends:
        used[job.cluster] += world.recorder.now - (job.story[-3] if job.story else 0.0)
    world.sent()
    return used


@pytest.mark.parametrize("lengths", [(1.0, 1.0, 1.0), (0.05, 0.05, 0.05), (1.0, 3.0, 10.0)])
def test_shares_of_the_cpu_time_are_as_the_weights(
    make_world: Make, monkeypatch: pytest.MonkeyPatch, lengths: tuple[float, ...]
) -> None:
    world = make_world("weighted", zombie_interval=None)
    monkeypatch.setattr(world.scheduler, "check", lambda: None)  # they look at all jobs each time
    monkeypatch.setattr(world.recorder.trust, "follow", lambda name, now: None)
    node = world.node(cpus=12)
    weights = (1.0, 2.0, 3.0)
    clusters = clusters_of(world, *(Rule(weight=weight) for weight in weights))
    world.offer_cpus(node, 0)
    for cluster in clusters:
        world.submit_some(cluster, JOBS)
    world.offer_cpus(node, 12)
    used = run(world, dict(zip(clusters, lengths, strict=True)), JOBS)
    for cluster, weight in zip(clusters, weights, strict=True):
        share = used[cluster] / sum(used.values())
        assert share == pytest.approx(weight / sum(weights), rel=0.05), used


def test_the_highest_priority_goes_first(make_world: Make) -> None:
    world = make_world("early")
    node = world.node(cpus=1)
    low, high = clusters_of(world, Rule(), Rule(priority=5))
    world.offer_cpus(node, 0)
    world.recorder.reference.follow = lambda effects: None
    jobs = [world.submit(low), world.submit(high), world.submit(low), world.submit(high)]
    world.offer_cpus(node, 1)
    assert world.run_all() == [jobs[1], jobs[3], jobs[0], jobs[2]]


@pytest.mark.parametrize("pinned", [False, True])
def test_a_cluster_at_its_limit_waits_and_says_so(world: World, pinned: bool) -> None:
    world.recorder.reference.follow = lambda effects: None
    node = world.node(cpus=4)
    limited, other = clusters_of(world, Rule(name="batch-*", max_cpus=2), Rule())
    jobs = world.submit_some(limited, 3, node if pinned else None)
    assert world.sent() == jobs[:2]
    words = "cluster at its limit of 2 CPUs by rule 'batch-*'"
    book = world.scheduler.book
    assert why.of_job(jobs[2], book, world.now).startswith(words)
    assert why.of_cluster(limited, book, world.now) == f"1 job waiting: {words}"
    assert world.sending(other).node is node
    world.finish(jobs[0])
    assert world.sent() == [jobs[2]]


def test_no_more_jobs_wait_than_the_rule_allows(world: World) -> None:
    (cluster,) = clusters_of(world, Rule(name="few", max_queued_jobs=2))
    world.submit_some(cluster, 2)
    with pytest.raises(Refused, match="2 of its jobs wait, rule 'few' allows no more"):
        world.offer(cluster)


def test_the_first_rule_that_matches_is_the_rule() -> None:
    named = Rule(name="named", clusters=("batch-*",), clients=("10.1.0.0/16",))
    rest = Rule(name="rest", clients=("10.*",))
    sharing = Sharing((named, rest))
    assert sharing.rule_for("batch-7", "10.1.2.3") is named
    assert sharing.rule_for("batch-7", "10.2.2.3") is rest
    assert sharing.rule_for("other", "10.1.2.3") is rest
    assert sharing.rule_for("batch-7", "fe80::1").name == ""
