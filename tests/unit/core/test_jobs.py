"""Single jobs: cancelled, answered early or late, lost, run again or given up."""

import pytest

from gsched.core.dispatch import Refusal
from gsched.core.effects import SendProvisional
from gsched.core.model.cluster import Cluster
from gsched.core.model.job import End, State
from gsched.core.model.node import Node
from gsched.core.scheduler import Refused

from .world import World

NOBODY = "10.7.7.7"


@pytest.fixture
def node(world: World) -> Node:
    """A node with one CPU."""
    return world.node(cpus=1)


@pytest.fixture
def cluster(world: World, node: Node) -> Cluster:
    """A cluster whose jobs may not run again."""
    return world.cluster()


# -- from offer to answer ---------------------------------------------------------------------


def test_a_job_goes_its_way(world: World, cluster: Cluster, node: Node) -> None:
    job = world.offer(cluster)
    assert job.state is State.OFFERED
    world.do("accepted", job.uid)
    assert world.sent_to() == [(job, node)] and job.state is State.SENDING
    world.started(job)
    assert job.state is State.RUNNING
    world.over(job, reply="42")
    assert world.results() == [(job, End.FINISHED)]
    assert (job.state, job.reply, job.reason) == (State.DONE, "42", "")
    world.do("delivered", job.uid)
    assert job.state is State.GONE and not world.scheduler.jobs
    steps = [event for _, event, _ in job.events()]
    assert steps == ["offered", "accepted", "chosen", "started", "ended", "delivered"]


def test_a_job_does_not_go_before_its_client_has_confirmed_it(
    world: World, cluster: Cluster
) -> None:
    world.offer(cluster)
    world.tick(1.0)


def test_a_job_that_its_client_did_not_confirm_is_gone(world: World, cluster: Cluster) -> None:
    job = world.offer(cluster)
    world.do("withdrawn", job.uid, reason="no answer")
    assert job.state is State.GONE and not cluster.jobs
    world.do("accepted", job.uid)
    assert job.state is State.GONE


def test_ids_are_never_used_again(world: World, cluster: Cluster) -> None:
    uids = []
    for _ in range(3):
        uids.append(world.offer(cluster).uid)
        world.do("withdrawn", uids[-1], reason="no answer")
    assert len({*uids, cluster.id}) == 4


def test_a_raised_exception_is_told_as_terminated(world: World, cluster: Cluster) -> None:
    job = world.running(cluster)
    world.over(job, End.TERMINATED, reply="Traceback")
    assert world.results() == [(job, End.TERMINATED)]
    assert job.reply == "Traceback"


def test_what_nodes_have_done_is_counted(world: World, cluster: Cluster, node: Node) -> None:
    for _ in range(3):
        world.submit(cluster)
        world.run_all()
    assert (node.jobs_done, node.cpu_time) == (3, 3.0)
    assert (cluster.done, world.scheduler.book.done) == (3, 3)


# -- what arrives in another order ------------------------------------------------------------


def test_a_result_may_overtake_the_word_that_the_job_has_started(
    world: World, cluster: Cluster
) -> None:
    job = world.sending(cluster)
    world.over(job)
    assert world.results() == [(job, End.FINISHED)]
    world.do("started", job.uid, 1)
    world.do("refused", job.uid, 1, Refusal.BUSY, "no CPU")
    assert job.state is State.DONE


def test_a_second_result_has_no_effect(world: World, cluster: Cluster) -> None:
    job = world.running(cluster)
    world.over(job, reply="first")
    world.results()
    world.over(job, End.TERMINATED, reply="second")
    assert (job.end, job.reply) == (End.FINISHED, "first")
    world.do("delivered", job.uid)
    world.do("delivered", job.uid)
    world.over(job)


def test_a_result_from_another_node_has_no_effect(world: World, cluster: Cluster) -> None:
    other = world.node()
    job = world.running(cluster)
    for address in (other.address, NOBODY):
        world.do("finished", job.uid, address, End.FINISHED, "forged", 1.0)
        world.do("provisional", job.uid, address, "forged")
    assert job.state is State.RUNNING


def test_a_result_of_a_job_that_no_node_was_given_has_no_effect(world: World) -> None:
    job = world.submit(world.cluster())
    world.do("finished", job.uid, NOBODY, End.FINISHED, "forged", 1.0)
    assert job.state is State.QUEUED


