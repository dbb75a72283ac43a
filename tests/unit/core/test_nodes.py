"""Nodes that come, go, restart, fall silent and come back."""

import pytest

from gsched.core.dispatch import Refusal
from gsched.core.effects import FindNodes, TellNode, TellScheduled
from gsched.core.model.cluster import Cluster
from gsched.core.model.job import End, State
from gsched.core.model.lease import LeaseState
from gsched.core.model.node import Node, NodeState

from .conftest import Make
from .world import World

SILENCE = 50.0  # five missed pulses, ten seconds each


@pytest.fixture
def node(world: World) -> Node:
    """A node with two CPUs."""
    return world.node(cpus=2)


@pytest.fixture
def cluster(world: World, node: Node) -> Cluster:
    """A cluster that is set up on the node."""
    return world.cluster(reentrant=True)


# -- coming -----------------------------------------------------------------------------------


def test_a_node_is_set_up_for_all_clusters_that_may_use_it(world: World) -> None:
    all_, some, _ = world.cluster(), world.cluster("10.0.*"), world.cluster("10.1.*")
    world.join("10.0.0.1")
    leases = world.set_ups()
    assert [lease.cluster for lease in leases] == [all_, some]
    assert all(lease.state is LeaseState.SETTING_UP for lease in leases)


def test_a_node_that_offers_no_cpus_is_not_set_up_until_it_does(world: World) -> None:
    cluster = world.cluster()
    node = world.join("10.0.0.1", cpus=0)
    world.do("node_cpus", node.address, 2)
    (lease,) = world.set_ups()
    assert (lease.cluster, node.cpus) == (cluster, 2)


def test_a_node_that_offers_no_cpus_for_long_is_left_and_set_up_when_it_does(
    world: World, cluster: Cluster, node: Node
) -> None:
    """But not before its jobs have ended."""
    job = world.running(cluster)
    world.offer_cpus(node, 0)
    world.wait(30.0)
    assert job.node is node
    world.finish(job)
    world.tick()
    (lease,) = world.closes()
    assert not lease.terminate
    world.closed(lease)
    assert world.told() == [("closed", node)] and not node.leases
    world.do("node_cpus", node.address, 1)
    (again,) = world.set_ups()
    assert again.cluster is cluster


def test_a_node_that_offers_no_cpus_for_a_moment_is_not_left(
    world: World, cluster: Cluster, node: Node
) -> None:
    world.offer_cpus(node, 0)
    world.wait(9.0)
    world.offer_cpus(node, 2)
    world.wait(20.0)
    assert world.sent() == [] and len(node.leases) == 1


def test_a_node_that_says_again_that_it_is_free_is_not_set_up_twice(
    world: World, cluster: Cluster, node: Node
) -> None:
    world.join(node.address, cpus=2)
    assert len(node.leases) == 1


def test_jobs_may_go_out_only_when_the_set_up_is_done(world: World) -> None:
    cluster = world.cluster()
    node = world.join("10.0.0.1")
    (lease,) = world.set_ups()
    job = world.submit(cluster)
    world.ready(lease)
    assert world.sent_to() == [(job, node)]


def test_a_set_up_tells_how_many_cpus_there_are_in_all(world: World) -> None:
    world.cluster()
    node = world.join("10.0.0.1", cpus=1)
    (lease,) = world.set_ups()
    world.ready(lease, cpus=4)
    assert node.cpus == 4


def test_more_cpus_found_by_one_set_up_serve_the_others_too(world: World) -> None:
    node = world.node(cpus=1)
    other = world.cluster()
    running, waiting = world.running(other), world.submit(other)
    gone = world.asked()
    world.start(gone)
    (lease,) = world.set_ups()
    world.close(gone)
    world.do("lease_ready", lease, 2)
    assert world.closes() == [lease]
    assert world.sent_to() == [(waiting, node)] and running.node is node


