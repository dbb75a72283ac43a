"""Who may do what: roles of routes, and requests that other sites make a browser send."""

import json

import pytest
from bottle import Bottle
from web_asked import Answer

from gsched.httpd import app as page
from gsched.httpd.access import guard, roles
from gsched.httpd.access.roles import ADMIN, ANYBODY, OPERATOR, ROLES, VIEWER, Actor

JSON = "application/json"


class Deeds:
    """One route of each kind; what was done is kept."""

    def __init__(self, **roles):
        self.roles = roles
        self.done = []

    def install(self, app: Bottle) -> None:
        """Add the routes: POST, or GET for names that begin with get."""
        for name, role in self.roles.items():
            method = "GET" if name.startswith("get") else "POST"
            config = {} if role is None else {"role": role}
            app.route(f"/api/v1/{name}", method, lambda name=name: self.do(name), **config)
        app.delete("/api/v1/thing", callback=lambda: self.do("delete"), role=OPERATOR)

    def do(self, name):
        self.done.append(name)
        return "done"


def served(deeds, role=ADMIN):
    """The page, asked by somebody of that role; None: by a stranger."""
    who = Actor("ada", role, "10.0.0.9") if role else None
    return page.build(dict, parts=[deeds], identify=lambda environ: who)


@pytest.mark.parametrize("least", [*ROLES, ANYBODY])
@pytest.mark.parametrize("role", [None, *ROLES])
def test_a_route_runs_for_its_role_and_those_above_it(least, role):
    deeds = Deeds(act=least, get_it=least)
    app = served(deeds, role)
    may = least == ANYBODY or (role is not None and ROLES.index(role) >= ROLES.index(least))
    for method, path in (("POST", "act"), ("GET", "get_it")):
        answer = Answer(app, f"/api/v1/{path}", method, CONTENT_TYPE=JSON)
        assert answer.status == (200 if may else 401 if role is None else 403)
        assert may or answer.json["status"] == answer.status
        assert ("www-authenticate" in answer.headers) == (answer.status == 401)
    assert deeds.done == (["act", "get_it"] if may else [])


def test_what_only_reads_takes_a_viewer_unless_it_says_otherwise():
    app = served(Deeds(get_it=None), None)
    assert Answer(app, "/api/v1/get_it").status == 401
    assert Answer(served(Deeds(get_it=None), VIEWER), "/api/v1/get_it").status == 200


@pytest.mark.parametrize("role", [None, "", "everyone"])
def test_a_page_with_a_route_that_lacks_its_role_does_not_start(role):
    with pytest.raises(LookupError, match="POST /api/v1/act names no role"):
        served(Deeds(act=role))


def test_strangers_get_what_says_nothing_and_no_more():
    app = served(Deeds(), None)
    paths = ("/", "/static/main.js", "/healthz", "/api/v1/status", "/api/v1/events")
    assert [Answer(app, path).status for path in paths] == [200, 200, 200, 401, 401]
    assert app.publisher.watched == 0


def test_without_accounts_whoever_reaches_the_page_may_all():
    assert roles.everybody({"REMOTE_ADDR": "127.0.0.1"}) == Actor("local", ADMIN, "127.0.0.1")


def test_a_route_knows_who_asks():
    seen = []

    class Part:
        def install(self, app):
            app.get("/who", callback=lambda: seen.append(roles.actor()))

    app = page.build(dict, parts=[Part()])
    Answer(app, "/who", REMOTE_ADDR="127.0.0.1")
    assert seen == [Actor("local", ADMIN, "127.0.0.1")]


# Requests that a browser sends for another site

OWN = "http://localhost:8181"
EVIL = "http://evil.example"
SITES = [None, "same-origin", "none", "same-site", "cross-site", "no-cors", ""]
ORIGINS = [None, OWN, EVIL, "null", "https://localhost:8181", "http://localhost", ""]


def asked(method="POST", origin=None, site=None, **more):
    """The environ of a request at OWN."""
    given = {"HTTP_ORIGIN": origin, "HTTP_SEC_FETCH_SITE": site}
    environ = {"REQUEST_METHOD": method, "HTTP_HOST": "localhost:8181", "wsgi.url_scheme": "http"}
    return environ | {name: x for name, x in given.items() if x is not None} | more


@pytest.mark.parametrize("origin", ORIGINS)
@pytest.mark.parametrize("site", SITES)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "TRACE", "BREW", ""])
def test_only_this_page_and_programs_change_things(method, site, origin):
    ours = site in ("same-origin", "none") if site is not None else origin in (None, OWN)
    assert (guard.foreign(asked(method, origin, site)) is None) == ours
    proxied = guard.foreign(asked(method, origin, site), frozenset({EVIL}))
    assert (proxied is None) == (ours or origin == EVIL)


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_whoever_may_see_an_answer_may_ask_from_anywhere(method):
    assert guard.foreign(asked(method, EVIL, "cross-site")) is None


def test_over_tls_the_origin_has_its_scheme():
    https = {"wsgi.url_scheme": "https"}
    assert guard.foreign(asked(origin="https://localhost:8181", **https)) is None
    assert guard.foreign(asked(origin=OWN, **https)) is not None


def test_a_foreign_request_changes_nothing():
    deeds = Deeds(act=ANYBODY)
    app = served(deeds)
    for header in ({"HTTP_ORIGIN": EVIL}, {"HTTP_SEC_FETCH_SITE": "cross-site"}):
        answer = Answer(app, "/api/v1/act", "POST", CONTENT_TYPE=JSON, **header)
        assert answer.status == answer.json["status"] == 403
    assert deeds.done == []


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (JSON, 200),
        ("Application/JSON; charset=utf-8", 200),
        ("", 415),
        ("text/plain", 415),
        ("text/plain; application/json", 415),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/form-data", 415),
        ("application/jsonp", 415),
    ],
)
def test_what_forms_can_send_changes_nothing(kind, status):
    deeds = Deeds(act=VIEWER)
    app = served(deeds)
    assert Answer(app, "/api/v1/act", "POST", CONTENT_TYPE=kind).status == status
    assert Answer(app, "/api/v1/thing", "DELETE", CONTENT_TYPE=kind, CONTENT_LENGTH="2").status == (
        status
    )
    assert deeds.done == (["act", "delete"] if status == 200 else [])


def test_a_delete_needs_no_body():
    deeds = Deeds()
    assert Answer(served(deeds), "/api/v1/thing", "DELETE").status == 200
    assert deeds.done == ["delete"]
    assert json.loads(Answer(served(deeds, None), "/api/v1/thing", "DELETE").body)["status"] == 401
