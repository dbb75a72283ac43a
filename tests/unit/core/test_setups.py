"""Clusters on nodes: set-ups that fail, drained nodes, nodes given back and allocated again."""

import pytest

from gsched.core.cluster import Cluster
from gsched.core.dispatch import Refusal
from gsched.core.effects import FindNodes
from gsched.core.job import End, State
from gsched.core.lease import Allocation, Lease, LeaseState, SetUpFailure
from gsched.core.node import NodeState
from gsched.core.scheduler import Refused

from .world import PORT, World

PASSING = [SetUpFailure.UNREACHABLE, SetUpFailure.UNWILLING]


def setting_up(world: World, cluster: Cluster, address: str = "10.0.0.1") -> Lease:
    """The cluster's lease on a new node, whose set-up goes on."""
    world.join(address)
    (lease,) = world.set_ups()
    assert lease.cluster is cluster
    return lease


def failed_for_good(world: World, lease: Lease) -> None:
    """The set-up fails by the computation's fault until the node is given up."""
    for _ in range(3):
        world.fail(lease)
        world.wait(61.0)
        assert world.set_ups() == [lease]
    world.fail(lease)


def allocate(world: World, cluster: Cluster, host: str = "*") -> None:
    """The client asks for nodes."""
    world.do("node_allocated", cluster, [Allocation(host)])
    assert world.take(FindNodes) == [FindNodes(cluster)]


# -- set-ups that fail ------------------------------------------------------------------------


@pytest.mark.parametrize("why", list(SetUpFailure))
def test_a_set_up_that_fails_is_tried_again_after_a_pause(world: World, why: SetUpFailure) -> None:
    lease = setting_up(world, world.cluster())
    world.fail(lease, why)
    assert lease.state is LeaseState.FAILED and lease.reason == "no such file"
    world.wait(4.9)
    world.wait(0.1)
    assert world.set_ups() == [lease]


def test_a_node_that_is_not_willing_is_asked_for_ever_with_growing_pauses(world: World) -> None:
    lease = setting_up(world, world.cluster())
    pauses = []
    for _ in range(20):
        world.fail(lease, SetUpFailure.UNWILLING)
        assert lease.retry_at is not None
        pauses.append(lease.retry_at - world.now)
        world.wait(pauses[-1])
        assert world.set_ups() == [lease]
    assert pauses == [5.0, 15.0, 45.0, *[60.0] * 17]
    world.ready(lease)


def test_a_node_that_set_ups_cannot_reach_is_lost_and_found_again(world: World) -> None:
    cluster = world.cluster()
    lease = setting_up(world, cluster)
    for _ in range(2):
        world.fail(lease, SetUpFailure.UNREACHABLE)
        world.wait(60.0)
        assert world.set_ups() == [lease]
    world.fail(lease, SetUpFailure.UNREACHABLE)
    assert lease.node.state is NodeState.LOST and not cluster.leases
    assert setting_up(world, cluster).failures == 0


def test_failures_of_a_node_before_it_was_lost_are_forgotten(world: World) -> None:
    cluster = world.cluster()
    lease = setting_up(world, cluster)
    for _ in range(3):
        world.fail(lease, SetUpFailure.UNREACHABLE)
        world.wait(60.0)
        world.set_ups()
    again = setting_up(world, cluster)
    world.fail(again, SetUpFailure.UNREACHABLE)
    assert again.node.state is NodeState.UP


def test_a_success_makes_earlier_failures_forgotten(world: World) -> None:
    lease = setting_up(world, world.cluster())
    for _ in range(3):
        world.fail(lease)
        world.wait(61.0)
        assert world.set_ups() == [lease]
    world.ready(lease)
    assert (lease.failures, lease.broken, lease.reason) == (0, 0, "")


def test_a_broken_computation_is_given_up_after_four_tries(world: World) -> None:
    lease = setting_up(world, world.cluster())
    failed_for_good(world, lease)
    assert lease.state is LeaseState.FAILED and lease.given_up
    world.wait(100_000.0)


