"""Very many jobs that end for one reason: bit by bit, and nobody waits for the last of them."""

from collections.abc import Callable

import pytest

from gsched.core import sweeping
from gsched.core.effects import FindNodes, Forget, Sweep
from gsched.core.model.cluster import Cluster, ClusterState
from gsched.core.model.job import End, Job, State
from gsched.core.model.lease import Allocation
from gsched.core.model.node import Node
from gsched.core.seen import why

from .world import World

MANY = 7


@pytest.fixture(autouse=True)
def _few_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeping, "AT_ONCE", 2)


def sweep(world: World) -> list[int]:
    """Go on to the end; how many jobs waited, or were still to be dropped, after each turn."""
    left = [_left(world)]
    world.results()
    while world.take(Sweep):
        world.do("swept")
        world.results()
        left.append(_left(world))
    return left


def _left(world: World) -> int:
    dropped = sum(len(cluster.untaken) for cluster in world.scheduler.book.dropping)
    return dropped + sum(cluster.waiting for cluster in world.scheduler.clusters.values())


def ends(jobs: list[Job]) -> set[tuple[End | None, str]]:
    return {(job.end, job.reason) for job in jobs}


@pytest.mark.parametrize("gone", ["before", "after"])
def test_jobs_of_a_cluster_that_closes(world: World, gone: str) -> None:
    """Whether its nodes are left before that is through or after it."""
    node, cluster = world.node(), world.cluster()
    running = world.running(cluster)
    jobs = world.submit_some(cluster, 4) + world.submit_some(cluster, 3, pinned=node)
    world.close(cluster)
    [lease], sweeps = world.closes(), world.take(Sweep)
    assert sweeps == [Sweep()] and [job.state for job in jobs].count(State.GONE) == 2
    if gone == "before":
        world.closed(lease)
        assert running.state is State.GONE
    world.do("swept")
    assert sweep(world) == [3, 1, 0]
    if gone == "after":
        world.closed(lease)
    world.gone(cluster)
    assert ends(jobs) == {(End.TERMINATED, "its client wants so")}


def test_results_of_a_cluster_that_closes(world: World) -> None:
    """Nobody has taken them, and nobody will."""
    cluster, _ = world.cluster(), world.node(cpus=MANY)
    for job in [world.running(cluster) for _ in range(MANY)]:
        world.over(job)
        assert world.results() == [(job, End.FINISHED)]
    world.close(cluster)
    [lease] = world.closes()
    assert sweep(world) == [5, 3, 1, 0]
    world.closed(lease)
    world.gone(cluster)


def test_jobs_of_a_cluster_whose_last_node_is_lost(world: World) -> None:
    node, cluster = world.node(), world.cluster()
    running = world.running(cluster)
    jobs = world.submit_some(cluster, MANY)
    world.close(cluster, terminate=False)
    world.lose(node)
    assert running.state is State.GONE
    assert sweep(world) == [5, 3, 1, 0]
    world.gone(cluster)
    assert ends(jobs) == {(End.TERMINATED, "no node is left to run it")}


def test_jobs_of_two_clients_that_are_silent_for_too_long(world: World) -> None:
    clusters = world.cluster(), world.cluster()
    for cluster in clusters:
        world.submit_some(cluster, MANY)
    world.tick(4000.0)
    assert len(world.scheduler.jobs) == 2 * MANY - 2
    gone: list[Forget] = []
    while world.take(Sweep):
        world.do("swept")
        gone += world.take(Forget)
    assert gone == [Forget(cluster) for cluster in clusters]


@pytest.mark.parametrize("terminate", [False, True])
def test_jobs_of_a_scheduler_that_stops(world: World, terminate: bool) -> None:
    world.node()
    clusters = world.cluster(), world.cluster()
    world.set_up_all()
    running = world.running(clusters[0])
    jobs = [job for cluster in clusters for job in world.submit_some(cluster, MANY)]
    world.do("stopped", "maintenance", terminate)
    assert len(world.closes()) == 2 * terminate
    assert sweep(world) == [12, 10, 8, 6, 4, 2, 0]
    assert ends(jobs) == {(End.TERMINATED, "maintenance")} and running.state is State.RUNNING


def test_jobs_of_a_cluster_without_hope(world: World) -> None:
    cluster = world.cluster()
    lease = world.setting_up(cluster)
    jobs = world.submit_some(cluster, MANY)
    world.fail_for_good(lease)
    assert [job.state for job in jobs].count(State.DONE) == 2
    assert len(world.results()) == 2 and world.take(Sweep)
    jobs.append(world.submit(cluster))
    assert jobs[-1].state is State.DONE, "one that has just come does not wait for the others"
    world.results()
    world.do("swept")
    assert sweep(world) == [3, 1, 0]
    words = "set-up failed on every node (10.0.0.1: no such file)"
    assert ends(jobs) == {(End.ABANDONED, words)}


def test_jobs_that_were_set_aside_end_with_the_others(world: World) -> None:
    world.node(cpus=3)
    cluster = world.cluster()
    jobs = [world.sending(cluster) for _ in range(3)]
    for job in jobs:
        world.do("unreadable", job.uid, job.tries, "bad disk")
    world.do("terminate", cluster, "anna", "")
    world.closes()
    assert sweep(world) == [1, 0]
    assert ends(jobs) == {(End.TERMINATED, "terminated by anna")}
    world.do("readable", jobs[0].uid)


def gives_back(world: World, cluster: Cluster, node: Node) -> None:
    world.do("node_given_back", cluster, node.address, True)


def gives_away(world: World, cluster: Cluster, node: Node) -> None:
    world.do("node_deallocated", cluster, node.address)
    world.do("node_lost", node.address, "silent")


