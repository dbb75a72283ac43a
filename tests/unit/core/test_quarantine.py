"""Nodes that are lost again and again, and jobs that may be the reason why nodes are lost."""

import pytest

from gsched.core.effects import SendJob, TellNode, TerminateJob
from gsched.core.model.cluster import Cluster
from gsched.core.model.job import End, State
from gsched.core.model.node import Node, NodeState
from gsched.core.seen.snapshot import snapshot

from .world import World


@pytest.fixture
def node(world: World) -> Node:
    """A node with two CPUs."""
    return world.node(cpus=2)


@pytest.fixture
def cluster(world: World, node: Node) -> Cluster:
    """A cluster that is set up on the node."""
    return world.cluster(reentrant=True)


def restart(world: World, node: Node, times: int = 1) -> None:
    """The node is started anew, and is set up if it may be used."""
    for _ in range(times):
        world.node(node.cpus, node.address, identity=f"{node.identity}+")
        world.told()


def shown(world: World, node: Node) -> tuple[str, str]:
    """State and note, as people see them."""
    rows = snapshot(world.scheduler, world.now)["nodes"]
    return next((row["state"], row["note"]) for row in rows if row["address"] == node.address)


# -- quarantine -------------------------------------------------------------------------------


def test_two_restarts_in_an_hour_cost_nothing(world: World, cluster: Cluster, node: Node) -> None:
    restart(world, node, 2)
    world.submit_some(cluster, 3)
    assert len(world.sent()) == 2
    assert shown(world, node) == ("ready", "")


def test_a_node_that_does_not_stop_a_job_is_on_trial(
    world: World, cluster: Cluster, node: Node
) -> None:
    """It may not reply any more: then what it is given hangs, so that is one job at the most."""
    job = world.running(cluster)
    world.do("cancelled", job.uid)
    world.take(TerminateJob)
    world.do("unstoppable", job.uid, job.tries)
    assert world.results() == [(job, End.CANCELLED)]
    doubt = f"it did not stop job {job.uid}"
    assert shown(world, node) == ("ready", f"one job at a time until one has ended: {doubt}")
    first, *_ = world.submit_some(cluster, 3)
    assert world.sent() == [first]
    world.started(first)
    world.wait(1800.0)
    world.quiet()
    world.over(first)
    assert len(world.sent()) == 2
    assert shown(world, node) == ("ready", "")
    world.results()
    world.do("unstoppable", job.uid, job.tries)  # late
    assert shown(world, node) == ("ready", "")


def test_a_third_loss_in_a_row_leads_to_a_pause(world: World, cluster: Cluster, node: Node) -> None:
    restart(world, node, 3)
    job = world.submit(cluster)
    reason = "lost 3 times in a row, the last time: restarted"
    assert shown(world, node) == ("quarantine", f"{reason}; used again in 60 s")
    assert f"node {node.address} is not used for 60 s: {reason}" in world.log
    world.wait(59.0)
    world.quiet()
    world.wait(1.0)
    world.set_up_all()
    assert world.sent() == [job]


def test_pauses_double_up_to_half_an_hour(world: World, cluster: Cluster, node: Node) -> None:
    pauses = []
    restart(world, node, 2)
    for _ in range(8):
        restart(world, node)
        pauses.append(node.barred_until - world.now)
    assert pauses == [60, 120, 240, 480, 960, 1800, 1800, 1800]


def test_the_pause_begins_with_the_loss(world: World, cluster: Cluster, node: Node) -> None:
    restart(world, node, 2)
    world.do("node_lost", node.address, "silent")
    world.told()
    world.wait(60.0)
    restart(world, node)
    assert cluster.leases and shown(world, node)[0] == "ready"


def test_goodbyes_are_not_counted(world: World, cluster: Cluster, node: Node) -> None:
    for number in range(9):
        world.do("node_left", node.address)
        assert world.told() == [("closed", node)]
        world.node(2, node.address, identity=f"new {number}")
    assert (node.losses, node.barred_until, node.on_trial) == (0, 0.0, False)


def test_an_hour_without_a_loss_makes_up_for_the_others(
    world: World, cluster: Cluster, node: Node
) -> None:
    for _ in range(3):
        restart(world, node, 2)
        world.wait(3600.0)
    assert node.losses == 2 and shown(world, node) == ("ready", "")


def test_clusters_and_wishes_that_come_meanwhile_wait_too(world: World, node: Node) -> None:
    restart(world, node, 3)
    cluster = world.cluster()
    world.offer_cpus(node, 4)
    assert not cluster.leases
    world.wait(60.0)
    world.set_up_all()
    assert list(cluster.leases) == [node.address]


def test_a_node_lost_in_quarantine_has_a_longer_one(world: World, node: Node) -> None:
    restart(world, node, 3)
    world.do("node_lost", node.address, "silent")
    assert node.barred_until - world.now == 120
    world.wait(120.0)
    assert (node.state, node.barred_until != 0) == (NodeState.LOST, True)
    restart(world, node)
    assert node.barred_until == 0


