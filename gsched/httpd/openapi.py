"""What can be asked at /api/v1 and what is answered: one table, from which requests are read and
the OpenAPI document is made.
"""

from dataclasses import dataclass
from typing import Any

from gsched import __version__
from gsched.core.cluster import ClusterState
from gsched.core.job import End, Event, State
from gsched.core.lease import LeaseState
from gsched.core.restoring import RESTORED

Schema = dict[str, Any]

LIMIT, MOST = 100, 500  # rows of a page: unless asked for, and at the most
LONGEST = 200  # characters of a parameter


def _text(about: str = "", **more: Any) -> Schema:
    return {"type": "string", **({"description": about} if about else {}), **more}


def _number(about: str = "", kind: str = "number") -> Schema:
    return {"type": kind, **({"description": about} if about else {})}


def _whole(about: str = "") -> Schema:
    return _number(about, "integer")


def _none_or(schema: Schema) -> Schema:
    return schema | {"type": [schema["type"], "null"]}


def _list(items: Schema, about: str = "") -> Schema:
    return {"type": "array", "items": items, **({"description": about} if about else {})}


def _object(about: str, **properties: Schema) -> Schema:
    required = list(properties)
    return {
        "type": "object",
        "description": about,
        "properties": properties,
        "required": required,
    }


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _with(schema: Schema, about: str, **properties: Schema) -> Schema:
    return _object(about, **schema["properties"], **properties)


ID = _text("a number, as text since it may exceed 2^53", pattern="^[0-9]+$")
HANDLE = _text("of a cluster", pattern="^[0-9a-f]{16}$")
TIME = _number("seconds since 1970")
FLAG = {"type": "boolean"}
NOTE = _text("what holds it up; empty if nothing does")
WHY = _text("one sentence: why it does not go on, or what it does")

