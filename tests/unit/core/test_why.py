"""One sentence for whatever does not go on."""

import pytest

from gsched.core import sweeping
from gsched.core.dispatch import Refusal
from gsched.core.effects import SeekClient, Sweep, TellScheduled, TerminateJob
from gsched.core.fleet import NodeFacts
from gsched.core.model.cluster import Cluster
from gsched.core.model.job import Job, State
from gsched.core.model.lease import SetUpFailure
from gsched.core.model.node import Node
from gsched.core.seen import why
from gsched.core.seen.obstacles import obstacle

from .conftest import Make
from .world import PORT, World


def of_job(world: World, job: Job, problem: str = "") -> str:
    return why.of_job(job, world.scheduler.book, world.now, problem)


def of_cluster(world: World, cluster: Cluster) -> str:
    return why.of_cluster(cluster, world.scheduler.book, world.now)


def of_node(world: World, node: Node) -> str:
    return why.of_node(node, world.now)


# Jobs that wait


def test_no_node_is_known(world: World) -> None:
    job = world.submit(world.cluster())
    assert of_job(world, job) == "no node is known yet; position 1 in the queue of its cluster"


def test_no_node_matches(world: World) -> None:
    world.node()
    world.node()
    job = world.submit(world.cluster("10.5.*", "10.6.0.1"))
    assert of_job(world, job).startswith("none of 2 known nodes matches 10.5.*, 10.6.0.1; ")


def test_all_nodes_are_full(world: World) -> None:
    world.node(cpus=2)
    world.node(cpus=1)
    first, second = world.cluster(), world.cluster()
    world.running(first)
    world.running(second)
    world.running(second)
    jobs = world.submit_some(first, 3)
    assert of_job(world, jobs[2]) == (
        "all 2 usable nodes are full, 1 of 3 CPUs run this cluster's jobs;"
        " position 3 in the queue of its cluster"
    )
    assert of_cluster(world, first).startswith("3 jobs waiting: all 2 usable nodes are full, 1 of ")


def test_one_is_full_and_others_are_of_no_use(world: World) -> None:
    world.node()
    gone, away = world.node(), world.node()
    cluster = world.cluster()
    world.running(cluster)
    for node, reason in ((gone, "stopped"), (away, "asleep")):
        world.lose(node, reason)
    job = world.submit(cluster)
    assert of_job(world, job) == (
        "the only usable node is full, 1 of 1 CPU run this cluster's jobs;"
        f" 2 lost ({gone.address}: stopped); position 1 in the queue of its cluster"
    )


def test_no_node_can_be_used(world: World) -> None:
    gone, failed = world.node(), world.join("10.0.0.2")
    cluster = world.asked()
    world.start(cluster)
    first, second = world.set_ups()
    world.ready(first)
    world.lose(gone)
    world.fail(second, SetUpFailure.BROKEN, "no module named numpy")
    job = world.submit(cluster)
    words = of_job(world, job)
    assert words.startswith("none of the 2 that match *: ")
    assert f"1 lost ({gone.address}: stopped)" in words
    reason = f"{failed.address}: no module named numpy; next try in 5 s"
    assert f"1 with a failed set-up ({reason})" in words


def test_the_only_node_is_being_set_up(world: World) -> None:
    cluster = world.cluster("10.0.0.1")
    lease = world.setting_up(cluster)
    job = world.submit(cluster)
    assert of_job(world, job).startswith(
        "node 10.0.0.1, the only one that matches 10.0.0.1, is of no use now: being set up; "
    )
    assert of_node(world, lease.node) == "being set up"


def test_a_refused_job_says_that_it_was_sent_before(world: World) -> None:
    world.node()
    job = world.sending(world.cluster())
    world.refuse(job, Refusal.BUSY)
    words = of_job(world, job)
    assert "is of no use now: given no jobs for some seconds after a refusal; " in words
    assert words.endswith(
        "position 1 in the queue of its cluster; sent 1 time so far, came back: not now"
    )


