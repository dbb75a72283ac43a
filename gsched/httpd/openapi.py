"""What can be asked at /api/v1: one table, from which requests are read and the OpenAPI document is
made. What is answered stands in schemas.py.
"""

from dataclasses import dataclass
from typing import Any

from gsched import __version__
from gsched.core.job import State
from gsched.httpd.schemas import SCHEMAS, Schema, ref

LIMIT, MOST = 100, 500  # rows of a page: unless asked for, and at the most
LONGEST = 200  # characters of a parameter


@dataclass(frozen=True)
class Parameter:
    """One of a request. `kind`: "id", "count", "text" or words to choose from."""

    name: str
    about: str
    kind: str | tuple[str, ...] = "text"
    place: str = "query"

    def schema(self) -> Schema:
        """For the document."""
        if isinstance(self.kind, tuple):
            return {"type": "string", "enum": list(self.kind)}
        kinds: dict[str, Schema] = {
            "id": {"type": "string", "pattern": "^[0-9]{1,20}$"},
            "count": {"type": "integer", "minimum": 1, "maximum": MOST, "default": LIMIT},
            "text": {"type": "string", "maxLength": LONGEST},
        }
        return kinds[self.kind]

    def read(self, text: str) -> Any:
        """The value. Raises ValueError, with a text for whoever asked."""
        if isinstance(self.kind, tuple) and text not in self.kind:
            raise ValueError(f"{self.name} is one of {', '.join(self.kind)}")
        digits = text.isascii() and text.isdigit() and len(text) <= 20
        if self.kind in ("id", "count") and not digits:
            raise ValueError(f"{self.name} is a number")
        if self.kind == "count" and not 1 <= int(text) <= MOST:
            raise ValueError(f"{self.name} is a number from 1 to {MOST}")
        if len(text) > LONGEST:
            raise ValueError(f"{self.name} has at most {LONGEST} characters")
        return int(text) if digits and self.kind in ("id", "count") else text


_LIMIT = Parameter("limit", "rows at the most", "count")
_LIVE = tuple(state.value for state in State if state is not State.GONE)


@dataclass(frozen=True)
class Operation:
    """One path that can be asked for, and the schema of its answer.

    `role` is the least that may: viewer, operator or admin.
    """

    path: str
    about: str
    answer: str
    parameters: tuple[Parameter, ...] = ()
    method: str = "GET"
    role: str = "viewer"

    @property
    def own(self) -> tuple[Parameter, ...]:
        """Those that stand in the path."""
        return tuple(one for one in self.parameters if one.place == "path")


OPERATIONS = (
    Operation("/api/v1/status", "The whole state, as the page shows it", "Status"),
    Operation(
        "/api/v1/jobs",
        "Jobs whose clients have not taken their answers yet, by uid. A page may be short, or"
        " empty, and have a next one",
        "Jobs",
        (
            Parameter("cluster", "id of their cluster"),
            Parameter("node", "address of the node where they are"),
            Parameter("state", "their state", _LIVE),
            Parameter("after", "uid: only later ones", "id"),
            _LIMIT,
        ),
    ),
    Operation(
        "/api/v1/jobs/{uid}",
        "All about a job: its story, and why it does not go on",
        "JobDetail",
        (Parameter("uid", "of the job", "id", "path"),),
    ),
    Operation(
        "/api/v1/clusters",
        "Clusters, in the order in which they were opened",
        "Clusters",
        (Parameter("after", "`next` of a page: only later ones", "id"), _LIMIT),
    ),
    Operation(
        "/api/v1/clusters/{id}",
        "All about a cluster, and why it does not get on",
        "ClusterDetail",
        (Parameter("id", "of the cluster", "text", "path"),),
    ),
    Operation(
        "/api/v1/nodes",
        "Nodes, by address",
        "Nodes",
        (Parameter("after", "address: only later ones, as texts compare"), _LIMIT),
    ),
    Operation(
        "/api/v1/nodes/{address}",
        "All about a node, and why it is not used",
        "NodeDetail",
        (Parameter("address", "of the node", "text", "path"),),
    ),
)
_OTHERS = (
    ("/api/v1/events", "text/event-stream", "The whole state, each second"),
    ("/api/v1/openapi.json", "application/json", "This document"),
    ("/healthz", "text/plain", "Whether the process answers"),
    ("/readyz", "text/plain", "Whether jobs are taken; 503 and the reason if not"),
    ("/metrics", "text/plain", "Figures for Prometheus"),
)


def document() -> Schema:
    """The OpenAPI document."""
    paths = {one.path: {"get": _operation(one)} for one in OPERATIONS}
    paths |= {path: {"get": _plain(kind, about)} for path, kind, about in _OTHERS}
    paths["/readyz"]["get"]["responses"]["503"] = {"description": "The reason"}
    return {
        "openapi": "3.1.0",
        "info": {"title": "gsched", "version": __version__},
        "servers": [{"url": "../.."}],  # seen from this document: also below a proxy's prefix
        "paths": paths,
        "components": {"schemas": SCHEMAS},
    }


def _operation(one: Operation) -> Schema:
    answers = {"200": _answer("The answer", ref(one.answer))}
    if one.parameters:
        answers["400"] = _answer("A parameter is wrong", ref("Error"))
        answers["404"] = _answer("There is no such thing now", ref("Error"))
    parameters = [_shown(parameter) for parameter in one.parameters]
    return {"summary": one.about, "parameters": parameters, "responses": answers}


def _shown(one: Parameter) -> Schema:
    words: Schema = {
        "name": one.name,
        "in": one.place,
        "description": one.about,
        "schema": one.schema(),
    }
    return words | {"required": one.place == "path"}


def _answer(about: str, schema: Schema) -> Schema:
    return {"description": about, "content": {"application/json": {"schema": schema}}}


def _plain(kind: str, about: str) -> Schema:
    return {"summary": about, "responses": {"200": {"description": about, "content": {kind: {}}}}}
