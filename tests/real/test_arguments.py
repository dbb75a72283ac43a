"""Arguments of jobs that memory has no room for."""

from pathlib import Path

import pytest
from peers import Stage
from peers.stage import Row

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
    gsched.wait_for_totals(running=2, waiting=JOBS - 2)

    def few_in_memory(now: Row) -> bool:
        return bool(now["arguments"]["memory"] <= MOST)

    shown = gsched.wait_for(few_in_memory, "the others are on disk")["arguments"]
    assert shown["most"] == MOST
    assert shown["disk"] > JOBS * SIZE - MOST
    if durability == "process":
        gsched.kill()
        gsched = stage.again(gsched, *options)
        gsched.wait_for_totals(waiting=JOBS - 2)
        gsched.wait_for(few_in_memory, "the others are still there")
    gate.touch()
    assert [job["result"] for job in client.outcome()["jobs"]] == [[True, SIZE]] * JOBS
    gsched.wait_for(lambda x: not any(x["arguments"][y] for y in ("memory", "disk")), "all is over")
