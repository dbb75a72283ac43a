"""The scheduler is stopped while jobs run and wait."""

from pathlib import Path

import pytest
from peers import Stage

pytestmark = pytest.mark.real


def test_clients_are_told_and_nodes_are_free(stage: Stage, tmp_path: Path) -> None:
    gsched, [node] = stage.trio()
    places = {"gate": str(tmp_path / "gate"), "marks": str(tmp_path)}
    clients = [stage.client("waits", gsched, jobs=3, **places) for _ in range(2)]
    gsched.wait_for_totals(running=1, waiting=5)
    assert gsched.terminate() == 0
    jobs = [job for client in clients for job in client.outcome()["jobs"]]
    assert [job["status"] for job in jobs] == ["Terminated"] * 6
    reasons = [job["exception"] for job in jobs if job["exception"]]
    assert reasons == ["the scheduler was stopped"] * 5
    other = stage.gsched(nodes=[node])
    assert stage.client("squares", other, jobs=5).outcome()["wrong"] == []
