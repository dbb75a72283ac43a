"""Nodes that do not take a job: they are left alone for a while, and jobs wait in their places."""

import pytest

from gsched.core.dispatch import Refusal
from gsched.core.model.job import End, State
from gsched.core.model.lease import LeaseState
from gsched.core.model.node import NodeState

from .world import World


def test_a_busy_node_is_left_alone_and_tried_again_by_the_clock(world: World) -> None:
    node = world.node()
    job = world.sending(world.cluster())
    world.refuse(job, Refusal.BUSY)
    assert job.state is State.QUEUED
    world.tick(0.4)
    world.tick(0.2)
    assert world.sent_to() == [(job, node)]


def test_pauses_double_up_to_a_limit(world: World) -> None:
    node = world.node()
    job = world.sending(world.cluster())
    pauses = []
    for _ in range(9):
        world.refuse(job, Refusal.BUSY)
        pauses.append(node.held_until - world.now)
        world.wait(pauses[-1])
        assert world.sent() == [job]
    assert pauses == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]


def test_a_job_that_starts_ends_the_growth_of_pauses(world: World) -> None:
    node = world.node(cpus=2)
    cluster = world.cluster()
    job = world.sending(cluster)
    for _ in range(3):
        world.refuse(job, Refusal.BUSY)
        world.wait(31.0)
        assert world.sent() == [job]
    world.started(job)
    another = world.sending(cluster)
    world.refuse(another, Refusal.BUSY)
    assert node.held_until - world.now == 0.5


def test_a_refused_job_goes_elsewhere_at_once(world: World) -> None:
    first, second = world.node(), world.node()
    job = world.sending(world.cluster())
    assert job.node is first
    world.refuse(job, Refusal.BUSY)
    assert world.sent_to() == [(job, second)]


def test_busy_nodes_may_refuse_for_ever(world: World) -> None:
    world.node()
    job = world.sending(world.cluster())
    for _ in range(30):
        world.refuse(job, Refusal.BUSY)
        world.wait(31.0)
        assert world.sent() == [job]
    assert job.refusals == 0


def test_a_held_node_keeps_what_it_has(world: World) -> None:
    node = world.node(cpus=2)
    cluster = world.cluster()
    running, refused = world.running(cluster), world.sending(cluster)
    world.refuse(refused, Refusal.BUSY)
    world.over(running)
    assert world.results() == [(running, End.FINISHED)]
    assert refused.state is State.QUEUED and node.held_until


def test_a_node_that_lacks_the_computation_is_set_up_again(world: World) -> None:
    node, cluster = world.node(), world.cluster()
    job = world.sending(cluster)
    world.refuse(job, Refusal.UNKNOWN)
    (lease,) = world.set_ups()
    assert (lease.node, lease.cluster, node.held_until) == (node, cluster, 0.0)
    world.ready(lease)
    assert world.sent() == [job]


def test_several_jobs_refused_for_lack_of_the_computation_lead_to_one_set_up(world: World) -> None:
    world.node(cpus=3)
    cluster = world.cluster()
    jobs = [world.sending(cluster) for _ in range(3)]
    world.refuse(jobs[0], Refusal.UNKNOWN)
    (lease,) = world.set_ups()
    world.refuse(jobs[2], Refusal.UNKNOWN)
    world.refuse(jobs[1], Refusal.UNKNOWN)
    world.ready(lease)
    assert world.sent() == jobs


def test_a_node_without_the_computation_that_is_drained_stays_so(world: World) -> None:
    node, cluster = world.node(), world.cluster()
    job = world.sending(cluster)
    world.do("node_deallocated", cluster, node.address)
    world.refuse(job, Refusal.UNKNOWN)
    assert node.leases[cluster.id].state is LeaseState.DRAINED


def test_a_job_rejected_ten_times_is_abandoned_and_says_why(world: World) -> None:
    world.node()
    job = world.sending(world.cluster())
    for _ in range(9):
        world.refuse(job, Refusal.REJECTED, "invalid arguments")
        world.wait(31.0)
        assert world.sent() == [job]
    world.refuse(job, Refusal.REJECTED, "invalid arguments")
    assert world.results() == [(job, End.ABANDONED)]
    assert job.reason == "nodes refused it: invalid arguments"


