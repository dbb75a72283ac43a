"""Weights, priorities and limits: what clusters get by the sharing policy."""

from heapq import heappop, heappush

import pytest

from gsched.core.effects import SendResult
from gsched.core.model.account import Account
from gsched.core.model.cluster import Cluster
from gsched.core.model.job import End, Job
from gsched.core.model.sharing import Rule, Sharing
from gsched.core.restoring import Saved, SavedUsage
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
    jobs = [world.submit(low), world.submit(high), world.submit(low), world.submit(high)]
    world.offer_cpus(node, 1)
    assert world.run_all() == [jobs[1], jobs[3], jobs[0], jobs[2]]


@pytest.mark.parametrize("pinned", [False, True])
def test_a_cluster_at_its_limit_waits_and_says_so(world: World, pinned: bool) -> None:
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
    world.submit(cluster)
    world.offer(cluster)  # not confirmed yet
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


def share(world: World, *rules: Rule) -> None:
    """Somebody has these rules read."""
    world.do("share", Sharing(rules), "anna", "because")


def test_a_cluster_is_set_up_on_the_nodes_that_its_rule_allows(world: World) -> None:
    share(world, Rule(name="lab", nodes=("10.0.1.*", "fd00::/8")))
    assert world.log[-1] == "1 rules by anna: because"
    outside = world.node(address="10.0.0.9")
    cluster = world.cluster()
    (inside,) = world.node(address="10.0.1.9"), *world.closes()
    assert set(cluster.leases) == {inside.address}
    job, book = world.sending(cluster), world.scheduler.book
    assert job.node is inside
    words = "1 not allowed by rule 'lab' (10.0.0.9)"
    assert words in why.of_job(world.submit(cluster), book, world.now)
    with pytest.raises(Refused, match=r"rule 'lab' does not allow node 10\.0\.0\.9"):
        world.offer(cluster, outside)


def test_a_cluster_leaves_nodes_that_a_new_rule_does_not_allow(world: World) -> None:
    node, cluster = world.node(), world.cluster()
    runs, waits = world.running(cluster, node), world.submit(cluster, node)
    free = world.submit(cluster)
    share(world, Rule(name="lab", nodes=("10.1.*",)))
    (lease,) = world.closes()
    assert not lease.terminate and world.results() == [(waits, End.ABANDONED)]
    assert waits.reason == "rule 'lab' does not allow its node 10.0.0.1"
    world.finish(runs)
    world.closed(lease)
    world.told()
    book = world.scheduler.book
    assert "not allowed by rule 'lab'" in why.of_job(free, book, world.now)
    share(world)
    world.set_up_all()
    assert world.sent() == [free]


def test_priorities_of_new_rules_count_at_once(make_world: Make) -> None:
    world = make_world("early")
    node, first = world.node(), world.cluster(name="first")
    second = world.cluster(name="second")
    runs = world.sending(first)
    world.submit(first)
    urgent = world.submit(second)
    share(world, Rule(clusters=("second",), priority=1))
    world.finish(runs)
    assert world.sent() == [urgent] and urgent.node is node


def test_a_limit_that_is_taken_away_lets_waiting_jobs_run(world: World) -> None:
    world.node(cpus=3)
    cluster = world.cluster()
    share(world, Rule(max_cpus=1))
    jobs = world.submit_some(cluster, 3)
    assert world.sent() == jobs[:1]
    share(world)
    assert world.sent() == jobs[1:]


def test_what_was_used_outlives_a_restart(make_world: Make) -> None:
    world = make_world("weighted", durable=True)
    world.node()
    cluster = world.cluster(name="much")
    world.running(cluster)
    world.wait(600.0)
    world.wait(3000.0)
    world.do("suspended")
    kept = [one for one in world.scheduler.take_changes() if isinstance(one, Account)]
    assert [one.label for one in kept] == [cluster.label]
    seconds, when = kept[0].kept
    assert when == world.now and 2000 < seconds < 3600  # an hour ago half of it counts
    later = make_world("weighted", durable=True)
    later.recorder.now = when + 3600.0
    saved = SavedUsage(label=cluster.label, seconds=seconds, at=when)
    later.do("restored", Saved(usage=[saved]))
    again = later.cluster(name="much")
    ledger = later.scheduler.book.ledger
    assert ledger.usage(again.account, later.now) == pytest.approx(seconds / 2)


def test_use_is_kept_now_and_then(make_world: Make) -> None:
    world = make_world("weighted", durable=True)
    world.node()
    world.cluster()
    world.wait(31.0)
    world.scheduler.take_changes()
    world.running(next(iter(world.scheduler.clusters.values())))
    world.wait(5.0)
    assert not [x for x in world.scheduler.take_changes() if isinstance(x, Account)]
    world.wait(30.0)
    (account,) = [x for x in world.scheduler.take_changes() if isinstance(x, Account)]
    assert account.kept == (pytest.approx(35.0, rel=0.01), world.now)


def test_what_counts_for_nothing_any_more_is_not_kept(make_world: Make) -> None:
    world = make_world("weighted", durable=True)
    world.do("restored", Saved(usage=[SavedUsage(label="x @ y", seconds=5.0, at=0.0)]))
    world.recorder.now += 7 * 86400
    world.do("suspended")
    world.do("restored", Saved(usage=[SavedUsage(label="old @ y", seconds=5.0, at=0.0)]))
    world.do("suspended")
    gone = [x for x in world.scheduler.take_changes() if isinstance(x, Account)]
    assert [x.kept for x in gone if x.label == "old @ y"] == [None]