def test_what_a_busy_node_says_of_its_free_cpus_is_not_taken_for_all(
    world: World, cluster: Cluster, node: Node
) -> None:
    world.running(cluster)
    world.join(node.address, cpus=1)
    assert node.cpus == 2


def test_clusters_that_have_not_started_are_not_set_up(world: World) -> None:
    new, starting = world.opened(), world.asked()
    assert world.take(TellScheduled) == [TellScheduled(starting)]
    world.join("10.0.0.1")
    assert not new.leases and not starting.leases
    world.do("cluster_started", starting)
    assert world.take(FindNodes) == [FindNodes(starting)]
    assert [lease.cluster for lease in world.set_ups()] == [starting]


def test_a_set_up_is_a_sign_of_life(world: World, node: Node) -> None:
    world.tick(1000.0)
    world.cluster()
    world.tick(SILENCE)
    assert node.state is NodeState.UP


# -- CPUs -------------------------------------------------------------------------------------


def test_no_more_jobs_run_than_there_are_cpus(world: World, cluster: Cluster, node: Node) -> None:
    jobs = world.submit_some(cluster, 5)
    assert world.sent() == jobs[:2]
    world.offer_cpus(node, 4)
    assert world.sent() == jobs[2:4]
    world.offer_cpus(node, 1)
    for job in jobs[:3]:
        world.finish(job)
    assert not world.sent()
    world.finish(jobs[3])
    assert world.sent() == jobs[4:]


def test_a_node_out_of_service_that_says_it_is_free_gets_jobs_at_once(
    world: World, cluster: Cluster, node: Node
) -> None:
    world.offer_cpus(node, 0)
    job = world.submit(cluster)
    world.join(node.address, cpus=2)
    assert world.sent() == [job]


def test_a_negative_number_of_cpus_is_none(world: World, cluster: Cluster, node: Node) -> None:
    world.do("node_cpus", node.address, -1)
    world.do("node_cpus", "10.7.7.7", 4)
    assert node.cpus == 2


# -- going and coming back --------------------------------------------------------------------


def test_a_lost_node_is_used_again_as_soon_as_it_says_that_it_is_free(
    world: World, cluster: Cluster, node: Node
) -> None:
    job = world.running(cluster)
    world.do("node_lost", node.address, "stopped")
    assert world.told() == [("closed", node)]
    assert (node.state, node.note, job.state) == (NodeState.LOST, "stopped", State.QUEUED)
    world.node(cpus=2, address=node.address)
    assert (node.state, node.note) == (NodeState.UP, "")
    assert world.sent_to() == [(job, node)]


def test_a_lost_node_is_used_again_as_soon_as_it_gives_a_sign_of_life(
    world: World, cluster: Cluster, node: Node
) -> None:
    job = world.running(cluster)
    world.tick(SILENCE + 1)
    world.told()
    world.do("node_heard", node.address, "avail")
    world.set_up_all()
    assert world.sent_to() == [(job, node)]


def test_a_node_that_comes_back_has_a_clean_slate(
    world: World, cluster: Cluster, node: Node
) -> None:
    job = world.sending(cluster)
    for _ in range(3):
        world.refuse(job, Refusal.UNREACHABLE)
        world.told()
        if node.state is NodeState.UP:
            world.wait(31.0)
            assert world.sent() == [job]
    assert node.state is NodeState.LOST and not node.held_until
    world.node(cpus=2, address=node.address)
    assert world.sent() == [job]
    world.refuse(job, Refusal.UNREACHABLE)
    assert node.state is NodeState.UP and node.held_until - world.now == 0.5


def test_losing_a_node_twice_or_an_unknown_one_has_no_effect(
    world: World, cluster: Cluster, node: Node
) -> None:
    world.lose(node)
    world.do("node_lost", node.address, "again")
    world.do("node_lost", "10.7.7.7", "stopped")
    assert node.note == "stopped"


