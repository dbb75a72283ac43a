"""What a node may say at any time: goodbye, that it is another process, that it has dropped all.

The nodes are played; those in test_nodes.py and test_discovery.py are real and do the same.
"""

import re
import time
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from peers import Gsched, PlayedNode, Stage, wait_until
from test_jobs import results

from gsched.wire.records import TERMINATED

pytestmark = pytest.mark.real

STRANGER = "0" * 40  # nobody's sign
AGAIN = 0.2  # seconds between two messages where one may have come too early


def note_of(gsched: Gsched, node: PlayedNode) -> str:
    """Why the node is not used."""
    [note] = [x["note"] for x in gsched.status()["nodes"] if x["address"] == node.address]
    return str(note)


def running(stage: Stage, tmp_path: Path, *options: str, **cluster: Any) -> Any:
    """A job at a node that does not end it, and another node."""
    node, other = stage.played_node(), stage.played_node()
    node.gate.clear()
    gsched = stage.gsched(*options, nodes=[node])
    client = stage.client("waits", gsched, cluster=cluster, gate="", marks=str(tmp_path))
    gsched.wait_for_totals(running=1)
    wait_until(lambda: node.jobs, "the node has the job")
    return gsched, client, node, other


def test_goodbye(stage: Stage, tmp_path: Path) -> None:
    """The job runs elsewhere if it may. The node is used again once it is there again."""
    gsched, client, node, other = running(stage, tmp_path, reentrant=True)
    node.terminated(datagram=True)
    gsched.wait_for_nodes([node], "lost")
    assert note_of(gsched, node) == "it said goodbye"
    node.restart()
    gsched.wait_for_nodes([node])
    node.gate.set()
    assert results(client.outcome()) == [0]
    assert len(node.bodies("JOB")) + len(other.bodies("JOB")) == 2


def test_goodbye_with_a_job_that_may_run_once_only(stage: Stage, tmp_path: Path) -> None:
    gsched, client, node, _ = running(stage, tmp_path)
    gsched.allowed = [r"abandoned: node \S+: "]
    node.terminated(datagram=True)
    [job] = client.outcome()["jobs"]
    assert (job["status"], job["node"]) == ("Abandoned", node.address)
    reason = f"node {node.address}: it said goodbye, and the job is not reentrant"
    assert job["exception"] == reason


@pytest.mark.parametrize("datagram", [False, True], ids=["tcp", "udp"])
def test_goodbye_of_a_stranger(stage: Stage, tmp_path: Path, datagram: bool) -> None:
    """Whoever does not know the node's sign cannot take it away; that is told once."""
    gsched, client, node, _ = running(stage, tmp_path)
    for _ in range(3):
        node.terminated(STRANGER, datagram=datagram)
    complaint = f"message in the name of node {node.address} with a wrong sign"
    gsched.wait_for_text(complaint)
    node.gate.set()
    assert results(client.outcome()) == [0]
    assert gsched.err.count(complaint) == 1
    assert "is lost" not in gsched.err


def test_cpus_by_a_stranger(stage: Stage) -> None:
    node = stage.played_node(2)
    gsched = stage.gsched(nodes=[node])
    for _ in range(3):
        node.set_cpus(0, STRANGER)
    complaint = f"message in the name of node {node.address} with a wrong sign"
    gsched.wait_for_text(complaint)
    node.set_cpus(-1)  # nonsense, from the node itself
    assert node.pulse() == b"PULSE"  # so all that was said before is through
    assert gsched.status()["totals"]["cpus"] == 2
    assert gsched.err.count(complaint) == 1


def test_looking_for_a_scheduler_after_it_offered_no_cpus(stage: Stage) -> None:
    """It is answered, so that it can say what it offers now."""
    node = stage.played_node()
    gsched = stage.gsched(nodes=[node])
    node.set_cpus(0)
    gsched.wait_for_nodes([node], "out of service")
    assert all("node_ip_addr" in greeting for greeting in node.bodies("PING")), "by us alone"
    node.cpus = 2
    node.ping()
    gsched.wait_for_totals(cpus=2)
    wait_until(lambda: any("node_ip_addr" not in x for x in node.bodies("PING")), "an answer")


@pytest.mark.parametrize("times", [1, 3])
def test_jobs_that_a_node_stops(stage: Stage, tmp_path: Path, times: int) -> None:
    """They run again if they may: twice, for they may be what makes nodes stop them."""
    node = stage.played_node()
    node.gate.clear()
    gsched = stage.gsched(nodes=[node])
    client = stage.client("waits", gsched, cluster={"reentrant": True}, gate="", marks="")
    for time_ in range(1, times + 1):
        wait_until(lambda: len(node.bodies("JOB")) == time_ and node.jobs, "the node has the job")  # noqa: B023
        [job] = node.jobs.values()
        node.end(job, TERMINATED)
    node.gate.set()
    [job] = client.outcome()["jobs"]
    reason = f"node {node.address} stopped it, or its process died there"
    again = ("Finished", None) if times == 1 else ("Terminated", reason)
    assert (job["status"], job["exception"]) == again
    assert len(node.bodies("JOB")) == (2 if times == 1 else 3)


def test_job_that_a_node_stops_and_that_may_run_once_only(stage: Stage, tmp_path: Path) -> None:
    _, client, node, _ = running(stage, tmp_path)
    [job] = node.jobs.values()
    node.end(job, TERMINATED)
    [job] = client.outcome()["jobs"]
    assert (job["status"], job["node"]) == ("Terminated", node.address)
    assert job["exception"] == f"node {node.address} stopped it, or its process died there"


