"""What people have the scheduler do: what becomes of jobs, and that all can see who and why."""

import pytest

from gsched.core import sweeping
from gsched.core.actions import Forbidden
from gsched.core.effects import FindNodes, Forget, SeekNode, Sweep, TellScheduled, TerminateJob
from gsched.core.model.cluster import ClusterState
from gsched.core.model.job import End, Job, State
from gsched.core.model.lease import Allocation
from gsched.core.seen import why
from gsched.core.seen.snapshot import snapshot

from .world import World

ANNA = ("anna", "too hot")


def of_job(world: World, job: Job) -> str:
    return why.of_job(job, world.scheduler.book, world.now)


# -- clusters ---------------------------------------------------------------------------------


def test_jobs_of_a_paused_cluster_wait_and_those_that_run_go_on(world: World) -> None:
    world.node(cpus=2)
    cluster = world.cluster()
    running = world.running(cluster)
    world.do("pause", cluster, *ANNA)
    waiting = world.submit(cluster)
    assert waiting.state is State.QUEUED and not world.sent()
    world.finish(running)
    assert of_job(world, waiting) == (
        "its cluster is paused by anna: too hot; position 1 in the queue of its cluster"
    )
    assert why.of_cluster(cluster, world.scheduler.book, world.now) == (
        "paused by anna: too hot; 1 job waiting, 0 at nodes go on"
    )
    [row] = snapshot(world.scheduler, world.now)["clusters"]
    assert (row["note"], row["state"]) == ("paused by anna: too hot", "active")
    assert row["paused"] == {
        "what": "paused",
        "by": "anna",
        "reason": "too hot",
        "since": world.now,
    }
    world.do("resume", cluster, "bob", "")
    assert world.sent() == [waiting]
    assert f"{cluster.label}: resumed by bob" in world.log


def test_pinned_jobs_of_a_paused_cluster_wait_too(world: World) -> None:
    node, cluster = world.node(), world.cluster()
    world.do("pause", cluster, *ANNA)
    job = world.submit(cluster, pinned=node)
    assert not world.sent()
    assert of_job(world, job).startswith(
        "its cluster is paused by anna: too hot; pinned to node 10.0.0.1; position 1"
    )
    world.do("resume", cluster, *ANNA)
    assert world.sent() == [job]


def test_other_clusters_get_what_a_paused_one_leaves(world: World) -> None:
    world.node()
    first, second = world.cluster(), world.cluster()
    world.do("pause", first, *ANNA)
    world.submit(first)
    job = world.submit(second)
    assert world.sent() == [job]


def test_a_closed_cluster_runs_what_it_has_and_goes_when_its_client_has_all(world: World) -> None:
    node, cluster = world.node(), world.cluster()
    running, waiting = world.running(cluster), world.submit(cluster)
    world.do("close", cluster, *ANNA)
    assert cluster.refusing == "computation was closed by anna: too hot"
    assert why.of_cluster(cluster, world.scheduler.book, world.now) == (
        "closed by anna: too hot; 1 waiting, 1 at nodes, 0 whose client has not taken the answer"
        " or confirmed the job"
    )
    world.finish(running)
    assert world.sent() == [waiting]
    world.started(waiting)
    world.over(waiting)
    assert world.results() == [(waiting, End.FINISHED)]
    world.do("delivered", waiting.uid)
    [lease] = world.closes()
    assert cluster.state is ClusterState.CLOSING and lease.node is node
    world.closed(lease)
    world.gone(cluster)


def test_jobs_of_a_terminated_cluster_end_and_its_client_is_told_why(world: World) -> None:
    world.node()
    cluster = world.cluster()
    running, waiting = world.running(cluster), world.submit(cluster)
    world.do("terminate", cluster, *ANNA)
    assert world.results() == [(waiting, End.TERMINATED)]
    assert waiting.reason == "terminated by anna: too hot"
    [lease] = world.closes()
    assert lease.terminate
    world.closed(lease)
    assert world.results() == [(running, End.TERMINATED)]
    assert running.reason == "terminated by anna: too hot"
    world.told()
    assert cluster.id in world.scheduler.clusters, "it goes before its client is told"
    world.do("delivered", waiting.uid)
    world.do("delivered", running.uid)
    world.gone(cluster)