def test_events_of_an_older_try_have_no_effect(world: World) -> None:
    node, cluster = world.node(), world.cluster(reentrant=True)
    job = world.sending(cluster)
    world.refuse(job, Refusal.BUSY)
    world.wait(1.0)
    assert world.sent() == [job] and job.tries == 2
    world.do("started", job.uid, 1)
    world.do("refused", job.uid, 1, Refusal.REJECTED, "late")
    world.do("missing", job.uid, 1, "late")
    assert (job.state, job.node, job.refusals) == (State.SENDING, node, 0)
    world.started(job)


@pytest.mark.parametrize("event", ["accepted", "delivered", "cancelled"])
def test_events_of_unknown_jobs_have_no_effect(world: World, event: str) -> None:
    world.do(event, 404)


def test_a_late_result_of_a_job_that_waits_again_is_taken(world: World) -> None:
    node, cluster = world.node(), world.cluster(reentrant=True)
    job, behind = world.running(cluster), world.submit(cluster)
    world.lose(node)
    assert job.state is State.QUEUED
    world.over(job, reply="saved")
    assert world.results() == [(job, End.FINISHED)] and job.reply == "saved"
    world.node(address=node.address)
    assert world.sent() == [behind]


def test_a_late_result_of_a_job_that_runs_elsewhere_by_now_has_no_effect(world: World) -> None:
    first, cluster = world.node(), world.cluster(reentrant=True)
    job = world.running(cluster)
    second = world.node()
    world.lose(first)
    assert world.sent_to() == [(job, second)]
    strays = world.scheduler.book.strays
    world.do("finished", job.uid, first.address, End.FINISHED, "late", 1.0)
    assert world.scheduler.book.strays == strays + 1
    assert job.node is second


# -- provisional results ----------------------------------------------------------------------


def test_provisional_results_are_passed_on_and_the_last_one_ends_the_job(
    world: World, cluster: Cluster, node: Node
) -> None:
    job = world.running(cluster)
    for reply in ("10 %", "20 %"):
        world.do("provisional", job.uid, node.address, reply)
        assert world.take(SendProvisional) == [SendProvisional(job, reply)]
    world.over(job)
    assert world.results() == [(job, End.FINISHED)]
    world.do("provisional", job.uid, node.address, "late")
    assert job.state is State.DONE


def test_a_story_does_not_grow_with_provisional_results(
    world: World, cluster: Cluster, node: Node
) -> None:
    job = world.running(cluster)
    for reply in range(1000):
        world.do("provisional", job.uid, node.address, reply)
        assert world.take(SendProvisional)
    world.finish(job)
    told = [(what, note) for _, what, note in job.events()]
    assert told[3:5] == [("started", ""), ("provisional", "1000")]
    assert len(told) == 7


def test_a_provisional_result_may_overtake_the_start(
    world: World, cluster: Cluster, node: Node
) -> None:
    job = world.sending(cluster)
    world.do("provisional", job.uid, node.address, "10 %")
    assert world.take(SendProvisional) == [SendProvisional(job, "10 %")]
    assert job.state is State.SENDING
    world.started(job)


# -- lost -------------------------------------------------------------------------------------


def test_a_lost_job_that_may_not_run_again_is_abandoned_and_says_why(
    world: World, cluster: Cluster, node: Node
) -> None:
    job = world.running(cluster)
    world.lose(node, "power failure")
    assert world.results() == [(job, End.ABANDONED)]
    assert job.reason == f"node {node.address}: power failure, and the job is not reentrant"
    assert any("power failure" in line and f"job {job.uid}" in line for line in world.log)


def test_a_lost_reentrant_job_runs_elsewhere(world: World) -> None:
    first, cluster = world.node(), world.cluster(reentrant=True)
    job = world.running(cluster)
    second = world.node()
    world.lose(first)
    assert world.sent_to() == [(job, second)] and job.tries == 2


def test_a_lost_reentrant_job_that_is_pinned_is_abandoned_and_says_why(world: World) -> None:
    node, cluster = world.node(), world.cluster(reentrant=True)
    job = world.running(cluster, pinned=node)
    world.node()
    world.lose(node)
    assert world.results() == [(job, End.ABANDONED)]
    assert job.reason == f"node {node.address}: stopped, and the job is pinned to it"


def test_a_job_that_was_never_confirmed_by_its_node_counts_as_lost_too(
    world: World, cluster: Cluster, node: Node
) -> None:
    """It may have run: nobody knows."""
    job = world.sending(cluster)
    world.do("leaving", job.uid, job.tries)
    world.lose(node)
    assert world.results() == [(job, End.ABANDONED)]


