"""What can be asked at /api/v1: one table, from which requests are read and the OpenAPI document is
made. What changes something stands in orders.py, what is answered in schemas.py.
"""

from gsched import __version__
from gsched.core.model.job import State
from gsched.httpd.api.acts.orders import AUDIT, ORDERS
from gsched.httpd.api.operation import Operation, Parameter, described
from gsched.httpd.api.past import operations as past
from gsched.httpd.api.past.schemas import PAST
from gsched.httpd.api.policy.operations import POLICY, POLICY_SCHEMAS
from gsched.httpd.api.schemas import SCHEMAS, Schema, ref

_LIMIT = Parameter("limit", "rows at the most", "count")
_LIVE = tuple(state.value for state in State if state is not State.GONE)


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
        (
            Parameter("cluster", "id of one that is set up there, or about to be"),
            Parameter("after", "address: only later ones, as texts compare"),
            _LIMIT,
        ),
    ),
    Operation(
        "/api/v1/nodes/{address}",
        "All about a node, and why it is not used",
        "NodeDetail",
        (Parameter("address", "of the node, or its name if no other has it", "text", "path"),),
    ),
)
EVENTS = (
    "The state as it changes: a snapshot, as at /api/v1/status, and then each second a delta: what"
    " is new since the event whose seq is one less. Of `nodes` by address and `clusters` by id the"
    " fields that have changed, in `gone` those that are no more, of all else what is different."
    " Who lags too far gets a resync, a snapshot again. After a gap in seq, connect anew"
)
_OTHERS = (
    ("/api/v1/events", "text/event-stream", EVENTS),
    ("/api/v1/openapi.json", "application/json", "This document"),
    ("/healthz", "text/plain", "Whether the process answers"),
    ("/readyz", "text/plain", "Whether jobs are taken; 503 and the reason if not"),
    ("/metrics", "text/plain", "Figures for Prometheus"),
)


def document() -> Schema:
    """The OpenAPI document."""
    paths: dict[str, Schema] = {}
    for one in (*OPERATIONS, *past.OPERATIONS, AUDIT, *ORDERS, *POLICY):
        paths.setdefault(one.path, {})[one.method.lower()] = _operation(one)
    paths |= {path: {"get": _plain(kind, about)} for path, kind, about in _OTHERS}
    paths["/readyz"]["get"]["responses"]["503"] = {"description": "The reason"}
    return {
        "openapi": "3.1.0",
        "info": {"title": "gsched", "version": __version__},
        "servers": [{"url": "../.."}],  # seen from this document: also below a proxy's prefix
        "paths": paths,
        "components": {"schemas": SCHEMAS | PAST | POLICY_SCHEMAS},
    }


def _operation(one: Operation) -> Schema:
    answers = {"200": _answer("The answer", ref(one.answer))}
    if one.parameters:
        answers["400"] = _answer("A parameter is wrong", ref("Error"))
        answers["404"] = _answer("There is no such thing now", ref("Error"))
    if one.method != "GET":
        answers["400"] = _answer("A field or a parameter is wrong", ref("Error"))
        answers["409"] = _answer("It cannot be done as things are", ref("Error"))
        answers["415"] = _answer("The body is no JSON", ref("Error"))
    parameters = [_shown(parameter) for parameter in one.parameters]
    shown: Schema = {"summary": one.about, "x-role": one.role, "parameters": parameters}
    if one.body:
        content = {"application/json": {"schema": described(one.body)}}
        shown["requestBody"] = {"required": True, "content": content}
    return shown | {"responses": answers}


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
