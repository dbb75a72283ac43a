"""The interface for programs at /api/v1: jobs, clusters and nodes, to be read."""

from collections.abc import Callable

import bottle
import gevent
from bottle import HTTPError

from gsched.core.book import Book
from gsched.core.model.job import State
from gsched.core.seen import listing
from gsched.core.seen.snapshot import Row, cluster_row, node_row
from gsched.httpd.api.asking import Given, find_cluster, find_node, install
from gsched.httpd.api.openapi import OPERATIONS, document
from gsched.httpd.api.operation import LIMIT
from gsched.httpd.api.past.ended import about_ended
from gsched.httpd.app import send
from gsched.httpd.assets import asset
from gsched.httpd.live.encoding import encode


class Api:
    """Answers from the core as it is at that moment.

    `problem`: why nothing can be kept now. `ended`: what the history knows of a job.
    """

    def __init__(
        self,
        book: Book,
        now: Callable[[], float],
        problem: Callable[[], str] = lambda: "",
        ended: Callable[[int], Row | None] = lambda uid: None,
    ) -> None:
        self._book, self._now, self._problem, self._ended = book, now, problem, ended
        self._jobs_by_uid = listing.Jobs(book)
        self._document = asset("openapi.json", encode(document()), "application/json")

    def install(self, app: bottle.Bottle) -> None:
        """Add the routes."""
        handlers = {
            "/api/v1/jobs": self._jobs,
            "/api/v1/jobs/{uid}": self._job,
            "/api/v1/clusters": self._clusters,
            "/api/v1/clusters/{id}": self._cluster,
            "/api/v1/nodes": self._nodes,
            "/api/v1/nodes/{address}": self._node,
        }
        install(app, [(one, handlers[one.path]) for one in OPERATIONS if one.path in handlers])
        app.get("/api/v1/openapi.json", callback=self._describe)

    def _describe(self) -> bytes:
        return send(self._document)

    # -- jobs ---------------------------------------------------------------------------------

    def _jobs(self, given: Given) -> Row:
        page = self._jobs_by_uid.page(
            given.get("after", 0),
            given.get("limit", LIMIT),
            cluster=find_cluster(self._book, given["cluster"]) if "cluster" in given else None,
            node=find_node(self._book, given["node"]) if "node" in given else None,
            state=State(given["state"]) if "state" in given else None,
        )
        now = self._now()
        rows = [listing.job_row(self._book.jobs[uid], now) for uid in page.keys]
        return {"jobs": rows, "next": _text(page.next)}

    def _job(self, given: Given) -> Row:
        job = self._book.jobs.get(given["uid"])
        if job is not None:
            return listing.about_job(job, self._book, self._now(), self._problem())
        if ended := self._ended(given["uid"]):
            return about_ended(ended)
        text = f"job {given['uid']} is not known: never here, or older than --history keeps"
        raise HTTPError(404, text)

    # -- clusters and nodes -------------------------------------------------------------------

    def _clusters(self, given: Given) -> Row:
        known = {cluster.seq: cluster for cluster in self._book.clusters.values()}
        page = listing.page(known, given.get("after", 0), given.get("limit", LIMIT))
        rows = []
        for seq in page.keys:
            rows.append(cluster_row(known[seq], list(self._book.nodes.values())))
            gevent.sleep(0)  # each row may look at all nodes
        return {"clusters": rows, "next": _text(page.next)}

    def _cluster(self, given: Given) -> Row:
        return listing.about_cluster(find_cluster(self._book, given["id"]), self._book, self._now())

    def _nodes(self, given: Given) -> Row:
        known, now = self._book.nodes, self._now()
        among = find_cluster(self._book, given["cluster"]).leases if "cluster" in given else known
        page = listing.page(among, given.get("after", ""), given.get("limit", LIMIT))
        return {"nodes": [node_row(known[x], now) for x in page.keys], "next": page.next}

    def _node(self, given: Given) -> Row:
        return listing.about_node(find_node(self._book, given["address"]), self._now())


def _text(key: int | None) -> str | None:
    return None if key is None else str(key)
