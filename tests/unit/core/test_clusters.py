"""Whole clusters: turns of exclusive ones, limits of CPUs, clients that vanish, closes."""

import pytest

from gsched.core.effects import FindNodes, SeekClient, TellNode, TellScheduled
from gsched.core.model.cluster import Cluster, ClusterState
from gsched.core.model.job import End, State
from gsched.core.model.lease import LeaseState
from gsched.core.scheduler import Refused

from .conftest import Make
from .world import World


def states(*clusters: Cluster) -> list[str]:
    """How far the clusters are."""
    return [cluster.state.value for cluster in clusters]


def close(world: World, cluster: Cluster) -> None:
    """The client closes; all that this needs is done."""
    world.close(cluster)
    scheduled = world.take(TellScheduled)
    for lease in world.closes():
        world.closed(lease)
        scheduled += world.take(TellScheduled)
    world.gone(cluster)
    for effect in scheduled:
        world.do("cluster_started", effect.cluster)
        world.take(object)


# -- coming -----------------------------------------------------------------------------------


def test_a_cluster_is_scheduled_then_started_then_set_up(world: World) -> None:
    node = world.node()
    cluster = world.opened()
    assert states(cluster) == ["new"]
    world.do("cluster_started", cluster)  # it has not asked yet
    world.do("cluster_scheduled", cluster)
    assert world.take(TellScheduled) == [TellScheduled(cluster)]
    world.do("cluster_scheduled", cluster)  # asked twice
    assert states(cluster) == ["starting"] and not node.leases
    world.do("cluster_started", cluster)
    world.take(object)
    world.do("cluster_started", cluster)
    assert states(cluster) == ["active"] and set(node.leases) == {cluster.id}


def test_jobs_are_taken_from_the_start_to_the_close(world: World) -> None:
    cluster = world.opened()
    with pytest.raises(Refused, match="computation is new"):
        world.offer(cluster)
    world.do("cluster_scheduled", cluster)
    world.take(TellScheduled)
    job = world.submit(cluster)
    world.do("cluster_started", cluster)
    world.take(object)
    assert job.state is State.QUEUED
    close(world, cluster)
    with pytest.raises(Refused, match="computation is closed"):
        world.offer(cluster)


# -- exclusive --------------------------------------------------------------------------------


def test_an_exclusive_cluster_waits_for_all_others_and_they_for_it(world: World) -> None:
    first, second = world.cluster(), world.cluster()
    alone = world.asked(exclusive=True)
    after = world.asked()
    assert states(alone, after) == ["waiting", "waiting"]
    assert alone.note == "is exclusive and waits for 2 other clusters to close"
    close(world, first)
    assert alone.note == "is exclusive and waits for 1 other clusters to close"
    close(world, second)
    assert states(alone, after) == ["active", "waiting"]
    assert after.note == f"waits for the exclusive cluster {alone.label} to close"
    close(world, alone)
    assert states(after) == ["active"] and after.note == ""


def test_clusters_start_in_the_order_in_which_they_asked(world: World) -> None:
    running = world.cluster()
    turns = [world.asked(exclusive=exclusive) for exclusive in (True, False, False, True, False)]
    assert states(*turns) == ["waiting"] * 5
    close(world, running)
    assert states(*turns) == ["active", *["waiting"] * 4]
    close(world, turns[0])
    assert states(*turns[1:]) == ["active", "active", "waiting", "waiting"]
    close(world, turns[2])
    close(world, turns[1])
    assert states(*turns[3:]) == ["active", "waiting"]


def test_one_that_gives_up_waiting_lets_the_others_pass(world: World) -> None:
    world.cluster()
    alone = world.asked(exclusive=True)
    after = world.asked()
    world.close(alone)
    world.gone(alone)
    world.start(after)
    assert states(after) == ["active"]


def vacate(world: World, cluster: Cluster) -> None:
    """It leaves its only node, and is gone."""
    (lease,) = world.closes()
    world.closed(lease)
    world.gone(cluster)


def away(world: World, cluster: Cluster) -> None:
    """It is its turn, and its client cannot be told."""
    assert world.take(TellScheduled) == [TellScheduled(cluster)]
    world.do("cluster_absent", cluster, "no answer")
    assert world.take(SeekClient) == [SeekClient(cluster, cluster.absences)]


