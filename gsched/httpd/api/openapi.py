"""What can be asked at /api/v1: one table, from which requests are read and the OpenAPI document is
made. What changes something stands in orders.py, what is answered in schemas.py.
"""

from collections.abc import Mapping

from gsched import __version__
from gsched.core.model.job import State
from gsched.httpd.access.roles import ANYBODY, VIEWER
from gsched.httpd.api import hours, session
from gsched.httpd.api.acts.orders import AUDIT, ORDERS, RESTART, STOP
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
_OTHERS: tuple[tuple[str, str, str, dict[int, str]], ...] = (
    ("/api/v1/events", "text/event-stream", EVENTS, {503: "Too many are watching"}),
    ("/api/v1/openapi.json", "application/json", "This document", {}),
    ("/healthz", "text/plain", "Whether the process answers", {}),
    ("/readyz", "text/plain", "Whether jobs are taken", {503: "They are not, and why"}),
    ("/metrics", "text/plain", "Figures for Prometheus", {}),
)
OPEN = ("/healthz", "/readyz")  # to strangers
_MORE = (hours.OPERATION, *session.OPERATIONS)
EVERY = (*OPERATIONS, *past.OPERATIONS, AUDIT, *ORDERS, STOP, RESTART, *POLICY, *_MORE)
OWN = {"Who": session.WHO, "Service": hours.SERVICE}
_PROOFS: tuple[Schema, ...] = (
    {"token": []},
    {"session": []},
    {},
)  # the last one where there are no accounts


def document() -> Schema:
    """The OpenAPI document."""
    paths: dict[str, Schema] = {}
    for one in EVERY:
        paths.setdefault(one.path, {})[one.method.lower()] = _operation(one)
    for path, kind, about, fails in _OTHERS:
        paths[path] = {"get": _plain(path, kind, about, fails)}
    schemes = {
        "token": {"type": "http", "scheme": "bearer", "description": "made by gsched token"},
        "session": {
            "type": "apiKey",
            "in": "cookie",
            "name": "gsched_8181",
            "description": "set by signing in; 8181 is the page's port. What changes something then"
            " takes the header X-Gsched: 1",
        },
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "gsched", "version": __version__},
        "servers": [{"url": "../.."}],  # seen from this document: also below a proxy's prefix
        "paths": paths,
        "components": {
            "schemas": SCHEMAS
            | PAST
            | POLICY_SCHEMAS
            | {"Who": session.WHO, "Service": hours.SERVICE},
            "securitySchemes": schemes,
        },
    }


def _operation(one: Operation) -> Schema:
    good = _good(one)
    errors = {str(status): _answer(about, ref("Error")) for status, about in _errors(one).items()}
    parameters = [_shown(parameter) for parameter in one.parameters]
    shown: Schema = {"summary": one.about, "x-role": one.role, "parameters": parameters}
    shown["security"] = [] if one.role == ANYBODY else list(_PROOFS)
    if one.body:
        content = {"application/json": {"schema": described(one.body)}}
        shown["requestBody"] = {"required": True, "content": content}
    return shown | {"responses": {str(one.status): good} | errors}


def _good(one: Operation) -> Schema:
    if one.answer:
        return _answer("The answer", ref(one.answer))
    return {"description": "Done"} | ({"content": {one.kind: {}}} if one.status == 200 else {})


def _errors(one: Operation) -> dict[int, str]:
    """By status, what they mean."""
    found: dict[int, str] = _refusals(one.role)
    if one.parameters:
        found |= {400: "A parameter is wrong", 404: "There is no such thing now"}
    if one.method != "GET":
        found[403] = f"This takes the role {one.role}, or comes from another site's page"
        found[413] = "The body is too large"
    if one.body:
        found |= {400: "A field or a parameter is wrong", 415: "The body is no JSON"}
    if one.body and one.role != ANYBODY:
        found |= {405: "This page only reads", 409: "It cannot be done as things are"}
    return found | dict(one.fails)


def _refusals(role: str) -> dict[int, str]:
    """Of whoever asks."""
    known = {} if role == ANYBODY else {401: "Sign in, or send a token"}
    return {421: "This server does not answer to that host name"} | known


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


def _plain(path: str, kind: str, about: str, fails: Mapping[int, str]) -> Schema:
    role = ANYBODY if path in OPEN else VIEWER
    errors = {str(x): {"description": why} for x, why in (_refusals(role) | dict(fails)).items()}
    good = {"description": about, "content": {kind: {}}}
    security = [] if role == ANYBODY else list(_PROOFS)
    return {"summary": about, "security": security, "responses": {"200": good} | errors}
