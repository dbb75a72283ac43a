"""Clusters on nodes: one exchange at a time; nodes drained, given back and allocated again."""

import pytest

from gsched.core.effects import FindNodes
from gsched.core.model.cluster import Cluster
from gsched.core.model.job import End, State
from gsched.core.model.lease import Allocation, LeaseState, SetUpFailure
from gsched.core.model.wishes import Wishes
from gsched.core.scheduler import Refused

from .world import World


def allocate(world: World, cluster: Cluster, host: str = "*") -> None:
    """The client asks for nodes."""
    world.do("node_allocated", cluster, [Allocation(host)])
    assert world.take(FindNodes) == [FindNodes(cluster)]


# -- one thing at a time ----------------------------------------------------------------------


def test_a_close_waits_for_the_end_of_the_set_up(world: World) -> None:
    cluster = world.cluster()
    lease = world.setting_up(cluster)
    world.close(cluster)
    world.do("lease_ready", lease, 0)
    assert world.closes() == [lease]
    world.closed(lease)
    world.gone(cluster)


@pytest.mark.parametrize("why", list(SetUpFailure))
def test_a_set_up_that_failed_needs_no_close(world: World, why: SetUpFailure) -> None:
    cluster = world.cluster()
    lease = world.setting_up(cluster)
    world.close(cluster)
    world.fail(lease, why)
    world.gone(cluster)


def test_closing_while_a_retry_is_awaited_needs_no_message(world: World) -> None:
    cluster = world.cluster()
    world.fail(world.setting_up(cluster))
    world.close(cluster)
    world.gone(cluster)
    world.tick(61.0)


def test_a_node_given_back_during_its_set_up_is_closed_afterwards(world: World) -> None:
    cluster = world.cluster()
    lease = world.setting_up(cluster)
    world.do("node_given_back", cluster, lease.node.address, True)
    world.do("lease_ready", lease, 0)
    assert world.closes() == [lease]
    world.closed(lease)
    assert not cluster.leases


def test_a_node_wanted_again_during_its_set_up_is_kept(world: World) -> None:
    cluster = world.cluster()
    lease = world.setting_up(cluster)
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


def test_jobs_that_a_close_has_stopped_end_without_their_own_word(world: World) -> None:
    node, cluster = world.node(), world.cluster()
    job = world.running(cluster)
    world.do("node_given_back", cluster, node.address, True)
    world.closed(*world.closes())
    assert world.results() == [(job, End.TERMINATED)]
    assert job.reason == f"its client closed node {node.address}"
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
    cluster.allocations = Wishes(
        [
            Allocation("10.0.0.2", files=["a"], setup_args=(1,)),
            Allocation("10.0.*", files=["b"], setup_args=(2,)),
        ]
    )
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
    lease = world.setting_up(cluster)
    world.close(cluster)
    with pytest.raises(Refused):
        world.do("node_allocated", cluster, [Allocation("*")])
    world.do("lease_ready", lease, 0)
    assert world.closes() == [lease]
    world.closed(lease)
    world.gone(cluster)
    with pytest.raises(Refused):
        world.do("node_allocated", cluster, [Allocation("*")])


def test_a_node_that_the_client_gave_away_is_not_set_up_again_when_it_dropped_all(
    world: World,
) -> None:
    node, cluster = world.node(), world.cluster()
    world.do("node_deallocated", cluster, node.address)
    world.wait(20.0)
    world.do("node_emptied", node.address)
    assert world.told() == [("closed", node)]
    assert world.set_ups() == [] and not node.leases
    world.do("node_allocated", cluster, [Allocation("*")])
    world.take(FindNodes)
    assert [lease.node for lease in world.set_ups()] == [node]


def test_jobs_pinned_to_a_node_that_was_given_away_end_with_it(world: World) -> None:
    node, cluster = world.node(), world.cluster()
    world.do("node_deallocated", cluster, node.address)
    job = world.submit(cluster, pinned=node)
    world.lose(node)
    assert world.results() == [(job, End.ABANDONED)]
    assert job.reason == f"its client gave away node {node.address}, which was lost"
