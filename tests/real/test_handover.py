"""SIGUSR2: gsched becomes its next run. Whoever connects meanwhile waits, and nobody is refused."""

import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from peers import Gsched, Stage, wait_until
from peers.process import PATIENCE
from peers.stage import ROOT
from test_restart import starts, waiting

pytestmark = pytest.mark.real

RESTARTS = 3


def again(gsched: Gsched) -> None:
    """One restart of it, until it serves again."""
    ready = gsched.out.count("is ready")
    gsched.send(signal.SIGUSR2)
    wait_until(lambda: gsched.out.count("is ready") > ready, "the next run is ready")


class Knocking:
    """Somebody who connects, again and again."""

    def __init__(self) -> None:
        self.times = 0
        self.refused: list[OSError] = []
        self.stopping = threading.Event()

    def knock(self, *places: tuple[str, int]) -> None:
        while not self.stopping.is_set():
            for place in places:
                try:
                    socket.create_connection(place, PATIENCE).close()
                except OSError as error:
                    self.refused.append(error)
                self.times += 1


@contextmanager
def knocking(*places: tuple[str, int]) -> Iterator[Knocking]:
    """As long as this lasts."""
    found = Knocking()
    thread = threading.Thread(target=found.knock, args=places)
    thread.start()
    try:
        yield found
    finally:
        found.stopping.set()
        thread.join()


def test_nobody_is_refused_and_nothing_is_lost(stage: Stage, tmp_path: Path) -> None:
    gsched, [node] = stage.trio(1, 2)
    page = urlsplit(gsched.page)
    ports = [(gsched.address, stage.base + 2), (gsched.address, stage.base)]
    client = stage.client("squares", gsched, jobs=60, seconds=0.1)
    gsched.wait_for_totals(running=2)
    pid = gsched.pid
    with knocking(*ports, (page.hostname or "", page.port or 0)) as knocks:
        for _ in range(RESTARTS):
            before = knocks.times
            again(gsched)
            wait_until(lambda b=before: knocks.times > b + 10, "they knock")  # type: ignore[misc]
        outcome = client.outcome()
    assert (outcome["jobs"], outcome["wrong"], outcome["nodes"]) == (60, [], {node.address: 60})
    assert knocks.refused == []
    assert gsched.running and gsched.pid == pid
    assert gsched.err.count("restarting") == RESTARTS
    assert gsched.status()["totals"]["nodes"] == 1, "its page is at the same port"
    assert gsched.terminate() == 0


def test_jobs_go_on_and_none_runs_twice(stage: Stage, tmp_path: Path) -> None:
    gsched, _, client = waiting(stage, tmp_path, 4)
    where = ["--socket", str(gsched.state_folder)]
    command = [sys.executable, "-m", "gsched.ctl", *where, "restart", "--reason", "upgrade"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=2 * PATIENCE)
    assert done.returncode == 0, done.stderr
    assert " serves after " in done.stdout
    gsched.wait_for_totals(running=2, waiting=2)
    (tmp_path / "gate").touch()
    assert [job["result"] for job in client.outcome()["jobs"]] == [0, 1, 2, 3]
    assert starts(tmp_path) == ["0", "1", "2", "3"]


def test_a_mistake_stops_nothing(stage: Stage, tmp_path: Path) -> None:
    config = tmp_path / "gsched.conf"
    config.write_text("pulse_interval = 5")
    gsched = stage.gsched("--config", str(config))
    gsched.allowed = [r"no restart, all goes on as it was: "]
    config.write_text("pulse_interval = soon")
    gsched.send(signal.SIGUSR2)
    gsched.wait_for_text(r"no restart, all goes on as it was: .*pulse_interval")
    assert gsched.out.count("is ready") == 1
    assert gsched.status()["totals"]["nodes"] == 0


def test_a_forgetful_server_is_not_restarted(stage: Stage) -> None:
    gsched = stage.gsched("--durability", "off")
    gsched.allowed = [r"no restart, all goes on as it was: with --durability off"]
    gsched.send(signal.SIGUSR2)
    gsched.wait_for_text(r"no restart, .*: with --durability off all jobs would be lost")
    assert gsched.status()["totals"]["nodes"] == 0
