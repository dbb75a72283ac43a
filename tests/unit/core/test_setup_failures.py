"""Set-ups that fail: what is tried again, what is given up, and what becomes of the jobs."""

import pytest

from gsched.core.dispatch import Refusal
from gsched.core.effects import FindNodes
from gsched.core.model.job import End, State
from gsched.core.model.lease import Allocation, LeaseState, SetUpFailure
from gsched.core.model.node import NodeState
from gsched.core.model.wishes import Wishes

from .world import PORT, World


@pytest.mark.parametrize("why", list(SetUpFailure))
def test_a_set_up_that_fails_is_tried_again_after_a_pause(world: World, why: SetUpFailure) -> None:
    lease = world.setting_up(world.cluster())
    world.fail(lease, why)
    assert lease.state is LeaseState.FAILED and lease.reason == "no such file"
    world.wait(4.9)
    world.wait(0.1)
    assert world.set_ups() == [lease]


def test_a_node_that_is_not_willing_is_asked_for_ever_with_growing_pauses(world: World) -> None:
    lease = world.setting_up(world.cluster())
    pauses = []
    for _ in range(20):
        world.fail(lease, SetUpFailure.UNWILLING)
        assert lease.retry_at is not None
        pauses.append(lease.retry_at - world.now)
        world.wait(pauses[-1])
        assert world.set_ups() == [lease]
    assert pauses == [5.0, 15.0, 45.0, *[60.0] * 17]
    world.ready(lease)


@pytest.mark.parametrize("why", list(SetUpFailure))
def test_a_node_that_was_not_willing_is_asked_when_it_says_it_is_free(
    world: World, why: SetUpFailure
) -> None:
    """Other failures are not over with that."""
    lease = world.setting_up(world.cluster())
    world.fail(lease, why)
    world.do("node_emptied", lease.node.address)
    assert world.set_ups() == ([lease] if why is SetUpFailure.UNWILLING else [])


def test_a_node_that_set_ups_cannot_reach_is_lost_and_found_again(world: World) -> None:
    cluster = world.cluster()
    lease = world.setting_up(cluster)
    for _ in range(2):
        world.fail(lease, SetUpFailure.UNREACHABLE)
        world.wait(60.0)
        assert world.set_ups() == [lease]
    world.fail(lease, SetUpFailure.UNREACHABLE)
    assert lease.node.state is NodeState.LOST and not cluster.leases
    assert world.setting_up(cluster).failures == 0


def test_failures_of_a_node_before_it_was_lost_are_forgotten(world: World) -> None:
    cluster = world.cluster()
    lease = world.setting_up(cluster)
    for _ in range(3):
        world.fail(lease, SetUpFailure.UNREACHABLE)
        world.wait(60.0)
        world.set_ups()
    again = world.setting_up(cluster)
    world.fail(again, SetUpFailure.UNREACHABLE)
    assert again.node.state is NodeState.UP


def test_a_success_makes_earlier_failures_forgotten(world: World) -> None:
    lease = world.setting_up(world.cluster())
    for _ in range(3):
        world.fail(lease)
        world.wait(61.0)
        assert world.set_ups() == [lease]
    world.ready(lease)
    assert (lease.failures, lease.broken, lease.reason) == (0, 0, "")


def test_a_broken_computation_is_given_up_after_four_tries(world: World) -> None:
    lease = world.setting_up(world.cluster())
    world.fail_for_good(lease)
    assert lease.state is LeaseState.FAILED and lease.given_up
    world.wait(100_000.0)


def test_failures_that_pass_do_not_count_as_broken(world: World) -> None:
    lease = world.setting_up(world.cluster())
    for why in [SetUpFailure.BROKEN, SetUpFailure.UNWILLING] * 3:
        world.fail(lease, why)
        world.wait(61.0)
        assert world.set_ups() == [lease]
    world.fail(lease)
    assert lease.given_up


