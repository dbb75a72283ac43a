"""Results that their client did not take: recover_jobs after a crash, and poll_interval."""

from pathlib import Path
from typing import Any

import pytest
from peers import Stage, wait_until
from test_jobs import results

pytestmark = pytest.mark.real


@pytest.mark.parametrize("running", [False, True])
@pytest.mark.proves("recover_jobs")
def test_recover_jobs(stage: Stage, tmp_path: Path, running: bool) -> None:
    """Results are handed over once. Files and results for a client that is gone hold up no job."""
    gsched, _ = stage.trio()
    file, gate, *signs = (tmp_path / name for name in ("shelf", "gate", "works", "recovers"))
    places = {"recover_file": str(file), "gate": str(gate)}
    client = stage.client("crashes", gsched, ready=str(signs[0]), sends=not running, **places)
    wait_until(signs[0].exists, "a job runs")
    client.kill()
    if not running:
        gate.touch()
        gsched.wait_for_totals(done=4, running=0, waiting=0)
    places["address"] = gsched.address
    client = stage.client("recovers", gsched, ready=str(signs[1]), **places)
    wait_until(signs[1].exists, "jobs are asked for")
    gate.touch()
    check(client.outcome(), codes=[0] if running else [0, -1, -1, -1])
    gsched.wait_for_totals(clusters=0)


def check(found: dict[str, Any], codes: list[int]) -> None:
    """All that the client that was killed had not got yet, and that only once."""
    jobs = {job["result"][0] if job["result"] else "raise": job for job in found["jobs"]}
    assert sorted(jobs) == ["raise", "running", "waiting"]
    assert [jobs[name]["status"] for name in ("running", "waiting")] == ["Finished"] * 2
    assert jobs["raise"]["status"] == "Terminated"
    assert "ValueError: raise" in jobs["raise"]["exception"]
    assert jobs["running"]["result"][1] == codes
    assert (found["file"], found["again"]) == (False, 0)


@pytest.mark.proves("poll_interval=")
def test_poll_interval(stage: Stage, tmp_path: Path) -> None:
    gsched, _ = stage.trio(1, 2)
    gate = str(tmp_path / "gate")
    assert results(stage.client("polls", gsched, gate=gate).outcome()) == [gate] * 3
    gsched.wait_for_totals(clusters=0)
