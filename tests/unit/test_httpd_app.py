"""The page as a WSGI application: no sockets, no server, only requests and their answers."""

import gzip
import json
import logging
import re
import shutil
import subprocess
import sys
from pathlib import Path
from posixpath import dirname, join, normpath

import pytest
from peers.sse import next_event
from web_asked import Answer

import gsched
from gsched.httpd import app as page
from gsched.httpd import assets
from gsched.httpd.access import guard
from gsched.httpd.live.publisher import MAX_STREAMS
from gsched.httpd.places import MOST

PACKAGE = Path(gsched.__file__).resolve().parent
LEAST_HEADERS = 80  # bytes of what the server adds: status, date and length
SNAPSHOT = {
    "version": "0.1.0",
    "epoch": "e1",
    "nodes": [{"address": "10.0.0.5", "name": "<b>node</b>"}],
    "clusters": [{"id": "91234567890123456789", "label": "compute @ 10.0.0.9"}],
}


@pytest.fixture
def app():
    built = page.build(lambda: SNAPSHOT, hosts=["Sched.Example.org."])
    yield built
    built.close()


@pytest.fixture
def broken():
    def snapshot():
        raise RuntimeError("secret detail")

    built = page.build(snapshot)
    yield built
    built.close()


# Files


def test_the_page_and_its_files_come_with_their_types(app):
    assert Answer(app, "/").headers["content-type"] == "text/html; charset=utf-8"
    assert b"<!doctype html>" in Answer(app, "/").body
    types = {
        "main.js": "text/javascript",
        "style/base.css": "text/css",
        "favicon.svg": "image/svg+xml",
    }
    for name, content_type in types.items():
        answer = Answer(app, "/static/" + name)
        assert answer.status == 200
        assert answer.headers["content-type"].startswith(content_type)
        assert answer.body == (assets._root() / name).read_bytes()


def test_a_file_the_browser_holds_is_not_sent_again(app):
    first = Answer(app, "/static/main.js")
    etag = first.headers["etag"]
    assert first.headers["cache-control"] == "no-cache"
    for held in (etag, f'"other", {etag}', "W/" + etag, "*"):
        answer = Answer(app, "/static/main.js", HTTP_IF_NONE_MATCH=held)
        assert (answer.status, answer.body) == (304, b"")
        assert answer.headers["etag"] == etag
    assert Answer(app, "/static/main.js", HTTP_IF_NONE_MATCH='"other"').status == 200
    assert Answer(app, "/static/style/base.css", HTTP_IF_NONE_MATCH=etag).status == 200
    assert Answer(app, "/static/main.js", HTTP_IF_NONE_MATCH="\xff\x00").status == 200


@pytest.mark.parametrize("takes", ["gzip", "br, GZIP;q=0.5", "deflate,gzip ; q=1.0, *"])
def test_files_are_sent_packed_to_who_takes_that(app, takes):
    plain, packed = (Answer(app, "/static/main.js", HTTP_ACCEPT_ENCODING=x) for x in ("", takes))
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body
    assert plain.headers["vary"] == packed.headers["vary"] == "Accept-Encoding"
    etags = {answer.headers["etag"] for answer in (plain, packed)}
    assert len(etags) == 2
    for etag in etags:
        held = {"HTTP_IF_NONE_MATCH": etag, "HTTP_ACCEPT_ENCODING": takes}
        answer = Answer(app, "/static/main.js", **held)
        assert (answer.status, answer.body) == (304, b"")
        assert answer.headers["etag"] == packed.headers["etag"]


@pytest.mark.parametrize("takes", ["", "identity", "gzip;q=0", "gzip; q=0.00", "br", "xgzip"])
def test_files_are_sent_as_they_are_to_all_others(app, takes):
    answer = Answer(app, "/static/main.js", HTTP_ACCEPT_ENCODING=takes)
    assert "content-encoding" not in answer.headers
    assert answer.body == (assets._root() / "main.js").read_bytes()


def first_loaded():
    """What a browser needs for the first view: others are fetched when somebody opens them."""
    files = assets.load()
    named = re.findall(r'(?:src|href)="static/([^"#]+)"', files["index.html"].body.decode())
    found, left = set(), ["index.html", "worker.js", "views/overview.js", *named]
    while left:
        name = left.pop()
        if name not in found:
            found.add(name)
            parts = re.findall(r'from "(\.[^"]+)"', files[name].body.decode())
            left += [normpath(join(dirname(name), part)) for part in parts]
    return found


