"""Who may see and do what: a running server, asked at its ports and at its Unix socket."""

import json
import signal
import socket
import ssl
import subprocess
import sys
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from peers import Gsched, Stage
from peers.certificates import self_signed
from peers.process import PATIENCE

from gsched.httpd import unix

pytestmark = pytest.mark.real


class Local(HTTPConnection):
    """A connection to the Unix socket of a server."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=PATIENCE)
        self._path = path

    def connect(self) -> None:
        self.sock = unix.connect(self._path, PATIENCE)


def local(gsched: Gsched, method: str, path: str) -> tuple[int, Any]:
    """Ask at its Unix socket. Status and body."""
    connection = Local(gsched.state_folder / "api.sock")
    connection.request(method, path, headers={"Content-Type": "application/json"})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, body


def test_programs_of_this_host_ask_at_a_socket(stage: Stage) -> None:
    """Also after a kill, which leaves the file of the socket behind."""
    gsched = stage.gsched()
    path = gsched.state_folder / "api.sock"
    status, body = local(gsched, "GET", "/api/v1/status")
    assert status == 200
    assert json.loads(body)["epoch"] == gsched.status()["epoch"]
    gsched.send(signal.SIGKILL)
    gsched.wait()
    assert path.is_socket()
    again = stage.again(gsched)
    assert local(again, "GET", "/healthz") == (200, b"ok\n")
    assert again.terminate() == 0
    assert not path.exists()


def over_tls(gsched: Gsched, method: str, path: str, body: Any = None, **more: str) -> Any:
    """Ask at its port by https. The answer, read."""
    place = urlsplit(gsched.page)
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    connection = HTTPSConnection(str(place.hostname), place.port, timeout=PATIENCE, context=context)
    headers = {"Content-Type": "application/json", "X-Gsched": "1", **more}
    connection.request(method, path, json.dumps(body) if body else None, headers)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer


@pytest.mark.proves("--http_accounts", "--http_certfile", "--http_keyfile", "--http_name")
@pytest.mark.proves("--http_url", "--http_host")
def test_accounts_over_tls(stage: Stage, tmp_path: Path) -> None:
    made, new = (self_signed(tmp_path, name) for name in ("page", "new"))
    path = tmp_path / "accounts"
    words = ("passwd", "ada", "--role", "operator", "--http_accounts", str(path))
    command = [sys.executable, "-m", "gsched", *words]
    subprocess.run(command, input="correct horse\n", text=True, check=True, timeout=PATIENCE)
    tls = ("--http_certfile", str(made.cert), "--http_keyfile", str(made.key))
    names = ("--http_name", "gate.example", "--http_url", "https://proxy.example.org/")
    # At all addresses: there it takes accounts.
    reach = ("--http_host", "0.0.0.0", "--http_accounts", str(path))
    gsched = stage.gsched(*reach, *tls, *names, ready=False)
    gsched.page = gsched.wait_for_text(r"(https://\S+) page").group(1)
    stalled = socket.create_connection(where(gsched), timeout=PATIENCE)  # and it says nothing
    assert over_tls(gsched, "GET", "/api/v1/status").status == 401
    given = {"name": "ada", "password": "correct horse"}
    answer = over_tls(gsched, "POST", "/api/v1/session", given)
    cookie = answer.headers["Set-Cookie"].partition(";")[0]
    assert cookie.startswith("__Host-gsched_")
    assert over_tls(gsched, "GET", "/api/v1/status", Cookie=cookie).status == 200
    check_names(gsched, Cookie=cookie)
    for name in ("cert", "key"):
        getattr(made, name).write_text(getattr(new, name).read_text())
    path.write_text("")
    gsched.send(signal.SIGHUP)
    gsched.wait_for_text("the options were read again")
    assert ssl.get_server_certificate(where(gsched)) == new.cert.read_text()
    assert over_tls(gsched, "GET", "/api/v1/status", Cookie=cookie).status == 401
    assert local(gsched, "GET", "/api/v1/status")[0] == 200
    assert stalled.recv(1) == b""  # a handshake has its time
    stalled.close()


@pytest.mark.proves("--http_connections")
def test_handshakes_that_stall_make_room(stage: Stage, tmp_path: Path) -> None:
    made = self_signed(tmp_path, "page")
    tls = ("--http_certfile", str(made.cert), "--http_keyfile", str(made.key))
    gsched = stage.gsched(*tls, "--http_connections", "8", ready=False)
    gsched.page = gsched.wait_for_text(r"(https://\S+) page").group(1)
    stalled = [socket.create_connection(where(gsched), timeout=PATIENCE) for _ in range(30)]
    assert over_tls(gsched, "GET", "/healthz").status == 200
    _, state = local(gsched, "GET", "/api/v1/status")
    taken, most, refused = json.loads(state)["limits"]["http_connections"]
    assert taken <= most == 8 and refused >= 20
    for sock in stalled:
        sock.close()


def where(gsched: Gsched) -> tuple[str, int]:
    """Of its page."""
    place = urlsplit(gsched.page)
    return str(place.hostname), int(place.port or 0)


def check_names(gsched: Gsched, **more: str) -> None:
    """It answers to the names that it was told, and takes orders from the proxy's page."""
    statuses = {
        host: over_tls(gsched, "GET", "/api/v1/status", Host=host, **more).status
        for host in ("gate.example", "proxy.example.org", "evil.example")
    }
    assert statuses == {"gate.example": 200, "proxy.example.org": 200, "evil.example": 421}
    for origin, status in (("https://proxy.example.org", 404), ("https://evil.example", 403)):
        order = over_tls(gsched, "POST", "/api/v1/nodes/x/drain", {}, Origin=origin, **more)
        assert order.status == status