def test_failures_that_pass_do_not_count_as_broken(world: World) -> None:
    lease = setting_up(world, world.cluster())
    for why in [SetUpFailure.BROKEN, SetUpFailure.UNWILLING] * 3:
        world.fail(lease, why)
        world.wait(61.0)
        assert world.set_ups() == [lease]
    world.fail(lease)
    assert lease.given_up


def test_jobs_of_a_hopeless_cluster_are_abandoned_and_say_why(world: World) -> None:
    cluster = world.cluster()
    lease = setting_up(world, cluster)
    before = world.submit_some(cluster, 2)
    failed_for_good(world, lease)
    reason = "set-up failed on every node (10.0.0.1: no such file)"
    assert world.results() == [(job, End.ABANDONED) for job in before]
    after = world.submit(cluster)
    assert world.results() == [(after, End.ABANDONED)]
    assert {job.reason for job in [*before, after]} == {reason}


def test_a_cluster_with_another_node_is_not_hopeless(world: World) -> None:
    cluster = world.cluster()
    lease = setting_up(world, cluster)
    busy = world.node()
    world.running(cluster)
    waiting = world.submit(cluster)
    pinned = world.submit(cluster, pinned=lease.node)
    failed_for_good(world, lease)
    assert world.results() == [(pinned, End.ABANDONED)]
    assert pinned.reason == "set-up failed on node 10.0.0.1: no such file"
    assert waiting.state is State.QUEUED and busy.serves == {cluster}


def test_a_job_pinned_to_a_node_that_was_given_up_is_abandoned(world: World) -> None:
    cluster = world.cluster()
    lease = setting_up(world, cluster)
    world.node()
    failed_for_good(world, lease)
    job = world.submit(cluster, pinned=lease.node)
    assert world.results() == [(job, End.ABANDONED)]


def test_a_cluster_whose_last_good_node_is_given_back_is_hopeless(world: World) -> None:
    cluster = world.cluster()
    lease = setting_up(world, cluster)
    good = world.node()
    running, waiting = world.running(cluster), world.submit(cluster)
    failed_for_good(world, lease)
    world.do("node_given_back", cluster, good.address, False)
    (closing,) = world.closes()
    world.over(running)
    world.results()
    world.closed(closing)
    assert world.told() == [("closed", good)]
    assert world.results() == [(waiting, End.ABANDONED)]


def test_a_cluster_whose_good_node_is_lost_waits_until_that_is_forgotten(world: World) -> None:
    cluster = world.cluster()
    lease = setting_up(world, cluster)
    good = world.node()
    failed_for_good(world, lease)
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
    failed_for_good(world, lease)
    assert world.results() == [(refused, End.ABANDONED)]
    world.do("missing", running.uid, running.tries, "not known there")
    assert world.results() == [(running, End.ABANDONED)]
    assert running.reason.startswith("set-up failed on every node")


def test_more_nodes_bring_hope_again(world: World) -> None:
    cluster = world.cluster()
    failed_for_good(world, setting_up(world, cluster))
    node = world.node()
    job = world.submit(cluster)
    assert world.sent_to() == [(job, node)]


def test_a_client_may_have_a_node_tried_again_that_was_given_up(world: World) -> None:
    cluster = world.cluster()
    lease = setting_up(world, cluster)
    failed_for_good(world, lease)
    allocate(world, cluster)
    assert world.set_ups() == [lease]
    failed_for_good(world, lease)


def test_a_restart_at_another_port_may_be_the_end_of_hope(world: World) -> None:
    cluster = world.opened()
    cluster.allocations = [Allocation("10.0.0.1"), Allocation("10.0.0.2", port=PORT)]
    world.do("cluster_scheduled", cluster)
    world.start(cluster)
    failed_for_good(world, setting_up(world, cluster))
    world.join("10.0.0.2", cpus=0)
    job = world.submit(cluster)
    assert job.state is State.QUEUED
    world.join("10.0.0.2", cpus=0, port=PORT + 1)
    assert world.results() == [(job, End.ABANDONED)]


