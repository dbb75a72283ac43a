"""One request at /api/v1: what it brings is read, and the answer is written, by its Operation."""

import json
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any
from urllib.parse import parse_qsl

import bottle
from bottle import HTTPError, request, response

from gsched.core.book import Book
from gsched.core.model.cluster import Cluster
from gsched.core.model.node import Node
from gsched.httpd.api.operation import Operation, Parameter, read_body
from gsched.httpd.live.encoding import encode

MOST_PARAMETERS = 20

Given = dict[str, Any]
Row = dict[str, Any]
Handler = Callable[[Given], Row | Iterator[bytes]]


def install(app: bottle.Bottle, operations: Iterable[tuple[Operation, Handler]]) -> None:
    """Add the routes."""
    for one, handler in operations:
        path = one.path.replace("{", "<").replace("}", ">")
        app.route(path, one.method, partial(_answer, one, handler), role=one.role)


def find_cluster(book: Book, handle: str) -> Cluster:
    """Raises HTTPError."""
    for cluster in book.clusters.values():
        if cluster.handle == handle:
            return cluster
    raise HTTPError(404, f"cluster {handle} is not known, or closed")


def find_node(book: Book, address: str) -> Node:
    """The node of that address, or the only one of that name. Raises HTTPError."""
    node = book.nodes.get(address)
    if node is not None:
        return node
    named = [one for one in book.nodes.values() if one.name == address]
    if len(named) == 1:
        return named[0]
    why = f"is the name of {len(named):,} nodes: give an address" if named else "is not known"
    raise HTTPError(404, f"node {address} {why}")


def _answer(one: Operation, handler: Handler, **in_path: str) -> bytes | Iterator[bytes]:
    """Read what was given, and answer: in JSON, or with what a handler sends bit by bit."""
    response.content_type = one.kind
    try:
        given = _given(one, in_path)
        if one.method != "GET":
            given |= read_body(one.body, _body())
    except ValueError as error:
        raise HTTPError(400, str(error)) from None
    answer = handler(given)
    response.status = one.status
    return encode(answer) if isinstance(answer, dict) else answer


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


def _body() -> Any:
    """What the body says; an empty one says nothing. Raises ValueError."""
    try:
        return json.loads(request.body.read() or b"{}")
    except (ValueError, RecursionError):
        raise ValueError("the body is no JSON") from None