def test_jobs_of_a_hopeless_cluster_are_abandoned_and_say_why(world: World) -> None:
    cluster = world.cluster()
    lease = world.setting_up(cluster)
    before = world.submit_some(cluster, 2)
    world.fail_for_good(lease)
    reason = "set-up failed on every node (10.0.0.1: no such file)"
    assert world.results() == [(job, End.ABANDONED) for job in before]
    after = world.submit(cluster)
    assert world.results() == [(after, End.ABANDONED)]
    assert {job.reason for job in [*before, after]} == {reason}


def test_a_cluster_with_another_node_is_not_hopeless(world: World) -> None:
    cluster = world.cluster()
    lease = world.setting_up(cluster)
    busy = world.node()
    world.running(cluster)
    waiting = world.submit(cluster)
    pinned = world.submit(cluster, pinned=lease.node)
    world.fail_for_good(lease)
    assert world.results() == [(pinned, End.ABANDONED)]
    assert pinned.reason == "set-up failed on node 10.0.0.1: no such file"
    assert waiting.state is State.QUEUED and busy.serves == {cluster}


def test_a_job_pinned_to_a_node_that_was_given_up_is_abandoned(world: World) -> None:
    cluster = world.cluster()
    lease = world.setting_up(cluster)
    world.node()
    world.fail_for_good(lease)
    job = world.submit(cluster, pinned=lease.node)
    assert world.results() == [(job, End.ABANDONED)]


def test_a_cluster_whose_last_good_node_is_given_back_is_hopeless(world: World) -> None:
    cluster = world.cluster()
    lease = world.setting_up(cluster)
    good = world.node()
    running, waiting = world.running(cluster), world.submit(cluster)
    world.fail_for_good(lease)
    world.do("node_given_back", cluster, good.address, False)
    (closing,) = world.closes()
    world.over(running)
    world.results()
    world.closed(closing)
    assert world.told() == [("closed", good)]
    assert world.results() == [(waiting, End.ABANDONED)]


def test_a_cluster_whose_good_node_is_lost_waits_until_that_is_forgotten(world: World) -> None:
    cluster = world.cluster()
    lease = world.setting_up(cluster)
    good = world.node()
    world.fail_for_good(lease)
    world.do("node_lost", good.address, "stopped")
    world.told()
    job = world.submit(cluster)
    assert job.state is State.QUEUED
    world.wait(3599.0)
    world.wait(2.0)
    assert world.results() == [(job, End.ABANDONED)]


def test_a_job_lost_by_a_node_that_was_given_up_meanwhile_is_abandoned(world: World) -> None:
    world.node(cpus=2)
    cluster = world.cluster(reentrant=True)
    running, refused = world.running(cluster), world.sending(cluster)
    world.refuse(refused, Refusal.UNKNOWN)
    (lease,) = world.set_ups()
    world.fail_for_good(lease)
    assert world.results() == [(refused, End.ABANDONED)]
    world.do("missing", running.uid, running.tries, "not known there")
    assert world.results() == [(running, End.ABANDONED)]
    assert running.reason.startswith("set-up failed on every node")


def test_more_nodes_bring_hope_again(world: World) -> None:
    cluster = world.cluster()
    world.fail_for_good(world.setting_up(cluster))
    node = world.node()
    job = world.submit(cluster)
    assert world.sent_to() == [(job, node)]


def test_a_client_may_have_a_node_tried_again_that_was_given_up(world: World) -> None:
    cluster = world.cluster()
    lease = world.setting_up(cluster)
    world.fail_for_good(lease)
    world.do("node_allocated", cluster, [Allocation("*")])
    assert world.take(FindNodes) == [FindNodes(cluster)]
    assert world.set_ups() == [lease]
    world.fail_for_good(lease)


def test_a_restart_at_another_port_may_be_the_end_of_hope(world: World) -> None:
    cluster = world.opened()
    cluster.allocations = Wishes([Allocation("10.0.0.1"), Allocation("10.0.0.2", port=PORT)])
    world.do("cluster_scheduled", cluster)
    world.start(cluster)
    world.fail_for_good(world.setting_up(cluster))
    world.join("10.0.0.2", cpus=0)
    job = world.submit(cluster)
    assert job.state is State.QUEUED
    world.join("10.0.0.2", cpus=0, port=PORT + 1)
    assert world.results() == [(job, End.ABANDONED)]
