"""Why something does not go on, or that it does: one sentence for a job, a cluster or a node.

Made when somebody asks. It looks at each node once, and at most at MOST_AHEAD jobs of a queue.
"""

from itertools import islice

from gsched.core.book import Book
from gsched.core.model.cluster import Cluster, ClusterState
from gsched.core.model.job import Event, Job, Limit, State
from gsched.core.model.lease import LeaseState
from gsched.core.model.node import Node
from gsched.core.model.queue import JobQueue
from gsched.core.seen.obstacles import FULL, Obstacle, by_itself, is_meant, obstacle, without_room

MOST_AHEAD = 10_000  # jobs that are counted in front of another
MOST_KINDS = 3  # of obstacles that are told
OVERDUE, TIMES = 600.0, 20  # seconds, and so often the longest job of its cluster: it may hang
QUIET = 60.0  # seconds without a word that are worth one

_ENDS = "it ends in a moment"
_BACK = (Event.REFUSED.value, Event.REQUEUED.value)


def of_job(job: Job, book: Book, now: float, problem: str = "") -> str:
    """Why it waits, or where it is. `problem`: why nothing can be kept in the journal now."""
    if job.state is State.QUEUED:
        return _queued(job, book, now)
    if job.state is State.RUNNING:
        return _running(job, now)
    if job.state is State.SENDING:
        address, since = _node_of(job), span(now - _last_step(job, now))
        return f"on its way to node {address} for {since}: {problem or 'not confirmed there yet'}"
    if job.state is State.OFFERED:
        return problem or "its client has not confirmed yet that it knows of it"
    return _ended(job, now)


def of_cluster(cluster: Cluster, book: Book, now: float) -> str:
    """Why it does not get on, or what it does."""
    if cluster.state is ClusterState.NEW:
        return "its client is still sending its files"
    if cluster.state is ClusterState.WAITING:
        return _turn(cluster, book) + _patience(cluster, book, now)
    if cluster.state is ClusterState.STARTING and not cluster.ending:
        return "its client is being told that it may submit"
    if cluster.state in (ClusterState.CLOSING, ClusterState.CLOSED):
        left = f"{count(cluster.running, 'job')} at nodes, {count(len(cluster.leases), 'node')}"
        rest = len(cluster.jobs) - cluster.running
        more = f", {count(rest, 'job')} to end" if rest else ""
        return f"closing ({cluster.note}): {left} to leave{more}"
    if cluster.ending:
        return f"{cluster.ending}; {_left(cluster)}"
    if cluster.paused:
        waits = f"{count(cluster.waiting, 'job')} waiting"
        return f"{cluster.paused}; {waits}, {cluster.running:,} at nodes go on"
    if cluster.waiting:
        return f"{count(cluster.waiting, 'job')} waiting: {_waiting(cluster, book, now)}"
    return _at_work(cluster, now)


def of_node(node: Node, now: float) -> str:
    """Why it is not used, or what it does."""
    found = by_itself(node, now)
    if found is None and node.leases and not node.serves:
        lease = next(iter(node.leases.values()))
        found = obstacle(lease.cluster, node, now)
    found = found or without_room(node)
    if found is not None and found.what != FULL:
        rest = f"; {count(node.busy, 'job')} still there" if node.drained and node.busy else ""
        return f"{found}{rest}"
    busy = f"{node.busy} of {count(node.slots, 'CPU')} busy"
    busy += f" ({node.limited})" if node.limited else ""
    serving = f"serving {count(len(node.serves), 'cluster')}"
    return f"{busy}, {serving}" if node.serves else "ready, but no cluster wants it"


def is_overdue(job: Job, now: float) -> bool:
    """Whether it may hang: where its process is gone, dispynode may never say so."""
    longest = job.cluster.longest
    limit = max(OVERDUE, TIMES * longest)
    return bool(longest) and job.state is State.RUNNING and now - job.started_at > limit