def test_one_whose_client_is_away_at_its_turn_lets_others_pass_and_keeps_its_place(
    world: World,
) -> None:
    running = world.cluster()
    alone, after, later = (world.asked(exclusive=exclusive) for exclusive in (True, False, True))
    world.close(running)
    world.gone(running)
    away(world, alone)
    assert states(alone, after, later) == ["waiting", "starting", "waiting"]
    assert alone.note == "no answer"
    world.start(after)
    world.do("client_back", alone)
    assert states(alone, after, later) == ["waiting", "active", "waiting"]
    assert alone.note == "is exclusive and waits for 1 other clusters to close"
    world.close(after)
    world.gone(after)
    world.start(alone)
    assert states(alone, later) == ["active", "waiting"]
    world.do("client_back", alone)  # nobody waits for that any more
    world.do("cluster_absent", alone, "late")
    assert states(alone, later) == ["active", "waiting"]


def test_one_that_is_away_again_and_again_is_counted(world: World) -> None:
    cluster = world.asked()
    for number in range(3):
        assert cluster.absences == number
        away(world, cluster)
        world.do("client_back", cluster)
    world.start(cluster)


def test_one_that_stays_away_is_given_up(world: World) -> None:
    cluster = world.asked()
    away(world, cluster)
    world.tick(3601.0)
    world.gone(cluster)


def test_one_that_has_brought_jobs_needs_no_word(world: World) -> None:
    """Its client says by that that it knows; the word was lost on its way back."""
    cluster = world.asked()
    world.take(TellScheduled)
    job = world.submit(cluster)
    world.do("cluster_absent", cluster, "no answer")
    assert world.take(FindNodes) == [FindNodes(cluster)]
    assert states(cluster) == ["active"] and job.state is State.QUEUED


def test_a_stop_does_not_wait_for_one_that_is_away(world: World) -> None:
    cluster = world.asked()
    away(world, cluster)
    world.do("stopped", "maintenance", True)
    assert world.take(TellScheduled) == [TellScheduled(cluster)]
    world.do("cluster_absent", cluster, "no answer")
    world.gone(cluster)


def test_jobs_wait_with_their_cluster(world: World) -> None:
    """Clients that had to be told early bring them before it is their turn."""
    node = world.node()
    alone = world.cluster(exclusive=True)
    cluster = world.asked()
    job = world.submit(cluster)
    assert job.state is State.QUEUED and set(node.leases) == {alone.id}
    world.close(alone)
    vacate(world, alone)
    world.start(cluster)
    world.set_up_all()
    assert world.sent_to() == [(job, node)]


@pytest.mark.parametrize("order", ["close", "terminate"])
def test_orders_for_one_that_waits_with_jobs(world: World, order: str) -> None:
    """It does not start beside an exclusive one to get rid of them."""
    node = world.node()
    alone = world.cluster(exclusive=True)
    cluster = world.asked()
    job = world.submit(cluster)
    world.do(order, cluster, "anna", "enough")
    if order == "close":
        assert states(cluster) == ["waiting"] and job.state is State.QUEUED
        world.close(alone)
        vacate(world, alone)
        world.start(cluster)
        world.set_up_all()
        assert world.sent_to() == [(job, node)]
        world.finish(job)
        vacate(world, cluster)
    else:
        assert world.results() == [(job, End.TERMINATED)]
        world.do("delivered", job.uid)
        assert states(cluster, alone) == ["starting", "active"]  # it has nothing to run
        world.take(TellScheduled)
        world.do("cluster_started", cluster)
        world.gone(cluster)


def test_an_exclusive_cluster_that_closes_is_still_there_until_its_nodes_are_free(
    world: World,
) -> None:
    node = world.node()
    alone = world.cluster(exclusive=True)
    after = world.asked()
    world.close(alone)
    (lease,) = world.closes()
    later = world.asked()
    assert states(after, later) == ["waiting", "waiting"]
    world.closed(lease)
    world.gone(alone)
    assert world.take(TellScheduled) == [TellScheduled(after), TellScheduled(later)]
    world.do("cluster_started", after)
    world.take(FindNodes)
    assert [x.node for x in world.set_ups()] == [node]


def test_an_exclusive_cluster_sets_limits_that_end_with_it(world: World) -> None:
    node = world.node(cpus=4)
    alone = world.cluster(cpus=3, exclusive=True)
    jobs = world.submit_some(alone, 4)
    assert world.sent() == jobs[:3] and node.cpus == 3
    world.do("cpus_limited", alone, node.address, 1)
    assert world.told() == [("cpus", node)] and node.cpus == 1
    world.do("cpus_limited", alone, node.address, -2)
    assert world.told() == [("cpus", node)] and node.cpus == 2
    close(world, alone)
    assert node.cpus == 4