def test_many_jobs_of_a_terminated_cluster_end_bit_by_bit(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping, "AT_ONCE", 2)
    node, cluster = world.node(), world.cluster()
    world.running(cluster)
    jobs = [world.submit(cluster) for _ in range(4)] + [world.submit(cluster, pinned=node)]
    world.do("terminate", cluster, *ANNA)
    world.closes()
    ended = world.results()
    while world.take(Sweep):
        assert len(ended) in (2, 4)
        world.do("swept")
        ended += world.results()
    assert [job for job, _ in ended] == jobs


def test_a_cluster_that_waits_for_its_turn_is_let_go(world: World) -> None:
    """Its client would wait for ever."""
    world.cluster(exclusive=True)
    waiting = world.asked()
    world.do("terminate", waiting, *ANNA)
    assert world.take(TellScheduled) == [TellScheduled(waiting)]
    world.do("cluster_started", waiting)
    assert world.take(Forget) == [Forget(waiting)]


def test_what_is_closing_anyway_takes_no_orders(world: World) -> None:
    world.node()
    cluster = world.cluster()
    world.running(cluster)
    world.close(cluster)
    world.closes()
    for order in ("pause", "close", "terminate"):
        with pytest.raises(Forbidden, match="closing"):
            world.do(order, cluster, *ANNA)


# -- jobs -------------------------------------------------------------------------------------


def test_cancelled_jobs_say_who_and_why(world: World) -> None:
    world.node()
    cluster = world.cluster()
    running, waiting, other = world.running(cluster), world.submit(cluster), world.submit(cluster)
    world.do("cancel", [running.uid, waiting.uid, 7], *ANNA)
    assert world.take(TerminateJob) == [TerminateJob(running.node, running)]
    assert world.results() == [(waiting, End.CANCELLED)]
    assert waiting.reason == "cancelled by anna: too hot"
    assert of_job(world, waiting).startswith("cancelled by anna: too hot 0 s ago")
    assert "; cancelled by anna: too hot, the node is asked to stop it" in of_job(world, running)
    assert "cancel asked (cancelled by anna: too hot)" in running.tell()
    world.over(running, End.TERMINATED)
    assert world.results() == [(running, End.CANCELLED)]
    assert running.reason == "cancelled by anna: too hot"
    assert world.sent() == [other]


# -- nodes ------------------------------------------------------------------------------------


def test_a_drained_node_gets_no_jobs_until_it_is_resumed(world: World) -> None:
    node, cluster = world.node(cpus=2), world.cluster()
    running = world.running(cluster)
    world.do("drain", node, *ANNA)
    waiting = world.submit(cluster)
    assert not world.sent()
    assert why.of_node(node, world.now) == "drained (by anna: too hot); 1 job still there"
    assert of_job(world, waiting).startswith(
        "node 10.0.0.1, the only one that matches *, is of no use now: drained (by anna: too hot);"
    )
    [row] = snapshot(world.scheduler, world.now)["nodes"]
    assert (row["state"], row["note"]) == ("drained", "drained by anna: too hot")
    assert row["drained"]["by"] == "anna"
    world.finish(running)
    later = world.asked()
    world.start(later)
    assert not world.set_ups(), "a drained node is set up for new clusters"
    world.do("resume_node", node, "bob", "cool")
    assert world.sent() == [waiting]
    assert [lease.cluster for lease in world.set_ups()] == [later]


