"""Nodes that fail in the middle of something: each job ends exactly once all the same."""

import signal
from pathlib import Path

import pytest
from peers import Stage, wait_until
from peers.played import FILE_SIZE, FaultyNode
from peers.stage import QUICK
from test_jobs import results

pytestmark = [pytest.mark.real, pytest.mark.timeout(300)]


@pytest.mark.parametrize("tag", ["COMPUTE", "FILEXFER", "SETUP", "JOB"])
def test_connection_reset_in_mid_message(stage: Stage, tmp_path: Path, tag: str) -> None:
    """The node is known first, so that it is chosen as long as there is hope."""
    file = tmp_path / "depend.txt"
    file.write_bytes(bytes(FILE_SIZE))
    with FaultyNode(next(stage.addresses), stage.base + 1, tag) as faulty:
        gsched = stage.gsched("-n", faulty.address)
        gsched.wait_for_totals(nodes=1)
        wishes = {"reentrant": True, "depends": [str(file)]}
        client = stage.client("squares", gsched, jobs=4, cluster=wishes)
        wait_until(lambda: tag in faulty.tags, f"the node is sent {tag}")
        node = stage.node()
        late = stage.client("squares", gsched, jobs=2, cluster={"nodes": [node.address]})
        assert client.outcome() == {"jobs": 4, "wrong": [], "nodes": {node.address: 4}}
        assert late.outcome() == {"jobs": 2, "wrong": [], "nodes": {node.address: 2}}
        assert gsched.status()["totals"]["done"] == 6


def test_node_forgets_a_job(stage: Stage) -> None:
    """It is asked once a minute, and the job ends with a reason."""
    with FaultyNode(next(stage.addresses), stage.base + 1) as faulty:
        gsched = stage.gsched("-n", faulty.address, "--pulse_interval", "60")
        gsched.allowed = [r"has lost it, and its result, and the job is not reentrant"]
        client = stage.client("squares", gsched)
        outcome = client.outcome(150)
        reason = f"node {faulty.address} has lost it, and its result, and the job is not reentrant"
        assert outcome["wrong"] == [[0, None, "Abandoned", reason]]
        assert faulty.tags.count("JOB") == 1


def test_half_of_the_nodes_at_once(stage: Stage, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    nodes = stage.nodes(6, 2)
    gsched = stage.gsched(*QUICK, nodes=nodes)
    gsched.allowed = [r"abandoned: node \S+: "]
    marks = [tmp_path / name for name in ("again", "once")]
    for folder in marks:
        folder.mkdir()
    again, once = (
        stage.client("waits", gsched, jobs=6, gate=str(gate), marks=str(folder), cluster=wishes)
        for folder, wishes in zip(marks, ({"reentrant": True}, {}), strict=True)
    )
    gsched.wait_for_totals(running=12)
    wait_until(lambda: sum(len(list(x.iterdir())) for x in marks) == 12, "all jobs run")
    dying = {node.address for node in nodes[:3]}
    for node in nodes[:3]:
        node.kill()
    gsched.wait_for_nodes(nodes[:3], "lost")
    gate.touch()
    assert results(again.outcome()) == [*range(6)]
    for job in once.outcome()["jobs"]:
        lost = job["status"] == "Abandoned" and job["exception"].endswith("is not reentrant")
        assert lost if job["node"] in dying else job["status"] == "Finished"
    assert len(list(marks[1].iterdir())) == 6  # none of these was started twice
    assert gsched.status()["totals"]["done"] == 12


def test_node_that_stands_still(stage: Stage, tmp_path: Path) -> None:
    """It is silent, so its job runs elsewhere; what it says later about the job changes nothing."""
    gate = tmp_path / "gate"
    still = stage.node()
    gsched = stage.gsched(*QUICK, nodes=[still])
    places = {"gate": str(gate), "marks": str(tmp_path)}
    client = stage.client("waits", gsched, cluster={"reentrant": True}, **places)
    wait_until(lambda: len(list(tmp_path.glob("0-127.*"))) == 1, "the job runs")
    gsched.wait_for_totals(running=1)
    still.send(signal.SIGSTOP)
    gsched.wait_for_nodes([still], "lost")
    other = stage.node(2)
    stage.client("squares", gsched, cluster={"nodes": [other.address]}).outcome()
    gsched.wait_for_totals(running=1)
    gate.touch()
    [job] = client.outcome()["jobs"]
    assert (job["status"], job["node"]) == ("Finished", other.address)
    still.send(signal.SIGCONT)
    gsched.wait_for_text(r"node \S+ is back")
    gsched.wait_for_nodes([still, other])
    assert gsched.status()["totals"]["done"] == 2
