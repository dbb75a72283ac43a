"""What is answered at /api/v1: the schemas of the OpenAPI document, and words to write them."""

from typing import Any

from gsched.core.model.cluster import ClusterState
from gsched.core.model.job import CANCELLING, OVERTIME, End, Event, State
from gsched.core.model.lease import LeaseState
from gsched.core.restoring import RESTORED

Schema = dict[str, Any]


def text(about: str = "", **more: Any) -> Schema:
    return {"type": "string", **({"description": about} if about else {}), **more}


def number(about: str = "", kind: str = "number") -> Schema:
    return {"type": kind, **({"description": about} if about else {})}


def whole(about: str = "") -> Schema:
    return number(about, "integer")


def none_or(schema: Schema) -> Schema:
    return schema | {"type": [schema["type"], "null"]}


def rows(items: Schema, about: str = "") -> Schema:
    return {"type": "array", "items": items, **({"description": about} if about else {})}


def record(about: str, **properties: Schema) -> Schema:
    required = list(properties)
    return {
        "type": "object",
        "description": about,
        "properties": properties,
        "required": required,
    }


def ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def extended(schema: Schema, about: str, **properties: Schema) -> Schema:
    return record(about, **schema["properties"], **properties)


ID = text("a number, as text since it may exceed 2^53", pattern="^[0-9]+$")
HANDLE = text("of a cluster", pattern="^[0-9a-f]{16}$")
TIME = number("seconds since 1970")
FLAG = {"type": "boolean"}
NOTE = text("what holds it up; empty if nothing does")
WHY = text("one sentence: why it does not go on, or what it does")

JOB = record(
    "A job that is not over for its client yet.",
    uid=ID,
    cluster=HANDLE,
    label=text("of its cluster: name @ client"),
    state=text("gone: its client has its answer", enum=[state.value for state in State]),
    node=none_or(text("address of the node where it is, or ended")),
    pinned=none_or(text("address of the only node that may run it")),
    tries=whole("how often it was sent to a node"),
    cancelling={"type": "boolean", "description": "its client took it back while it was away"},
    submitted=none_or(TIME),
    started=none_or(TIME),
    since=none_or(number("when it last went a step, in seconds since 1970")),
    end=none_or(text("how it ended", enum=[*(end.value for end in End), None])),
    reason=text("why it ended, where its own code did not end it"),
)
ORDER: Schema = {
    "type": ["object", "null"],
    "description": "what somebody has ordered, and nobody has taken back",
    "properties": {
        "what": text(),
        "by": text("who"),
        "reason": text("may be empty"),
        "since": TIME,
    },
    "required": ["what", "by", "reason", "since"],
}
STEP = record(
    "What happened to a job.",
    time=TIME,
    event=text(
        enum=[
            "offered",
            "provisional",
            CANCELLING,
            OVERTIME,
            RESTORED,
            *(event.value for event in Event),
        ]
    ),
    note=text("more about it, such as the node"),
)
JOB_DETAIL = extended(
    JOB,
    "All about a job.",
    why=WHY,
    refusals=whole("how often nodes refused it for a reason of its own"),
    losses=rows(text(), "addresses of nodes that were lost while it was there"),
    steps=whole("of its story, also those that are left out"),
    story=rows(ref("Step"), "the last 200 steps"),
    history={"anyOf": [ref("HistoryJob"), {"type": "null"}]},
)
CLUSTER = record(
    "A computation of a client.",
    id=HANDLE,
    name=text(),
    client=text("its address"),
    release=text("of the client's dispy"),
    label=text("name @ client"),
    state=text(enum=[state.value for state in ClusterState if state is not ClusterState.CLOSED]),
    waiting=whole("jobs"),
    running=whole("jobs that are at nodes, or on their way"),
    done=whole("jobs"),
    nodes=whole("that are set up for it"),
    exclusive=FLAG,
    rule=text("of the sharing policy that holds for it; empty if none does"),
    paused=ORDER,
    ending=ORDER,
    note=NOTE,
)
SHARE = {
    "jobs_done": whole("there for it, of which its client has the answers"),
    "cpu_time": number("seconds, of those"),
    "sent": whole("bytes of files and jobs to the node"),
    "received": whole("bytes of results and files from it"),
}
LEASE = SHARE | {
    "state": text(enum=[state.value for state in LeaseState]),
    "reason": text("of the last failure"),
    "retry_in": none_or(number("seconds")),
}
ALLOCATION = record(
    "Nodes that a client wants.",
    host=text("an address, or a pattern with *"),
    port=none_or(whole()),
    cpus=whole("of each node; 0: all, negative: all but so many"),
)
CLUSTER_DETAIL = extended(
    CLUSTER,
    "All about a cluster.",
    why=WHY,
    reentrant={"type": "boolean", "description": "its jobs may run again if they are lost"},
    heard=number("seconds since its client's last sign of life"),
    allocations=rows(ref("Allocation")),
    closed=rows(text(), "addresses of nodes that its client has given back"),
    places=rows(record("Its place on a node.", node=text("address"), **LEASE)),
)
NODE_STATES = ["ready", "held", "quarantine", "out of service", "drained", "closed", "lost"]
NODE = record(
    "A machine that runs jobs.",
    address=text(),
    port=whole(),
    name=text(),
    release=text("of its dispy"),
    state=text(enum=NODE_STATES),
    cpus=whole("that may be used"),
    busy=whole("CPUs"),
    jobs_done=whole(),
    cpu_time=number("seconds, of jobs that ended there"),
    sent=whole("bytes of files and jobs to it"),
    received=whole("bytes of results and files from it"),
    clusters=whole("that it is set up for, or about to be"),
    waiting=whole("jobs that are pinned to it and wait"),
    heard=none_or(number("seconds since its last sign of life; null: none since the start")),
    heard_at=none_or(number("when that was, in seconds since 1970")),
    total=whole("CPUs that it offers"),
    ceiling=none_or(whole("CPUs that may be used at the most; negative: all but so many")),
    limited=ORDER,
    drained=ORDER,
    avail={
        "type": ["object", "null"],
        "description": "free CPU and swap in %, memory and disk in bytes",
        "additionalProperties": {"type": ["number", "null"]},
    },
    note=NOTE,
)
NODE_DETAIL = extended(
    NODE,
    "All about a node.",
    why=WHY,
    places=rows(record("A cluster's place on it.", cluster=HANDLE, label=text(), **LEASE)),
    jobs=rows(ID, "uids of jobs that are there, or on their way"),
)
STATUS = record(
    "The whole state.",
    version=text(),
    epoch=text("another one after each start without the state of the last run"),
    time=TIME,
    uptime=number("seconds"),
    algorithm=text(enum=["submitted", "fair", "early", "weighted"]),
    totals=record(
        "Sums.",
        **{x: whole() for x in ("nodes", "cpus", "busy", "clusters")},
        **{x: whole("jobs") for x in ("waiting", "running", "done")},
    ),
    nodes=rows(ref("Node")),
    clusters=rows(ref("Cluster")),
    refused=rows(
        record(
            "A peer that was turned away.",
            address=text(),
            role=text(),
            version=text(),
            reason=text(),
            time=TIME,
        )
    ),
    problem=text("why no jobs are taken; empty if they are"),
    limits={
        "type": "object",
        "description": "what peers take, what they may take (0: any number), and how often "
        "more was refused so far, by option",
        "additionalProperties": rows(whole()),
    },
    arguments=record(
        "Bytes of arguments of jobs that are not over.",
        memory=whole("in memory"),
        most=whole("that are to be there at most; 0: any number"),
        disk=whole("on disk alone"),
    ),
    listens=rows(text("address and purpose")),
    client_program=text(),
    node_command=text(),
)
ERROR = record("Why there is no answer.", status=whole("of HTTP"), error=text())


