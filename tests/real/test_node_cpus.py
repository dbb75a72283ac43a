"""Nodes whose owner changes how many CPUs they offer, and when: by dispyadmin, or by options."""

import os
from pathlib import Path
from typing import Any

import pytest
from peers import Gsched, Node, Stage, namespace, wait_until
from peers.admin import Admin, at_noon
from test_jobs import results

pytestmark = pytest.mark.real

AT_REST = "offers no CPUs now: its owner or its service times say so"


@pytest.fixture
def admin(stage: Stage) -> Admin:
    return Admin("plums", stage.base + 1)


def row(gsched: Gsched, node: Node) -> dict[str, Any]:
    [found] = [x for x in gsched.status()["nodes"] if x["address"] == node.address]
    return found


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="a dispynode offers no more than there are")
def test_cpus_up_and_down(stage: Stage, admin: Admin, tmp_path: Path) -> None:
    """More at once; less when the jobs that are too many have ended; none until there are some."""
    gate = tmp_path / "gate"
    node = stage.node(1, *admin.options)
    gsched = stage.gsched(nodes=[node])
    client = stage.client("waits", gsched, jobs=6, gate=str(gate), marks=str(tmp_path))
    gsched.wait_for_totals(running=1, cpus=1)
    admin.set_cpus(node.address, 2)
    gsched.wait_for_totals(running=2, cpus=2)
    wait_until(lambda: len(list(tmp_path.glob("*-127.*"))) == 2, "both jobs have begun")
    admin.set_cpus(node.address, 1)
    gsched.wait_for_totals(running=2, cpus=1, busy=2)
    gate.touch()
    outcome = client.outcome()
    assert results(outcome) == list(range(6))
    first, second, *later = sorted(outcome["jobs"], key=lambda job: job["start"])
    ends = [max(first["end"], second["end"]), *(job["end"] for job in later)]
    assert all(job["start"] >= end for job, end in zip(later, ends, strict=False)), outcome


def test_no_cpus_for_a_while(stage: Stage, admin: Admin, tmp_path: Path) -> None:
    """What runs goes on, what waits goes elsewhere or waits for the node."""
    gate = tmp_path / "gate"
    node = stage.node(1, *admin.options)
    gsched = stage.gsched(nodes=[node])
    client = stage.client("waits", gsched, jobs=3, gate=str(gate), marks=str(tmp_path))
    wait_until(lambda: list(tmp_path.glob("*-127.*")), "a job runs")
    admin.set_cpus(node.address, 0)
    gsched.wait_for_nodes([node], "out of service")
    assert row(gsched, node)["note"] == AT_REST
    gate.touch()
    gsched.wait_for_totals(running=0, waiting=2, cpus=0)
    admin.set_cpus(node.address, 1)
    assert results(client.outcome()) == [0, 1, 2]


def test_no_cpus_for_long(stage: Stage, admin: Admin) -> None:
    """Then it is left by all clusters, and found again without a word of its own."""
    node = stage.node(1, *admin.options)
    gsched = stage.gsched(nodes=[node])
    stage.client("steps", gsched, steps=1, jobs=1, gate=str(stage.folder / "gate"))
    gsched.wait_for(lambda now: [x["nodes"] for x in now["clusters"]] == [1], "it is set up")
    admin.set_cpus(node.address, 0)
    gsched.wait_for(lambda now: [x["nodes"] for x in now["clusters"]] == [0], "it is left")
    note = f"its nodes offer no CPUs now: {node.address}"
    gsched.wait_for(lambda now: [x["note"] for x in now["clusters"]] == [note], note)
    admin.set_cpus(node.address, 1)
    gsched.wait_for(lambda now: [x["nodes"] for x in now["clusters"]] == [1], "it is set up again")


