"""Arguments of jobs that memory has no room for."""

from pathlib import Path

import pytest
from peers import Stage

pytestmark = pytest.mark.real
JOBS, SIZE, MOST = 14, 50_000, 100_000


@pytest.mark.proves("--max_args_memory")
@pytest.mark.parametrize("durability", ["off", "process"])
def test_each_job_gets_its_own(stage: Stage, tmp_path: Path, durability: str) -> None:
    """They wait on disk, also over a kill if anything is kept at all."""
    options = ("--max_args_memory", f"{MOST}", "--durability", durability)
    gsched, _ = stage.trio(1, 2, *options)
    gate = tmp_path / "gate"
    client = stage.client("bulky", gsched, jobs=JOBS, size=SIZE, gate=str(gate))
    shown = gsched.wait_for_totals(running=2, waiting=JOBS - 2)["arguments"]
    assert shown["memory"] <= shown["most"] == MOST
    assert shown["disk"] > JOBS * SIZE - MOST
    if durability == "process":
        gsched.kill()
        gsched = stage.again(gsched, *options)
        gsched.wait_for_totals(waiting=JOBS - 2)
        assert gsched.status()["arguments"]["memory"] <= MOST
    gate.touch()
    assert [job["result"] for job in client.outcome()["jobs"]] == [[True, SIZE]] * JOBS
    gsched.wait_for(lambda x: not any(x["arguments"][y] for y in ("memory", "disk")), "all is over")