def test_restart_while_jobs_run(stage: Stage, tmp_path: Path) -> None:
    """It is noticed with the first word of the new process; the jobs of the old one are lost."""
    gsched, client, node, _ = running(stage, tmp_path, reentrant=True)
    [old] = node.bodies("COMPUTE")
    node.restart()
    node.ping()
    gsched.wait_for_text(rf"node {node.address} is lost: restarted")
    node.gate.set()
    assert results(client.outcome()) == [0]
    assert [x.id for x in node.bodies("COMPUTE")] == [old.id] * 2
    assert len(node.bodies("JOB")) == 2


def test_restart_while_idle(stage: Stage) -> None:
    """Also if nothing is heard of it: nothing is lost when the old sign turns out to be wrong."""
    node = stage.played_node()
    gsched = stage.gsched(nodes=[node])
    client = "squares"
    node.work = lambda n, seconds: n * n
    assert stage.client(client, gsched, jobs=3).outcome()["wrong"] == []
    node.restart()
    assert stage.client(client, gsched, jobs=3).outcome()["wrong"] == []
    gsched.wait_for_text(rf"node {node.address} is lost: it was restarted")


def test_looking_for_a_scheduler_while_it_should_serve(stage: Stage, tmp_path: Path) -> None:
    """A node does so only after it has dropped everything. Its job is run again there."""
    gsched, client, node, _ = running(stage, tmp_path, reentrant=True)
    node.forget()
    node.gate.set()

    def set_up_again() -> bool:
        node.ping()
        time.sleep(AGAIN)
        return len(node.bodies("COMPUTE")) == 2

    wait_until(set_up_again, "the node is set up again")
    assert results(client.outcome()) == [0]
    assert [name for name, _ in node.heard if name in ("SETUP", "JOB")] == ["SETUP", "JOB"] * 2
    gsched.wait_for_text("it dropped the computation")


def test_goodbye_by_tcp(stage: Stage) -> None:
    """So says a node that has dropped what was idle. It is used again once it looks for us."""
    node = stage.played_node()
    gsched = stage.gsched(nodes=[node])
    gate = stage.folder / "gate"
    client = stage.client("steps", gsched, steps=1, jobs=1, gate=str(gate))
    node.work = lambda n, seconds: n * n
    gsched.wait_for(lambda now: [x["nodes"] for x in now["clusters"]] == [1], "it is set up")
    node.forget()
    node.terminated()
    gsched.wait_for_text(rf"node {node.address} is lost: it said goodbye")
    node.ping()
    gsched.wait_for_nodes([node])
    Path(f"{gate}0").touch()
    assert client.outcome() == {"nodes": [{node.address: 1}], "wrong": []}
    assert len(node.bodies("COMPUTE")) == 2


def test_many_answers_to_one_greeting(stage: Stage, tmp_path: Path) -> None:
    """As from a node with several addresses: it is one node, and set up once."""
    node = stage.played_node()
    node.gate.clear()
    gsched = stage.gsched(nodes=[node])
    sign = node.bodies("PING")[-1]["sign"]
    client = stage.client("waits", gsched, gate="", marks=str(tmp_path))
    gsched.wait_for_totals(clusters=1)
    answers = [Thread(target=node.pong, args=[sign]) for _ in range(20)]
    for answer in answers:
        answer.start()
    for answer in answers:
        answer.join()
    gsched.wait_for_totals(running=1)
    node.gate.set()
    assert results(client.outcome()) == [0]
    assert [name for name, _ in node.heard if name in ("COMPUTE", "SETUP", "JOB")] == [
        "COMPUTE",
        "SETUP",
        "JOB",
    ]
    assert [x["address"] for x in gsched.status()["nodes"]] == [node.address]


def test_one_node_at_two_addresses(stage: Stage) -> None:
    """A real one, which answers each greeting once for each of them. Its CPUs are there once."""
    first, second = next(stage.addresses), next(stage.addresses)
    stage.node(1, "-i", second, address=first)
    gsched = stage.gsched("-n", first, "-n", second)
    gsched.wait_for_totals(nodes=1, cpus=1)
    assert stage.client("squares", gsched, jobs=5).outcome()["wrong"] == []
    [found] = gsched.status()["nodes"]
    assert found["address"] in (first, second) and found["cpus"] == 1
    assert len(re.findall(r"is set up$", gsched.err, re.MULTILINE)) == 1


def test_what_a_node_has_to_spare(stage: Stage, tmp_path: Path) -> None:
    """It is told with each pulse, and reaches the page and, with the next result, the client."""
    gate, seen = tmp_path / "gate", tmp_path / "seen"
    node = stage.played_node()
    gsched = stage.gsched(nodes=[node])
    first = dict(node.avail)
    assert gsched.status()["nodes"][0]["avail"] == first
    client = stage.client("spare", gsched, gate=str(gate), seen=str(seen))
    wait_until(seen.exists, "the client knows what was said first")
    node.avail = second = {"cpu": 12.5, "memory": 2**20, "disk": 2**30, "swap": 0.5}
    assert node.pulse() == b"PULSE"
    assert gsched.status()["nodes"][0]["avail"] == second
    gate.touch()
    assert client.outcome() == {"first": first, "second": second}