def test_a_job_that_does_not_fit_holds_its_node_up_for_moments_only(world: World) -> None:
    """The others that wait there are not at fault."""
    world.node()
    job = world.sending(world.cluster())
    for _ in range(9):
        world.refuse(job, Refusal.UNFIT, "file too large")
        world.wait(0.5)
        assert world.sent() == [job]
    world.refuse(job, Refusal.UNFIT, "file too large")
    assert world.results() == [(job, End.ABANDONED)]
    assert job.reason == "nodes refused it: file too large"


def test_a_file_that_we_cannot_read_is_not_told_to_be_the_node_s_fault(world: World) -> None:
    """The node is not given up for it, and the reason is told as it is."""
    node = world.node()
    job = world.sending(world.cluster())
    for _ in range(9):
        world.refuse(job, Refusal.UNREADABLE, "file x cannot be read here: EIO")
        world.wait(0.5)
        assert world.sent() == [job]
    world.refuse(job, Refusal.UNREADABLE, "file x cannot be read here: EIO")
    assert world.results() == [(job, End.ABANDONED)]
    assert job.reason == "file x cannot be read here: EIO"
    assert (node.state, node.failures, node.refusals) == (NodeState.UP, 0, 0)


def test_a_node_that_three_messages_did_not_reach_is_lost(world: World) -> None:
    node, cluster = world.node(), world.cluster()
    job = world.sending(cluster)
    for _ in range(2):
        world.refuse(job, Refusal.UNREACHABLE, "connection refused")
        assert node.state is NodeState.UP
        world.wait(31.0)
        assert world.sent() == [job]
    world.refuse(job, Refusal.UNREACHABLE, "connection refused")
    assert node.state is NodeState.LOST and world.told() == [("closed", node)]
    assert job.state is State.QUEUED, "it did not start, so it may run although not reentrant"


@pytest.mark.parametrize("how", ["unreachable", "restarted"])
def test_a_node_is_given_up_once_it_is_known_what_became_of_its_jobs(
    world: World, how: str
) -> None:
    """A job that one exchange gave up with the node would be lost, though another one knows."""
    node, cluster = world.node(cpus=2), world.cluster()
    first, second = world.sending(cluster), world.sending(cluster)
    for job in (first, second):
        world.do("leaving", job.uid, job.tries)
    if how == "unreachable":
        node.failures = 2
    world.refuse(first, Refusal.UNREACHABLE)
    if how == "restarted":
        world.do("node_restarted", node.address, "restarted")
    assert node.state is NodeState.UP and second.state is State.SENDING
    world.refuse(second, Refusal.UNREACHABLE)
    assert node.state is NodeState.LOST and world.told() == [("closed", node)]
    assert {first.state, second.state} == {State.QUEUED}
    assert not (first.losses or second.losses)


def test_a_restarted_node_without_jobs_is_given_up_at_once(world: World) -> None:
    node = world.node()
    world.do("node_restarted", node.address, "restarted")
    assert node.state is NodeState.LOST and node.note == "restarted"
    world.do("node_restarted", "10.0.0.77", "of one that is not known")


def test_a_job_that_starts_shows_that_the_node_can_be_reached(world: World) -> None:
    node = world.node(cpus=2)
    cluster = world.cluster()
    job = world.sending(cluster)
    for _ in range(2):
        world.refuse(job, Refusal.UNREACHABLE)
        world.wait(31.0)
        assert world.sent() == [job]
    world.started(job)
    world.refuse(world.sending(cluster), Refusal.UNREACHABLE)
    assert node.state is NodeState.UP


@pytest.mark.parametrize("why", [Refusal.BUSY, Refusal.REJECTED])
def test_a_message_that_arrives_shows_that_the_node_can_be_reached(
    world: World, why: Refusal
) -> None:
    node = world.node()
    job = world.sending(world.cluster())
    sequence = [Refusal.UNREACHABLE, Refusal.UNREACHABLE, why, Refusal.UNREACHABLE]
    for reason in sequence:
        world.refuse(job, reason)
        world.wait(31.0)
        assert world.sent() == [job]
    assert node.state is NodeState.UP


def test_a_set_up_that_succeeds_shows_that_the_node_can_be_reached(world: World) -> None:
    node = world.node()
    job = world.sending(world.cluster())
    for _ in range(2):
        world.refuse(job, Refusal.UNREACHABLE)
        world.wait(31.0)
        assert world.sent() == [job]
    world.cluster()
    world.refuse(job, Refusal.UNREACHABLE)
    assert node.state is NodeState.UP
