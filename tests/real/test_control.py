"""gschedctl at a real scheduler, by the socket in its state folder, as its own user calls it."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from peers import Stage
from peers.process import PATIENCE
from peers.stage import ROOT, Client, Gsched
from test_restart import waiting

pytestmark = pytest.mark.real


@dataclass
class Site:
    """A scheduler with one node of one CPU, and a client with three jobs, of which one runs."""

    gsched: Gsched
    client: Client
    gate: Path

    def call(self, *words: str, code: int = 0) -> str:
        """What a command prints."""
        state = str(self.gsched.state_folder)
        command = [sys.executable, "-m", "gsched.ctl", "--socket", state, *words]
        around = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}
        done = subprocess.run(command, env=around, capture_output=True, text=True, timeout=PATIENCE)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout

    def ask(self, *words: str) -> Any:
        """The same for programs."""
        return json.loads(self.call(*words, "--json"))


@pytest.fixture
def site(stage: Stage, tmp_path: Path) -> Iterator[Site]:
    gsched, _, client = waiting(stage, tmp_path, 3, cpus=1)
    yield Site(gsched, client, tmp_path / "gate")


def test_an_administrator_at_work(site: Site) -> None:
    """Looks, holds a cluster, finds out why a job waits, cancels one, and lets the rest end."""
    [node] = site.ask("nodes")["nodes"]
    [cluster] = site.ask("clusters")["clusters"]
    queued = [job["uid"] for job in site.ask("jobs", "--state", "queued")["jobs"]]
    assert (node["busy"], node["cpus"], cluster["running"], len(queued)) == (1, 1, 1, 2)
    site.call("pause", cluster["id"], "--reason", "the disk is full")
    why = site.call("why", queued[0])
    assert "paused by" in why and "the disk is full" in why
    assert "paused" in site.call("events", "--limit", "5")
    site.call("cancel", queued[1], "--yes", "--reason", "not needed")
    site.call("resume", cluster["id"])
    assert "running" in site.call("job", site.ask("jobs", "--state", "running")["jobs"][0]["uid"])
    site.gate.touch()
    site.call("wait", "job", *queued, "--timeout", str(PATIENCE))
    ends = {job["status"] for job in site.client.outcome()["jobs"]}
    assert ends == {"Finished", "Cancelled"}
    site.call("drain", node["address"])
    assert site.ask("nodes", node["address"])["state"] == "drained"
    assert site.call("status").startswith("scheduler")


def test_top_and_doctor(site: Site) -> None:
    [look] = [json.loads(line) for line in site.call("top", "--json").splitlines()]
    assert (look["running"], look["waiting"], look["cpus"]) == (1, 2, 1)
    found = site.ask("doctor")
    assert found["well"], found
    ports = [check["result"] for check in found["checks"] if check["about"] == "port"]
    assert len(ports) > 3 and set(ports) == {"ok"}
    address = site.ask("nodes")["nodes"][0]["address"]
    about = {check["about"]: check["told"] for check in site.ask("doctor", address)["checks"]}
    assert about["dispynode"].startswith("a dispynode answers at port ")
    assert about["secret"] == "it serves whoever reaches it: it has no secret"
    assert "--yes" not in site.call("jobs", "--state", "nonsense", code=2)
    site.gate.touch()
    assert site.client.outcome()


def test_nobody_is_there(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "gsched.ctl", "--socket", str(tmp_path), "status"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 3
    assert "is gsched running?" in done.stderr


def test_bench_has_a_scheduler_of_its_own() -> None:
    command = [sys.executable, "-m", "gsched.ctl", "bench", "--jobs", "20", "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=2 * PATIENCE)
    assert done.returncode == 0, done.stderr
    runs = json.loads(done.stdout)["runs"]
    assert [(run["durability"], run["jobs"]) for run in runs] == [("off", 20), ("process", 20)]
    assert all(run["usual"] > 0 and run["rate"] > 0 and run["memory"] > 0 for run in runs)
    pids = re.findall(r"as process (\d+)", done.stderr)
    assert len(pids) == 2
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)
