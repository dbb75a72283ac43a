"""Bytes that no peer of dispy sends, to each port, while a cluster works."""

import os
import socket
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest
from exploits import BOMBS, calls, with_text
from peers import Gsched, Stage
from peers.attack import STRANGER, connect, framed, memory, right_code
from peers.stage import ROOT

pytestmark = pytest.mark.real

IDLE = 50  # connections that say nothing, to each port
MOST_MEMORY = 500 << 20  # bytes
CLIENT_MESSAGES = ("CLIENT", "COMPUTE", "JOB", "FILEXFER", "CLOSE", "ALLOCATE_NODE", "NO_SUCH")
NODE_MESSAGES = ("PONG", "PING", "JOB_REPLY", "PULSE", "TERMINATED", "FILEXFER", "NO_SUCH")


TRAP = """
from pathlib import Path

def spring(how="called"):
    with open(Path(__file__).with_name("sprung"), "a") as file:
        print(how, file=file)

class Spring:
    def __init__(self, *_, **__): spring("made")

spring("imported")
"""


class Trap:
    """A module that the scheduler could import, and that leaves a trace where it is."""

    def __init__(self, folder: Path) -> None:
        self.environ = {"PYTHONPATH": f"{ROOT}{os.pathsep}{folder}"}
        self._sprung = folder / "sprung"
        (folder / "trap.py").write_text(TRAP)
        bodies = calls("trap", "spring", ("trap", "Spring"))
        self.bodies = [with_text(one, "called") for one in bodies.values()]
        self.bodies += BOMBS.values()

    @property
    def sprung(self) -> list[str]:
        """What has happened to it."""
        return self._sprung.read_text().split() if self._sprung.exists() else []

    def try_out(self) -> list[str]:
        """What happens where these are read without care."""
        way = "import pickle, sys; pickle.load(sys.stdin.buffer)"
        body = with_text(calls("trap", "spring", ("trap", "Spring"))["GLOBAL REDUCE"], "called")
        subprocess.run([sys.executable, "-c", way], input=body, env=self.environ, check=True)
        found = self.sprung
        self._sprung.unlink()
        return found


def broken(code: bytes) -> list[bytes]:
    """What breaks off, announces too much, or is no message at all."""
    noise = bytes(range(256)) * 20
    giant = b"\xff\xff\xff\xffPONG:"
    return [
        b"",
        noise,
        code + noise,
        code + framed(b""),
        code + framed(b"NO COLON"),
        code + giant + noise,
        code + framed(b"CLIENT:PONG:" + noise)[:100],
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + noise,  # TLS
    ]


def exploits(trap: Trap, names: tuple[str, ...], code: bytes) -> list[bytes]:
    found = [f"{name}:".encode() + body for name in names for body in trap.bodies]
    return [code + framed(one) for one in found if len(one) < 1 << 16]


def attack(gsched: Gsched, port: int, payloads: list[bytes]) -> None:
    """Send each on a connection of its own, and wait for the end of it."""
    for payload in payloads:
        with connect(gsched, port) as sock:
            try:
                sock.sendall(payload)
                sock.shutdown(socket.SHUT_WR)
                while sock.recv(4096):
                    pass
            except ConnectionError:
                pass  # as it should be


def attack_by_datagrams(gsched: Gsched, port: int, trap: Trap) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for name in ("PING", "TERMINATED", "PULSE"):
            small = [body for body in trap.bodies if len(body) < 1500]
            for body in (*small, b"", b"\x80\x04.", b"x" * 3000):
                sock.sendto(f"{name}:".encode() + body, (gsched.address, port))
        sock.sendto(b"", (gsched.address, port))


def attack_page(port: int, payloads: list[bytes], trap: Trap) -> None:
    head = b"POST /api/v1/jobs/cancel HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n"
    for payload in [*payloads, *(head % len(one) + one for one in trap.bodies)]:
        with socket.create_connection(("127.0.0.1", port), timeout=30) as sock:
            sock.sendall(payload)


def test_hostile_bytes_do_not_disturb(stage: Stage, tmp_path: Path) -> None:
    """At each port, with and without the code that clients show: nothing is imported or called."""
    trap = Trap(tmp_path)
    assert trap.try_out() == ["imported", "called"]
    served = [stage.node(2) for _ in range(2)]
    gsched = stage.gsched(nodes=served, environ=trap.environ)
    nodes, clients, page = stage.base, stage.base + 2, int(gsched.page.split(":")[2].strip("/"))
    client = stage.client("squares", gsched, jobs=100)
    gsched.wait_for_totals(nodes=2, clusters=1)
    with ExitStack() as idle:
        for port in (nodes, clients):
            for _ in range(IDLE):
                idle.enter_context(connect(gsched, port)).sendall(b"\0\0")
        code = right_code(gsched, clients)
        attack(gsched, nodes, broken(b"") + exploits(trap, NODE_MESSAGES, b""))
        for mine in (STRANGER, code):
            attack(gsched, clients, broken(mine) + exploits(trap, CLIENT_MESSAGES, mine))
        attack_by_datagrams(gsched, nodes, trap)
        attack_page(page, broken(b"")[1:], trap)
        outcome = client.outcome()
    assert (outcome["jobs"], outcome["wrong"]) == (100, [])
    assert not trap.sprung
    assert memory(gsched.pid) < MOST_MEMORY
    assert stage.client("squares", gsched, jobs=5).outcome()["wrong"] == []