def paged(name: str, of: str, key: Schema) -> Schema:
    after = none_or(key | {"description": "`after` of the next page; null: there is none"})
    return record("A page.", **{name: rows(ref(of)), "next": after})


UNDO: Schema = {
    "type": ["object", "null"],
    "description": "the request that takes it back, where there is one",
    "properties": {"method": text(), "path": text(), "body": {"type": "object"}},
    "required": ["method", "path", "body"],
}
WARNING = text("where it cannot be kept now, so that a crash would undo it")
DONE = record(
    "It is done, or under way.",
    outcome=text("in words"),
    undo=UNDO,
    warning=WARNING,
)
DONE_MANY = record(
    "What became of an order about several nodes.",
    outcome=text("in words"),
    nodes=rows(record("One of them.", node=text(), error=text("why it was not done; or empty"))),
    undo=UNDO,
    warning=WARNING,
)
CANCELLED = record(
    "What became of jobs that were to be cancelled.",
    outcome=text("in words"),
    jobs=whole("that were meant and not over"),
    at_nodes=whole("of them were at nodes, which have to stop them first"),
    over=whole("uids that are not known, or over"),
    dry_run=FLAG,
    undo={"type": "null", "description": "what is cancelled is over"},
    warning=WARNING,
)
AUDITED = record(
    "What somebody ordered.",
    id=ID,
    time=TIME,
    who=text(),
    role=text(),
    address=text("where the request came from"),
    action=text(),
    target=text("what it was about"),
    reason=text("may be empty"),
    outcome=text("in words"),
)

SCHEMAS = {
    "Job": JOB,
    "Step": STEP,
    "JobDetail": JOB_DETAIL,
    "Jobs": paged("jobs", "Job", ID),
    "Cluster": CLUSTER,
    "Allocation": ALLOCATION,
    "ClusterDetail": CLUSTER_DETAIL,
    "Clusters": paged("clusters", "Cluster", ID),
    "Node": NODE,
    "NodeDetail": NODE_DETAIL,
    "Nodes": paged("nodes", "Node", text()),
    "Status": STATUS,
    "Done": DONE,
    "DoneMany": DONE_MANY,
    "Cancelled": CANCELLED,
    "Audited": AUDITED,
    "Audit": record(
        "A page.",
        audit=rows(ref("Audited")),
        next=none_or(ID | {"description": "`before` of the next page; null: there is none"}),
    ),
    "Error": ERROR,
}
