"""Calls of a client's cluster as a whole: submit, status, print_status, wait, close, shutdown."""

import re
from pathlib import Path
from typing import Any

import pytest
from peers import Stage

pytestmark = pytest.mark.real

# Bytes, as in programs/figures.py; the messages around files, arguments and results are small.
SET_UP, JOB, FILE, ARGUMENT, RESULT = 300_000, 200_000, 100_000, 50_000, 30_000
AROUND = 1_000  # for each job


@pytest.mark.proves("submit", "submit_node", "submit_job_id", "submit_job_id_node")
def test_submit_in_all_ways(stage: Stage) -> None:
    gsched, nodes = stage.trio(2)
    first, second = (node.address for node in nodes)
    found = stage.client("submits", gsched, nodes=[first, second]).outcome()
    assert {found[name][2] for name in found if name != "nowhere"} == {"Finished"}
    assert found["submit"][0][:2] == [3, {"word": "a"}]
    assert found["submit_job_id"][0][:2] == [3, {"word": "b"}]
    assert found["submit_job_id"][1] == "mine"
    assert found["submit_node"][0] == [4, {"word": "c"}, second]
    assert found["submit_node known"][0] == [5, {}, second]
    assert found["submit_job_id_node"][:2] == [[6, {"word": "d"}, first], "yours"]
    assert found["nowhere"] == "None"


@pytest.mark.proves("status", "print_status")
def test_status_and_print_status(stage: Stage, tmp_path: Path) -> None:
    """Jobs, CPUs and node time are counted by the client, bytes by gsched."""
    gsched, [node] = stage.trio()
    place = {"node": node.address, "gate": str(tmp_path / "gate")}
    found = stage.client("figures", gsched, **place).outcome()
    assert (found["send_file"], found["closed"], found["again"]) == (0, 0, 0)
    check_nodes(found, node.address)
    check_bytes(found)
    row = next(x for x in found["done"]["text"].splitlines() if f" {node.name} " in x)
    name, cpus, jobs, *_, sent, received = (cell.strip() for cell in row.split("|"))
    assert (name, cpus, jobs) == (node.name, "1", "3")
    assert re.fullmatch(r"\d+\.\d K", sent), sent
    assert re.fullmatch(r"\d+\.\d K", received), received
    assert "Jobs pending: 3" in found["busy"]["text"]


def check_nodes(found: dict[str, Any], address: str) -> None:
    wanted = {  # cpus, busy, jobs done, jobs pending
        "set up": (1, 0, 0, 0),
        "busy": (1, 1, 0, 3),
        "done": (1, 0, 3, 0),
        "without": (0, 0, 3, 0),
        "with": (1, 0, 4, 0),
        "short": (1, 0, 24, 0),
    }
    for step, (cpus, busy, jobs, pending) in wanted.items():
        [row] = found[step]["nodes"]
        assert (row["ip_addr"], row["avail_info"]) == (address, True), step
        assert (row["cpus"], row["busy"], row["jobs_done"]) == (cpus, busy, jobs), step
        assert found[step]["pending"] == pending, step
        assert row["cpu_time"] >= 0.1 * min(jobs, 4), step


def check_bytes(found: dict[str, Any]) -> None:
    wanted = {  # sent, received, jobs
        "set up": (SET_UP, 0, 0),
        "done": (SET_UP + JOB + FILE + 2 * ARGUMENT, 2 * RESULT, 3),
        "without": (SET_UP + JOB + FILE + 2 * ARGUMENT, 2 * RESULT, 3),
        "with": (2 * SET_UP + JOB + FILE + 3 * ARGUMENT, 3 * RESULT, 4),
        "short": (2 * SET_UP + JOB + FILE + 23 * ARGUMENT, 23 * RESULT, 24),
    }
    for step, (sent, received, jobs) in wanted.items():
        [row] = found[step]["nodes"]
        assert 0 <= row["tx"] - sent <= AROUND * jobs, step
        assert 0 <= row["rx"] - received <= AROUND * jobs, step


@pytest.mark.proves("wait", "close", "shutdown")
def test_wait_close_and_shutdown(stage: Stage, tmp_path: Path) -> None:
    gsched, _ = stage.trio()
    found = stage.client("closes", gsched, gates=str(tmp_path)).outcome()
    assert found["too soon"] == [False, False]
    assert found["in time"] == [True, True, True]
    assert found["closed"] == "AttributeError"
    assert found["by force"] is True
    assert found["with"] == ["Finished", True]
    assert found["shut down"] == ["Finished", True]
    gsched.wait_for_totals(clusters=0, running=0, busy=0)
