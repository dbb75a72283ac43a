"""What people have the scheduler do, by /api/v1, with real peers."""

import json
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest
from peers import Stage, wait_until
from peers.process import PATIENCE
from peers.stage import Gsched
from test_api import Row, told
from test_jobs import results
from test_restart import starts, waiting

pytestmark = pytest.mark.real


def order(gsched: Gsched, path: str, method: str = "POST", **body: Any) -> Row:
    """The answer."""
    url = urljoin(gsched.page, f"api/v1{path}")
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(url, json.dumps(body).encode(), headers, method=method)
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        done: Row = json.load(answer)
        return done


def cluster_of(gsched: Gsched) -> str:
    """Path of the only one."""
    return f"/clusters/{gsched.status()['clusters'][0]['id']}"


def test_a_paused_cluster_waits_over_a_restart_until_it_is_resumed(
    stage: Stage, tmp_path: Path
) -> None:
    gsched, _, client = waiting(stage, tmp_path, 3, cpus=1)
    undo = order(gsched, f"{cluster_of(gsched)}/pause", reason="the disk is full")["undo"]
    (tmp_path / "gate").touch()
    gsched.wait_for_totals(running=0, waiting=2)
    gsched.kill()
    second = stage.again(gsched)
    second.wait_for_totals(running=0, waiting=2)
    [job, _] = told(second, "/api/v1/jobs", state="queued")["jobs"]
    why = told(second, f"/api/v1/jobs/{job['uid']}")["why"]
    assert why.startswith("its cluster is paused by local: the disk is full; position 1 ")
    assert starts(tmp_path) == ["0"]
    order(second, undo["path"].removeprefix("/api/v1"))
    assert results(client.outcome()) == [0, 1, 2]
    noted = [row["action"] for row in told(second, "/api/v1/audit")["audit"]]
    assert noted == ["resume", "pause"]


def test_jobs_that_are_cancelled_or_whose_cluster_is_terminated_say_why(
    stage: Stage, tmp_path: Path
) -> None:
    gsched, _, client = waiting(stage, tmp_path, 4)
    [running, other] = told(gsched, "/api/v1/jobs", state="running")["jobs"]
    queued = told(gsched, "/api/v1/jobs", state="queued")["jobs"]
    mine = [queued[0]["uid"], running["uid"]]
    done = order(gsched, "/jobs/cancel", uids=mine, reason="twice")
    assert (done["jobs"], done["at_nodes"]) == (2, 1)
    gsched.wait_for_totals(waiting=0, running=2)  # the last one has taken the place
    order(gsched, f"{cluster_of(gsched)}/terminate", reason="wrong data")
    jobs = client.outcome()["jobs"]
    by_uid = sorted([running["uid"], other["uid"], *(one["uid"] for one in queued)], key=int)
    cancelled = [by_uid.index(uid) for uid in mine]
    assert [jobs[n]["status"] for n in cancelled] == ["Cancelled", "Terminated"]
    for number, job in enumerate(jobs):
        words = (
            "cancelled by local: twice"
            if number in cancelled
            else ("terminated by local: wrong data")
        )
        assert job["exception"] == words
        assert job["status"] in ("Cancelled", "Terminated")
    gsched.wait_for_totals(clusters=0)
    assert gsched.running


@pytest.mark.parametrize("reentrant", [True, False])
def test_nodes_are_added_limited_drained_and_closed(
    stage: Stage, tmp_path: Path, reentrant: bool
) -> None:
    gsched, first, client = waiting(stage, tmp_path, 1, cpus=1, cluster={"reentrant": reentrant})
    second = stage.node(cpus=2)
    order(gsched, "/nodes", host=second.address)
    gsched.wait_for_nodes([first, second])
    order(gsched, f"/nodes/{second.address}", "PATCH", cpus=-1)
    assert {row["cpus"] for row in gsched.status()["nodes"]} == {1}
    order(gsched, f"/nodes/{first.address}/drain", reason="a new disk")
    gsched.wait_for_nodes([first], "drained")
    assert told(gsched, f"/api/v1/nodes/{first.address}")["why"] == (
        "drained (by local: a new disk); 1 job still there"
    )
    undo = order(gsched, f"/nodes/{first.address}/close", reason="smoke")["undo"]
    if reentrant:
        wait_until(lambda: starts(tmp_path) == ["0", "0"], "the job runs at the other node")
        (tmp_path / "gate").touch()
        [job] = client.outcome()["jobs"]
        assert (job["status"], job["node"]) == ("Finished", second.address)
    else:
        [job] = client.outcome()["jobs"]
        wanted = ("Terminated", f"node {first.address} was closed by local: smoke")
        assert (job["status"], job["exception"]) == wanted
    gsched.wait_for_nodes([first], "closed")
    order(gsched, undo["path"].removeprefix("/api/v1"))
    gsched.wait_for_nodes([first], "ready")
