"""How a run comes to its end: everybody answers, nobody may be left waiting without a reason."""

from gsched.core.model.cluster import Cluster
from gsched.core.model.job import Job, State
from gsched.core.model.lease import LeaseState
from gsched.core.model.node import Node, NodeState
from gsched.core.model.sharing import NO_SHARING

from .answers import Answers
from .recorder import Recorder

ROUNDS = 100  # more than the longest pauses need


def everybody_answers(recorder: Recorder) -> None:
    """Nothing is refused or lost any more; time goes by until nothing happens."""
    answers = Answers(recorder)
    _take_back_orders(recorder)
    for uid in list(recorder.scheduler.book.aside):
        recorder.event("readable", uid)
    for _ in range(ROUNDS):
        answers.give()
        recorder.now += 61.0
        alive(recorder)
        recorder.event("tick")
        if not answers.due() and not _pauses(recorder):
            return
    raise AssertionError("no end in sight")


def alive(recorder: Recorder) -> None:
    """All nodes that are up, and all clients, give a sign of life."""
    for node in list(recorder.scheduler.nodes.values()):
        if node.state is NodeState.UP:
            recorder.event("node_heard", node.address, None)
    for cluster in recorder.scheduler.clusters.values():
        recorder.event("client_heard", cluster)


def nobody_waits_in_vain(recorder: Recorder) -> None:
    """Each job that still waits does so for a node that may yet come to run it."""
    nodes = list(recorder.scheduler.nodes.values())
    for job in recorder.scheduler.jobs.values():
        if job.state is State.QUEUED:
            assert _has_hope(job, nodes), f"waits in vain: {job.tell()}"


def all_close(recorder: Recorder) -> None:
    """All clients close; then nothing at all may be left."""
    scheduler = recorder.scheduler
    for cluster in list(scheduler.clusters.values()):
        recorder.event("cluster_closed", cluster, reason="the end", terminate=True)
    Answers(recorder).give()
    assert not scheduler.jobs, "jobs are left"
    assert not scheduler.clusters, "clusters are left"
    for node in scheduler.nodes.values():
        assert not node.jobs and not node.leases and not node.serves
    recorder.watch.verify_ended_once()


def _take_back_orders(recorder: Recorder) -> None:
    """All that was paused, drained, closed or limited goes on."""
    recorder.event("share", NO_SHARING, "anna", "")
    for cluster in list(recorder.scheduler.clusters.values()):
        recorder.event("resume", cluster, "anna", "")
    for node in list(recorder.scheduler.nodes.values()):
        recorder.event("resume_node", node, "anna", "")
        recorder.event("limit", node, None, "anna", "")


def _pauses(recorder: Recorder) -> bool:
    """Whether something goes on by itself later."""
    nodes = recorder.scheduler.nodes.values()
    leases = [lease for node in nodes for lease in node.leases.values()]
    retries = any(lease.retry_at is not None for lease in leases)
    return retries or any(node.held_until or _comes_back(node) for node in nodes)


def _comes_back(node: Node) -> bool:
    return node.state is NodeState.UP and bool(node.barred_until)


def _has_hope(job: Job, nodes: list[Node]) -> bool:
    cluster = job.cluster
    if job.pinned is not None:
        unfit = job.pinned.address in cluster.shut or job.pinned.family != cluster.family
        return job.pinned in nodes and not unfit and not _is_given_up(cluster, job.pinned)
    any_given_up = any(_is_given_up(cluster, node) for node in nodes)
    return not any_given_up or any(_may_serve(cluster, node) for node in nodes)


def _may_serve(cluster: Cluster, node: Node) -> bool:
    """Whether the cluster's jobs may come to that node, now or later."""
    if cluster.id in node.leases:
        return not _is_given_up(cluster, node)
    matches = any(allocation.matches(node) for allocation in cluster.allocations)
    return matches and cluster.family == node.family and node.address not in cluster.shut


def _is_given_up(cluster: Cluster, node: Node) -> bool:
    lease = node.leases.get(cluster.id)
    return lease is not None and lease.state is LeaseState.FAILED and lease.retry_at is None
