"""Who may see and do what: a running server, asked at its ports and at its Unix socket."""

import json
import signal
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from peers import Gsched, Stage
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
