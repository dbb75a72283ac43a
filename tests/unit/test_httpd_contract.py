"""The OpenAPI document against what is served: requests are made from the document alone.

Those that are as it says are understood, whatever is in them; those that are not are refused; and
each answer has a status and a body that it names, whoever asks.
"""

import io
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from test_httpd_acting import Desk
from test_httpd_api import API, DOCUMENT, Site
from web_asked import Answer

from gsched.httpd import app as page
from gsched.httpd.access import guard
from gsched.httpd.access.roles import ANYBODY, ROLES, Actor

ELSEWHERE = ("/readyz", "/metrics")  # not served by this site
OPERATIONS = [
    (path, method.upper(), about)
    for path, methods in DOCUMENT["paths"].items()
    for method, about in methods.items()
    if path not in ELSEWHERE
]
# A stream never ends, and the site has no state of its own: see test_api.py of real peers.
ASKED = [one for one in OPERATIONS if one[0] not in (f"{API}/events", f"{API}/status")]
BODIES = [one for one in ASKED if "requestBody" in one[2]]
# What a schema cannot say: one of two fields has to be there; one time comes before the other; and
# without accounts, nobody signs in.
SAID_IN_WORDS = {f"{API}/jobs/cancel", f"{API}/timeline"}
PLAIN = st.from_regex(r"[0-9a-z.:-]{1,20}", fullmatch=True)  # in a path
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Zl", "Zp")))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    desk = Desk(tmp_path_factory.mktemp("site"))
    yield desk.site
    desk.site.app.close()
    desk.site.audit.close()


def values(schema: Any, known: dict[str, list[str]], name: str = "") -> st.SearchStrategy[Any]:
    """What the schema allows; now and then something that there is."""
    kinds = schema.get("type")
    if isinstance(kinds, list):
        some = [values(schema | {"type": kind}, known, name) for kind in kinds]
        return st.one_of(*some)
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if kinds == "string":
        texts = TEXTS.filter(lambda text: len(text) <= schema.get("maxLength", 200))
        if "pattern" in schema:
            texts = st.from_regex(schema["pattern"].replace("$", r"\Z"))
        fits = [x for x in known.get(name, []) if "pattern" not in schema or x.isdigit()]
        return st.one_of(texts, st.sampled_from(fits)) if fits else texts
    if kinds in ("integer", "number"):
        return st.integers(schema["minimum"], schema["maximum"])
    if kinds == "array":
        most = min(schema.get("maxItems", 3), 3)
        inner = values(schema["items"], known, name)
        return st.lists(inner, min_size=schema.get("minItems", 0), max_size=most)
    if kinds == "object":
        return objects(schema, known)
    return {"boolean": st.booleans(), "null": st.none()}[kinds]


def objects(schema: Any, known: dict[str, list[str]]) -> st.SearchStrategy[dict[str, Any]]:
    """With all that is required, and some of the rest."""
    fields = {x: values(one, known, x) for x, one in schema["properties"].items()}
    must = {name: fields.pop(name) for name in schema["required"]}
    return st.fixed_dictionaries(must, optional=fields)


def known(site: Site) -> dict[str, list[str]]:
    """Names of what there is, by what they are called."""
    clusters = [site.cluster.handle, site.other.handle, site.late.handle]
    nodes = [site.node.address, site.small.address]
    uids = [str(x) for x in site.world.scheduler.jobs]
    return {
        "id": [*clusters, "*"],
        "cluster": clusters,
        "uid": uids,
        "uids": uids,
        "address": nodes,
        "addresses": nodes,
        "node": nodes,
        "host": [*nodes, "10.*"],
    }


@st.composite
def requests(draw: Any, path: str, about: Any, there: dict[str, list[str]]) -> Any:
    """Path, query and body as the document says."""
    query = {}
    for one in about.get("parameters", ()):
        if one["in"] == "path" and "pattern" not in one["schema"]:
            named = st.one_of(st.sampled_from(there[one["name"]]), PLAIN)
            path = path.replace(f"{{{one['name']}}}", draw(named))
            continue
        value = draw(values(one["schema"], there, one["name"]))
        if one["in"] == "path":
            path = path.replace(f"{{{one['name']}}}", value)
        elif draw(st.booleans()):
            query[one["name"]] = value
    content = about.get("requestBody", {}).get("content", {})
    schema = content.get("application/json", {}).get("schema")
    return path, query, draw(values(schema, there)) if schema else None


