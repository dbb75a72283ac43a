"""The scheduler is stopped while jobs run and wait."""

import time
from pathlib import Path

import pytest
from peers import Stage, wait_until

from gsched.running.ending import STOP_TIMEOUT

pytestmark = pytest.mark.real


@pytest.mark.parametrize("stubborn", [False, True])
@pytest.mark.proves("--durability")
def test_clients_are_told_and_nodes_are_free(stage: Stage, tmp_path: Path, stubborn: bool) -> None:
    """Where nothing is kept; also if the job takes no notice of signals, so the node kills it."""
    gsched, [node] = stage.trio(1, 1, "--durability", "off")
    arguments = {"gate": str(tmp_path / "gate"), "marks": str(tmp_path), "stubborn": stubborn}
    clients = [stage.client("waits", gsched, jobs=3, **arguments) for _ in range(2)]
    gsched.wait_for_totals(running=1, waiting=5)
    wait_until(lambda: list(tmp_path.glob("*-127.*")), "the job runs")
    assert gsched.terminate() == 0
    jobs = [job for client in clients for job in client.outcome()["jobs"]]
    assert [job["status"] for job in jobs] == ["Terminated"] * 6
    reasons = [job["exception"] for job in jobs if job["node"] != node.address]
    assert reasons == ["the scheduler was stopped"] * 5
    other = stage.gsched(nodes=[node])
    assert stage.client("squares", other, jobs=5).outcome()["wrong"] == []


def test_a_client_that_is_gone_is_not_waited_for(stage: Stage, tmp_path: Path) -> None:
    """Its results are of no use to anybody; others are told as usual."""
    gsched, [node] = stage.trio(1, 2, "--durability", "off")
    gsched.allowed.append("not told to its client")
    places = {"gate": str(tmp_path / "gate"), "marks": str(tmp_path)}
    gone, there = (stage.client("waits", gsched, jobs=2, **places) for _ in range(2))
    gsched.wait_for_totals(running=2, waiting=2)
    gone.kill()
    began = time.monotonic()
    assert gsched.terminate() == 0
    assert time.monotonic() - began < STOP_TIMEOUT
    assert [job["status"] for job in there.outcome()["jobs"]] == ["Terminated"] * 2
    assert gsched.err.count("not told to its client") == 2
    stage.gsched(nodes=[node])