def is_told_to_leave(world: World, cluster: Cluster, node: Node) -> None:
    world.do("give_back", cluster, node.address, True, "anna", "")


@pytest.mark.parametrize("event", [gives_back, gives_away, is_told_to_leave])
def test_jobs_that_are_pinned_to_a_node_that_is_given_back(
    world: World, event: Callable[[World, Cluster, Node], None]
) -> None:
    node, cluster = world.node(), world.cluster()
    world.running(cluster)
    jobs = world.submit_some(cluster, MANY, pinned=node)
    event(world, cluster, node)
    world.closes(), world.told()
    assert sweep(world)[:2] == [5, 3]
    [(_, reason)] = ends(jobs)
    assert node.address in reason


def test_jobs_that_are_pinned_to_a_node_that_does_not_come_back(world: World) -> None:
    node, cluster = world.node(), world.cluster()
    jobs = [world.running(cluster), *world.submit_some(cluster, MANY, pinned=node)]
    world.lose(node)
    assert world.results() == [(jobs[0], End.ABANDONED)]
    world.wait(3601.0)
    assert sweep(world) == [5, 3, 1, 0] and node.address not in world.scheduler.nodes


def test_what_is_to_end_goes_to_no_node_any_more(world: World) -> None:
    """Even to one that its client wants again before the last of them has ended."""
    node, cluster = world.node(), world.cluster()
    running = world.running(cluster)
    jobs = world.submit_some(cluster, MANY, pinned=node)
    world.do("node_given_back", cluster, node.address, False)
    [lease], sweeps = world.closes(), world.take(Sweep)
    assert world.results() == [(job, End.TERMINATED) for job in jobs[:2]]
    world.over(running)
    assert world.results() == [(running, End.FINISHED)]
    world.closed(lease)
    assert world.told() == [("closed", node)]
    world.do("node_allocated", cluster, [Allocation("*")])
    assert world.take(FindNodes) == [FindNodes(cluster)]
    world.set_up_all()
    fresh = world.sending(cluster, node)
    assert sweeps == [Sweep()]
    world.do("swept")
    sweep(world)
    assert fresh.state is State.SENDING and ends(jobs) == {(End.TERMINATED, jobs[0].reason)}


def test_what_is_cancelled_meanwhile_is_cancelled(world: World) -> None:
    cluster = world.cluster()
    lease = world.setting_up(cluster)
    last = world.submit_some(cluster, MANY)[-1]
    world.fail_for_good(lease)
    assert len(world.results()) == 2 and world.take(Sweep)
    text = why.of_job(last, world.scheduler.book, world.now)
    assert text == "set-up failed on every node (10.0.0.1: no such file): it ends in a moment"
    world.do("cancelled", last.uid)
    assert world.results() == [(last, End.CANCELLED)]
    world.do("swept")
    assert sweep(world) == [2, 0]


def test_each_cluster_that_closes_has_its_turn(world: World) -> None:
    """However many jobs another one has, and however often its client says so."""
    large, small = world.cluster(), world.cluster()
    world.submit_some(large, 5 * MANY), world.submit_some(small, 2)
    world.close(large)
    assert world.take(Sweep) == [Sweep()]
    text = why.of_cluster(large, world.scheduler.book, world.now)
    assert (
        text == "closing (its client wants so): 0 jobs at nodes, 0 nodes to leave, 33 jobs to end"
    )
    for _ in range(3):
        world.close(large)
    world.close(small)
    assert (len(large.jobs), len(small.jobs)) == (5 * MANY - 2, 2), "more than one at a time"
    world.do("swept")
    assert world.take(Sweep) == [Sweep()] and len(small.jobs) == 2
    world.do("swept")
    world.gone(small)
    assert len(large.jobs) == 5 * MANY - 4
    sweep(world)
    world.gone(large)


def test_results_do_not_wait_for_the_last_job_of_another_cluster(world: World) -> None:
    large = world.cluster()
    small, _ = world.cluster(), world.node(cpus=3)
    for job in [world.running(small) for _ in range(3)]:
        world.over(job)
        world.results()
    world.do("pause", large, "anna", "")
    world.submit_some(large, 5 * MANY)
    world.do("terminate", large, "anna", "")
    assert len(world.results()) == 2 and world.closes() and world.take(Sweep)
    world.close(small)
    assert len(small.untaken) == 3 and world.closes()
    for _ in range(4):
        world.do("swept")
        world.results()
        assert world.take(Sweep) == [Sweep()]
    assert not small.untaken and large.waiting
    sweep(world)


def test_an_exclusive_cluster_does_not_wait_for_the_last_of_them(world: World) -> None:
    world.node()
    before = world.cluster()
    running = world.running(before)
    world.submit_some(before, MANY)
    alone = world.asked(exclusive=True)
    world.close(before)
    [lease], sweeps = world.closes(), world.take(Sweep)
    assert alone.state is ClusterState.WAITING, "the other one is still on a node"
    world.closed(lease)
    assert running.state is State.GONE and len(before.jobs) == MANY - 2
    world.start(alone)
    world.set_up_all()
    job = world.running(alone)
    assert sweeps == [Sweep()]
    world.do("swept")
    sweep(world)
    world.gone(before)
    assert job.state is State.RUNNING


def test_others_do_not_wait_for_the_last_job_of_an_exclusive_cluster(world: World) -> None:
    alone = world.cluster(exclusive=True)
    world.submit_some(alone, MANY)
    other = world.asked()
    world.close(alone)
    assert world.take(Sweep) and alone.jobs
    world.start(other)
    world.do("swept")
    sweep(world)
    world.gone(alone)