def test_a_job_that_never_left_for_its_node_waits_again(
    world: World, cluster: Cluster, node: Node
) -> None:
    """Others that could not reach the node have it given up: that is no fault of the job."""
    job = world.sending(cluster)
    world.lose(node)
    assert job.state is State.QUEUED and not job.losses and not job.reruns
    assert not world.results()
    world.node(address="10.0.0.9")
    assert world.sent() == [job]


@pytest.mark.parametrize(("reentrant", "end"), [(False, End.ABANDONED), (True, None)])
def test_a_job_that_its_node_does_not_know_is_lost(
    world: World, reentrant: bool, end: End | None
) -> None:
    node, cluster = world.node(), world.cluster(reentrant=reentrant)
    job = world.running(cluster)
    world.do("missing", job.uid, job.tries, "not known there")
    assert (world.results() == [(job, End.ABANDONED)]) == (end is End.ABANDONED)
    assert (world.sent_to() == [(job, node)]) == reentrant


# -- pinned -----------------------------------------------------------------------------------


def refusal(world: World, cluster: Cluster, address: str) -> str:
    """Why a job for that node is not taken."""
    with pytest.raises(Refused) as refused:
        world.recorder.offer(cluster, address)
    return str(refused.value)


def test_a_job_for_an_unknown_node_is_refused(world: World, cluster: Cluster) -> None:
    assert refusal(world, cluster, NOBODY) == f"node {NOBODY} is not known"


def test_a_job_for_a_node_that_is_not_the_clusters_is_refused(world: World, node: Node) -> None:
    cluster = world.cluster("10.5.*")
    assert "not among those" in refusal(world, cluster, node.address)


def test_a_job_for_a_node_that_was_given_back_is_refused(
    world: World, cluster: Cluster, node: Node
) -> None:
    world.do("node_given_back", cluster, node.address, True)
    world.closes()
    assert "not among those" in refusal(world, cluster, node.address)


def test_a_job_may_be_pinned_to_a_lost_node_and_waits_for_it(
    world: World, cluster: Cluster, node: Node
) -> None:
    world.lose(node)
    job = world.submit(cluster, pinned=node)
    world.node(address=node.address)
    assert world.sent_to() == [(job, node)]


def test_a_job_pinned_to_a_node_that_is_given_back_meanwhile_does_not_wait_for_ever(
    world: World, cluster: Cluster, node: Node
) -> None:
    job = world.offer(cluster, pinned=node)
    world.do("node_given_back", cluster, node.address, True)
    world.closes()
    world.do("accepted", job.uid)
    assert world.results() == [(job, End.ABANDONED)]
    assert job.reason == f"its client closed node {node.address}"


def test_a_job_pinned_to_a_node_that_is_forgotten_meanwhile_does_not_wait_for_ever(
    world: World, cluster: Cluster, node: Node
) -> None:
    job = world.offer(cluster, pinned=node)
    world.lose(node)
    for _ in range(2):
        world.wait(1900.0)
    assert not world.scheduler.nodes
    world.do("accepted", job.uid)
    assert world.results() == [(job, End.ABANDONED)]
    assert "did not come back" in job.reason


def test_a_refused_job_whose_node_was_given_back_does_not_wait_for_ever(
    world: World, cluster: Cluster, node: Node
) -> None:
    job = world.sending(cluster, pinned=node)
    world.do("node_given_back", cluster, node.address, True)
    world.closes()
    world.refuse(job, Refusal.BUSY)
    assert world.results() == [(job, End.ABANDONED)]


# -- jobs that a node itself has broken -------------------------------------------------------


@pytest.mark.parametrize("pinned", [False, True])
def test_a_job_that_its_node_has_broken_runs_once_more(world: World, pinned: bool) -> None:
    node = world.node()
    job = world.running(world.cluster(reentrant=True), pinned=node if pinned else None)
    world.do("broke", job.uid, node.address, "traceback", 1.0)
    assert world.sent() == [job]
    world.do("broke", job.uid, node.address, "traceback", 1.0)
    assert world.results() == [(job, End.TERMINATED)] and job.reply == "traceback"


def test_a_broken_job_that_may_not_run_again_ends_with_its_nodes_words(world: World) -> None:
    node = world.node()
    job = world.running(world.cluster())
    world.do("broke", job.uid, node.address, "traceback", 1.0)
    assert world.results() == [(job, End.TERMINATED)] and job.reply == "traceback"


def test_a_broken_job_that_waits_again_already_goes_on_waiting(world: World) -> None:
    node = world.node()
    job = world.running(world.cluster(reentrant=True))
    world.lose(node)
    world.do("broke", job.uid, node.address, "traceback", 1.0)
    assert (job.state, job.broken) == (State.QUEUED, False)
