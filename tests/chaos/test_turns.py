"""Clusters that wait, close, or have lost their client when the scheduler is killed."""

import signal
from pathlib import Path
from typing import Any

import pytest
from account import check_nothing_is_left
from peers import Client, Gsched, Stage, wait_until

pytestmark = pytest.mark.real

QUICK = ("--pulse_interval", "1")


def waits(stage: Stage, gsched: Gsched, folder: Path, name: str, **more: Any) -> Client:
    """A client with a job that runs until the gate of that name is there."""
    places = {"gate": str(folder / name), "marks": str(folder)}
    return stage.client("waits", gsched, **places, **more)


def states(gsched: Gsched) -> list[str]:
    return sorted(cluster["state"] for cluster in gsched.status()["clusters"])


def test_clusters_wait_their_turn_over_a_restart(stage: Stage, tmp_path: Path) -> None:
    """One after the other, in the order in which they asked, as the exclusive ones demand."""
    gsched, nodes = stage.trio(1, 2, *QUICK)
    alone = {"cluster": {"exclusive": True}}
    clients = [waits(stage, gsched, tmp_path, "first", **alone)]
    gsched.wait_for_totals(running=1)
    for name, more in (("second", {}), ("third", alone)):
        clients.append(waits(stage, gsched, tmp_path, name, **more))
        gsched.wait_for_totals(clusters=len(clients))
        wait_until(lambda: states(gsched).count("waiting") == len(clients) - 1, "it waits")
    for name, client in zip(("first", "second", "third"), clients, strict=True):
        gsched.kill()
        gsched = stage.again(gsched, *QUICK)
        gsched.wait_for_totals(running=1)
        active = states(gsched).count("active")
        assert active == 1, states(gsched)
        (tmp_path / name).touch()
        assert [job["result"] for job in client.outcome()["jobs"]] == [0]
    check_nothing_is_left(stage, gsched, nodes)


def test_a_client_that_is_away_when_its_turn_comes(stage: Stage, tmp_path: Path) -> None:
    """Another passes meanwhile; then it is sought and told: else it would wait for ever."""
    quick = (*QUICK, "--msg_timeout", "1")
    gsched, nodes = stage.trio(1, 2, *quick)
    alone = {"cluster": {"exclusive": True}}
    names, clients = ("first", "second", "third"), []
    for number, more in enumerate((alone, alone, {})):
        clients.append(waits(stage, gsched, tmp_path, names[number], **more))
        gsched.wait_for_totals(clusters=number + 1)
        wait_until(lambda number=number: states(gsched).count("waiting") == number, "it waits")
    gsched.wait_for_totals(running=1)
    clients[1].send(signal.SIGSTOP)
    (tmp_path / "first").touch()
    gsched.wait_for_text(r"wait @ \S+: its client cannot be reached at .*client_port=")
    gsched.wait_for(lambda now: "cannot be reached" in str(now["clusters"]), "it is shown why")
    gsched.wait_for_totals(running=1)
    (tmp_path / "third").touch()
    assert clients[2].outcome()["jobs"][0]["result"] == 0
    clients[1].send(signal.SIGCONT)
    (tmp_path / "second").touch()
    for client in clients[:2]:
        assert client.outcome()["jobs"][0]["result"] == 0
    check_nothing_is_left(stage, gsched, nodes)


def test_killed_while_a_cluster_closes(stage: Stage, tmp_path: Path) -> None:
    """Its client is gone and has said that its jobs are to be stopped; one of them is stubborn."""
    gsched, nodes = stage.trio(1, 2, *QUICK)
    more = {"jobs": 4, "stubborn": True, "terminate": str(tmp_path / "close")}
    client = waits(stage, gsched, tmp_path, "never", **more)
    gsched.wait_for_totals(running=2, waiting=2)
    wait_until(lambda: len(list(tmp_path.glob("*-127.*"))) == 2, "the jobs run")
    (tmp_path / "close").touch()
    wait_until(lambda: states(gsched) == ["closing"], "it closes")
    gsched.kill()
    gsched = stage.again(gsched, *QUICK)
    client.wait()
    check_nothing_is_left(stage, gsched, nodes)
    assert len(list(tmp_path.glob("*-127.*"))) == 2  # those that waited never ran


def test_a_client_that_is_away_while_the_scheduler_is(stage: Stage, tmp_path: Path) -> None:
    """It is there again later than the scheduler, and gets its results then, each once."""
    gsched, nodes = stage.trio(1, 2, *QUICK)
    client = waits(stage, gsched, tmp_path, "gate", jobs=3)
    gsched.wait_for_totals(running=2, waiting=1)
    client.send(signal.SIGSTOP)
    gsched.kill()
    (tmp_path / "gate").touch()
    for _ in range(2):
        gsched = stage.again(gsched, *QUICK)
        gsched.wait_for(lambda now: [x["done"] for x in now["clusters"]] == [3], "jobs are done")
        gsched.kill()
    gsched = stage.again(gsched, *QUICK)
    client.send(signal.SIGCONT)
    assert [job["result"] for job in client.outcome()["jobs"]] == [0, 1, 2]
    check_nothing_is_left(stage, gsched, nodes)


def test_jobs_are_recovered_from_a_scheduler_that_was_killed_too(
    stage: Stage, tmp_path: Path
) -> None:
    """dispy.recover_jobs gets what the client that was killed had not got, from the next run."""
    gsched, nodes = stage.trio(1, 1, *QUICK)
    file, gate, *signs = (tmp_path / name for name in ("shelf", "gate", "works", "recovers"))
    places = {"recover_file": str(file), "gate": str(gate)}
    client = stage.client("crashes", gsched, ready=str(signs[0]), sends=False, **places)
    wait_until(signs[0].exists, "a job runs")
    client.kill()
    gsched.kill()
    gsched = stage.again(gsched, *QUICK)
    gate.touch()
    gsched.wait_for(lambda now: [x["done"] for x in now["clusters"]] == [3], "all are done")
    gsched.kill()
    gsched = stage.again(gsched, *QUICK)
    client = stage.client("recovers", gsched, ready=str(signs[1]), address=gsched.address, **places)
    jobs = {str(job["result"] and job["result"][0]): job for job in client.outcome()["jobs"]}
    assert sorted(jobs) == ["None", "running", "waiting"]
    assert "ValueError: raise" in jobs["None"]["exception"]
    check_nothing_is_left(stage, gsched, nodes)
