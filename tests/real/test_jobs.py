"""Jobs of real clients on real nodes: results, output, failures, and taking them back."""

from pathlib import Path

import pytest
from peers import Stage
from peers.process import alive
from peers.stage import PROGRAMS

pytestmark = pytest.mark.real


def results(outcome: dict) -> list:
    """Of all jobs, which must have finished."""
    jobs = outcome["jobs"]
    assert [job for job in jobs if job["status"] != "Finished"] == []
    return [job["result"] for job in jobs]


def test_two_nodes_share_many_jobs(stage: Stage) -> None:
    gsched, nodes = stage.trio(2, 2)
    outcome = stage.client("squares", gsched, jobs=200).outcome()
    assert (outcome["jobs"], outcome["wrong"]) == (200, [])
    assert set(outcome["nodes"]) == {node.address for node in nodes}
    totals = gsched.wait_for_totals(clusters=0, busy=0)["totals"]
    assert (totals["nodes"], totals["done"]) == (2, 200)


def test_clients_of_different_programs_at_once(stage: Stage) -> None:
    """The program is not one that the system starts by itself: where others fork at that moment,
    a dispynode that has just written it finds it busy (ETXTBSY)."""
    gsched, _ = stage.trio(3, 2)
    squares = stage.client("squares", gsched, jobs=60)
    objects = stage.client("objects", gsched, computation="function")
    path = str(PROGRAMS / "greet.py")
    scripts = stage.client("script", gsched, path=path, lines=[["a"], ["b"], ["c"]])
    assert squares.outcome()["wrong"] == []
    assert results(objects.outcome()) == [3, 12, 27, 48, 75]
    outcome = scripts.outcome()
    assert results(outcome) == [0, 0, 0]
    assert [job["stdout"] for job in outcome["jobs"]] == ["hello a\n", "hello b\n", "hello c\n"]


@pytest.mark.parametrize("computation", ["function", "method"])
def test_computation_that_uses_a_class(stage: Stage, computation: str) -> None:
    gsched, _ = stage.trio()
    outcome = stage.client("objects", gsched, computation=computation).outcome()
    assert results(outcome) == [3, 12, 27, 48, 75]


def test_program_with_an_exit_code(stage: Stage, tmp_path: Path) -> None:
    script = tmp_path / "leave.sh"
    script.write_text("#!/bin/sh\nsleep 0.1\necho out $2\necho err >&2\nexit $1\n")
    script.chmod(0o755)
    gsched, _ = stage.trio()
    lines = [["3", "x y"], ["0", "ü"]]
    outcome = stage.client("script", gsched, path=str(script), lines=lines).outcome()
    assert results(outcome) == [3, 0]
    assert [job["stdout"] for job in outcome["jobs"]] == ["out x y\n", "out ü\n"]
    assert [job["stderr"] for job in outcome["jobs"]] == ["err\n"] * 2


def test_output_and_exceptions(stage: Stage) -> None:
    gsched, _ = stage.trio()
    one, two, three = stage.client("outputs", gsched).outcome()["jobs"]
    assert (one["status"], one["result"], one["exception"]) == ("Finished", "ONE", None)
    assert (one["stdout"], one["stderr"]) == ("one out\n", "one err\n")
    assert (two["result"], two["stdout"]) == ("TWÖ", "twö out\n")
    assert (three["status"], three["result"]) == ("Terminated", None)
    assert three["exception"].rstrip().endswith("ValueError: three is wrong")
    assert (three["stdout"], three["stderr"]) == ("three out\n", "three err\n")


@pytest.mark.proves("cancel")
def test_jobs_are_taken_back(stage: Stage) -> None:
    gsched, _ = stage.trio()
    outcome = stage.client("cancels", gsched).outcome()
    assert outcome["codes"] == [0, 0]
    assert outcome["waiting"]["status"] == "Cancelled"
    assert outcome["running"]["status"] == "Terminated"
    assert outcome["after"][0]["result"] == 0.1


def test_jobs_for_one_node(stage: Stage) -> None:
    gsched, nodes = stage.trio(3)
    wanted = [node.address for node in (nodes[2], nodes[0], nodes[2], nodes[2])]
    outcome = stage.client("pinned", gsched, nodes=wanted, unknown="192.0.2.7").outcome()
    assert results(outcome) == wanted
    assert [job["node"] for job in outcome["jobs"]] == wanted
    assert outcome["unknown"] == "None"
    gsched.wait_for_text(r"job refused: node 192\.0\.2\.7 is not known")


@pytest.mark.proves("dispy_provisional_result", "dispy_provisional_result(relay=True)")
def test_results_before_the_end(stage: Stage) -> None:
    gsched, _ = stage.trio()
    outcome = stage.client("provisional", gsched).outcome()
    assert outcome["seen"] == [0, 1]
    assert (outcome["job"]["status"], outcome["job"]["result"]) == ("Finished", [0, 0, 0])
    assert outcome["file"] == "made by the job"


@pytest.mark.proves("job_status=", "cluster_status=")
def test_callbacks(stage: Stage, old_python: str) -> None:
    gsched, nodes = stage.trio(2)
    outcome = stage.client("callbacks", gsched, python=old_python).outcome()
    ends = [[f"job {n}", "Finished", n * n] for n in range(3)] + [["job 3", "Terminated", None]]
    assert sorted(x for x in outcome["jobs"] if x[1] != "ProvisionalResult") == ends
    third = [x[1:] for x in outcome["jobs"] if x[0] == "job 2"]
    assert third == [["ProvisionalResult", "so far"], ["Finished", 4]]
    started = {node for status, node, _ in outcome["cluster"] if status == "Initialized"}
    assert started == {node.address for node in nodes}
    for status, number in {"Created": 4, "Finished": 3, "Terminated": 1}.items():
        assert len([x for x in outcome["cluster"] if x[0] == status]) == number, outcome["cluster"]


def test_close_stops_what_runs_and_waits(stage: Stage, tmp_path: Path) -> None:
    gate, now = tmp_path / "gate", tmp_path / "now"
    gsched, _ = stage.trio()
    places = {"gate": str(gate), "marks": str(tmp_path), "terminate": str(now)}
    client = stage.client("waits", gsched, jobs=3, **places)
    gsched.wait_for_totals(running=1, waiting=2)
    now.touch()
    assert client.outcome() == {"closed": True, "jobs": 3}
    gsched.wait_for_totals(clusters=0, running=0, waiting=0, busy=0)
    started = list(tmp_path.glob("*-127.*"))
    assert len(started) == 1
    assert not alive(int(started[0].name.rpartition("-")[2]))
    assert stage.client("squares", gsched).outcome()["wrong"] == []