def test_service_times(stage: Stage, admin: Admin) -> None:
    """A cluster stays open while one of its nodes is out of service, and has it back after that."""
    leaving, staying = (stage.node(1, *admin.options, environ=at_noon()) for _ in range(2))
    gsched = stage.gsched(nodes=[leaving, staying])
    gate = stage.folder / "gate"

    def step(number: int) -> None:
        Path(f"{gate}{number}").touch()
        wait_until(Path(f"{gate}{number}-done").exists, f"step {number}")

    client = stage.client("steps", gsched, steps=3, jobs=6, gate=str(gate))
    gsched.wait_for(lambda now: [x["nodes"] for x in now["clusters"]] == [2], "both are set up")
    step(0)
    admin.serve(leaving.address, "stop_time", None)
    admin.serve(leaving.address, "start_time", "13:00")
    gsched.wait_for_nodes([leaving], "out of service")
    assert row(gsched, leaving)["note"] == AT_REST
    step(1)
    gsched.wait_for(lambda now: [x["nodes"] for x in now["clusters"]] == [1], "one is left")
    admin.serve(leaving.address, "start_time", "0")
    gsched.wait_for(lambda now: [x["nodes"] for x in now["clusters"]] == [2], "it is back")
    step(2)
    outcome = client.outcome()
    assert outcome["wrong"] == []
    both = {leaving.address, staying.address}
    assert [set(nodes) for nodes in outcome["nodes"]] == [both, {staying.address}, both]


def test_node_whose_service_time_has_not_come(stage: Stage, admin: Admin) -> None:
    times = ("--service_start", "13:00", "--service_stop", "14:00")
    node = stage.node(1, *admin.options, *times, environ=at_noon())
    gsched = stage.gsched("-n", node.address)
    client = stage.client("squares", gsched)
    gsched.wait_for_totals(waiting=1)
    assert gsched.status()["totals"]["nodes"] == 0
    admin.serve(node.address, "start_time", "0")
    assert client.outcome()["nodes"] == {node.address: 1}


def test_service_time_that_ends_unnoticed(stage: Stage, admin: Admin) -> None:
    """It says so only when it is asked to take a computation. The others take the jobs."""
    leaving, staying = (stage.node(1, *admin.options, environ=at_noon()) for _ in range(2))
    gsched = stage.gsched(nodes=[leaving, staying])
    admin.serve(leaving.address, "start_time", "13:00")
    client = stage.client("squares", gsched, jobs=5)
    assert client.outcome()["nodes"] == {staying.address: 5}
    stays = stage.client("steps", gsched, steps=1, jobs=4, gate=str(stage.folder / "gate"))
    note = "node is out of its service time"
    gsched.wait_for(lambda now: any(note in x["note"] for x in now["clusters"]), note)
    assert note in row(gsched, leaving)["note"]
    admin.serve(leaving.address, "start_time", "0")
    gsched.wait_for(lambda now: [x["nodes"] for x in now["clusters"]] == [2], "it is there again")
    (stage.folder / "gate0").touch()
    assert set(stays.outcome()["nodes"][0]) == {leaving.address, staying.address}


@pytest.mark.usefixtures("private_network")
def test_service_end_while_a_job_runs(stage: Stage, admin: Admin, tmp_path: Path) -> None:
    """The node stops the job and itself. The job runs elsewhere, if it may run twice."""
    namespace.add_address("10.74.0.1")
    leaving = stage.node(1, *admin.options, address="10.74.0.2", environ=at_noon())
    gsched = stage.gsched("-n", leaving.address, address="10.74.0.1")
    gsched.wait_for_nodes([leaving])
    gate = tmp_path / "gate"
    places = {"gate": str(gate), "marks": str(tmp_path)}
    again = stage.client("waits", gsched, cluster={"reentrant": True}, **places)
    gsched.wait_for_totals(running=1)
    wait_until(lambda: list(tmp_path.glob("0-*")), "the job has begun")
    admin.serve(leaving.address, "end_time", None)
    gsched.wait_for_nodes([leaving], "lost")
    assert row(gsched, leaving)["note"] == "it said goodbye"
    gsched.wait_for_totals(waiting=1)
    gate.touch()
    staying = stage.node(1, address="10.74.0.3")
    outcome = again.outcome()
    assert results(outcome) == [0]
    assert [job["node"] for job in outcome["jobs"]] == [staying.address]
