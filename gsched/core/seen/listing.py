"""Jobs, clusters and nodes as plain values: a page of many, or all about one.

A page begins after a key, so whatever comes and goes meanwhile, nothing is shown twice and nothing
that stays is left out. What a page costs does not grow with the number of jobs.
"""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice, takewhile
from typing import Any, Generic, TypeVar

from gsched.core.book import Book
from gsched.core.model.cluster import Cluster
from gsched.core.model.job import Job, State
from gsched.core.model.lease import Lease
from gsched.core.model.node import Node
from gsched.core.model.tally import Tally
from gsched.core.seen import why
from gsched.core.seen.snapshot import Row, cluster_row, node_row

MOST_LOOKED_AT = 5000  # jobs, for one page of those that are in some state
MOST_SORTED = 20_000  # jobs of a cluster that are found by themselves
MOST_STEPS = 200  # of a job's story: the last ones
MOST_PLACES = 500  # of a cluster's nodes, or a node's clusters and jobs

Key = TypeVar("Key", int, str)


@dataclass(frozen=True)
class Page(Generic[Key]):
    """Some keys, in order. `next`: after which one to go on; None: there are no more."""

    keys: list[Key]
    next: Key | None


def page(known: Iterable[Key], after: Key, limit: int) -> Page[Key]:
    """The first `limit` keys after that one."""
    return _cut(sorted(known), after, limit)


class Jobs:
    """Finds jobs by uid, however many there are: nothing is kept before somebody asks."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._uids: list[int] = []  # in order; some of them may be gone

    def page(
        self,
        after: int,
        limit: int,
        *,
        cluster: Cluster | None = None,
        node: Node | None = None,
        state: State | None = None,
    ) -> Page[int]:
        """Jobs of that cluster, at that node, in that state.

        Where there are few of them, a page may be short, or empty, and have a next one all the
        same.
        """
        looked_at = _cut(self._among(cluster, node), after, MOST_LOOKED_AT)
        jobs, found = self._book.jobs, []
        for uid in looked_at.keys:
            job = jobs.get(uid)
            if job is None or state not in (None, job.state):
                continue
            if cluster in (None, job.cluster) and node in (None, job.node):
                found.append(uid)
        if len(found) > limit:
            return Page(found[:limit], found[limit - 1])
        return Page(found, looked_at.next)

    def _among(self, cluster: Cluster | None, node: Node | None) -> list[int]:
        """Uids in order; all that are wanted are among them."""
        if node is not None:
            return sorted(node.jobs)
        if cluster is not None and len(cluster.jobs) <= MOST_SORTED:
            return sorted(cluster.jobs)
        return self._all()

    def _all(self) -> list[int]:
        """New ones are the last in `book.jobs`, and larger than all that there were before."""
        jobs, uids = self._book.jobs, self._uids
        if len(uids) > 2 * len(jobs) or not uids:
            self._uids = sorted(jobs)
        else:
            uids += reversed([*takewhile(uids[-1].__lt__, reversed(jobs))])
        return self._uids


def _cut(keys: list[Key], after: Key, limit: int) -> Page[Key]:
    start = bisect_right(keys, after)
    found = keys[start : start + limit]
    return Page(found, found[-1] if start + limit < len(keys) else None)


def job_row(job: Job, now: float) -> Row:
    """What is shown of a job in a line. Times in seconds since 1970."""
    node = job.node or (job.last if job.end else None)
    return {
        "uid": str(job.uid),
        "cluster": job.cluster.handle,
        "label": job.cluster.label,
        "state": job.state.value,
        "node": node.address if node else None,
        "pinned": job.pinned.address if job.pinned else None,
        "tries": job.tries,
        "cancelling": job.cancelling,
        "submitted": job.story[0] if job.story else None,
        "started": job.started_at or None,
        "since": job.story[-3] if job.story else None,
        "end": job.end.value if job.end else None,
        "reason": job.reason,
    }


def about_job(job: Job, book: Book, now: float, problem: str) -> Row:
    """All about a job. `problem`: why nothing can be kept in the journal now."""
    story = [{"time": when, "event": what, "note": note} for when, what, note in job.events()]
    return job_row(job, now) | {
        "why": why.of_job(job, book, now, problem),
        "refusals": job.refusals,
        "losses": [loss.address for loss in job.losses],
        "steps": len(story),
        "story": story[-MOST_STEPS:],
        "history": None,
    }


def about_cluster(cluster: Cluster, book: Book, now: float) -> Row:
    """All about a cluster."""
    leases = list(cluster.leases.values())[:MOST_PLACES]
    return cluster_row(cluster, list(book.nodes.values())) | {
        "why": why.of_cluster(cluster, book, now),
        "reentrant": cluster.reentrant,
        "heard": max(0.0, now - cluster.heard),
        "allocations": [_allocation(one) for one in islice(cluster.allocations, MOST_PLACES)],
        "closed": sorted(cluster.shut)[:MOST_PLACES],
        "places": [{"node": x.node.address, **_share(x), **_place(x, now)} for x in leases],
    }


def about_node(node: Node, now: float) -> Row:
    """All about a node."""
    leases = list(node.leases.values())[:MOST_PLACES]
    return node_row(node, now) | {
        "why": why.of_node(node, now),
        "places": [
            {
                "cluster": x.cluster.handle,
                "label": x.cluster.label,
                **_share(x),
                **_place(x, now),
            }
            for x in leases
        ],
        "jobs": [str(uid) for uid in list(node.jobs)[:MOST_PLACES]],
    }


def _allocation(one: Any) -> Row:
    return {"host": one.host, "port": one.port, "cpus": one.cpus}


def _share(lease: Lease) -> Row:
    """What the node has done for the cluster. Of jobs whose client has the answers."""
    tally = lease.cluster.tallies.get(lease.node.address) or Tally()
    return {
        "jobs_done": tally.jobs_done,
        "cpu_time": tally.cpu_time,
        "sent": tally.sent,
        "received": tally.received,
    }


def _place(lease: Lease, now: float) -> Row:
    again = None if lease.retry_at is None else max(0.0, lease.retry_at - now)
    return {"state": lease.state.value, "reason": lease.reason, "retry_in": again}