@pytest.mark.parametrize("reentrant", [True, False])
def test_jobs_of_a_closed_node_go_elsewhere_or_end(world: World, reentrant: bool) -> None:
    node, cluster = world.node(), world.cluster(reentrant=reentrant)
    job = world.running(cluster)
    other = world.node()
    world.do("close_node", node, *ANNA)
    [lease] = world.closes()
    assert job.node is node and lease.terminate
    world.closed(lease)
    assert ("closed", node) in world.told()
    if reentrant:
        assert world.sent_to() == [(job, other)]
    else:
        assert world.results() == [(job, End.TERMINATED)]
        assert job.reason == "node 10.0.0.1 was closed by anna: too hot"
    assert not world.set_ups()


def test_a_closed_node_stays_away_until_it_is_resumed(world: World) -> None:
    node = world.node()
    world.cluster()
    world.do("close_node", node, *ANNA)
    [lease] = world.closes()
    world.closed(lease)
    world.told()
    world.lose(node)
    world.wait(4000.0)
    assert node.address in world.scheduler.nodes, "it is forgotten, and the order with it"
    world.join(node.address, identity="2")
    assert not world.set_ups()
    world.do("resume_node", world.scheduler.nodes[node.address], *ANNA)
    assert world.set_ups()


def test_what_its_client_gave_away_is_not_set_up_again_on_a_node_that_was_closed(
    world: World,
) -> None:
    node, cluster = world.node(), world.cluster()
    pinned = [world.running(cluster), world.submit(cluster, pinned=node)][1]
    world.do("node_deallocated", cluster, node.address)
    world.do("close_node", node, *ANNA)
    assert world.results() == [(pinned, End.ABANDONED)]
    [lease] = world.closes()
    world.closed(lease)
    assert world.results() and world.told()
    world.do("resume_node", node, *ANNA)
    assert not world.set_ups()


def test_a_node_that_is_closed_while_it_is_set_up_is_left_whatever_the_client_asks(
    world: World,
) -> None:
    cluster = world.cluster()
    lease = world.setting_up(cluster)
    world.do("close_node", lease.node, *ANNA)
    world.do("node_allocated", cluster, [Allocation("10.0.0.1")])
    world.take(FindNodes)
    world.do("lease_ready", lease, 1)
    assert world.closes() == [lease]
    world.submit(cluster)
    assert not world.sent()
    world.do("node_given_back", cluster, "10.0.0.1", False)
    assert lease.terminate, "its client has an administrator wait"
    world.closed(lease)


@pytest.mark.parametrize(("cpus", "used"), [(2, 2), (-1, 3), (0, 0), (9, 4)])
def test_cpus_of_a_node_are_limited(world: World, cpus: int, used: int) -> None:
    node, cluster = world.node(cpus=4), world.cluster()
    world.do("limit", node, cpus, *ANNA)
    assert world.told() == [("cpus", node)] and node.cpus == used
    sent = []
    for _ in range(5):
        world.submit(cluster)
        sent += world.sent()
    assert len(sent) == used
    world.do("limit", node, None, *ANNA)
    assert node.cpus == 4 and world.told() and len(world.sent()) == 4 - used


def test_all_but_so_many_follow_the_nodes_owner(world: World) -> None:
    node = world.node(cpus=4)
    world.do("limit", node, -1, *ANNA)
    world.offer_cpus(node, 3)
    assert node.cpus == 2
    world.offer_cpus(node, 1)
    assert node.cpus == 0
    assert why.of_node(node, world.now) == "limited to no CPUs (by anna: too hot)"


def test_there_are_not_as_many_cpus_to_leave_out(world: World) -> None:
    node = world.node(cpus=2)
    with pytest.raises(Forbidden, match="has 2 in all"):
        world.do("limit", node, -2, *ANNA)


def test_an_added_node_is_looked_for(world: World) -> None:
    world.do("add_node", "n1.example", 51348, *ANNA)
    assert world.take(SeekNode) == [SeekNode("n1.example", 51348)]
