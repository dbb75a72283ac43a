"""Jobs that their clients take back, wherever they are."""

import pytest

from gsched.core.dispatch import Refusal
from gsched.core.effects import TellStarted, TerminateJob
from gsched.core.model.cluster import Cluster
from gsched.core.model.job import End, State
from gsched.core.model.node import Node

from .world import World


@pytest.fixture
def node(world: World) -> Node:
    """A node with one CPU."""
    return world.node(cpus=1)


@pytest.fixture
def cluster(world: World, node: Node) -> Cluster:
    """A cluster whose jobs may not run again."""
    return world.cluster()


def test_a_job_cancelled_before_it_was_confirmed_ends_when_it_is(
    world: World, cluster: Cluster
) -> None:
    job = world.offer(cluster)
    world.do("cancelled", job.uid)
    assert job.state is State.OFFERED
    world.do("accepted", job.uid)
    assert world.results() == [(job, End.CANCELLED)]


def test_a_waiting_job_is_cancelled_at_once(world: World, cluster: Cluster) -> None:
    running, waiting, last = world.running(cluster), world.submit(cluster), world.submit(cluster)
    world.do("cancelled", waiting.uid)
    assert world.results() == [(waiting, End.CANCELLED)]
    world.finish(running)
    assert world.sent() == [last]


def test_a_waiting_pinned_job_is_cancelled_at_once(
    world: World, cluster: Cluster, node: Node
) -> None:
    running = world.running(cluster)
    waiting, last = world.submit(cluster, pinned=node), world.submit(cluster, pinned=node)
    world.do("cancelled", waiting.uid)
    assert world.results() == [(waiting, End.CANCELLED)]
    world.finish(running)
    assert world.sent() == [last]


def test_a_job_on_its_way_is_stopped_as_soon_as_it_runs(
    world: World, cluster: Cluster, node: Node
) -> None:
    job = world.sending(cluster)
    world.do("cancelled", job.uid)
    world.do("started", job.uid, job.tries)
    assert world.take(TerminateJob) == [TerminateJob(node, job)]
    assert world.take(TellStarted) == [TellStarted(job)]
    world.over(job, End.TERMINATED)
    assert world.results() == [(job, End.CANCELLED)]


def test_a_running_job_is_stopped_once_and_told_as_cancelled(
    world: World, cluster: Cluster, node: Node
) -> None:
    job = world.running(cluster)
    world.do("cancelled", job.uid)
    assert world.take(TerminateJob) == [TerminateJob(node, job)]
    world.do("cancelled", job.uid)
    world.over(job, End.TERMINATED)
    assert world.results() == [(job, End.CANCELLED)]


def test_a_cancelled_job_that_was_faster_has_finished(world: World, cluster: Cluster) -> None:
    job = world.running(cluster)
    world.do("cancelled", job.uid)
    world.take(TerminateJob)
    world.over(job, End.FINISHED, reply="42")
    assert world.results() == [(job, End.FINISHED)] and job.reply == "42"


def test_cancelling_a_job_that_is_done_changes_nothing(world: World, cluster: Cluster) -> None:
    job = world.running(cluster)
    world.over(job)
    world.results()
    world.do("cancelled", job.uid)
    assert job.end is End.FINISHED


@pytest.mark.parametrize("why", list(Refusal))
def test_a_cancelled_job_that_is_refused_does_not_wait_again(world: World, why: Refusal) -> None:
    world.node()
    job = world.sending(world.cluster())
    world.do("cancelled", job.uid)
    world.refuse(job, why)
    world.set_ups()
    assert world.results() == [(job, End.CANCELLED)]


@pytest.mark.parametrize("reentrant", [False, True])
def test_a_cancelled_job_that_is_lost_is_told_as_cancelled(world: World, reentrant: bool) -> None:
    node = world.node()
    job = world.running(world.cluster(reentrant=reentrant))
    world.do("cancelled", job.uid)
    world.take(TerminateJob)
    world.lose(node)
    assert world.results() == [(job, End.CANCELLED)]


def test_a_job_cancelled_at_its_tenth_refusal_is_told_as_cancelled(world: World) -> None:
    world.node()
    job = world.sending(world.cluster())
    for _ in range(9):
        world.refuse(job, Refusal.REJECTED)
        world.wait(31.0)
        assert world.sent() == [job]
    world.do("cancelled", job.uid)
    world.refuse(job, Refusal.REJECTED)
    assert world.results() == [(job, End.CANCELLED)]