@pytest.mark.parametrize(("wanted", "used"), [(0, 4), (3, 3), (6, 4)])
def test_an_exclusive_cluster_gets_cpus_that_become_known_later(
    world: World, wanted: int, used: int
) -> None:
    alone = world.cluster(cpus=wanted, exclusive=True)
    lease = world.setting_up(alone)
    world.ready(lease, cpus=4)
    assert lease.node.cpus == used


def test_a_lost_node_comes_back_without_the_limit_of_a_cluster_that_is_gone(world: World) -> None:
    node = world.node(cpus=4)
    alone = world.cluster(cpus=1, exclusive=True)
    world.do("node_lost", node.address, "stopped")
    world.told()
    close(world, alone)
    world.node(cpus=4, address=node.address)
    assert node.cpus == 4


def test_a_higher_limit_lets_more_jobs_go_at_once(world: World) -> None:
    node = world.node(cpus=4)
    alone = world.cluster(cpus=1, exclusive=True)
    first, second, third = world.submit_some(alone, 3)
    assert world.sent() == [first]
    world.do("cpus_limited", alone, node.address, 3)
    assert world.told() == [("cpus", node)]
    assert world.sent() == [second, third]


def test_limits_are_not_for_clusters_that_share(world: World) -> None:
    node = world.node(cpus=4)
    cluster = world.cluster(cpus=1)
    assert node.cpus == 4
    with pytest.raises(Refused, match="only exclusive clusters"):
        world.do("cpus_limited", cluster, node.address, 1)


# -- cooperative ------------------------------------------------------------------------------


def test_with_cooperation_each_cluster_may_set_limits_and_they_stay(make_world: Make) -> None:
    world = make_world(cooperative=True)
    node = world.node(cpus=4)
    cluster = world.cluster(cpus=2)
    assert node.cpus == 2
    world.do("cpus_limited", cluster, node.address, 3)
    world.told()
    close(world, cluster)
    assert node.cpus == 3


def test_with_cooperation_a_cluster_that_wants_more_makes_room_at_once(make_world: Make) -> None:
    world = make_world(cooperative=True)
    node = world.node(cpus=4)
    modest = world.cluster(cpus=1)
    first, second = world.submit_some(modest, 2)
    assert world.sent() == [first]
    greedy = world.asked(cpus=3)
    world.start(greedy)
    assert [lease.cluster for lease in world.set_ups()] == [greedy]
    assert world.sent() == [second] and node.cpus == 3


# -- clients that vanish ----------------------------------------------------------------------


def test_a_cluster_whose_client_is_not_heard_of_is_closed(make_world: Make) -> None:
    world = make_world(zombie_interval=100.0)
    waiting = world.submit(world.cluster())
    cluster = waiting.cluster
    world.tick(100.0)
    world.do("client_heard", cluster)
    world.tick(100.0)
    assert states(cluster) == ["active"]
    world.tick(1.0)
    world.gone(cluster)
    assert cluster.note == "nothing heard of its client for 101 s"
    assert (waiting.state, waiting.end) == (State.GONE, End.TERMINATED)


def test_a_cluster_that_waits_for_its_turn_is_closed_too(make_world: Make) -> None:
    world = make_world(zombie_interval=100.0)
    present = world.cluster()
    vanished = world.asked(exclusive=True)
    world.recorder.now += 101.0
    world.do("client_heard", present)
    world.tick()
    world.gone(vanished)


def test_without_a_limit_silent_clients_are_kept(make_world: Make) -> None:
    world = make_world(zombie_interval=None)
    cluster = world.cluster()
    world.tick(1e9)
    assert states(cluster) == ["active"]


# -- closes -----------------------------------------------------------------------------------


def test_a_close_ends_what_waits_and_stops_what_runs(world: World) -> None:
    node, cluster = world.node(), world.cluster()
    running, waiting = world.running(cluster), world.submit(cluster)
    pinned = world.submit(cluster, pinned=node)
    world.close(cluster)
    (lease,) = world.closes()
    assert lease.terminate
    assert [job.end for job in (waiting, pinned)] == [End.TERMINATED] * 2
    world.over(running, End.TERMINATED)
    assert running.state is State.GONE, "nobody is there to be told"
    world.closed(lease)
    world.gone(cluster)
    assert not world.scheduler.jobs and not node.pinned


