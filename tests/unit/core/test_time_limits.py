"""Time limits of jobs: beyond the soft one it is told, beyond the hard one the job is stopped."""

import pytest

from gsched.core.admission import Opening
from gsched.core.effects import FindNodes, TerminateJob
from gsched.core.fleet import NodeFacts
from gsched.core.model.cluster import Cluster, ClusterState
from gsched.core.model.job import End, Job
from gsched.core.model.lease import Allocation, LeaseState
from gsched.core.model.sharing import Rule, Sharing
from gsched.core.restoring import Saved, SavedCluster, SavedJob, SavedLease, SavedNode
from gsched.core.seen import why
from gsched.core.seen.snapshot import cluster_row

from .conftest import Make
from .world import World

SOFT = "ran longer than 5 s, the soft_time_limit of rule 'short'"
HARD = "ran longer than 10 s, the hard_time_limit of rule 'short'"


def limited(world: World, *, reentrant: bool = False, **limits: float | int) -> Cluster:
    """A cluster under a rule with these limits."""
    share(world, **limits)
    return world.cluster(reentrant=reentrant)


def share(world: World, **limits: float | int) -> None:
    """Somebody has such a rule read."""
    world.do("share", Sharing((Rule(name="short", **limits),)), "anna", "")


def stopped(world: World, job: Job) -> None:
    """Its node is asked to stop it, and says that it has."""
    assert world.take(TerminateJob) == [TerminateJob(job.node, job)]
    world.over(job, End.TERMINATED)


def test_beyond_the_soft_limit_it_is_told_once(world: World) -> None:
    node = world.node(cpus=2)
    cluster = limited(world, soft_time_limit=5.0)
    job, book = world.running(cluster), world.scheduler.book
    world.wait(4.0)
    assert book.deadlines and not cluster_row(cluster, [node])["note"]
    world.wait(1.0)
    world.wait(60.0)
    assert [line for line in world.log if "ran longer" in line] == [
        f"job {job.uid} of {cluster.label} {SOFT}"
    ]
    assert why.of_job(job, book, world.now) == f"running on node {node.address} for 65 s; it {SOFT}"
    assert cluster_row(cluster, [node])["note"] == (
        "1 of its jobs run beyond a time limit of rule 'short'"
    )
    world.finish(job)
    assert job.reason == "" and not cluster_row(cluster, [node])["note"]


def test_beyond_the_hard_limit_it_ends(world: World) -> None:
    world.node()
    cluster = limited(world, soft_time_limit=5.0, hard_time_limit=10.0)
    job, book = world.running(cluster), world.scheduler.book
    world.wait(9.0)
    world.quiet()
    world.wait(1.0)
    words = f"it {HARD}, the node is asked to stop it"
    assert why.of_job(job, book, world.now).endswith(words)
    stopped(world, job)
    assert world.results() == [(job, End.TERMINATED)]
    assert (job.reason, job.reply, cluster.late) == (HARD, "reply", 0)
    assert [what for _, what, _ in job.events()].count("over time") == 2


def test_one_that_ends_by_itself_just_then_has_finished(world: World) -> None:
    world.node()
    job = world.running(limited(world, hard_time_limit=10.0))
    world.wait(11.0)
    assert world.take(TerminateJob)
    world.over(job)
    assert world.results() == [(job, End.FINISHED)] and job.reason == ""


@pytest.mark.parametrize(("retries", "runs"), [(None, 3), (0, 1), (1, 2), (4, 5)])
def test_a_reentrant_job_runs_again(world: World, retries: int | None, runs: int) -> None:
    world.node()
    cluster = limited(world, reentrant=True, hard_time_limit=10.0, retries=retries)
    job = world.running(cluster)
    for _ in range(runs - 1):
        world.wait(10.0)
        stopped(world, job)
        assert world.sent() == [job]
        world.started(job)
        assert why.of_job(job, world.scheduler.book, world.now).startswith("running on node")
    world.wait(10.0)
    stopped(world, job)
    assert world.results() == [(job, End.TERMINATED)]
    assert (job.reason, job.tries) == (HARD, runs)