# -- trial ------------------------------------------------------------------------------------


@pytest.fixture
def trial(world: World, cluster: Cluster, node: Node) -> Node:
    """A node that was in quarantine."""
    restart(world, node, 3)
    world.wait(60.0)
    world.set_up_all()
    return node


@pytest.mark.parametrize("end", [End.FINISHED, End.TERMINATED])
def test_one_job_at_a_time_until_one_has_ended(
    world: World, cluster: Cluster, trial: Node, end: End
) -> None:
    first, *others = world.submit_some(cluster, 4)
    assert world.sent() == [first]
    word = "one job at a time until one has ended: lost 3 times in a row"
    assert shown(world, trial) == ("ready", f"{word}, the last time: restarted")
    world.over(first, end)
    assert world.results() == [(first, end)]
    assert world.sent() == others[:2]
    assert shown(world, trial) == ("ready", "")


def test_a_trial_is_over_after_an_hour(world: World, cluster: Cluster, trial: Node) -> None:
    first, second = world.submit_some(cluster, 2)
    assert world.sent() == [first]
    world.wait(3599.0)
    world.quiet()
    world.wait(1.0)
    assert world.sent() == [second]


def test_a_late_word_from_before_the_quarantine_proves_nothing(
    world: World, cluster: Cluster, node: Node
) -> None:
    job = world.running(cluster)
    world.do("node_lost", node.address, "silent")
    world.told()
    world.do("node_heard", node.address, None)
    world.set_ups()
    for _ in range(2):
        world.do("node_lost", node.address, "silent")
        world.do("node_heard", node.address, None)
        world.set_ups()
    world.over(job)
    assert world.results() == [(job, End.FINISHED)] and node.on_trial


# -- jobs that end nodes ----------------------------------------------------------------------


def fall(world: World, node: Node, reason: str = "silent") -> None:
    """The node is lost without a goodbye."""
    world.do("node_lost", node.address, reason)
    assert all(what == "closed" for what, _ in world.told())


def test_a_job_that_three_nodes_did_not_outlive_is_given_up(world: World) -> None:
    nodes = [world.node() for _ in range(4)]
    cluster = world.cluster(reentrant=True)
    job = world.running(cluster)
    fall(world, nodes[0])
    for node in nodes[1:3]:
        assert world.sent_to() == [(job, node)]
        world.do("leaving", job.uid, job.tries)
        fall(world, node)
    assert world.results() == [(job, End.ABANDONED)]
    names = ", ".join(node.address for node in nodes[:3])
    assert job.reason == f"node {nodes[2].address}: silent; it may be what ended node {names}"


def test_the_same_node_three_times_counts_as_well(
    world: World, cluster: Cluster, node: Node
) -> None:
    job = world.running(cluster)
    for _ in range(2):
        restart(world, node)
        assert world.sent() == [job]
        world.do("leaving", job.uid, job.tries)
    world.join(node.address, 2, identity="another")
    world.told()
    assert world.results() == [(job, End.ABANDONED)]


def test_nodes_that_were_only_out_of_reach_are_not_held_against_a_job(world: World) -> None:
    nodes = [world.node() for _ in range(2)]
    job = world.running(world.cluster(reentrant=True))
    for _ in range(3):
        for node in nodes:
            world.do("node_lost", node.address, "silent")
            world.take(TellNode)
            world.take(SendJob)
            world.wait(1900.0)
            world.do("node_heard", node.address, None)
            world.set_up_all()
            world.take(SendJob)
            world.do("leaving", job.uid, job.tries)
    assert job.state is State.SENDING and len(job.losses) >= 3


def test_goodbyes_and_jobs_that_are_missing_are_not_held_against_a_job(world: World) -> None:
    nodes = [world.node() for _ in range(5)]
    job = world.running(world.cluster(reentrant=True))
    for node in nodes[:4]:
        world.do("node_left", node.address)
        world.told()
        assert world.sent() == [job]
        world.started(job)
        world.do("missing", job.uid, job.tries, "not known there")
        assert world.sent() == [job]
    assert job.state is State.SENDING


# -- jobs that vanish -------------------------------------------------------------------------


def test_a_node_that_does_not_take_a_job_properly_is_given_none_for_a_while(
    world: World, cluster: Cluster, node: Node
) -> None:
    job = world.sending(cluster)
    world.do("missing", job.uid, job.tries, "not known there")
    assert node.held_until - world.now == 0.5
    world.wait(0.5)
    assert world.sent() == [job]


def test_a_job_that_vanishes_ten_times_is_given_up(
    world: World, cluster: Cluster, node: Node
) -> None:
    job = world.sending(cluster)
    for _ in range(9):
        world.do("missing", job.uid, job.tries, "not known there")
        world.wait(31.0)
        assert world.sent() == [job]
    world.do("missing", job.uid, job.tries, "not known there")
    assert world.results() == [(job, End.ABANDONED)]
    assert job.reason == "nodes have no trace of it: not known there"