def test_the_first_load_is_small(app):
    """With its headers, as a browser counts."""
    sizes = {}
    for name in first_loaded():
        answer = Answer(app, "/static/" + name, HTTP_ACCEPT_ENCODING="gzip")
        headers = sum(len(f"{key}: {value}\r\n") for key, value in answer.headers.items())
        sizes[name] = len(answer.body) + headers + LEAST_HEADERS
    assert len(sizes) > 30
    assert sum(sizes.values()) < 100_000, sorted(sizes.items(), key=lambda one: -one[1])[:10]


@pytest.mark.parametrize(
    "path",
    [
        "/static/../gsched/__init__.py",
        "/static/../../../../../../etc/passwd",
        "/static//etc/passwd",
        "/static/..\\..\\setup.py",
        "/static/./main.js",
        "/static/main.js\0.css",
        "/static/",
        "/../../etc/passwd",
        "//etc/passwd",
        "/static/\xff\xfe",
    ],
)
def test_no_path_leads_out_of_the_pages_files(app, path):
    answer = Answer(app, path)
    assert answer.status == 404
    assert b"root:" not in answer.body


def test_every_file_the_page_names_exists_and_is_our_own():
    files = assets.load()
    index = files["index.html"].body.decode()
    named = re.findall(r'(?:src|href)="([^"#]+)"', index)
    for name, asset in files.items():
        if name.endswith(".js"):
            script = asset.body.decode()
            parts = re.findall(r'(?:from |import\()"(\.[^"]+)"', script)
            named += ["static/" + normpath(join(dirname(name), part)) for part in parts]
    assert len(named) > 100
    for path in named:
        assert path == "api/v1/status" or path.removeprefix("static/") in files, path
    assert not re.search(r"<style|style=|\son\w+=|<script(?![^>]* src=)", index)


def test_nothing_in_the_scripts_makes_markup_from_text():
    forbidden = ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "http:")
    for name, asset in assets.load().items():
        if name.endswith(".js"):
            assert not [word for word in forbidden if word in asset.body.decode()], name


def copied_to(folder, web):
    """Lays out the package in `folder`, with the page's files in `web`."""
    unwanted = shutil.ignore_patterns("__pycache__", "web")
    shutil.copytree(PACKAGE, folder / "gsched", ignore=unwanted)
    for name, asset in assets.load().items() if web else ():
        path = folder / web / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(asset.body)


@pytest.mark.parametrize("web", ["gsched/web", "web"], ids=["installed", "source tree"])
def test_the_files_are_found_as_installed_and_in_a_source_tree(tmp_path, web):
    copied_to(tmp_path, web)
    done = run_load(tmp_path)
    assert done.returncode == 0, done.stderr
    assert sorted(json.loads(done.stdout)) == sorted(assets.load())


def test_an_installation_without_the_page_says_so(tmp_path):
    copied_to(tmp_path, None)
    done = run_load(tmp_path)
    assert done.returncode != 0
    assert "the page's files are missing" in done.stderr


def run_load(folder):
    code = (
        f"import sys; sys.path.insert(0, {str(folder)!r}); import json\n"
        "from gsched.httpd import assets; print(json.dumps(list(assets.load())))"
    )
    # Without site-packages, where an installed gsched would lend its own files.
    command = [sys.executable, "-S", "-c", code]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60)


# The interface for programs


def test_status_is_the_snapshot(app):
    answer = Answer(app, "/api/v1/status")
    assert answer.status == 200
    assert answer.json == SNAPSHOT
    assert answer.headers["cache-control"] == "no-store"


def test_healthz_answers_whatever_the_scheduler_does(app, broken):
    for built in (app, broken):
        answer = Answer(built, "/healthz")
        assert (answer.status, answer.body) == (200, b"ok\n")
        assert answer.headers["content-type"].startswith("text/plain")


def test_a_failing_snapshot_is_logged_and_not_told(broken, caplog):
    answer = Answer(broken, "/api/v1/status")
    assert (answer.status, answer.json["status"]) == (500, 500)
    assert b"secret" not in answer.body
    (record,) = caplog.records
    assert (record.name, record.levelno) == ("gsched.httpd", logging.ERROR)
    assert "GET '/api/v1/status'" in record.getMessage()
    assert "RuntimeError: secret detail" in record.getMessage()


@pytest.mark.parametrize("value", [float("nan"), float("inf"), object()])
def test_a_snapshot_that_json_cannot_hold_is_an_error(value):
    built = page.build(lambda: {"uptime": value})
    assert Answer(built, "/api/v1/status").status == 500


