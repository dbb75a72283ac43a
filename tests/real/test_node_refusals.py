"""What becomes of jobs and clusters when a node says no, in the words of all releases.

Nodes are played where a real one cannot be made to say it on demand.
"""

import pickle
import re
import time
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from peers import PlayedNode, Stage
from peers.process import PATIENCE
from peers.stage import PROGRAMS
from test_jobs import results

pytestmark = pytest.mark.real

BUSY = ["All CPUs busy!", "NAK (all cpus busy)"]
UNKNOWN = [
    'Invalid job (Traceback (most recent call last):\n  File "x", line 7, in y\nKeyError: 7\n)',
    "Invalid computation (node 10.0.0.1 may have closed computation due to zombie)",
    "Invalid scheduler for computation!",
    "NAK (invalid computation 7)",
    "NAK",
]
OTHERS = ["File /x/data must be less than 9 in size", "NAK (invalid command: JOB)", "who are you?"]
SECOND_PAUSE = 15.0  # seconds before it is asked for the third time
LONG = "?" * 10_000  # told to people in part


def worker(stage: Stage) -> PlayedNode:
    """A node that computes what the program `squares` wants."""
    node = stage.played_node()
    node.work = lambda n, seconds: n * n
    return node


@pytest.mark.parametrize("text", [*BUSY, *UNKNOWN, *OTHERS, LONG])
def test_job_that_a_node_refuses(stage: Stage, text: str) -> None:
    """It waits again, at its place in the queue, and the others with it."""
    node = worker(stage)
    node.answer("JOB", text.encode())
    gsched = stage.gsched(nodes=[node])
    gsched.allowed = [r"waits again: Invalid job \(KeyError: 7\)$"]
    outcome = stage.client("squares", gsched, jobs=3).outcome()
    assert (outcome["wrong"], outcome["nodes"]) == ([], {node.address: 3})
    numbers = [pickle.loads(job._args)[0] for job in node.bodies("JOB")]
    assert numbers == [0, 0, 1, 2]
    set_ups = 2 if text in UNKNOWN else 1
    assert len(node.bodies("COMPUTE")) == set_ups
    gsched.wait_for_text(r"job \d+ waits again: " + re.escape(text[:4]))
    assert LONG not in gsched.err and "Traceback" not in gsched.err


def test_job_that_a_node_refuses_goes_to_another(stage: Stage) -> None:
    refusing, taking, seen = worker(stage), worker(stage), Event()
    refusing.answer("JOB", b"who are you?", always=True)
    taking.work = lambda n, seconds: n * n if seen.wait(PATIENCE) else None
    gsched = stage.gsched(nodes=[refusing, taking])
    client = stage.client("squares", gsched, jobs=5)

    def is_held(now: Any) -> bool:
        return (refusing.address, "held") in [(x["address"], x["state"]) for x in now["nodes"]]

    gsched.wait_for(is_held, "the node that refuses is held")
    seen.set()
    outcome = client.outcome()
    assert (outcome["wrong"], outcome["nodes"]) == ([], {taking.address: 5})
    gsched.wait_for_text(f"node {refusing.address} gets no jobs for a while: job rejected")


def test_job_that_is_too_large_for_all_nodes(stage: Stage) -> None:
    """By the text that a node sends if the file was there before; it ends in some seconds."""
    node = worker(stage)
    text = b"File /x/data must be less than 9 in size"
    node.answer("JOB", *[text] * 10)
    gsched = stage.gsched(nodes=[node])
    gsched.allowed = [r"abandoned: nodes refused it"]
    [wrong] = stage.client("squares", gsched, jobs=2).outcome()["wrong"]
    assert wrong == [0, None, "Abandoned", f"nodes refused it: {text.decode()}"]


SET_UPS: dict[str, tuple[str, bytes | None, str]] = {
    "busy": ("COMPUTE", pickle.dumps("Node busy"), "node serves another scheduler"),
    "busy, 4.8.0": ("COMPUTE", b"Node busy", "node serves another scheduler"),
    "out of service": ("COMPUTE", pickle.dumps(-1), "node is out of its service time"),
    "unpickled": ("COMPUTE", b"Invalid computation request ignored", "Invalid computation request"),
    "code": ("COMPUTE", b"Invalid computation code", "Invalid computation code"),
    "folder": ("COMPUTE", b"Could not create destination path", "Could not create destination"),
    "file": ("COMPUTE", b'File "x" is too big; limit is 9', 'File "x" is too big; limit is 9'),
    "NAK": ("COMPUTE", b"NAK (invalid computation)", "NAK (invalid computation)"),
    "hangs up": ("COMPUTE", None, "closed by the peer"),
    "another type": ("COMPUTE", pickle.dumps({"cpus": 1}), "node answers \"{'cpus': 1}\""),
    "set-up": ("SETUP", b"invalid computation", "invalid computation"),
    "set-up fails": ("SETUP", b'"setup" failed with None', '"setup" failed with None'),
    "set-up hangs up": ("SETUP", None, "closed by the peer"),
}