JOB = _object(
    "A job that is not over for its client yet.",
    uid=ID,
    cluster=HANDLE,
    label=_text("of its cluster: name @ client"),
    state=_text(enum=[state.value for state in State if state is not State.GONE]),
    node=_none_or(_text("address of the node where it is, or ended")),
    pinned=_none_or(_text("address of the only node that may run it")),
    tries=_whole("how often it was sent to a node"),
    cancelling={"type": "boolean", "description": "its client took it back while it was away"},
    submitted=_none_or(TIME),
    started=_none_or(TIME),
    since=_none_or(_number("when it last went a step, in seconds since 1970")),
    end=_none_or(_text("how it ended", enum=[*(end.value for end in End), None])),
    reason=_text("why it ended, where its own code did not end it"),
)
STEP = _object(
    "What happened to a job.",
    time=TIME,
    event=_text(enum=["offered", "provisional", RESTORED, *(event.value for event in Event)]),
    note=_text("more about it, such as the node"),
)
JOB_DETAIL = _with(
    JOB,
    "All about a job.",
    why=WHY,
    refusals=_whole("how often nodes refused it for a reason of its own"),
    losses=_list(_text(), "addresses of nodes that were lost while it was there"),
    steps=_whole("of its story, also those that are left out"),
    story=_list(_ref("Step"), "the last 200 steps"),
)
CLUSTER = _object(
    "A computation of a client.",
    id=HANDLE,
    name=_text(),
    client=_text("its address"),
    release=_text("of the client's dispy"),
    label=_text("name @ client"),
    state=_text(enum=[state.value for state in ClusterState if state is not ClusterState.CLOSED]),
    waiting=_whole("jobs"),
    running=_whole("jobs that are at nodes, or on their way"),
    done=_whole("jobs"),
    nodes=_whole("that are set up for it"),
    exclusive=FLAG,
    note=NOTE,
)
LEASE = {
    "state": _text(enum=[state.value for state in LeaseState]),
    "reason": _text("of the last failure"),
    "retry_in": _none_or(_number("seconds")),
}
ALLOCATION = _object(
    "Nodes that a client wants.",
    host=_text("an address, or a pattern with *"),
    port=_none_or(_whole()),
    cpus=_whole("of each node; 0: all, negative: all but so many"),
)
CLUSTER_DETAIL = _with(
    CLUSTER,
    "All about a cluster.",
    why=WHY,
    reentrant={"type": "boolean", "description": "its jobs may run again if they are lost"},
    heard=_number("seconds since its client's last sign of life"),
    allocations=_list(_ref("Allocation")),
    closed=_list(_text(), "addresses of nodes that its client has given back"),
    places=_list(_object("Its place on a node.", node=_text("address"), **LEASE)),
)
NODE_STATES = ["ready", "held", "quarantine", "out of service", "lost"]
NODE = _object(
    "A machine that runs jobs.",
    address=_text(),
    port=_whole(),
    name=_text(),
    release=_text("of its dispy"),
    state=_text(enum=NODE_STATES),
    cpus=_whole("that may be used"),
    busy=_whole("CPUs"),
    jobs_done=_whole(),
    cpu_time=_number("seconds, of jobs that ended there"),
    clusters=_whole("that it is set up for, or about to be"),
    waiting=_whole("jobs that are pinned to it and wait"),
    heard=_number("seconds since its last sign of life"),
    avail={
        "type": ["object", "null"],
        "description": "free CPU and swap in %, memory and disk in bytes",
        "additionalProperties": {"type": ["number", "null"]},
    },
    note=NOTE,
)
NODE_DETAIL = _with(
    NODE,
    "All about a node.",
    why=WHY,
    places=_list(_object("A cluster's place on it.", cluster=HANDLE, label=_text(), **LEASE)),
    jobs=_list(ID, "uids of jobs that are there, or on their way"),
)
STATUS = _object(
    "The whole state.",
    version=_text(),
    epoch=_text("another one after each start without the state of the last run"),
    time=TIME,
    uptime=_number("seconds"),
    algorithm=_text(enum=["submitted", "fair", "early"]),
    totals=_object(
        "Sums.",
        **{x: _whole() for x in ("nodes", "cpus", "busy", "clusters")},
        **{x: _whole("jobs") for x in ("waiting", "running", "done")},
    ),
    nodes=_list(_ref("Node")),
    clusters=_list(_ref("Cluster")),
    refused=_list(
        _object(
            "A peer that was turned away.",
            address=_text(),
            role=_text(),
            version=_text(),
            reason=_text(),
            time=TIME,
        )
    ),
    problem=_text("why no jobs are taken; empty if they are"),
    limits={
        "type": "object",
        "description": "what peers take of what they may take: both numbers, by option",
        "additionalProperties": _list(_whole()),
    },
    listens=_list(_text("address and purpose")),
    client_program=_text(),
    node_command=_text(),
)
ERROR = _object("Why there is no answer.", status=_whole("of HTTP"), error=_text())


def _paged(name: str, of: str, key: Schema) -> Schema:
    after = _none_or(key | {"description": "`after` of the next page; null: there is none"})
    return _object("A page.", **{name: _list(_ref(of)), "next": after})


SCHEMAS = {
    "Job": JOB,
    "Step": STEP,
    "JobDetail": JOB_DETAIL,
    "Jobs": _paged("jobs", "Job", ID),
    "Cluster": CLUSTER,
    "Allocation": ALLOCATION,
    "ClusterDetail": CLUSTER_DETAIL,
    "Clusters": _paged("clusters", "Cluster", ID),
    "Node": NODE,
    "NodeDetail": NODE_DETAIL,
    "Nodes": _paged("nodes", "Node", _text()),
    "Status": STATUS,
    "Error": ERROR,
}


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
    answers = {"200": _answer("The answer", _ref(one.answer))}
    if one.parameters:
        answers["400"] = _answer("A parameter is wrong", _ref("Error"))
        answers["404"] = _answer("There is no such thing now", _ref("Error"))
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
