"""The interface for programs at /api/v1: jobs, clusters and nodes, to be read."""

from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import parse_qsl

import bottle
import gevent
from bottle import HTTPError, request, response

from gsched.core import listing
from gsched.core.book import Book
from gsched.core.cluster import Cluster
from gsched.core.job import State
from gsched.core.node import Node
from gsched.core.snapshot import Row, cluster_row, node_row
from gsched.httpd.events import encode
from gsched.httpd.openapi import LIMIT, OPERATIONS, Operation, Parameter, document

MOST_PARAMETERS = 20

Given = dict[str, Any]


class Api:
    """Answers from the core as it is at that moment. `problem`: why nothing can be kept now."""

    def __init__(
        self, book: Book, now: Callable[[], float], problem: Callable[[], str] = lambda: ""
    ) -> None:
        self._book, self._now, self._problem = book, now, problem
        self._jobs_by_uid = listing.Jobs(book)
        self._document = encode(document())

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
        for one in OPERATIONS:
            if handler := handlers.get(one.path):
                path = one.path.replace("{", "<").replace("}", ">")
                callback = partial(_answer, one, handler)
                app.route(path, one.method, callback, role=one.role)
        app.get("/api/v1/openapi.json", callback=self._describe)

    def _describe(self) -> bytes:
        response.content_type = "application/json"
        return self._document

    # -- jobs ---------------------------------------------------------------------------------

    def _jobs(self, given: Given) -> Row:
        page = self._jobs_by_uid.page(
            given.get("after", 0),
            given.get("limit", LIMIT),
            cluster=self._find_cluster(given["cluster"]) if "cluster" in given else None,
            node=self._find_node(given["node"]) if "node" in given else None,
            state=State(given["state"]) if "state" in given else None,
        )
        now = self._now()
        rows = [listing.job_row(self._book.jobs[uid], now) for uid in page.keys]
        return {"jobs": rows, "next": _text(page.next)}

    def _job(self, given: Given) -> Row:
        job = self._book.jobs.get(given["uid"])
        if job is None:
            raise HTTPError(404, f"job {given['uid']} is not known, or its client has its answer")
        return listing.about_job(job, self._book, self._now(), self._problem())

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
        return listing.about_cluster(self._find_cluster(given["id"]), self._book, self._now())

    def _nodes(self, given: Given) -> Row:
        known, now = self._book.nodes, self._now()
        page = listing.page(known, given.get("after", ""), given.get("limit", LIMIT))
        return {"nodes": [node_row(known[x], now) for x in page.keys], "next": page.next}

    def _node(self, given: Given) -> Row:
        return listing.about_node(self._find_node(given["address"]), self._now())

    def _find_cluster(self, handle: str) -> Cluster:
        for cluster in self._book.clusters.values():
            if cluster.handle == handle:
                return cluster
        raise HTTPError(404, f"cluster {handle} is not known, or closed")

    def _find_node(self, address: str) -> Node:
        node = self._book.nodes.get(address)
        if node is None:
            raise HTTPError(404, f"node {address} is not known")
        return node


def _answer(one: Operation, handler: Callable[[Given], Row], **in_path: str) -> bytes:
    """Read the parameters, and answer in JSON."""
    response.content_type = "application/json"
    try:
        given = _given(one, in_path)
    except ValueError as error:
        raise HTTPError(400, str(error)) from None
    return encode(handler(given))


def _given(one: Operation, in_path: dict[str, str]) -> Given:
    """The values of all parameters. Raises ValueError."""
    known: dict[str, Parameter] = {parameter.name: parameter for parameter in one.parameters}
    text = request.environ.get("QUERY_STRING", "")
    asked = parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_PARAMETERS)
    allowed = known.keys() - {parameter.name for parameter in one.own}
    for name, _ in asked:
        if name not in allowed:
            wanted = ", ".join(sorted(allowed)) or "none"
            raise ValueError(f"{name[:50]!r} is no parameter; there are: {wanted}")
    return {name: known[name].read(value) for name, value in [*asked, *in_path.items()]}


def _text(key: int | None) -> str | None:
    return None if key is None else str(key)
