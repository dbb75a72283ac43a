"""Nodes that clients choose, and what is set up there for them."""

from pathlib import Path

import pytest
from peers import Stage
from peers.stage import PROGRAMS
from test_jobs import results

pytestmark = pytest.mark.real


@pytest.mark.proves("setup=", "cleanup=function")
def test_set_up_and_clean_up_with_an_object(stage: Stage, tmp_path: Path) -> None:
    """The class of the object is known to the client and to nodes, but not to gsched."""
    nodes = [stage.node(environ={"PYTHONPATH": str(PROGRAMS)}) for _ in range(2)]
    gsched = stage.gsched(nodes=nodes)
    outcome = stage.client("setups", gsched, factor=7, folder=str(tmp_path)).outcome()
    assert results(outcome) == [7 * n for n in range(8)]
    gsched.wait_for_totals(clusters=0)
    for node in nodes:
        assert (tmp_path / f"set-up-{node.address}").exists()
        assert (tmp_path / f"clean-{node.address}").read_text() == "7 7"


FAULTS = {
    "own": "invalid computation",  # a dispynode cannot load an object of the client's own class
    "raise": "ValueError: no such factor",
    "none": '"setup" failed with None',
}


@pytest.mark.timeout(240)
def test_set_up_that_fails(stage: Stage, tmp_path: Path) -> None:
    """It is tried some times, in a minute; then all jobs end with the reason. Others go on."""
    node = stage.node(2, environ={"PYTHONPATH": str(PROGRAMS)})
    gsched = stage.gsched(nodes=[node])
    gsched.allowed = [r"set-up of \S+ @ \S+ on", r"is given up", r"abandoned: set-up failed"]
    clients = {x: stage.client("setups", gsched, factor=x, folder=str(tmp_path)) for x in FAULTS}
    notes = gsched.wait_for(
        lambda now: sum("set-up failed" in x["note"] for x in now["clusters"]) == len(FAULTS),
        "the failures are shown",
    )["clusters"]
    assert all(any(reason in x["note"] for x in notes) for reason in FAULTS.values())
    assert stage.client("squares", gsched, jobs=5).outcome()["nodes"] == {node.address: 5}
    for fault, client in clients.items():
        jobs = client.outcome(timeout=180)["jobs"]
        assert [job["status"] for job in jobs] == ["Abandoned"] * 8
        assert all(FAULTS[fault] in job["exception"] for job in jobs), jobs[0]


@pytest.mark.proves("NodeAllocate", "allocate_node")
def test_patterns_with_files_and_arguments(stage: Stage, tmp_path: Path) -> None:
    nodes = stage.nodes(3)
    one, two = tmp_path / "one.txt", tmp_path / "two.txt"
    one.write_text("I")
    two.write_text("II")
    gsched = stage.gsched(nodes=nodes)
    prefix, last = nodes[1].address.rsplit(".", 1)
    client = stage.client(
        "allocates",
        gsched,
        first={"host": nodes[0].address, "path": str(one), "name": one.name},
        second={"host": f"{prefix[:-2]}*.{last}", "path": str(two), "name": two.name},
        files=[str(two)],
        gate=str(tmp_path / "gate"),
    )
    gsched.wait_for(lambda now: [x["nodes"] for x in now["clusters"]] == [2], "two nodes")
    (tmp_path / "gate").touch()
    outcome = client.outcome()
    assert outcome["code"] == 0
    assert {(x["node"], *x["result"]) for x in outcome["before"]} == {
        (nodes[0].address, "first", "I")
    }
    assert {(x["node"], *x["result"]) for x in outcome["after"]} == {
        (nodes[0].address, "first", "I"),
        (nodes[1].address, "second", "II"),
    }


@pytest.mark.proves("node_jobs", "node_jobs(from_node=True)", "nodes=")
def test_calls_about_single_nodes(stage: Stage, tmp_path: Path) -> None:
    gsched, nodes = stage.trio(2, 2)
    first, second = (node.address for node in nodes)
    gate = tmp_path / "gate"
    exclusive = {"exclusive": True}
    client = stage.client("calls", gsched, cluster=exclusive, nodes=[first, second], gate=str(gate))
    found = client.outcome()
    assert (found["node_jobs"], found["from_node"]) == ([1, 0], 1)
    assert found["job"] == [0, "from the job"]
    assert (found["send_file"], found["cpus"]) == (0, 1)
    assert (found["deallocate"], found["again"]) == (0, 0)
    assert {job["result"] for job in found["second"]} == {second}
    assert [job["node"] for job in found["both"]] == [first, second]
    assert found["close"] == 0
    assert {job["node"] for job in found["first"]} == {first}
    gsched.wait_for_totals(clusters=0, cpus=4)