# -- one thing at a time ----------------------------------------------------------------------


def test_a_close_waits_for_the_end_of_the_set_up(world: World) -> None:
    cluster = world.cluster()
    lease = setting_up(world, cluster)
    world.close(cluster)
    world.do("lease_ready", lease, 0)
    assert world.closes() == [lease]
    world.closed(lease)
    world.gone(cluster)


@pytest.mark.parametrize("why", list(SetUpFailure))
def test_a_set_up_that_failed_needs_no_close(world: World, why: SetUpFailure) -> None:
    cluster = world.cluster()
    lease = setting_up(world, cluster)
    world.close(cluster)
    world.fail(lease, why)
    world.gone(cluster)


def test_closing_while_a_retry_is_awaited_needs_no_message(world: World) -> None:
    cluster = world.cluster()
    world.fail(setting_up(world, cluster))
    world.close(cluster)
    world.gone(cluster)
    world.tick(61.0)


def test_a_node_given_back_during_its_set_up_is_closed_afterwards(world: World) -> None:
    cluster = world.cluster()
    lease = setting_up(world, cluster)
    world.do("node_given_back", cluster, lease.node.address, True)
    world.do("lease_ready", lease, 0)
    assert world.closes() == [lease]
    world.closed(lease)
    assert not cluster.leases


def test_a_node_wanted_again_during_its_set_up_is_kept(world: World) -> None:
    cluster = world.cluster()
    lease = setting_up(world, cluster)
    world.do("node_given_back", cluster, lease.node.address, True)
    allocate(world, cluster)
    world.ready(lease)
    assert lease.state is LeaseState.READY


def test_a_node_wanted_again_while_it_is_closed_is_set_up_afterwards(world: World) -> None:
    node, cluster = world.node(), world.cluster()
    world.do("node_given_back", cluster, node.address, True)
    (closing,) = world.closes()
    allocate(world, cluster)
    world.closed(closing)
    assert world.told() == [("closed", node)]
    (lease,) = world.set_ups()
    assert lease is not closing and lease.node is node


def test_closing_twice_leads_to_one_close(world: World) -> None:
    node, cluster = world.node(), world.cluster()
    world.do("node_given_back", cluster, node.address, False)
    (lease,) = world.closes()
    assert not lease.terminate
    world.close(cluster)
    assert lease.terminate


@pytest.mark.parametrize("event", ["lease_ready", "lease_failed", "lease_closed"])
def test_answers_to_what_nobody_asked_have_no_effect(world: World, event: str) -> None:
    node, cluster = world.node(), world.cluster()
    lease = node.leases[cluster.id]
    arguments = {"lease_ready": (8,), "lease_failed": (SetUpFailure.BROKEN, "late")}
    world.do(event, lease, *arguments.get(event, ()))
    assert (lease.state, node.cpus) == (LeaseState.READY, 1)


# -- drained ----------------------------------------------------------------------------------


def test_a_drained_node_runs_what_it_has_and_is_given_no_more(world: World) -> None:
    node, cluster = world.node(cpus=2), world.cluster()
    job = world.running(cluster)
    world.do("node_deallocated", cluster, node.address)
    waiting = world.submit(cluster)
    world.finish(job)
    assert waiting.state is State.QUEUED and node.leases[cluster.id].state is LeaseState.DRAINED


def test_a_drained_node_goes_on_for_others(world: World) -> None:
    node = world.node()
    drained, other = world.cluster(), world.cluster()
    world.do("node_deallocated", drained, node.address)
    world.submit(drained)
    world.submit(drained, pinned=node)
    job = world.submit(other)
    assert world.sent_to() == [(job, node)]


def test_jobs_go_past_a_drained_node_to_its_neighbour(world: World) -> None:
    drained, neighbour = world.node(), world.node()
    cluster = world.cluster()
    world.do("node_deallocated", cluster, drained.address)
    jobs = world.submit_some(cluster, 2)
    assert world.sent_to() == [(jobs[0], neighbour)]