def span(seconds: float) -> str:
    """A length of time in words, exact to two digits or more."""
    for unit, size in (("days", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 10 * size or (unit != "min" and seconds >= 2 * size):
            return f"{seconds / size:.0f} {unit}"
    return f"{max(0.0, seconds):.0f} s"


def count(number: int, noun: str) -> str:
    """So many of them."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


# -- jobs -------------------------------------------------------------------------------------


def _queued(job: Job, book: Book, now: float) -> str:
    if book.suspended:
        return "the scheduler is about to stop: it waits for the next start"
    if job.cluster.terminated:
        return f"its cluster was {job.cluster.ending}: {_ENDS}"
    if reason := _doom(job, book):
        return f"{reason}: {_ENDS}"
    if job.uid in book.aside:
        return f"{book.aside[job.uid]}; that is tried again and again"
    if job.cluster.paused:
        where = f"its cluster is {job.cluster.paused}"
        where += f"; pinned to node {job.pinned.address}" if job.pinned else ""
    elif job.cluster.full:
        where = _at_limit(job.cluster)
    elif job.cluster.state is ClusterState.WAITING:
        where = f"its cluster {_turn(job.cluster, book)}{_patience(job.cluster, book, now)}"
    elif job.pinned is None:
        where = _full_or_worse(job.cluster, book, now)
    else:
        where = f"pinned to {_at(job.cluster, job.pinned, now)}"
    queue, whose = job.cluster.queue, "of its cluster"
    if job.pinned is not None:
        at_node, whose = job.pinned.pinned.get(job.cluster), "for that node"
        if at_node is None:
            return _ENDS  # it stands behind more doomed ones than are looked at
        queue = at_node
    return f"{where}; {_position(job, queue)} in the queue {whose}{_before(job)}"


def _doom(job: Job, book: Book) -> str:
    """Why it is to end, if it is found among the first of its cluster that are."""
    heads = ((doomed, doomed.queue.head()) for doomed in book.doomed)
    meant = (doomed for doomed, head in heads if head and head.cluster is job.cluster)
    pairs = ((one, doomed.reason) for doomed in meant for one in doomed.queue)
    return next((why for one, why in islice(pairs, MOST_AHEAD) if one is job), "")


def _at(cluster: Cluster, node: Node, now: float) -> str:
    return f"node {node.address}: {obstacle(cluster, node, now) or 'its turn comes now'}"


def _position(job: Job, queue: JobQueue) -> str:
    ahead = queue.ahead(job, MOST_AHEAD)
    return f"position {ahead + 1:,}" if ahead < MOST_AHEAD else f"position above {MOST_AHEAD:,}"


def _before(job: Job) -> str:
    """What became of it when it was at a node before."""
    back = next((note for _, what, note in reversed(list(job.events())) if what in _BACK), "")
    return f"; sent {count(job.tries, 'time')} so far, came back: {back}" if back else ""


def _running(job: Job, now: float) -> str:
    words = [f"running on node {_node_of(job)} for {span(now - job.started_at)}"]
    if job.cancelling:
        by = job.reason or "cancelled by its client"
        words.append(f"{by}, the node is asked to stop it")
    if job.over is not None and not job.cancelling:
        asked = ", the node is asked to stop it" * (job.over is Limit.HARD)
        words.append(f"it {job.reason}{asked}")
    if job.node is not None and now - job.node.heard > QUIET:
        words.append(f"nothing heard of the node for {span(now - job.node.heard)}")
    if is_overdue(job, now):
        most = span(job.cluster.longest)
        words.append(f"no other of its cluster ran for more than {most}: if it hangs, cancel it")
    return "; ".join(words)


def _ended(job: Job, now: float) -> str:
    how = job.end.value if job.end else "gone"
    if job.reason:
        how = job.reason if job.reason.startswith(how) else f"{how} ({job.reason})"
    ago = span(now - _last_step(job, now))
    heard = span(now - job.cluster.heard)
    return f"{how} {ago} ago; its client, last heard of {heard} ago, has not taken the answer yet"


def _node_of(job: Job) -> str:
    return job.node.address if job.node else ""


def _last_step(job: Job, now: float) -> float:
    when: float = job.story[-3] if job.story else now
    return when


# -- clusters ---------------------------------------------------------------------------------


def _turn(cluster: Cluster, book: Book) -> str:
    if cluster.absent:
        return f"its turn has come, and others pass: {cluster.absent}"
    line = [one for one in book.waiting if not one.absent]
    ahead = line.index(cluster)
    first = f"{line[0].label} {line[0].note}"
    if not ahead:
        return cluster.note or "its turn comes now"
    return f"waits for its turn behind {count(ahead, 'cluster')}; the first one, {first}"


def _patience(cluster: Cluster, book: Book, now: float) -> str:
    """How long it waits at the most."""
    if book.max_exclusive is None or cluster.exclusive or cluster.absent:
        return ""
    left = cluster.asked_at + book.max_exclusive - now
    return f", for {span(left)} more at the most (--max_exclusive)"


def _waiting(cluster: Cluster, book: Book, now: float) -> str:
    if book.suspended:
        return "the scheduler is about to stop"
    if cluster.full:
        return _at_limit(cluster)
    if cluster.queue.head() is None:
        aside = sum(uid in cluster.jobs for uid in book.aside)
        if aside:
            return f"{count(aside, 'job')} of them cannot be read from the disk"
        return "pinned to nodes that cannot take them now"
    return _full_or_worse(cluster, book, now)


def _at_limit(cluster: Cluster) -> str:
    cpus = count(cluster.rule.max_cpus or 0, "CPU")
    return f"cluster at its limit of {cpus} by rule {cluster.rule.name!r}"


def _left(cluster: Cluster) -> str:
    """What an order to end it waits for."""
    if not cluster.jobs:
        return "its client is being told that its turn has come, and then that it is over"
    rest = len(cluster.jobs) - cluster.waiting - cluster.running
    there = f"{cluster.waiting:,} waiting, {cluster.running:,} at nodes"
    paused = f" ({cluster.paused})" if cluster.paused else ""
    return f"{there}{paused}, {rest:,} whose client has not taken the answer or confirmed the job"


def _at_work(cluster: Cluster, now: float) -> str:
    ready = sum(lease.state is LeaseState.READY for lease in cluster.leases.values())
    there = f"{count(cluster.running, 'job')} at nodes, none waiting"
    words = [f"{there if cluster.running else 'no jobs'}; set up on {count(ready, 'node')}"]
    rest = len(cluster.jobs) - cluster.running
    if rest:
        heard = span(now - cluster.heard)
        words.append(f"{rest:,} not taken or confirmed by its client, last heard of {heard} ago")
    return "; ".join(words)


def _full_or_worse(cluster: Cluster, book: Book, now: float) -> str:
    """Why no node takes the next job that any of them may run."""
    meant = [node for node in book.nodes.values() if is_meant(cluster, node)]
    if not meant:
        return _nowhere(cluster, book)
    found = [(node, obstacle(cluster, node, now) or _kept(node, book)) for node in meant]
    free = next((node for node, what in found if what is None), None)
    if free is not None:
        return f"node {free.address} has room: its turn comes now"
    full = [node for node, what in found if what and what.what == FULL]
    others = _kinds([(node, what) for node, what in found if what and what.what != FULL])
    if not full and len(meant) == 1:
        only = f"node {meant[0].address}, the only one that matches {_wishes(cluster)}"
        return f"{only}, is of no use now: {found[0][1]}"
    if not full:
        return f"none of the {len(meant):,} that match {_wishes(cluster)}: {others}"
    all_ = "the only usable node is" if len(full) == 1 else f"all {len(full):,} usable nodes are"
    mine = [job for node in full for job in node.jobs.values() if job.cluster is cluster]
    own = sum(job.cpus for job in mine)
    share = f"{own:,} of {count(sum(node.slots for node in full), 'CPU')} run this cluster's jobs"
    return f"{all_} full, {share}{f'; {others}' if others else ''}"


def _kept(node: Node, book: Book) -> Obstacle | None:
    kept = book.ready.is_kept(node)
    return Obstacle("kept for a job that needs more CPUs than are free") if kept else None


def _nowhere(cluster: Cluster, book: Book) -> str:
    if not book.nodes:
        return "no node is known yet"
    return f"none of {count(len(book.nodes), 'known node')} matches {_wishes(cluster)}"


def _wishes(cluster: Cluster) -> str:
    hosts = list(dict.fromkeys(one.host for one in cluster.allocations))
    return ", ".join(hosts[:3]) + (", ..." if len(hosts) > 3 else "")


def _kinds(found: list[tuple[Node, Obstacle]]) -> str:
    """How many nodes there are of each kind of obstacle, the most frequent first."""
    kinds: dict[str, list[tuple[Node, Obstacle]]] = {}
    for node, what in found:
        kinds.setdefault(what.what, []).append((node, what))
    most = sorted(kinds.values(), key=len, reverse=True)[:MOST_KINDS]
    return ", ".join(f"{len(some):,} {_example(*some[0])}" for some in most)


def _example(node: Node, what: Obstacle) -> str:
    return f"{what.what} ({node.address}{f': {what.more}' if what.more else ''})"