@pytest.mark.parametrize(("identity", "port"), [("2", 51348), ("1", 51400)])
def test_a_restarted_node_has_lost_its_jobs_and_is_set_up_anew(
    world: World, cluster: Cluster, node: Node, identity: str, port: int
) -> None:
    job = world.running(cluster)
    before = node.leases[cluster.id]
    world.join(node.address, cpus=1, identity=identity, port=port)
    assert world.told() == [("closed", node)]
    (lease,) = world.set_ups()
    assert lease is not before and node.cpus == 1
    world.do("lease_ready", before, 8)  # comes too late
    world.ready(lease)
    assert world.sent_to() == [(job, node)] and job.tries == 2


def test_a_restart_ends_jobs_that_may_not_run_again(world: World, node: Node) -> None:
    job = world.running(world.cluster())
    world.join(node.address, identity="2")
    assert world.results() == [(job, End.ABANDONED)]
    assert job.reason == f"node {node.address}: restarted, and the job is not reentrant"
    world.take(TellNode)
    world.set_ups()


def test_answers_about_leases_of_a_lost_node_have_no_effect(world: World, node: Node) -> None:
    cluster = world.asked()
    world.start(cluster)
    (lease,) = world.set_ups()
    world.lose(node)
    world.do("lease_ready", lease, 4)
    world.do("lease_closed", lease)
    assert not cluster.leases and node.state is NodeState.LOST


# -- silence ----------------------------------------------------------------------------------


def test_a_serving_node_that_missed_five_pulses_is_lost(
    world: World, cluster: Cluster, node: Node
) -> None:
    world.tick(SILENCE)
    assert node.state is NodeState.UP
    world.tick(1.0)
    assert (node.state, node.note) == (NodeState.LOST, "silent for 51 s")
    assert world.told() == [("closed", node)]


def test_pulses_keep_a_node(world: World, cluster: Cluster, node: Node) -> None:
    for _ in range(20):
        world.wait(SILENCE)
    assert node.state is NodeState.UP


def test_results_are_signs_of_life_too(world: World, cluster: Cluster, node: Node) -> None:
    for _ in range(5):
        job = world.running(cluster)
        world.tick(SILENCE)
        world.finish(job)
    assert node.state is NodeState.UP


def test_a_node_that_serves_nobody_has_no_reason_to_speak(world: World, node: Node) -> None:
    world.tick(100_000.0)
    assert node.state is NodeState.UP


def test_a_drained_node_with_running_jobs_is_watched_too(
    world: World, cluster: Cluster, node: Node
) -> None:
    job = world.running(cluster)
    world.do("node_deallocated", cluster, node.address)
    world.tick(SILENCE + 1)
    assert node.state is NodeState.LOST and world.told() == [("closed", node)]
    assert job.state is State.QUEUED


def test_a_drained_node_without_jobs_is_not_watched(
    world: World, cluster: Cluster, node: Node
) -> None:
    world.do("node_deallocated", cluster, node.address)
    world.tick(SILENCE + 1)
    assert node.state is NodeState.UP


def test_the_interval_of_pulses_is_an_option(make_world: Make) -> None:
    world = make_world(pulse_interval=1.0)
    node = world.node()
    world.cluster()
    world.tick(5.1)
    world.told()
    assert node.state is NodeState.LOST


def test_clients_are_told_now_and_then_what_nodes_have_to_spare(
    world: World, cluster: Cluster, node: Node
) -> None:
    world.do("node_heard", node.address, "much")
    assert world.told() == [("available", node)] and node.avail == "much"
    world.recorder.now += 299.0
    world.do("node_heard", node.address, "less")
    world.recorder.now += 1.0
    world.do("node_heard", node.address, None)
    assert world.told() == [("available", node)] and node.avail == "less"


def test_clients_are_not_told_of_nodes_that_are_not_set_up_yet(world: World) -> None:
    world.cluster()
    node = world.join("10.0.0.1")
    world.set_ups()
    world.do("node_heard", node.address, "much")
    assert node.avail == "much"


# -- emptied ----------------------------------------------------------------------------------


