"""What a service manager hears: a real gsched, and a socket in place of systemd's."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from peers import Gsched, Stage
from peers.process import PATIENCE
from peers.stage import ROOT

pytestmark = pytest.mark.real

# Stands still, hub and all, until a byte comes on standard input.
BLOCKED = """
from gevent import monkey
monkey.patch_all()
import os, gevent
from gsched.service import Service
Service(os.environ).ready(lambda: "here")
while True:
    gevent.sleep(0.3)
    print("blocked", flush=True)
    os.read(0, 1)
    print("on", flush=True)
"""


class Systemd:
    """The socket of the service manager."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(f"\0{name[1:]}" if name.startswith("@") else name)
        self.socket.settimeout(PATIENCE)

    def environ(self, watchdog: float = 0, pid: int | None = None) -> dict[str, str]:
        """For whom it starts; `watchdog` in seconds."""
        found = {"NOTIFY_SOCKET": self.name}
        if watchdog:
            found["WATCHDOG_USEC"] = f"{watchdog * 1e6:.0f}"
        if pid is not None:
            found["WATCHDOG_PID"] = str(pid)
        return found

    def hear(self) -> dict[str, str]:
        """The next message."""
        lines = self.socket.recv(4096).decode().split("\n")
        return dict(line.split("=", 1) for line in lines)

    def hear_until(self, name: str) -> dict[str, str]:
        """The first message from now on that has this."""
        while name not in (message := self.hear()):
            pass
        return message

    def drain(self) -> int:
        """Messages that are there."""
        count = 0
        self.socket.settimeout(0)
        try:
            while self.socket.recv(4096):
                count += 1
        except BlockingIOError:
            return count
        finally:
            self.socket.settimeout(PATIENCE)
        return count


@pytest.fixture(params=["path", "abstract"])
def systemd(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Systemd]:
    """With either kind of address that it may have."""
    kinds = {"path": str(tmp_path / "notify"), "abstract": f"@gsched-{os.getpid()}"}
    systemd = Systemd(kinds[request.param])
    yield systemd
    systemd.socket.close()


def test_life_of_a_service(stage: Stage, systemd: Systemd) -> None:
    gsched: Gsched = stage.gsched(ready=False, environ=systemd.environ(watchdog=2))
    assert systemd.hear() == {"READY": "1", "STATUS": "nodes: 0, clusters: 0, jobs: 0"}
    with socket.create_connection((gsched.address, stage.base + 2)):  # it listens by now
        assert [systemd.hear_until("WATCHDOG")["WATCHDOG"] for _ in range(3)] == ["1"] * 3
    gsched.send(signal.SIGTERM)
    assert systemd.hear_until("STOPPING")["STATUS"].startswith("stopping; nodes: ")
    assert gsched.stop() == 0


def test_reload_of_a_service(stage: Stage, systemd: Systemd) -> None:
    gsched = stage.gsched(environ=systemd.environ())
    assert systemd.hear()["READY"] == "1"
    gsched.send(signal.SIGHUP)
    assert int(systemd.hear_until("RELOADING")["MONOTONIC_USEC"]) > 0
    assert systemd.hear()["READY"] == "1"


def test_watchdog_of_another_process(stage: Stage, systemd: Systemd) -> None:
    """Not ours, so that it hears nothing; nor do children, which are not the service."""
    gsched = stage.gsched("--local_node", "1", environ=systemd.environ(0.2, pid=1))
    gsched.wait_for_totals(nodes=1)
    child = gsched.wait_for_text(r"the local node runs as process (\d+)").group(1)
    assert "NOTIFY_SOCKET" not in Path(f"/proc/{child}/environ").read_text()
    assert gsched.terminate() == 0
    heard = [systemd.hear()]
    while "STOPPING" not in heard[-1]:
        heard.append(systemd.hear())
    assert heard[0]["READY"] == "1" and not [x for x in heard if "WATCHDOG" in x]


def test_a_hub_that_stands_still_gives_no_sign_of_life(tmp_path: Path) -> None:
    systemd = Systemd(str(tmp_path / "notify"))
    process = subprocess.Popen(
        [sys.executable, "-c", BLOCKED],
        env=os.environ | systemd.environ(watchdog=0.1) | {"PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin and process.stdout
    with process, systemd.socket:
        try:
            assert process.stdout.readline() == b"blocked\n"
            assert systemd.drain() > 1
            systemd.socket.settimeout(1.0)
            with pytest.raises(TimeoutError):
                systemd.hear()
            systemd.socket.settimeout(PATIENCE)
            process.stdin.write(b"x")
            process.stdin.flush()
            assert process.stdout.readline() == b"on\n"
            assert systemd.hear()["WATCHDOG"] == "1"
        finally:
            process.kill()


def test_systemd_that_does_not_listen(stage: Stage, tmp_path: Path) -> None:
    """Is no reason to serve nobody."""
    environ = {"NOTIFY_SOCKET": str(tmp_path / "nobody"), "WATCHDOG_USEC": "100000"}
    gsched = stage.gsched(environ=environ, nodes=[stage.node()])
    assert stage.client("squares", gsched, jobs=5).outcome()["wrong"] == []
    assert gsched.terminate() == 0
    assert gsched.err.count("systemd is not told how we are: ") == 1
