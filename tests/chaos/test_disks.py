"""Disks that are full, damaged, or can only be read."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from account import check_nothing_is_left
from peers import Gsched, Node, Stage, wait_until
from peers.mounts import Disk, small_disk
from peers.stage import Client

from gsched.store.journal import NAME, SCHEMA

pytestmark = pytest.mark.real

SIZE = 4 << 20  # bytes of the disk
FILE = 1 << 20  # of a file that a job brings


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    with small_disk(tmp_path / "disk", SIZE) as disk:
        yield disk


@pytest.fixture
def scene(stage: Stage, disk: Disk, tmp_path: Path) -> tuple[Gsched, Node, Client]:
    """A scheduler on that disk, and a client with a job that runs and two that wait."""
    [node] = stage.nodes(1)
    options = ("--dest_path_prefix", str(disk.folder / "state"), "--min_free_disk", "0")
    gsched = stage.gsched(*options, nodes=[node])
    gsched.state_folder = disk.folder / "state"
    client = stage.client("disk_full", gsched, folder=str(tmp_path), size=FILE)
    wait_until((tmp_path / "submitted").exists, "jobs are submitted")
    gsched.wait_for_totals(running=1, waiting=2)
    return gsched, node, client


@pytest.mark.parametrize("left", [0, FILE // 2], ids=["full", "filled by the file"])
def test_a_full_disk_stops_new_jobs_only(
    stage: Stage, disk: Disk, scene: tuple[Gsched, Node, Client], tmp_path: Path, left: int
) -> None:
    """It is told loudly, the job that runs goes on and is answered, and all is well after it.

    Those that wait go on waiting: it could not be kept for good that they have started.
    """
    gsched, node, client = scene
    gsched.allowed.append("The state cannot be kept")
    disk.fill(left)
    (tmp_path / "full").touch()
    wait_until((tmp_path / "refused").exists, "jobs are refused", timeout=30)
    assert "file.txt cannot be kept" in gsched.err
    if not left:
        status = gsched.wait_for(lambda now: now["problem"], "the problem is told")
        assert "so no new jobs are taken" in status["problem"] and "full" in status["problem"]
        assert "ERROR    gsched.journal: The state cannot be kept" in gsched.err
    (tmp_path / "gate").touch()
    wait_until((tmp_path / "delivered").exists, "jobs go on, and their results are delivered")
    disk.free()
    gsched.wait_for(lambda now: not now["problem"], "it recovers by itself")
    (tmp_path / "free").touch()
    outcome = client.outcome()
    names = [*(f"before {n}" for n in range(3)), "after"]
    if left:  # there was room for a job, but not for a file
        assert outcome["refused"][0] == "None" != outcome["refused"][1]
    else:
        assert outcome["refused"] == ["None", "None"]
        assert "state is kept again" in gsched.err
    assert [job["result"] for job in outcome["jobs"]] == names
    check_nothing_is_left(stage, gsched, [node])


def test_killed_while_the_disk_is_full(
    stage: Stage, disk: Disk, scene: tuple[Gsched, Node, Client], tmp_path: Path
) -> None:
    """It does not start before there is room, and says so; then all goes on."""
    gsched, node, client = scene
    gsched.allowed.append("The state cannot be kept")
    disk.fill()
    (tmp_path / "full").touch()
    gsched.wait_for(lambda now: now["problem"], "the problem is told")
    (tmp_path / "gate").touch()
    wait_until((tmp_path / "delivered").exists, "results are delivered")
    gsched.kill()
    assert "see to the disk" in mistake(stage, gsched)
    disk.free()
    following = stage.again(gsched)
    (tmp_path / "free").touch()
    assert [job["result"] for job in client.outcome()["jobs"]][3] == "after"
    check_nothing_is_left(stage, following, [node])


def test_a_disk_that_can_only_be_read(stage: Stage, disk: Disk) -> None:
    gsched = stage.gsched("--dest_path_prefix", str(disk.folder / "state"))
    gsched.state_folder = disk.folder / "state"
    assert gsched.terminate() == 0
    disk.forbid_writing()
    assert "Read-only file system" in mistake(stage, gsched)


@pytest.mark.parametrize("damage", ["newer", "overwritten", "cut"])
def test_a_journal_that_is_of_no_use(stage: Stage, damage: str) -> None:
    gsched, _ = stage.trio()
    assert gsched.terminate() == 0
    path = gsched.state_folder / NAME
    if damage == "newer":
        with sqlite3.connect(path) as journal:
            journal.execute(f"PRAGMA user_version = {SCHEMA + 1}")
        journal.close()
    elif damage == "overwritten":
        path.write_bytes(b"\0\1\2\3" * 2000)
    else:
        path.write_bytes(path.read_bytes()[:5000])
    assert "or start with --clean, which forgets all jobs" in mistake(stage, gsched)
    assert stage.again(gsched, "--clean").terminate() == 0
    stage.again(gsched)


def mistake(stage: Stage, gsched: Gsched) -> str:
    """The one line that the next run ends with."""
    following = stage.again(gsched, ready=False)
    assert following.wait() == 2
    [line] = following.err.splitlines()
    assert line.startswith(f"gsched: --dest_path_prefix {gsched.state_folder}: ")
    following.allowed.append(".")
    return line
