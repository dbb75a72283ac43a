"""Bytes that no peer of dispy sends, to each port, while a cluster works."""

import os
import pickle
import socket
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from peers import Gsched, Stage
from peers.attack import STRANGER, connect, framed, memory, right_code

pytestmark = pytest.mark.real

IDLE = 50  # connections that say nothing, to each port
MOST_MEMORY = 500 << 20  # bytes
CLIENT_MESSAGES = ("CLIENT", "COMPUTE", "JOB", "FILEXFER", "CLOSE", "ALLOCATE_NODE", "NO_SUCH")
NODE_MESSAGES = ("PONG", "PING", "JOB_REPLY", "PULSE", "TERMINATED", "FILEXFER", "NO_SUCH")


class Exploit:
    """Runs a command where it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return os.system, (f"touch {self.path}",)


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


def exploits(path: Path, names: tuple[str, ...], code: bytes) -> list[bytes]:
    bodies = [pickle.dumps(x, 4) for x in (Exploit(path), {"ip_addr": Exploit(path)})]
    return [code + framed(f"{name}:".encode() + body) for name in names for body in bodies]


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


def attack_by_datagrams(gsched: Gsched, port: int, path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for name in ("PING", "TERMINATED", "PULSE"):
            for body in (pickle.dumps(Exploit(path), 4), b"", b"\x80\x04.", b"x" * 3000):
                sock.sendto(f"{name}:".encode() + body, (gsched.address, port))
        sock.sendto(b"", (gsched.address, port))


def test_hostile_bytes_do_not_disturb(stage: Stage, tmp_path: Path) -> None:
    path = tmp_path / "exploited"
    gsched, _ = stage.trio(2, 2)
    nodes, clients, page = stage.base, stage.base + 2, int(gsched.page.split(":")[2].strip("/"))
    client = stage.client("squares", gsched, jobs=100)
    gsched.wait_for_totals(nodes=2, clusters=1)
    with ExitStack() as idle:
        for port in (nodes, clients):
            for _ in range(IDLE):
                idle.enter_context(connect(gsched, port)).sendall(b"\0\0")
        code = right_code(gsched, clients)
        attack(gsched, nodes, broken(b"") + exploits(path, NODE_MESSAGES, b""))
        for mine in (STRANGER, code):
            attack(gsched, clients, broken(mine) + exploits(path, CLIENT_MESSAGES, mine))
        attack_by_datagrams(gsched, nodes, path)
        for payload in broken(b"")[1:]:
            with socket.create_connection(("127.0.0.1", page), timeout=30) as sock:
                sock.sendall(payload)
        outcome = client.outcome()
    assert (outcome["jobs"], outcome["wrong"]) == (100, [])
    assert not path.exists()
    assert memory(gsched.pid) < MOST_MEMORY
    assert stage.client("squares", gsched, jobs=5).outcome()["wrong"] == []
