"""Nodes that die, stop, come back or come late."""

from pathlib import Path

import pytest
from peers import Stage, namespace, wait_until
from peers.stage import QUICK
from test_jobs import results

pytestmark = pytest.mark.real


@pytest.mark.proves("reentrant=", "nodes=", "--pulse_interval")
def test_killed_node(stage: Stage, tmp_path: Path) -> None:
    """Its job runs again elsewhere if it is reentrant, else it is abandoned with a reason."""
    gate = tmp_path / "gate"
    dying, other = stage.nodes(2, 2)
    gsched = stage.gsched(*QUICK, nodes=[dying, other])
    gsched.allowed = [r"abandoned: node \S+: "]
    places = {"gate": str(gate), "marks": str(tmp_path)}
    lost = stage.client("waits", gsched, cluster={"nodes": [dying.address]}, **places)
    gsched.wait_for_totals(running=1)
    # Three CPUs are left, so one of these three jobs runs on the dying node as well.
    again = stage.client("waits", gsched, cluster={"reentrant": True}, jobs=3, **places)
    wait_until(lambda: len(list(tmp_path.glob("*-127.*"))) == 4, "all four jobs run")
    gsched.wait_for_totals(running=4)
    dying.kill()
    gsched.wait_for_nodes([dying], "lost")
    gate.touch()
    outcome = again.outcome()
    assert results(outcome) == [0, 1, 2]
    assert {job["node"] for job in outcome["jobs"]} == {other.address}
    [job] = lost.outcome()["jobs"]
    assert (job["status"], job["node"]) == ("Abandoned", dying.address)
    assert job["exception"].startswith(f"node {dying.address}: ")
    assert job["exception"].endswith("and the job is not reentrant")


def test_node_stops_and_comes_back(stage: Stage) -> None:
    """Out of reach of broadcasts nobody says goodbye; the restart is noticed at the next use."""
    node = stage.node()
    gsched = stage.gsched(nodes=[node])
    assert stage.client("squares", gsched, jobs=5).outcome()["nodes"] == {node.address: 5}
    gsched.wait_for_totals(clusters=0)
    assert node.terminate() == 0
    node = stage.node(address=node.address)
    assert stage.client("squares", gsched, jobs=5).outcome()["nodes"] == {node.address: 5}
    gsched.wait_for_text(r"is lost: it was restarted")


def test_node_stops_while_a_job_runs(stage: Stage, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    node = stage.node()
    gsched = stage.gsched(*QUICK, nodes=[node])
    places = {"gate": str(gate), "marks": str(tmp_path)}
    client = stage.client("waits", gsched, cluster={"reentrant": True}, **places)
    wait_until(lambda: list(tmp_path.glob("0-127.*")), "the job runs there")
    node.terminate()
    node = stage.node(address=node.address)
    gate.touch()
    assert results(client.outcome()) == [0]


@pytest.mark.proves("--nodes")
def test_node_joins_late(stage: Stage) -> None:
    """The job waits, and says why; the node is looked for at growing intervals."""
    place = next(stage.addresses)
    gsched = stage.gsched("-n", place)
    client = stage.client("squares", gsched)
    note = "no node found yet that matches"
    gsched.wait_for(lambda now: any(note in x["note"] for x in now["clusters"]), note)
    gsched.wait_for_totals(waiting=1)
    node = stage.node(address=place)
    assert client.outcome()["nodes"] == {node.address: 1}


@pytest.mark.usefixtures("private_network")
def test_node_between_two_schedulers(stage: Stage, tmp_path: Path) -> None:
    """The one that it does not serve leaves it alone, says so, and has it as soon as it is free."""
    gate = tmp_path / "gate"
    for number in (1, 2):
        namespace.add_address(f"10.76.0.{number}")
    node = stage.node(address="10.76.0.3")
    first, second = (stage.gsched(address=f"10.76.0.{number}") for number in (1, 2))
    for gsched in (first, second):
        gsched.wait_for_nodes([node])
    holding = stage.client("waits", first, gate=str(gate), marks=str(tmp_path))
    first.wait_for_totals(running=1)
    waiting = stage.client("squares", second, jobs=2)
    words = "node serves another scheduler"
    shown = second.wait_for(lambda now: any(words in x["note"] for x in now["clusters"]), words)
    assert words in shown["nodes"][0]["note"]
    gate.touch()
    assert results(holding.outcome()) == [0]
    assert waiting.outcome()["nodes"] == {node.address: 2}
    assert stage.client("squares", first, jobs=2).outcome()["nodes"] == {node.address: 2}
