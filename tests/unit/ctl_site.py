"""A scheduler that is played: what it answers at a unix socket, and what it was asked."""

import io
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from socket import AF_UNIX
from socketserver import ThreadingMixIn
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from jsonschema import Draft202012Validator

from gsched.ctl.cli import main
from gsched.httpd.api.openapi import document

Row = dict[str, Any]
DOCUMENT = json.loads(json.dumps(document()))

HANDLE, OTHER, UID = "62bd333500eec21d", "62bd9999aaaabbbb", "1795427346164003"


def schema_of(path: str, method: str = "get") -> Any:
    """What the real API promises to answer there; None if it has no such path."""
    for pattern, ways in DOCUMENT["paths"].items():
        fits = pattern.split("/"), path.split("/")
        if len(fits[0]) == len(fits[1]) and all(
            a == b or a.startswith("{") for a, b in zip(*fits, strict=True)
        ):
            contents = ways.get(method, {}).get("responses", {}).get("200", {}).get("content", {})
            schema = contents.get("application/json", {}).get("schema")
            return schema and schema | {"components": DOCUMENT["components"]}
    return None


class Site:
    """Answers by path. Those of the real API are as its document says, or the test fails."""

    def __init__(self, folder: Path) -> None:
        self.socket = folder / "api.sock"
        self.answers: dict[str, Any] = {}
        self.statuses: dict[str, int] = {}
        self.asked: list[tuple[str, str, Row]] = []  # method, path, query and body
        self.headers: list[dict[str, str]] = []

    def answer(self, path: str, body: Any, status: int = 200) -> None:
        """From now on. A list: one after the other, the last one for good."""
        for one in body if isinstance(body, list) else [body]:
            if status == 200 and isinstance(one, dict) and (schema := schema_of(path)):
                Draft202012Validator(schema).validate(one)
        self.answers[path], self.statuses[path] = body, status

    def refuse(self, path: str, status: int, reason: str) -> None:
        """From now on."""
        self.answer(path, {"status": status, "error": reason}, status)

    def reply(self, path: str) -> tuple[int, Any]:
        """To one request."""
        if path not in self.answers:
            return 404, {"status": 404, "error": f"{path.rpartition('/')[2]} is not known"}
        body = self.answers[path]
        if isinstance(body, list):
            body = body.pop(0) if len(body) > 1 else body[0]
        return self.statuses[path], body

    def run(self, *words: str, typed: str | None = None, terminal: bool = False) -> "Outcome":
        """What gschedctl does with these words. `typed`: at a terminal."""
        stdin: Any = Terminal(typed) if typed is not None else io.StringIO()
        out: Any = Terminal() if terminal else io.StringIO()
        err = io.StringIO()
        where = ["--socket", str(self.socket)]
        code = main([*where, *words], {"HOME": "/nowhere"}, (stdin, out, err))
        return Outcome(code, out.getvalue(), err.getvalue())


class Terminal(io.StringIO):
    """Somebody looks at it, or types."""

    def isatty(self) -> bool:
        return True


class Outcome:
    """Exit code, output and errors of a command."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    @property
    def json(self) -> Any:
        """The output, of a command that went well."""
        assert self.code == 0, self.err
        return json.loads(self.out)

    @property
    def lines(self) -> list[list[str]]:
        """Of a plain table, without the head."""
        import re

        return [re.split(r"\s{2,}", line.strip()) for line in self.out.splitlines()[1:]]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    site: Site

    def _serve(self) -> None:
        parts = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else {}
        self.site.asked.append((self.command, parts.path, dict(parse_qsl(parts.query)) | body))
        self.site.headers.append(dict(self.headers.items()))
        status, answer = self.site.reply(parts.path)
        kind = "application/json"
        if isinstance(answer, str):
            kind = "text/event-stream" if answer.startswith("event:") else "text/plain"
        data = answer.encode() if isinstance(answer, str) else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_PATCH = _serve

    def address_string(self) -> str:
        return "unix"

    def log_message(self, format: str, *args: Any) -> None:
        """Not to the tests' output."""


class _Server(ThreadingMixIn, HTTPServer):
    address_family = AF_UNIX
    daemon_threads = True

    def server_bind(self) -> None:
        self.socket.bind(self.server_address)
        self.server_name, self.server_port = "localhost", 0

    def get_request(self) -> Any:
        request, _ = super().get_request()
        return request, ("unix", 0)


@contextmanager
def served(folder: Path) -> Iterator[Site]:
    """A site, while it is served."""
    site = Site(folder)
    handler = type("Handler", (_Handler,), {"site": site})
    server = _Server(str(site.socket), handler)  # type: ignore[arg-type]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


# What a scheduler may answer


def about(schema: str, /, **more: Any) -> Row:
    """An object as that schema has it, with the given values, and empty ones for the others."""
    properties = DOCUMENT["components"]["schemas"][schema]["properties"]
    made = {key: _empty(value) for key, value in properties.items()}
    assert more.keys() <= made.keys(), f"{schema} has no {more.keys() - made.keys()}"
    return made | more


def _empty(schema: Row) -> Any:
    kind = schema.get("type", "object")
    if isinstance(kind, list):
        return None
    if "anyOf" in schema:
        return None  # or else an object
    if "enum" in schema:
        return schema["enum"][0]
    if kind == "object" and "properties" in schema:
        return {key: _empty(value) for key, value in schema["properties"].items()}
    empty: Row = {"string": "", "integer": 0, "number": 0, "boolean": False, "array": []}
    return empty.get(kind, {})


def node(address: str, **more: Any) -> Row:
    """A line about a node."""
    usual = {"address": address, "state": "ready", "cpus": 4, "heard": 0.0}
    return about("Node", **usual | more)


def cluster(handle: str = HANDLE, name: str = "compute", client: str = "10.0.0.1") -> Row:
    """A line about a cluster."""
    label = f"{name} @ {client}"
    return about("Cluster", id=handle, name=name, client=client, label=label, state="active")


def job(uid: str = UID, **more: Any) -> Row:
    """A line about a job."""
    row = {"uid": uid, "cluster": HANDLE, "label": "compute @ 10.0.0.1", "state": "queued"}
    return about("Job", **row | more)


def status(nodes: Any = (), clusters: Any = (), **more: Any) -> Row:
    """The whole state."""
    totals = dict.fromkeys(("nodes", "cpus", "busy", "clusters", "waiting", "running", "done"), 0)
    totals |= {"nodes": len(nodes), "clusters": len(clusters)} | more.pop("totals", {})
    known = {"version": "0.1.0", "algorithm": "fair", "nodes": [*nodes], "clusters": [*clusters]}
    return about("Status", **known | {"totals": totals} | more)