def test_a_long_queue_is_not_counted_to_its_end(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = world.submit_some(world.cluster(), 7)
    monkeypatch.setattr(why, "MOST_AHEAD", 5)
    assert "; position 5 in" in of_job(world, jobs[4])
    assert "; position above 5 in" in of_job(world, jobs[6])


def test_those_that_have_ended_are_not_in_front(world: World) -> None:
    jobs = world.submit_some(world.cluster(), 3)
    world.do("cancelled", jobs[0].uid)
    world.results()
    assert "; position 2 in" in of_job(world, jobs[2])


def test_one_that_came_back_stands_in_front(world: World) -> None:
    node, cluster = world.node(), world.cluster()
    job = world.sending(cluster)
    later = world.submit(cluster)
    world.refuse(job, Refusal.BUSY)
    assert "; position 1 in" in of_job(world, job)
    assert "; position 2 in" in of_job(world, later)
    assert node.held_until


def test_a_scheduler_about_to_stop(world: World) -> None:
    cluster = world.cluster()
    job = world.submit(cluster)
    world.do("suspended")
    assert of_job(world, job) == "the scheduler is about to stop: it waits for the next start"
    assert of_cluster(world, cluster) == "1 job waiting: the scheduler is about to stop"


def test_its_cluster_waits_behind_an_exclusive_one(world: World) -> None:
    world.node()
    alone = world.cluster("analysis", exclusive=True)
    job = world.submit(world.asked())
    assert of_job(world, job) == (
        f"its cluster waits for the exclusive cluster {alone.label} to close;"
        " position 1 in the queue of its cluster"
    )


def test_its_cluster_was_terminated_and_it_ends_in_a_moment(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping, "AT_ONCE", 1)
    cluster = world.cluster()
    jobs = world.submit_some(cluster, 3)
    world.do("terminate", cluster, "anna", "wrong data")
    words = "its cluster was terminated by anna: wrong data: it ends in a moment"
    assert of_job(world, jobs[2]) == words
    ended = world.results()
    while world.take(Sweep):
        world.do("swept")
        ended += world.results()
    assert len(ended) == 3


def test_only_some_of_those_that_are_to_end_are_looked_at(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who stands behind them ends in a moment, too; those of other clusters do not count."""
    monkeypatch.setattr(sweeping, "AT_ONCE", 1)
    monkeypatch.setattr(why, "MOST_AHEAD", 5)
    node, others, cluster = world.node(cpus=2), world.cluster(), world.cluster()
    world.running(others)
    world.running(cluster)
    world.submit_some(others, 20, pinned=node)
    jobs = world.submit_some(cluster, 8, pinned=node)
    for one in (others, cluster):
        world.do("node_given_back", one, node.address, False)
        world.take(object)
    words = f"its client closed node {node.address}: it ends in a moment"
    assert [of_job(world, job) for job in jobs[:5]] == [words] * 5
    assert of_job(world, jobs[5]) == "it ends in a moment"


def test_those_that_cannot_be_read_and_are_to_end(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each in the queue of its cluster, also where all clusters end together."""
    monkeypatch.setattr(sweeping, "AT_ONCE", 1)
    world.node(cpus=3)
    jobs = [world.sending(world.cluster()) for _ in range(3)]
    for job in jobs:
        world.do("unreadable", job.uid, job.tries, "damaged")
    world.do("stopped", "the end", False)
    waiting = [job for job in jobs if job.state is State.QUEUED]
    assert [of_job(world, job) for job in waiting] == ["the end: it ends in a moment"] * 2
    world.take(object)


def test_its_client_has_given_the_only_node_back(world: World) -> None:
    node, cluster = world.node(), world.cluster()
    running, job = world.running(cluster), world.submit(cluster)
    world.do("node_given_back", cluster, node.address, False)
    world.closes()
    assert "is of no use now: closed by the client; " in of_job(world, job)
    assert running.node is node


@pytest.mark.parametrize("order", ["drain", "close_node"])
def test_all_nodes_are_drained_or_closed_by_somebody(world: World, order: str) -> None:
    nodes, cluster = [world.node(), world.node()], world.cluster()
    for node in nodes:
        world.do(order, node, "anna", "heat")
        world.take(object)
    job = world.submit(cluster)
    what = "drained" if order == "drain" else "closed"
    told = f"none of the 2 that match *: 2 {what} ({nodes[0].address}: by anna: heat); "
    assert of_job(world, job).startswith(told)


def test_the_only_node_is_limited_to_no_cpus(world: World) -> None:
    node, cluster = world.node(cpus=2), world.cluster()
    world.do("limit", node, 0, "anna", "mine tonight")
    world.told()
    job = world.submit(cluster)
    assert "is of no use now: limited to no CPUs (by anna: mine tonight); " in of_job(world, job)


def test_a_node_that_has_just_got_room(world: World) -> None:
    node, cluster = world.node(), world.cluster()
    running = world.running(cluster)
    job = world.submit(cluster)
    node.leave(running)  # as between two steps of an event
    words = f"node {node.address} has room: its turn comes now; position 1 in"
    assert of_job(world, job).startswith(words)


def test_a_node_that_nobody_has_set_up(world: World) -> None:
    world.cluster(exclusive=True)
    waiting = world.asked()
    assert str(obstacle(waiting, world.node(), world.now)) == "not set up yet"


# Jobs pinned to a node


def pinned(world: World, node: Node) -> tuple[Cluster, Job]:
    """A job that waits for that node, which is full."""
    cluster = world.cluster()
    world.running(cluster)
    return cluster, world.submit(cluster, pinned=node)


def test_its_node_is_full(world: World) -> None:
    node = world.node()
    cluster, job = pinned(world, node)
    assert of_job(world, job) == (
        f"pinned to node {node.address}: full; position 1 in the queue for that node"
    )
    assert of_cluster(world, cluster) == "1 job waiting: pinned to nodes that cannot take them now"


def test_its_node_is_lost(world: World) -> None:
    node = world.node()
    cluster = world.cluster()
    world.lose(node, "silent for 51 s")
    job = world.submit(cluster, pinned=node)
    assert of_job(world, job).startswith(f"pinned to node {node.address}: lost (silent for 51 s); ")


def test_its_node_gives_it_no_cpus(make_world: Make) -> None:
    world = make_world(cooperative=True)
    node = world.node(cpus=2)
    cluster = world.cluster()
    world.do("cpus_limited", cluster, node.address, 0)
    world.told()
    job = world.submit(cluster, pinned=node)
    assert "limited to no CPUs by a client; " in of_job(world, job)
    world.offer_cpus(node, 0)
    assert "without CPUs to offer; " in of_job(world, job)


def test_its_node_is_not_given_jobs_any_more(world: World) -> None:
    node = world.node()
    cluster, job = pinned(world, node)
    world.do("node_deallocated", cluster, node.address)
    assert "given no more jobs, as the client asked; " in of_job(world, job)


def lost_thrice(world: World, node: Node) -> None:
    """So that it is left alone for a minute."""
    for number in range(3):
        world.lose(node)
        world.join(node.address, identity=str(number + 2))
        world.take(object)


def test_its_node_is_in_quarantine_and_then_on_trial(world: World) -> None:
    node, other = world.node(cpus=2), world.node()
    cluster = world.cluster()
    lost_thrice(world, node)
    job = world.submit(cluster, pinned=node)
    doubt = "lost 3 times in a row, the last time: stopped"
    assert f": in quarantine (60 s more; {doubt}); " in of_job(world, job)
    assert of_node(world, node) == f"in quarantine (60 s more; {doubt})"
    world.wait(61.0)
    world.set_up_all()
    assert world.sent() == [job]
    second = world.submit(cluster, pinned=node)
    assert f": on trial with one job at a time ({doubt}); " in of_job(world, second)
    assert other.busy == 0


def test_its_node_runs_other_software(world: World) -> None:
    facts = NodeFacts(
        address="10.0.0.1", port=PORT, name="n", cpus=1, identity="1", family="dispy 4.8"
    )
    world.do("node_joined", facts)
    cluster = world.cluster(family="dispy 4.15")
    job = world.submit(cluster)
    software = "with other software (dispy 4.8, the client has dispy 4.15)"
    assert software in of_job(world, job)


# Jobs elsewhere


def test_a_job_whose_client_has_not_confirmed(world: World) -> None:
    job = world.offer(world.cluster())
    assert of_job(world, job) == "its client has not confirmed yet that it knows of it"
    assert of_job(world, job, "no space left") == "no space left"


def test_a_job_on_its_way(world: World) -> None:
    node = world.node()
    job = world.sending(world.cluster())
    world.recorder.now += 7
    way = f"on its way to node {node.address} for 7 s: "
    assert of_job(world, job) == way + "not confirmed there yet"
    assert of_job(world, job, "no space left") == way + "no space left"


def test_a_job_that_runs(world: World) -> None:
    node, cluster = world.node(cpus=2), world.cluster()
    quick, job = world.running(cluster), world.running(cluster)
    world.finish(quick)
    world.recorder.now += 59
    running = f"running on node {node.address} for "
    assert of_job(world, job) == running + "59 s"
    world.recorder.now += 541
    assert of_job(world, job) == f"{running}10 min; nothing heard of the node for 10 min"
    world.wait(60.0)
    assert of_job(world, job) == (
        f"{running}11 min; no other of its cluster ran for more than 1 s: if it hangs, cancel it"
    )
    world.do("cancelled", job.uid)
    assert world.take(TerminateJob)
    assert "; cancelled by its client, the node is asked to stop it; " in of_job(world, job)


def test_a_job_whose_answer_is_not_taken(world: World) -> None:
    world.node()
    cluster = world.cluster()
    job = world.running(cluster)
    world.over(job)
    world.results()
    world.recorder.now += 2 * 3600
    assert of_job(world, job) == (
        "finished 2 h ago; its client, last heard of 2 h ago, has not taken the answer yet"
    )
    assert of_cluster(world, cluster) == (
        "no jobs; set up on 1 node; 1 not taken or confirmed by its client, last heard of 2 h ago"
    )


def test_a_job_that_came_to_nothing_says_why(world: World) -> None:
    node = world.node()
    job = world.running(world.cluster())
    world.lose(node)
    world.results()
    assert of_job(world, job).startswith(
        f"abandoned (node {node.address}: stopped, and the job is not reentrant) 0 s ago; "
    )


# Clusters


def test_a_cluster_whose_files_arrive(world: World) -> None:
    assert of_cluster(world, world.opened()) == "its client is still sending its files"


def test_clusters_that_wait_for_their_turn(world: World) -> None:
    world.cluster()
    first, second = world.asked(exclusive=True), world.asked()
    note = "is exclusive and waits for 1 other clusters to close"
    assert of_cluster(world, first) == note
    assert of_cluster(world, second) == (
        f"waits for its turn behind 1 cluster; the first one, compute @ 10.9.9.9 {note}"
    )


def test_a_cluster_that_waits_for_an_exclusive_one(world: World) -> None:
    world.cluster(exclusive=True)
    waits = world.asked()
    expected = "waits for the exclusive cluster compute @ 10.9.9.9 to close"
    assert of_cluster(world, waits) == expected


def test_a_cluster_whose_client_is_away_at_its_turn(world: World) -> None:
    cluster = world.asked()
    assert world.take(TellScheduled)
    world.do("cluster_absent", cluster, "no answer")
    assert world.take(SeekClient)
    expected = "its turn has come, and others pass: no answer"
    assert of_cluster(world, cluster) == expected


def test_a_cluster_that_somebody_ends_while_it_waits(world: World) -> None:
    world.cluster(exclusive=True)
    cluster = world.asked()
    world.do("terminate", cluster, "anna", "")
    world.take(TellScheduled)
    assert of_cluster(world, cluster) == (
        "terminated by anna; its client is being told that its turn has come, and then that it is"
        " over"
    )


def test_a_cluster_that_starts(world: World) -> None:
    cluster = world.asked()
    assert world.take(TellScheduled)
    assert of_cluster(world, cluster) == "its client is being told that it may submit"


def test_a_cluster_at_work(world: World) -> None:
    world.node(cpus=2)
    cluster = world.cluster()
    assert of_cluster(world, cluster) == "no jobs; set up on 1 node"
    world.running(cluster)
    world.running(cluster)
    assert of_cluster(world, cluster) == "2 jobs at nodes, none waiting; set up on 1 node"


def test_a_cluster_that_closes(world: World) -> None:
    world.node()
    cluster = world.cluster()
    world.running(cluster)
    world.close(cluster, terminate=False)
    assert of_cluster(world, cluster) == (
        "closing (its client wants so): 1 job at nodes, 1 node to leave"
    )


# Nodes


def test_nodes(world: World) -> None:
    node, idle = world.node(cpus=2), world.node()
    assert of_node(world, node) == "ready, but no cluster wants it"
    cluster = world.cluster(node.address)
    world.running(cluster)
    assert of_node(world, node) == "1 of 2 CPUs busy, serving 1 cluster"
    assert of_node(world, idle) == "ready, but no cluster wants it"
    world.lose(idle, "stopped")
    assert of_node(world, idle) == "lost (stopped)"


# Times


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-1.0, "0 s"),
        (0.4, "0 s"),
        (599, "599 s"),
        (600, "10 min"),
        (7199, "120 min"),
        (7200, "2 h"),
        (86400, "24 h"),
        (172800, "2 days"),
    ],
)
def test_spans(seconds: float, words: str) -> None:
    assert why.span(seconds) == words
