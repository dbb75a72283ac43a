"""Calls about computations that are unknown or not the caller's: refused at once, and harmless."""

import json
import pickle
from pathlib import Path
from typing import Any

import pytest
from peers import Gsched, Stage
from test_hostile import connect, framed, right_code

pytestmark = pytest.mark.real

REFUSALS = {
    "submit": "None",
    "submit_node": "None",
    "submit with a file": "None",
    "cancel": 0,  # clients do not wait for an answer to that
    "allocate_node": -1,
    "deallocate_node": -1,
    "close_node": -1,
    "set_node_cpus": -1,
    "node_jobs": [],
    "node_jobs from_node": [],
}
PATIENCE = 9.0  # seconds: clients give up after ten


def test_calls_for_a_computation_of_another(stage: Stage, tmp_path: Path) -> None:
    gsched, [node] = stage.trio(1, 1, "--cooperative")
    place = {"node": node.address, "gate": str(tmp_path / "gate")}
    found = stage.client("strangers", gsched, **place).outcome()
    assert found["auth"] == REFUSALS
    assert found["id"] == REFUSALS
    assert found["file of another"] == -1
    assert (found["jobs"], found["job"]["status"]) == (1, "Finished")
    gsched.wait_for_text("request for a computation that is not the client's")


def test_messages_for_a_computation_of_another(stage: Stage, tmp_path: Path) -> None:
    """What clients send without a call of their users."""
    gsched, _ = stage.trio(1, 1, "--debug")
    places = {"gate": str(tmp_path / "gate"), "marks": str(tmp_path)}
    client = stage.client("waits", gsched, **places)
    gsched.wait_for_totals(running=1)
    secret = int(gsched.wait_for_text(r": computation (\d+)").group(1))
    assert str(secret) not in json.dumps(gsched.status())
    port = stage.base + 2
    code = right_code(gsched, port)
    names = ("SCHEDULE", "PENDING_JOBS", "RETRIEVE_JOB", "RESEND_JOB_RESULTS", "CLOSE")
    for id_ in (secret, 17, 0, "no number"):
        about = {"compute_id": id_, "auth": "f" * 40, "uid": 1, "hash": "a", "node_ip_addr": "x"}
        for name in names:
            assert ask(gsched, port, code, name, about) == b"", (name, id_)
    assert ask(gsched, port, code, "PULSE", {"client_ip_addr": "x", "client_port": 1}) == b""
    (tmp_path / "gate").touch()
    assert [job["status"] for job in client.outcome()["jobs"]] == ["Finished"]


def ask(gsched: Gsched, port: int, code: bytes, name: str, body: dict[str, Any]) -> bytes:
    """All that it answers until it closes the connection."""
    with connect(gsched, port) as sock:
        sock.settimeout(PATIENCE)
        sock.sendall(code + framed(f"{name}:".encode() + pickle.dumps(body, 4)))
        answer = b""
        while data := sock.recv(4096):
            answer += data
    return answer
