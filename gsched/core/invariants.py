"""What must hold between any two events."""

from collections.abc import Iterable

from gsched.core.book import Book
from gsched.core.model.cluster import Cluster, ClusterState
from gsched.core.model.job import Job, State
from gsched.core.model.lease import LeaseState
from gsched.core.model.node import Node, NodeState
from gsched.core.model.order import CLOSED

AT_NODE = (State.SENDING, State.RUNNING)


def verify(book: Book) -> None:
    """Raises AssertionError that names the thing and what is wrong with it."""
    for uid, job in book.jobs.items():
        assert uid == job.uid, f"job {job.uid} stands under {uid}"
        _job(book, job)
    untaken = sum(job.state is State.DONE for job in book.jobs.values())
    assert book.untaken == untaken, f"{book.untaken} answers are not taken, not {untaken}"
    for cluster in book.clusters.values():
        _cluster(book, cluster)
    for node in book.nodes.values():
        _node(book, node)
    assert book.sweeping or not (book.doomed or book.dropping), "nobody goes on with the rest"
    _nothing_left_over(book)
    _exclusive(book)


def _job(book: Book, job: Job) -> None:
    assert job.state is not State.GONE, f"gone but kept: {job.tell()}"
    assert job.cluster.jobs.get(job.uid) is job, f"unknown to its cluster: {job.tell()}"
    assert (job.node is not None) == (job.state in AT_NODE), f"node and state differ: {job.tell()}"
    assert (job.end is not None) == (job.state is State.DONE), f"end and state differ: {job.tell()}"
    assert job.seq, f"place in the order: {job.tell()}"
    assert job.over is None or job.node is not None, f"late, but not at a node: {job.tell()}"
    if job.node is not None:
        assert job.node.jobs.get(job.uid) is job, f"unknown to its node: {job.tell()}"
        assert job.pinned in (None, job.node), f"not where it is pinned: {job.tell()}"
    if job.state is State.QUEUED:
        queue: Iterable[Job] = job.cluster.queue
        if job.pinned is not None:
            queue = job.pinned.pinned.get(job.cluster, ())
        queues = [queue, *(doomed.queue for doomed in book.doomed)]
        times = 0 if job.uid in book.aside else 1
        found = sum(other is job for queue in queues for other in queue)
        assert found == times, f"not queued once: {job.tell()}"


def _cluster(book: Book, cluster: Cluster) -> None:
    states = [job.state for job in cluster.jobs.values()]
    label = cluster.label
    assert cluster.waiting == states.count(State.QUEUED), f"{label}: waiting"
    cpus = sum(job.cpus for job in cluster.jobs.values() if job.state in AT_NODE)
    assert cluster.used == cpus, f"{label}: CPUs"
    assert cluster.offered == states.count(State.OFFERED), f"{label}: offered"
    assert cluster.running == sum(state in AT_NODE for state in states), f"{label}: running"
    late = sum(job.over is not None for job in cluster.jobs.values())
    assert cluster.late == late, f"{label}: late"
    untaken = [job for job in cluster.jobs.values() if job.state is State.DONE]
    assert {*cluster.untaken.values()} == {*untaken}, f"{label}: not taken"
    assert (cluster in book.waiting) == (cluster.state is ClusterState.WAITING), f"{label}: turn"
    for address, lease in cluster.leases.items():
        assert lease.cluster is cluster, f"{label}: lease of another"
        assert lease.node.address == address, f"{label}: lease elsewhere"
        assert lease.node.leases.get(cluster.id) is lease, f"{label}: lease unknown to its node"
    if cluster.terminated:
        assert not any(lease.node.serves & {cluster} for lease in cluster.leases.values()), label
    if cluster.ending and cluster.state in (ClusterState.NEW, ClusterState.ACTIVE):
        assert cluster.jobs, f"{label}: should be closed"
    if cluster.state is ClusterState.CLOSING:
        assert cluster.jobs or cluster.leases, f"{label}: should be closed"


def _node(book: Book, node: Node) -> None:
    address = node.address
    serving = {x.cluster for x in node.leases.values() if x.state is LeaseState.READY}
    assert set(node.serves) == serving, f"node {address}: serves others than its leases say"
    if node.barred_until:
        assert not node.leases, f"node {address}: barred, but not empty"
    if node.state is NodeState.LOST:
        assert not node.jobs and not node.leases, f"node {address}: lost, but not empty"
    if node.drained and node.drained.what == CLOSED:
        left = [x.state is LeaseState.CLOSING or x.unwanted for x in node.leases.values()]
        assert all(left), f"node {address}: closed, but not left by all clusters"
    for lease in node.leases.values():
        assert lease.cluster.works_with(node), f"node {address}: does not suit its clusters"
    cpus = sum(job.cpus for job in node.jobs.values())
    assert node.busy == cpus, f"node {address}: {node.busy} CPUs are busy, not {cpus}"
    lanes = sorted([*node.free_lanes, *(job.lane for job in node.jobs.values())])
    assert lanes == [*range(len(lanes))], f"node {address}: lanes {lanes}"
    for job in node.jobs.values():
        assert job.node is node, f"node {address}: job of another node: {job.tell()}"
        assert job.cluster.id in node.leases, f"node {address}: no lease: {job.tell()}"
    assert bool(node.held_until) == (node in book.held), f"node {address}: held"


def _nothing_left_over(book: Book) -> None:
    """A free CPU and a job that may use it do not stand side by side."""
    for node in () if book.suspended else book.nodes.values():
        if not node.has_room() or book.ready.is_kept(node):
            continue
        for cluster in [one for one in node.serves if not (one.paused or one.full)]:
            queues = [cluster.queue, node.pinned.get(cluster)]
            if cluster.rule.cpus_per_job > node.spare or not cluster.has_share(node):
                continue
            waiting = any(queue is not None and queue.head() for queue in queues)
            assert not waiting, f"{cluster.label} waits although node {node.address} has room"


def _exclusive(book: Book) -> None:
    present = [x for x in book.clusters.values() if x.present and not x.beside]
    if any(cluster.exclusive for cluster in present) and not book.stopping:
        assert len(present) == 1, f"{present[0].label} is not alone"