def test_one_that_its_client_cancels_meanwhile_is_cancelled(world: World) -> None:
    world.node()
    job = world.running(limited(world, reentrant=True, hard_time_limit=10.0))
    world.wait(10.0)
    assert world.take(TerminateJob)
    world.do("cancelled", job.uid)
    world.take(TerminateJob)
    world.over(job, End.TERMINATED)
    assert world.results() == [(job, End.CANCELLED)]


def test_new_limits_are_for_jobs_that_run_as_well(world: World) -> None:
    world.node()
    cluster = limited(world, hard_time_limit=1000.0)
    job = world.running(cluster)
    world.wait(60.0)
    share(world, hard_time_limit=10.0)
    world.wait(0.1)
    assert world.take(TerminateJob) == [TerminateJob(job.node, job)]


def test_limits_that_are_taken_away(world: World) -> None:
    world.node()
    cluster = limited(world, hard_time_limit=10.0)
    job = world.running(cluster)
    share(world)
    world.wait(60.0)
    world.finish(job)


def test_a_limit_goes_by_the_start_at_the_node(world: World) -> None:
    """Neither the queue nor the way there counts."""
    world.node()
    cluster = limited(world, hard_time_limit=10.0)
    first, second = world.running(cluster), world.submit(cluster)
    world.wait(9.0)
    world.finish(first)
    assert world.sent() == [second]
    world.wait(20.0)
    world.started(second)
    world.wait(9.0)
    world.finish(second)


def test_many_short_jobs_leave_nothing_behind(world: World) -> None:
    world.node()
    cluster = limited(world, hard_time_limit=86400.0)
    for _ in range(300):
        world.finish(world.running(cluster))
    heap = world.scheduler.book.deadlines
    assert not heap._keys and len(heap._entries) <= 65


def test_what_a_node_breaks_by_itself_counts_as_a_retry(world: World) -> None:
    world.node()
    job = world.running(limited(world, reentrant=True, retries=0))
    world.do("broke", job.uid, job.node.address, "no fork", 1.0)
    assert world.results() == [(job, End.TERMINATED)]


@pytest.mark.parametrize("retries", [0, 1])
def test_retries_after_a_loss(world: World, retries: int) -> None:
    cluster = limited(world, reentrant=True, retries=retries)
    world.node()
    job = world.running(cluster)
    for _ in range(retries):
        world.lose(world.scheduler.nodes["10.0.0.1"])
        world.node(address="10.0.0.1", identity="again")
        assert world.sent() == [job]
        world.started(job)
    world.lose(world.scheduler.nodes["10.0.0.1"])
    assert world.results() == [(job, End.ABANDONED)]
    assert job.reason.endswith(f"and rule 'short' allows {retries} retries")


def test_with_many_retries_it_outlives_more_than_three_nodes(world: World) -> None:
    cluster = limited(world, reentrant=True, retries=5)
    job = world.submit(cluster)
    world.recorder.trust.follow = lambda event, now: None  # it knows the usual number only
    for _ in range(5):
        node = world.node()
        assert world.sent() == [job]
        world.started(job)
        world.lose(node)
    world.node()
    assert world.sent() == [job] and job.reruns == 5


def test_a_restart_does_not_give_more_time(make_world: Make) -> None:
    later = make_world()
    later.recorder.now = 2000.0
    share(later, hard_time_limit=10.0)
    facts = NodeFacts(address="10.0.0.1", port=1, name="n", cpus=1, identity="1")
    opening = Opening(name="c", client="10.9.9.9", allocations=[Allocation("*")])
    cluster = SavedCluster(id=7, opening=opening, state=ClusterState.ACTIVE)
    lease = SavedLease(cluster=7, address="10.0.0.1", state=LeaseState.READY)
    kept = {"uid": 8, "cluster": 7, "message": "m", "offered": 1900.0, "node": "10.0.0.1"}
    job = SavedJob(**kept, tries=1, started=True, started_at=1993.0)
    saved = Saved(nodes=[SavedNode(facts=facts)], clusters=[cluster], leases=[lease], jobs=[job])
    later.do("restored", saved)
    later.take(FindNodes)
    later.tick(2.0)
    later.tick(1.0)
    (effect,) = later.take(TerminateJob)
    assert effect.job.uid == 8