def test_errors_speak_json_to_programs_and_a_line_to_people(app):
    assert Answer(app, "/api/v1/nothing").json["status"] == 404
    assert Answer(app, "/nothing").headers["content-type"].startswith("text/plain")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "TRACE"])
def test_the_page_only_reads(app, method):
    assert Answer(app, "/api/v1/status", method).json["status"] == 405


def test_head_has_the_headers_only(app):
    for path in ("/", "/static/main.js", "/api/v1/status", "/healthz", "/nothing"):
        got, head = Answer(app, path), Answer(app, path, "HEAD")
        assert (head.status, head.body) == (got.status, b"")
        assert head.headers["content-length"] == str(len(got.body))


# Who may ask, and what protects the page


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LOCALHOST:8181",
        "localhost.:80",
        "127.0.0.1",
        "127.0.0.1:8181",
        "127.9.8.7:1",
        "[::1]",
        "[::1]:8181",
        "sched.example.org",
        "SCHED.example.org.:443",
    ],
)
def test_our_own_names_are_answered(app, host):
    assert Answer(app, "/", host=host).status == 200


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.example",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "evil.example:8181",
        "10.0.0.5",
        "0.0.0.0",
        "[::2]",
        "[::1",
        "localhost@evil.example",
        "evil@localhost",
        "localhost/",
        "localhost,evil.example",
        "127.1",
        "2130706433",
    ],
)
@pytest.mark.parametrize("path", ["/", "/api/v1/status", "/api/v1/events", "/healthz"])
def test_foreign_names_are_refused(app, host, path):
    answer = Answer(app, path, host=host)
    assert answer.status == 421
    assert answer.body.count(b"\n") <= 1
    if path.startswith("/api/"):
        assert "does not answer" in answer.json["error"]


def test_the_address_a_connection_came_in_at_is_ours(app):
    for host, arrival in (("10.0.0.5:8181", "10.0.0.5"), ("10.0.0.5", "::ffff:10.0.0.5")):
        assert Answer(app, "/", host=host, **{guard.ADDRESS_KEY: arrival}).status == 200
    assert Answer(app, "/", host="10.0.0.6", **{guard.ADDRESS_KEY: "10.0.0.5"}).status == 421


def test_every_answer_is_protected(app, broken):
    answers = [
        *(Answer(app, path) for path in ("/", "/static/favicon.svg", "/nothing", "/healthz")),
        Answer(app, "/static/favicon.svg", HTTP_IF_NONE_MATCH="*"),
        Answer(app, "/", host="evil.example"),
        Answer(app, "/", "POST"),
        Answer(broken, "/api/v1/status"),
    ]
    assert [answer.status for answer in answers] == [200, 200, 404, 200, 304, 421, 405, 500]
    for answer in answers:
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "require-trusted-types-for 'script'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert answer.headers["cache-control"] in ("no-store", "no-cache")
        assert "access-control-allow-origin" not in answer.headers


def test_parts_of_the_page_bear_no_policy_and_what_stands_alone_does(app):
    for name in ("main.js", "style/base.css", "live/state.js"):
        headers = Answer(app, f"/static/{name}").headers
        assert "content-security-policy" not in headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cross-origin-resource-policy"] == "same-origin"
    for name in ("worker.js", "favicon.svg", "index.html", "nothing.js"):
        assert "content-security-policy" in Answer(app, f"/static/{name}").headers


# Live updates


def test_the_route_streams_and_gives_its_place_back(app):
    seen = {}
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/api/v1/events", "HTTP_HOST": "localhost"}
    chunks = app(
        environ, lambda status, headers, exc_info=None: seen.update(headers, status=status)
    )
    assert seen["status"] == "200 OK"
    assert seen["Content-Type"].startswith("text/event-stream")
    assert (seen["Cache-Control"], seen["X-Accel-Buffering"]) == ("no-store", "no")
    assert json.loads(next_event(iter(chunks))["data"]) == {"seq": 1, **SNAPSHOT}
    assert app.publisher.watched == 1
    chunks.close()
    assert app.publisher.watched == 0
    assert Answer(app, "/api/v1/events", "HEAD").body == b""
    assert app.publisher.watched == 0


def test_too_many_streams_are_asked_to_come_back(app):
    places = [app.publisher.subscribe() for _ in range(MAX_STREAMS)]
    answer = Answer(app, "/api/v1/events")
    assert (answer.status, answer.headers["retry-after"]) == (503, "5")
    assert answer.json == {"status": 503, "error": "too many pages are watching"}
    places[0].close()
    app.publisher.subscribe()


def test_streams_can_never_take_all_places():
    assert MOST >= MAX_STREAMS + 100