def test_a_close_drops_results_that_were_not_delivered(world: World) -> None:
    world.node()
    cluster = world.cluster()
    job = world.running(cluster)
    world.over(job)
    world.results()
    close(world, cluster)
    world.do("delivered", job.uid)
    assert [event for _, event, _ in job.events()][-2:] == ["ended", "dropped"]


def test_jobs_that_a_node_did_not_report_end_with_its_lease(world: World) -> None:
    world.node()
    cluster = world.cluster(reentrant=True)
    job = world.running(cluster)
    close(world, cluster)
    assert (job.state, job.end) == (State.GONE, End.TERMINATED)


def test_a_patient_close_waits_for_all_jobs(world: World) -> None:
    world.node()
    cluster = world.cluster()
    running, waiting = world.running(cluster), world.submit(cluster)
    world.close(cluster, terminate=False)
    with pytest.raises(Refused, match="computation is closing"):
        world.offer(cluster)
    assert running.node is not None
    world.do("provisional", running.uid, running.node.address, "nobody listens")
    world.over(running)
    assert world.sent() == [waiting]
    world.do("started", waiting.uid, waiting.tries)
    world.over(waiting)
    assert waiting.end is End.FINISHED
    world.closed(*world.closes())
    world.gone(cluster)


def test_a_patient_close_may_be_followed_by_a_harder_one(world: World) -> None:
    world.node()
    cluster = world.cluster()
    running, waiting = world.running(cluster), world.submit(cluster)
    world.close(cluster, terminate=False)
    assert waiting.state is State.QUEUED
    world.close(cluster, terminate=True)
    assert waiting.state is State.GONE
    (lease,) = world.closes()
    world.over(running, End.TERMINATED)
    world.closed(lease)
    world.gone(cluster)


def test_a_patient_close_does_not_wait_for_nodes_that_may_come(world: World) -> None:
    cluster = world.cluster()
    job = world.submit(cluster)
    world.close(cluster, terminate=False)
    world.gone(cluster)
    assert job.end is End.TERMINATED


def test_a_cluster_with_an_unconfirmed_job_closes_when_that_is_settled(world: World) -> None:
    cluster = world.cluster()
    confirmed, withdrawn = world.offer(cluster), world.offer(cluster)
    world.close(cluster)
    world.do("withdrawn", withdrawn.uid, reason="no answer")
    world.do("accepted", confirmed.uid)
    world.gone(cluster)
    assert confirmed.end is End.TERMINATED


def test_a_cluster_that_is_closed_stays_so(world: World) -> None:
    cluster = world.cluster()
    close(world, cluster)
    world.close(cluster)
    for event in ("cluster_scheduled", "cluster_started", "client_heard"):
        world.do(event, cluster)
    world.node()
    assert states(cluster) == ["closed"]


def test_closing_one_cluster_leaves_the_others_alone(world: World) -> None:
    node = world.node(cpus=2)
    closing, other = world.cluster(), world.cluster()
    world.running(closing)
    job = world.running(other)
    close(world, closing)
    assert job.state is State.RUNNING
    assert node.leases[other.id].state is LeaseState.READY and len(node.leases) == 1


# -- the end of the scheduler -----------------------------------------------------------------


def test_a_stop_ends_what_waits_and_waits_for_what_runs(world: World) -> None:
    world.node()
    cluster = world.cluster()
    running, waiting = world.running(cluster), world.submit(cluster)
    offered = world.offer(cluster)
    world.do("stopped", "maintenance", False)
    assert world.results() == [(waiting, End.TERMINATED)] and waiting.reason == "maintenance"
    world.do("accepted", offered.uid)
    assert world.results() == [(offered, End.TERMINATED)]
    with pytest.raises(Refused, match="maintenance"):
        world.offer(cluster)
    world.over(running)
    assert world.results() == [(running, End.FINISHED)]


def test_a_hard_stop_closes_all_nodes(world: World) -> None:
    world.node()
    job = world.running(world.cluster())
    world.do("stopped", "maintenance", False)
    world.do("stopped", "maintenance", True)
    (lease,) = world.closes()
    world.over(job, End.TERMINATED)
    assert world.results() == [(job, End.TERMINATED)]
    world.closed(lease)
    assert world.take(TellNode) and not lease.node.leases


def test_clusters_that_wait_when_the_scheduler_stops_are_let_go(world: World) -> None:
    world.cluster()
    waiting = [world.asked(exclusive=True), world.asked()]
    world.do("stopped", "maintenance", False)
    assert world.take(TellScheduled) == [TellScheduled(cluster) for cluster in waiting]
    assert all(cluster.state is ClusterState.STARTING for cluster in waiting)
