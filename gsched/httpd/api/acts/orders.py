"""What can be asked for at /api/v1 that changes something."""

from typing import Any

from gsched.core.model.job import State
from gsched.httpd.access.roles import ADMIN, OPERATOR
from gsched.httpd.api.operation import LIMIT, Field, Operation, Parameter

MOST_CPUS = 1_000_000
MOST_PORT = 65_535
OPEN = (State.OFFERED, State.QUEUED, State.SENDING, State.RUNNING)  # can be cancelled

REASON = Field("reason", "why, for whoever looks at it later")
_CLUSTER = Parameter("id", "of the cluster", "text", "path")
_NODE = Parameter("address", "of the node", "text", "path")
_PORT = Field(
    "port", "where it listens; the usual ones if not given", "whole", least=1, most=MOST_PORT
)
_HOST = Field("host", "an address, or a pattern with *", required=True)
_SHARE = Field(
    "cpus",
    "of each node; 0: all, negative: all but so many",
    "whole",
    least=-MOST_CPUS,
    most=MOST_CPUS,
)
_TERMINATE = Field("terminate", "do not wait for its jobs there", "flag")
_NEW_HOST = Field("host", "its name or address", "host", required=True)
_CPUS = Field(
    "cpus",
    "at the most; negative: all but so many; null: all",
    "whole",
    required=True,
    may_be_null=True,
    least=-MOST_CPUS,
    most=MOST_CPUS,
)
_ADDRESS = Field("address", "of the node", required=True)
_ADDRESSES = Field("addresses", "of the nodes", required=True, many=True)
_FILTER = (
    Field("cluster", "id of their cluster"),
    Field("node", "address of the node where they are"),
    Field("state", "their state", tuple(state.value for state in OPEN)),
)


def _order(path: str, about: str, role: str, *body: Field, **more: Any) -> Operation:
    own = tuple(one for one in (_CLUSTER, _NODE) if f"{{{one.name}}}" in path)
    given = {"method": "POST", "answer": "Done", "parameters": own} | more
    return Operation(f"/api/v1{path}", about, role=role, body=(*body, REASON), **given)


def _several(path: str, about: str, role: str, *body: Field, status: int = 200) -> Operation:
    about += ": several at once" + (". With * as id: for all clusters" if "{id}" in path else "")
    return _order(path, about, role, *body, answer="DoneMany", status=status)


ORDERS = (
    _order(
        "/jobs/cancel",
        "Cancel jobs, by their uids or by a filter; with dry_run only count them",
        OPERATOR,
        Field("uids", "of the jobs", "uids"),
        Field("filter", "all jobs for which all of it is true", _FILTER),
        Field("dry_run", "change nothing", "flag"),
        answer="Cancelled",
        fails={404: "There is no such cluster or node"},
    ),
    _order("/clusters/{id}/pause", "Its jobs wait; those at nodes go on", OPERATOR),
    _order("/clusters/{id}/resume", "Its jobs are given to nodes again", OPERATOR),
    _order(
        "/clusters/{id}/close",
        "It takes no more jobs, and goes once its client has the answers to all",
        ADMIN,
        status=202,
    ),
    _order("/clusters/{id}/terminate", "All its jobs end, and it goes", ADMIN, status=202),
    _order(
        "/clusters/{id}/nodes",
        "Use more nodes for it, or one that it has given away",
        OPERATOR,
        *(_HOST, _PORT, _SHARE),
    ),
    _order("/clusters/{id}/nodes/{address}/deallocate", "It gets no more jobs there", OPERATOR),
    _order(
        "/clusters/{id}/nodes/{address}/close",
        "Take it from a node",
        ADMIN,
        _TERMINATE,
    ),
    _order(
        "/nodes",
        "Look for a node, and whenever it is not known",
        ADMIN,
        *(_NEW_HOST, _PORT),
        status=202,
    ),
    _order(
        "/nodes/{address}",
        "Set how many of its CPUs may be used",
        OPERATOR,
        _CPUS,
        method="PATCH",
    ),
    _order("/nodes/{address}/drain", "It gets no more jobs; those there go on", OPERATOR),
    _order("/nodes/{address}/resume", "It is used again", OPERATOR),
    _order(
        "/nodes/{address}/close",
        "All clusters leave it at once, and it is not used until it is resumed",
        ADMIN,
    ),
    _several("/nodes/drain", "They get no more jobs; those there go on", OPERATOR, _ADDRESSES),
    _several("/nodes/resume", "They are used again", OPERATOR, _ADDRESSES),
    _several(
        "/nodes/close",
        "All clusters leave them at once, and they are not used until they are resumed",
        ADMIN,
        _ADDRESSES,
    ),
    _several(
        "/nodes/cpus",
        "Set how many CPUs of each may be used",
        OPERATOR,
        Field("nodes", "each with its number", (_ADDRESS, _CPUS), required=True, many=True),
    ),
    _several(
        "/nodes/add",
        "Look for nodes, and whenever they are not known",
        ADMIN,
        Field("nodes", "where they are", (_NEW_HOST, _PORT), required=True, many=True),
        status=202,
    ),
    _several(
        "/clusters/{id}/nodes/allocate",
        "Use more nodes for it, or such as it has given away",
        OPERATOR,
        Field("nodes", "which", (_HOST, _PORT, _SHARE), required=True, many=True),
    ),
    _several("/clusters/{id}/nodes/deallocate", "No more jobs there", OPERATOR, _ADDRESSES),
    _several("/clusters/{id}/nodes/close", "Take it from nodes", ADMIN, _ADDRESSES, _TERMINATE),
)
STOP = _order(
    "/stop",
    "Take no more jobs and stop: after jobs that run have ended, or all of them, or now; discard:"
    " now, and what was not delivered is given up, and all clients are told",
    ADMIN,
    Field("after", "what it waits for", ("running", "all", "now", "discard"), required=True),
    status=202,
)
RESTART = _order(
    "/restart",
    "Start the program anew, as after an upgrade: nothing is lost, and no connection is refused",
    ADMIN,
    status=202,
)

AUDIT = Operation(
    "/api/v1/audit",
    "What was ordered, by whom and what came of it, the latest first",
    "Audit",
    (
        Parameter("before", "`next` of a page: only earlier ones", "id"),
        Parameter("limit", f"rows at the most, {LIMIT} unless given", "count"),
    ),
    fails={503: "It cannot be read"},
)