def test_a_drained_node_that_is_allocated_again_needs_no_set_up(world: World) -> None:
    node, cluster = world.node(), world.cluster()
    world.do("node_deallocated", cluster, node.address)
    waiting, pinned = world.submit(cluster), world.submit(cluster, pinned=node)
    allocate(world, cluster)
    assert world.run_all() == [waiting, pinned]


# -- given back -------------------------------------------------------------------------------


@pytest.mark.parametrize("terminate", [True, False])
def test_a_node_given_back_is_closed_and_its_pinned_jobs_end(world: World, terminate: bool) -> None:
    node, cluster = world.node(), world.cluster()
    running = world.running(cluster)
    pinned = world.submit(cluster, pinned=node)
    free = world.submit(cluster)
    world.do("node_given_back", cluster, node.address, terminate)
    (lease,) = world.closes()
    assert lease.terminate == terminate
    assert world.results() == [(pinned, End.TERMINATED)]
    world.over(running)
    assert world.results() == [(running, End.FINISHED)]
    world.closed(lease)
    assert world.told() == [("closed", node)]
    assert free.state is State.QUEUED and not node.leases


def test_jobs_that_a_close_did_not_wait_for_are_lost(world: World) -> None:
    node, cluster = world.node(), world.cluster()
    job = world.running(cluster)
    world.do("node_given_back", cluster, node.address, True)
    world.closed(*world.closes())
    assert world.results() == [(job, End.ABANDONED)]
    assert "was closed on its node" in job.reason
    world.told()


def test_a_node_given_back_is_not_used_again_unless_it_is_allocated(world: World) -> None:
    node, cluster = world.node(), world.cluster()
    world.do("node_given_back", cluster, node.address, True)
    world.closed(*world.closes())
    world.told()
    world.join(node.address)
    world.join(node.address, identity="2")
    assert not node.leases
    allocate(world, cluster, node.address)
    (lease,) = world.set_ups()
    assert lease.node is node


@pytest.mark.parametrize(
    ("event", "arguments"),
    [("node_deallocated", ()), ("node_given_back", (True,)), ("cpus_limited", (1,))],
)
def test_what_concerns_a_node_that_the_cluster_is_not_on_is_refused(
    world: World, event: str, arguments: tuple[int, ...]
) -> None:
    node, cluster = world.node(), world.cluster("10.5.*")
    with pytest.raises(Refused, match=f"not on node {node.address}"):
        world.do(event, cluster, node.address, *arguments)


# -- allocations ------------------------------------------------------------------------------


def test_more_nodes_may_be_allocated_later(world: World) -> None:
    first, second = world.node(), world.node()
    cluster = world.cluster(first.address)
    assert set(cluster.leases) == {first.address}
    allocate(world, cluster, second.address)
    world.set_up_all()
    assert set(cluster.leases) == {first.address, second.address}


def test_the_first_allocation_that_matches_says_what_goes_to_the_node(world: World) -> None:
    cluster = world.opened()
    cluster.allocations = [
        Allocation("10.0.0.2", files=["a"], setup_args=(1,)),
        Allocation("10.0.*", files=["b"], setup_args=(2,)),
    ]
    for address in ("10.0.0.1", "10.0.0.2"):
        world.join(address)
    world.do("cluster_scheduled", cluster)
    world.start(cluster)
    world.set_up_all()
    given = {
        x.node.address: (x.allocation.files, x.allocation.setup_args)
        for x in cluster.leases.values()
    }
    assert given == {"10.0.0.1": (["b"], (2,)), "10.0.0.2": (["a"], (1,))}


def test_nothing_is_allocated_to_a_cluster_that_closes(world: World) -> None:
    cluster = world.cluster()
    lease = setting_up(world, cluster)
    world.close(cluster)
    with pytest.raises(Refused):
        world.do("node_allocated", cluster, [Allocation("*")])
    world.do("lease_ready", lease, 0)
    assert world.closes() == [lease]
    world.closed(lease)
    world.gone(cluster)
    with pytest.raises(Refused):
        world.do("node_allocated", cluster, [Allocation("*")])
