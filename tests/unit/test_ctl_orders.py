"""gschedctl where it changes something, waits, or tells shells and man what it can."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ctl_site import DOCUMENT, HANDLE, UID, Site, about, cluster, job, node, served, status

from gsched.ctl import manual
from gsched.ctl.cli import main
from gsched.ctl.commands import restart, wait

API = "/api/v1"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setattr(wait, "PAUSE", 0.001)
    with served(tmp_path) as made:
        made.answer(f"{API}/status", status([node("10.0.0.2", name="alpha")], [cluster()]))
        yield made


def orders(site: Site) -> list[Any]:
    """What was sent."""
    return [asked for asked in site.asked if asked[0] != "GET"]


@pytest.mark.parametrize(
    ("line", "method", "path", "body"),
    [
        ("pause compute", "POST", f"/clusters/{HANDLE}/pause", {"reason": ""}),
        ("resume compute --reason ok", "POST", f"/clusters/{HANDLE}/resume", {"reason": "ok"}),
        ("resume alpha", "POST", "/nodes/10.0.0.2/resume", {"reason": ""}),
        ("drain alpha", "POST", "/nodes/10.0.0.2/drain", {"reason": ""}),
        ("close alpha --yes", "POST", "/nodes/10.0.0.2/close", {"reason": ""}),
        ("close compute -y", "POST", f"/clusters/{HANDLE}/close", {"reason": ""}),
        ("terminate compute -y", "POST", f"/clusters/{HANDLE}/terminate", {"reason": ""}),
        ("set-cpus 2 alpha", "PATCH", "/nodes/10.0.0.2", {"cpus": 2, "reason": ""}),
        ("set-cpus all alpha", "PATCH", "/nodes/10.0.0.2", {"cpus": None, "reason": ""}),
        ("add-node far:51348", "POST", "/nodes", {"host": "far", "port": 51348, "reason": ""}),
        ("add-node 10.1.2.3", "POST", "/nodes", {"host": "10.1.2.3", "reason": ""}),
    ],
)
def test_orders(site: Site, line: str, method: str, path: str, body: dict[str, Any]) -> None:
    pattern = path.replace(HANDLE, "{id}").replace("10.0.0.2", "{address}")
    assert method.lower() in DOCUMENT["paths"][f"{API}{pattern}"]
    site.answer(f"{API}{path}", {}, 201)
    done = site.run(*line.split())
    assert done.code == 0 and done.out.count("\n") == 1, done.err
    assert orders(site) == [(method, f"{API}{path}", body)]
    assert len(site.run(*line.split(), "--json").json["done"]) == 1


def test_nothing_is_done_if_one_is_not_known(site: Site) -> None:
    assert site.run("pause", "compute", "other").code == 1
    assert orders(site) == []


def test_what_destroys_asks_before(site: Site) -> None:
    site.answer(f"{API}/clusters/{HANDLE}/terminate", {}, 202)
    nobody = site.run("terminate", "compute")
    assert nobody.code == 2 and "--yes" in nobody.err
    assert site.run("terminate", "compute", typed="n\n").code == 1
    assert orders(site) == []
    assert site.run("terminate", "compute", typed="y\n").code == 0
    assert len(orders(site)) == 1


def test_a_refusal(site: Site) -> None:
    site.refuse(f"{API}/nodes/10.0.0.2/drain", 403, "this takes the role operator")
    done = site.run("drain", "alpha")
    assert done.code == 4 and "this takes the role operator" in done.err


def test_cancel(site: Site) -> None:
    site.answer(f"{API}/jobs/cancel", about("Cancelled", jobs=2, warning="disk full"), 202)
    dry = site.run("cancel", "--cluster", "compute", "--dry-run")
    assert dry.out == "2 jobs would be cancelled\n" and dry.err == "gschedctl: disk full\n"
    assert site.run("cancel", UID, "--yes").out == "cancelled: 2 jobs\n"
    bodies = [asked[2] for asked in orders(site)]
    assert bodies[0] == {"filter": {"cluster": HANDLE}, "reason": "", "dry_run": True}
    assert bodies[-1] == {"uids": [UID], "reason": "", "dry_run": False}
    assert site.run("cancel").code == site.run("cancel", UID, "--node", "alpha").code == 2


def test_nothing_to_cancel(site: Site) -> None:
    site.answer(f"{API}/jobs/cancel", about("Cancelled", jobs=0), 202)
    one, all_ = site.run("cancel", "1"), site.run("cancel", "--cluster", "compute", "--dry_run")
    assert one.code == all_.code == 1 and all(asked[2]["dry_run"] for asked in orders(site))
    assert one.out == "no such job waits or runs: 1; nothing was cancelled\n"
    assert all_.out == "no such job waits or runs; nothing was cancelled\n"


def test_wait_for_nodes_and_for_idle_ones(site: Site) -> None:
    assert site.run("wait", "nodes").code == 0
    late = site.run("wait", "nodes", "2", "--timeout", "0.01")
    assert late.code == 1 and "1 of 2 nodes are ready" in late.err
    busy = status([node("10.0.0.2", name="alpha", busy=1)])
    site.answer(f"{API}/status", [busy, busy, busy, status([node("10.0.0.2")])])
    assert site.run("wait", "idle", "alpha").code == 0


def test_wait_for_jobs_and_clusters(site: Site) -> None:
    runs = about("JobDetail", **job(state="running"))
    site.answer(f"{API}/jobs/{UID}", [runs, runs, about("JobDetail", **job(state="done"))])
    assert site.run("wait", "job", UID).code == 0
    assert site.run("wait", "job", "7").code == 1
    assert site.run("wait", "job").code == site.run("wait", "job", "x").code == 2
    here, gone = status([], [cluster()]), status()
    site.answer(f"{API}/status", [here, here, gone])
    assert site.run("wait", "cluster", "compute").code == 0


def test_wait_until_ready(site: Site, tmp_path: Path) -> None:
    site.answer("/readyz", "ok")
    assert site.run("wait", "ready").code == 0
    nobody = Site(tmp_path / "none").run("wait", "ready", "--timeout", "0")
    assert nobody.code == 1 and "nobody answers" in nobody.err


def test_the_man_page_is_of_today(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert manual.main(["--check"]) == 0
    assert manual.main(["--check"], tmp_path / "none") == 1
    assert "out of step" in capsys.readouterr().err


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_printed(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell], {}) == 0
    assert "gschedctl" in capsys.readouterr().out


def test_a_shell_is_told_nodes(site: Site, tmp_path: Path) -> None:
    line, told = "gschedctl drain al", tmp_path / "told"
    asked = {"_ARGCOMPLETE": "1", "COMP_LINE": line, "COMP_POINT": str(len(line))}
    asked |= {"_ARGCOMPLETE_STDOUT_FILENAME": str(told), "GSCHEDCTL_SOCKET": str(site.socket)}
    asked |= {"PYTHONPATH": str(manual.PATH.parents[1]), "_ARGCOMPLETE_IFS": "\n"}
    subprocess.run([sys.executable, "-m", "gsched.ctl"], env=asked, timeout=30)
    assert told.read_text().split() == ["alpha"]


def test_events(site: Site) -> None:
    row = about("Event", seq=7, count=3, time=1.0, level="warning", text="node lost")
    site.answer(f"{API}/log", about("Log", events=[row], last=7))
    assert site.run("events").out.endswith("  warning  node lost (3 times)\n")
    assert site.run("events", "--level", "warning", "--json").json == row
    assert site.asked[-1][2] == {"limit": "100", "level": "warning"}


# The scheduler itself


def test_it_is_stopped_if_that_is_meant(site: Site) -> None:
    site.answer(f"{API}/stop", about("Done", outcome="gsched: stops once all jobs have ended"))
    assert site.run("stop", "--after", "all").code == 2
    assert not [one for one in site.asked if one[1].endswith("/stop")]
    done = site.run("stop", "--after", "all", "--yes", "--reason", "a new disk")
    assert (done.code, done.out) == (0, "gsched: stops once all jobs have ended\n")
    assert site.asked[-1][2] == {"after": "all", "reason": "a new disk"}


def test_a_restart_waits_for_the_next_run(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(restart, "PAUSE", 0.01)
    site.answer(f"{API}/restart", about("Done", outcome="gsched: restarts"))
    runs = [(100.0, 50.0), (100.5, 50.5), (103.0, 1.0)]  # time and uptime
    site.answer(f"{API}/status", [status(time=time, uptime=uptime) for time, uptime in runs])
    done = site.run("restart", "--json").json
    assert (done["done"], done["version"]) == (True, "0.1.0")
    monkeypatch.setattr(restart, "PATIENCE", 0.1)
    gone = site.run("restart")
    assert gone.code == 1
    assert "the next run does not answer" in gone.err


def test_a_restart_that_cannot_be(site: Site) -> None:
    site.refuse(f"{API}/restart", 409, "no restart: pulse_interval = soon")
    done = site.run("restart")
    assert (done.code, done.err) == (1, "gschedctl: no restart: pulse_interval = soon\n")