def ask(app: Any, method: str, path: str, query: Any, body: Any, **environ: str) -> Answer:
    data = b"" if body is None else json.dumps(body).encode()
    sent = {"CONTENT_TYPE": "application/json", "CONTENT_LENGTH": str(len(data))}
    sent |= {"wsgi.input": io.BytesIO(data), "REMOTE_ADDR": "127.0.0.1", **environ}
    return Answer(app, path, method, QUERY_STRING=urlencode(query), **sent)


def conforms(about: Any, answer: Answer) -> None:
    """Its status is named, and its body is as that says."""
    assert str(answer.status) in about["responses"], (answer.status, answer.body)
    content = about["responses"][str(answer.status)].get("content", {})
    schema = content.get("application/json", {}).get("schema")
    if schema and schema != {}:
        components = {"components": DOCUMENT["components"]}
        Draft202012Validator(schema | components).validate(answer.json)
    assert answer.status < 500


CALM = settings(deadline=None, max_examples=10, suppress_health_check=list(HealthCheck))


def each(operations: Any) -> Any:
    """A test for each of these."""
    names = [f"{method} {path}" for path, method, _ in operations]
    return pytest.mark.parametrize(("path", "method", "about"), operations, ids=names)


@each(ASKED)
@CALM
@given(data=st.data())
def test_what_is_as_documented_is_understood(
    site: Site, path: str, method: str, about: Any, data: Any
) -> None:
    place, query, body = data.draw(requests(path, about, known(site)))
    answer = ask(site.app, method, place, query, body)
    conforms(about, answer)
    allowed = {400} if path in SAID_IN_WORDS else set()
    assert answer.status in {200, 202, 204, 404, 409} | allowed, answer.body


WRONG = st.one_of(
    *(st.none(), st.booleans(), st.integers(), st.text(max_size=5)),
    *(st.lists(st.integers(), max_size=2), st.dictionaries(st.text(max_size=3), st.none())),
)


@each(BODIES)
@CALM
@given(data=st.data())
def test_what_is_not_as_documented_is_refused(
    site: Site, path: str, method: str, about: Any, data: Any
) -> None:
    place, query, body = data.draw(requests(path, about, known(site)))
    schema = about["requestBody"]["content"]["application/json"]["schema"]
    name = data.draw(st.sampled_from([*schema["properties"], "more"]))
    body[name] = data.draw(WRONG)
    answer = ask(site.app, method, place, query, body)
    conforms(about, answer)
    if not Draft202012Validator(schema).is_valid(body) and path != guard.SESSION:
        assert answer.status == 400, answer.body


@each(OPERATIONS)
@pytest.mark.parametrize("role", [None, *ROLES])
def test_whoever_may_not_is_refused_as_documented(
    site: Site, path: str, method: str, about: Any, role: str | None
) -> None:
    actor = role and Actor("x", role, "-")
    app = page.build(dict, parts=site.parts, identify=lambda _: actor)
    needed = about.get("x-role", ANYBODY if about["security"] == [] else "viewer")
    may = needed == ANYBODY or (role and ROLES.index(role) >= ROLES.index(needed))
    if not may:
        answer = ask(app, method, path.replace("{", "").replace("}", ""), {}, {})
        conforms(about, answer)
        assert answer.status == (401 if role is None else 403)
    app.close()


@each(OPERATIONS)
def test_refusals_before_any_route_are_documented(
    site: Site, path: str, method: str, about: Any
) -> None:
    app = page.build(dict, parts=site.parts, read_only=True)
    filled = path.replace("{", "").replace("}", "")
    foreign = ask(app, method, filled, {}, {}, HTTP_HOST="evil.example")
    assert foreign.status == 421
    conforms(about, foreign)
    if method != "GET":
        answer = ask(app, method, filled, {}, {}, HTTP_ORIGIN="http://evil.example")
        assert answer.status == 403
        conforms(about, answer)
    if method != "GET" and path != guard.SESSION:
        answer = ask(app, method, filled, {}, {})
        assert answer.status == 405
        conforms(about, answer)
        answer = ask(site.app, method, filled, {}, {}, CONTENT_TYPE="text/plain")
        assert answer.status == 415
        conforms(about, answer)
    app.close()