def test_an_emptied_node_is_set_up_anew_and_its_jobs_run_again(
    world: World, cluster: Cluster, node: Node
) -> None:
    job = world.running(cluster)
    world.recorder.now += 11.0
    world.do("node_emptied", node.address)
    assert world.told() == [("closed", node)]
    world.set_up_all()
    assert world.sent_to() == [(job, node)]


def test_the_word_of_an_emptied_node_may_be_older_than_its_set_up(
    world: World, cluster: Cluster, node: Node
) -> None:
    world.recorder.now += 9.0
    world.do("node_emptied", node.address)
    assert node.leases[cluster.id].state is LeaseState.READY


def test_an_emptied_node_that_serves_nobody_needs_nothing(world: World, node: Node) -> None:
    world.do("node_emptied", node.address)
    world.do("node_emptied", "10.7.7.7")


# -- goodbye to one cluster or to all ---------------------------------------------------------


def test_a_node_with_jobs_has_dropped_only_what_was_idle(
    world: World, cluster: Cluster, node: Node
) -> None:
    idle, drained = world.cluster(), world.cluster()
    job = world.running(cluster)
    world.do("node_deallocated", drained, node.address)
    world.recorder.now += 11.0
    world.do("node_dropped", node.address)
    assert [lease.cluster for lease in world.set_ups()] == [idle]
    assert job.state is State.RUNNING and node.state is NodeState.UP


def test_what_was_set_up_just_now_was_not_meant(world: World, cluster: Cluster, node: Node) -> None:
    world.running(cluster)
    world.cluster()
    world.recorder.now += 9.0
    world.do("node_dropped", node.address)


def test_a_node_without_jobs_may_be_gone(world: World, cluster: Cluster, node: Node) -> None:
    world.do("node_dropped", node.address)
    assert world.told() == [("closed", node)]
    assert (node.state, node.note, node.losses) == (NodeState.LOST, "it said goodbye", 0)
    world.do("node_dropped", "10.7.7.7")


# -- forgotten --------------------------------------------------------------------------------


def test_a_node_that_does_not_come_back_is_forgotten_with_the_jobs_pinned_to_it(
    make_world: Make,
) -> None:
    world = make_world(zombie_interval=100.0)
    node, cluster = world.node(), world.cluster()
    world.lose(node)
    pinned, free = world.submit(cluster, pinned=node), world.submit(cluster)
    world.wait(100.0)
    assert world.scheduler.nodes
    world.wait(1.0)
    assert not world.scheduler.nodes
    assert world.results() == [(pinned, End.ABANDONED)]
    assert pinned.reason == f"it is pinned to node {node.address}, which did not come back"
    assert free.state is State.QUEUED


def test_without_a_limit_a_lost_node_is_waited_for(make_world: Make) -> None:
    world = make_world(zombie_interval=None)
    node, cluster = world.node(), world.cluster()
    world.lose(node)
    pinned = world.submit(cluster, pinned=node)
    world.wait(1e6)
    world.node(address=node.address)
    assert world.sent_to() == [(pinned, node)]


@pytest.mark.parametrize("event", ["node_lost", "close_node", "stopped"])
def test_a_node_is_left_by_all_its_clusters_in_one_step(
    world: World, monkeypatch: pytest.MonkeyPatch, event: str
) -> None:
    """One by one, a thousand of them would take a thousand times a thousand steps."""
    node, _ = world.node(), [world.cluster() for _ in range(5)]
    ready, steps = world.scheduler.book.ready, list[int]()
    serves = ready.serves

    def counted(node: Node, clusters: frozenset[Cluster]) -> None:
        steps.append(len(clusters))
        serves(node, clusters)

    monkeypatch.setattr(ready, "serves", counted)
    about = {"node_lost": (node.address, "silent"), "close_node": (node, "anna", "")}
    world.do(event, *about.get(event, ("maintenance", True)))
    assert steps == [0] and not node.serves
    world.closes(), world.told()
