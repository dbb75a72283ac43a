"""When a node serves: asked of the node itself, a few at a time."""

from collections.abc import Callable

import bottle
from bottle import HTTPError
from gevent.lock import BoundedSemaphore

from gsched.core.book import Book
from gsched.core.model.node import Node
from gsched.httpd.api.asking import Given, Row, find_node, install
from gsched.httpd.api.operation import Operation, Parameter
from gsched.httpd.api.schemas import none_or, number, record, text, whole
from gsched.net.nodes.hours import TIMEOUT, Hours

AT_ONCE = 8  # nodes that are asked

OPERATION = Operation(
    "/api/v1/nodes/{address}/service",
    "When a node takes jobs, as it says itself: it is asked for that",
    "Service",
    (Parameter("address", "of the node, or its name if no other has it", "text", "path"),),
    fails={503: "Too many nodes are asked just now"},
)
SERVICE = record(
    "When it serves; times in seconds since 1970, null where there is none.",
    start=none_or(number("it takes no jobs before that")),
    stop=none_or(number("it takes none after that")),
    end=none_or(number("then those that run are ended")),
    clients_left=none_or(whole("that it serves before it quits; null: all that come")),
    clients_done=none_or(whole()),
    why=text("it does not say so; empty if it does"),
)


class ServiceHours:
    """`ask`: of one node."""

    def __init__(self, book: Book, ask: Callable[[Node], Hours]) -> None:
        self._book, self._ask = book, ask
        self._places = BoundedSemaphore(AT_ONCE)

    def install(self, app: bottle.Bottle) -> None:
        """Add the route."""
        install(app, [(OPERATION, self._show)])

    def _show(self, given: Given) -> Row:
        node = find_node(self._book, given["address"])
        if not self._places.acquire(timeout=TIMEOUT):
            raise HTTPError(503, "too many nodes are asked just now", **{"Retry-After": "5"})
        try:
            return self._ask(node)._asdict()
        finally:
            self._places.release()
