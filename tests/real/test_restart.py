"""The scheduler is killed, or stopped, and started again with what it has kept."""

import shutil
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from peers import Gsched, Node, Stage, wait_until
from peers.stage import Client

pytestmark = pytest.mark.real


def waiting(
    stage: Stage, folder: Path, jobs: int, *, cpus: int = 2, **more: object
) -> tuple[Gsched, Node, Client]:
    """Jobs that run until `gate` is there, on one node; others of them wait."""
    gsched, [node] = stage.trio(1, cpus)
    places = {"gate": str(folder / "gate"), "marks": str(folder)}
    client = stage.client("waits", gsched, jobs=jobs, **places, **more)
    gsched.wait_for_totals(running=cpus, waiting=jobs - cpus)
    wait_until(lambda: len(starts(folder)) == cpus, "the jobs run")
    return gsched, node, client


def starts(folder: Path) -> list[str]:
    """Numbers of jobs, as often as each was started."""
    return sorted(path.name.partition("-")[0] for path in folder.glob("*-127.*"))


@pytest.mark.proves("--durability")
def test_nothing_is_lost_and_nothing_runs_twice(stage: Stage, tmp_path: Path) -> None:
    """Jobs that run go on and end while nobody is there, those that wait run later."""
    gsched, _, client = waiting(stage, tmp_path, 5)
    gsched.kill()
    (tmp_path / "gate").touch()
    second = stage.again(gsched)
    assert [job["result"] for job in client.outcome()["jobs"]] == [0, 1, 2, 3, 4]
    assert starts(tmp_path) == ["0", "1", "2", "3", "4"]
    second.wait_for_totals(clusters=0)


def test_jobs_go_on_running_over_a_restart(stage: Stage, tmp_path: Path) -> None:
    gsched, _, client = waiting(stage, tmp_path, 3)
    gsched.kill()
    second = stage.again(gsched)
    second.wait_for_totals(running=2, waiting=1)
    (tmp_path / "gate").touch()
    assert [job["result"] for job in client.outcome()["jobs"]] == [0, 1, 2]
    assert starts(tmp_path) == ["0", "1", "2"]


def test_a_backup_that_was_made_while_it_served(stage: Stage, tmp_path: Path) -> None:
    """Brought back after the disk was lost: all goes on, as the README has it, also elsewhere."""
    needed = tmp_path / "needed.txt"
    needed.write_text("roses")
    gsched, _, client = waiting(stage, tmp_path, 3, cluster={"depends": [str(needed)]})
    state, kept = gsched.state_folder, tmp_path / "backup"
    kept.mkdir(mode=0o700)
    with (
        closing(sqlite3.connect(state / "journal.sqlite")) as journal,
        closing(sqlite3.connect(kept / "journal.sqlite")) as copy,
    ):
        journal.backup(copy)  # .backup of the sqlite3 program
    shutil.copytree(state / "spool", kept / "spool")
    gsched.kill()
    shutil.rmtree(state)
    kept.rename(state)
    second = stage.again(gsched)
    second.wait_for_totals(running=2, waiting=1)
    stage.node(1, "--scheduler_host", gsched.address)  # is given the file
    second.wait_for_totals(running=3)
    (tmp_path / "gate").touch()
    assert [job["result"] for job in client.outcome()["jobs"]] == [0, 1, 2]
    assert starts(tmp_path) == ["0", "1", "2"]


@pytest.mark.parametrize("reentrant", [False, True])
def test_a_node_that_was_restarted_meanwhile(stage: Stage, tmp_path: Path, reentrant: bool) -> None:
    """Its jobs are lost: run again where they may, else their client is told."""
    more = {"cluster": {"reentrant": reentrant}}
    gsched, node, client = waiting(stage, tmp_path, 2, cpus=1, **more)
    gsched.kill()
    node.kill()
    stage.node(address=node.address)
    second = stage.again(gsched)
    second.allowed.append("restarted, and the job is not reentrant")
    (tmp_path / "gate").touch()
    first, other = client.outcome()["jobs"]
    assert other["result"] == 1
    if reentrant:
        assert first["result"] == 0 and starts(tmp_path) == ["0", "0", "1"]
    else:
        assert first["status"] == "Abandoned"
        assert "restarted, and the job is not reentrant" in first["exception"]
        assert starts(tmp_path) == ["0", "1"]


def test_results_that_no_client_has_taken_are_kept(stage: Stage, tmp_path: Path) -> None:
    gsched, _, client = waiting(stage, tmp_path, 2)
    client.send(signal.SIGSTOP)
    (tmp_path / "gate").touch()
    gsched.wait_for(lambda now: [x["done"] for x in now["clusters"]] == [2], "its jobs are done")
    gsched.kill()
    stage.again(gsched)
    client.send(signal.SIGCONT)
    assert [job["result"] for job in client.outcome()["jobs"]] == [0, 1]
    assert starts(tmp_path) == ["0", "1"]


def test_a_stop_leaves_all_for_the_next_start(stage: Stage, tmp_path: Path) -> None:
    gsched, _, client = waiting(stage, tmp_path, 5)
    assert gsched.terminate() == 0
    assert "3 jobs wait, 2 run on their nodes, 0 results" in gsched.err
    (tmp_path / "gate").touch()
    stage.again(gsched)
    assert [job["result"] for job in client.outcome()["jobs"]] == [0, 1, 2, 3, 4]


@pytest.mark.proves("--grace_period")
def test_a_stop_waits_some_seconds_for_jobs_that_run(stage: Stage, tmp_path: Path) -> None:
    gsched, _ = stage.trio(1, 1, "--grace_period", "60")
    places = {"gate": str(tmp_path / "gate"), "marks": str(tmp_path)}
    client = stage.client("waits", gsched, jobs=2, **places)
    gsched.wait_for_totals(running=1, waiting=1)
    gsched.send(signal.SIGTERM)
    gsched.wait_for_text("gsched: stopping")
    (tmp_path / "gate").touch()
    assert gsched.wait() == 0
    assert "1 jobs wait, 0 run on their nodes, 0 results" in gsched.err
    stage.again(gsched)
    assert [job["result"] for job in client.outcome()["jobs"]] == [0, 1]
