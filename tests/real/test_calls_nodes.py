"""Calls about single nodes: set_node_cpus, close_node, deallocate_node, allocate_node, node_jobs.

The usual way through all of them is in test_allocation.py, and who may set CPUs, and for how
long, in test_options_cpus.py; here is what else may happen.
"""

from pathlib import Path

import pytest
from peers import Stage

pytestmark = pytest.mark.real


@pytest.mark.parametrize("option", ["exclusive", "--cooperative"])
@pytest.mark.proves("set_node_cpus", "exclusive=", "--cooperative")
def test_set_node_cpus(stage: Stage, tmp_path: Path, option: str) -> None:
    """The last number stays with --cooperative, until another cluster comes."""
    exclusive = option == "exclusive"
    gsched, [node] = stage.trio(1, 2, *([] if exclusive else [option]))
    place = {"node": node.address, "gate": str(tmp_path / "gate")}
    wanted = [1, -1, 9, -9, 2, -2, 0]
    client = stage.client("limits", gsched, cluster={"exclusive": exclusive}, cpus=wanted, **place)
    found = client.outcome()
    assert found["codes"] == {"1": 1, "-1": 1, "9": 2, "-9": 2, "2": 2, "-2": 0, "0": 0}
    assert (found["started"], found["unknown"]) == (0, -1)
    assert (found["last"], found["running"]) == (1, 1)
    assert found["results"] == [True, True, True]
    gsched.wait_for_totals(clusters=0, cpus=2 if exclusive else 1)


@pytest.mark.proves("close_node", "deallocate_node", "allocate_node")
def test_nodes_are_given_back(stage: Stage, tmp_path: Path) -> None:
    gsched, nodes = stage.trio(2)
    places = [node.address for node in nodes]
    found = stage.client("gives_back", gsched, nodes=places, gate=str(tmp_path / "gate")).outcome()
    assert (found["unknown"], found["close"], found["by force"]) == (-1, 0, 0)
    assert found["deallocate"] == [-1, -1]
    assert found["refused"] == "None"
    softly, by_force, *waiting = found["jobs"]
    assert (softly["status"], softly["result"]) == ("Finished", places[0])
    assert by_force["status"] == "Terminated"
    assert [job["status"] for job in waiting] == ["Terminated"] * 2
    reasons = [f"its client closed node {place}" for place in places]
    assert [job["exception"] for job in waiting] == reasons
    assert found["allocate"] == 0
    assert [job["node"] for job in found["after"]] == [places[0]]