@pytest.mark.parametrize("case", SET_UPS)
def test_computation_that_a_node_refuses(stage: Stage, case: str) -> None:
    """People are told why nothing runs; after some seconds it is tried again, and works."""
    name, reply, words = SET_UPS[case]
    node = worker(stage)
    node.answer(name, reply)
    gsched = stage.gsched(nodes=[node])
    client = stage.client("squares", gsched)
    shown = gsched.wait_for(lambda now: any(words in note for note in notes(now)), words)
    assert sum(words in note for note in notes(shown)) == 2  # of the node and of the cluster
    assert client.outcome()["nodes"] == {node.address: 1}
    assert len(node.bodies("COMPUTE")) == 2
    gsched.wait_for(lambda now: notes(now) == [""], "the cluster is gone, the node is well")


def notes(status: dict[str, Any]) -> list[str]:
    return [row["note"] for kind in ("nodes", "clusters") for row in status[kind]]


def test_node_that_is_free_again_is_used_at_once(stage: Stage) -> None:
    """It said that it serves another scheduler. The pauses between questions are long."""
    node = worker(stage)
    node.answer("COMPUTE", pickle.dumps("Node busy"), always=True)
    gsched = stage.gsched(nodes=[node])
    client = stage.client("squares", gsched)
    gsched.wait_for(lambda now: any("another scheduler" in x for x in notes(now)), "it is busy")
    gsched.wait_for(lambda now: len(node.bodies("COMPUTE")) == 2, "it is asked again")
    node.answer("COMPUTE")
    free_at = time.monotonic()
    node.ping()
    assert client.outcome()["nodes"] == {node.address: 1}
    assert time.monotonic() - free_at < SECOND_PAUSE


@pytest.mark.timeout(240)
def test_set_up_that_is_too_slow(stage: Stage, tmp_path: Path) -> None:
    """A dispynode waits ten seconds for it. It does not wait with others."""
    node = stage.node(2, environ={"PYTHONPATH": str(PROGRAMS)})
    gsched = stage.gsched(nodes=[node])
    stage.client("setups", gsched, factor="slow", folder=str(tmp_path))
    gsched.wait_for_totals(clusters=1)
    assert stage.client("squares", gsched, jobs=2).outcome()["nodes"] == {node.address: 2}
    words = '"setup" has not finished in time'
    gsched.wait_for(lambda now: sum(words in note for note in notes(now)) == 2, words)
    gsched.terminate()  # while the client is there to be told


def test_job_whose_file_is_too_large(stage: Stage, tmp_path: Path) -> None:
    """For a real node. It ends in some seconds, with words on what to mend; others go on."""
    small, large = tmp_path / "small", tmp_path / "large"
    small.write_bytes(bytes(10))
    large.write_bytes(bytes(2000))
    node = stage.node(1, "--max_file_size", "1000")
    gsched = stage.gsched(nodes=[node])
    gsched.allowed = [r"abandoned: nodes refused it: file"]
    paths = [str(path) for path in (small, large, small)]
    one, two, three = stage.client("sizes", gsched, paths=paths).outcome()["jobs"]
    assert [job["result"] for job in (one, three)] == [10, 10]
    assert two["status"] == "Abandoned"
    reason = f"file {large} of 2000 bytes is too large for the node, see its --max_file_size"
    assert two["exception"] == f"nodes refused it: {reason}"


def test_computation_whose_file_is_too_large(stage: Stage, tmp_path: Path) -> None:
    """It is set up on the node that takes it, and people see why the other one is not used."""
    large = tmp_path / "large"
    large.write_bytes(bytes(2000))
    narrow, wide = stage.node(1, "--max_file_size", "1000"), stage.node()
    gsched = stage.gsched(nodes=[narrow, wide])
    client = stage.client(
        "sizes", gsched, paths=[], common=[str(large)], begin=str(tmp_path / "on")
    )
    words = f'File "{large}" is too big; limit is 1000'
    gsched.wait_for(lambda now: sum(words in note for note in notes(now)) == 2, words)
    (tmp_path / "on").touch()
    assert client.outcome()["jobs"] == []


def test_job_whose_file_meets_a_node_without_the_computation(stage: Stage, tmp_path: Path) -> None:
    """A node says of the file what it says of one that is too large: it is set up again."""
    path = tmp_path / "data"
    path.write_bytes(bytes(3_000_000))
    node = stage.played_node()
    gsched = stage.gsched(nodes=[node])
    client = stage.client("sizes", gsched, paths=[str(path)], begin=str(tmp_path / "on"))
    gsched.wait_for(lambda now: [x["nodes"] for x in now["clusters"]] == [1], "it is set up")
    node.forget()
    (tmp_path / "on").touch()
    assert results(client.outcome()) == [str(path)]
    assert len(node.bodies("COMPUTE")) == 2
    assert "is lost" not in gsched.err
