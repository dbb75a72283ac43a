"""Disks that are full, broken, damaged, or can only be read."""

import resource
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
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
    return gsched, node, submitting(stage, gsched, tmp_path)


def submitting(stage: Stage, gsched: Gsched, folder: Path) -> Client:
    """A client with a job that runs, two that wait, and more to come."""
    client = stage.client("disk_full", gsched, folder=str(folder), size=FILE)
    wait_until((folder / "submitted").exists, "jobs are submitted")
    gsched.wait_for_totals(running=1, waiting=2)
    return client


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


@contextmanager
def broken(gsched: Gsched) -> Iterator[None]:
    """Files of its process cannot grow: SQLite takes what the system says to that for EIO."""
    size = gsched.state_folder.joinpath(f"{NAME}-wal").stat().st_size
    assert size > 10 * len(gsched.err)  # it can still say so
    _, most = resource.prlimit(gsched.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(gsched.pid, resource.RLIMIT_FSIZE, (size, most))
    yield
    resource.prlimit(gsched.pid, resource.RLIMIT_FSIZE, (most, most))


def test_a_disk_that_is_broken_for_a_while(stage: Stage, tmp_path: Path) -> None:
    """For another reason than a lack of space, with the same outcome."""
    gsched, [node] = stage.trio()
    gsched.allowed += ["The state cannot be kept", "the history is not kept"]
    client = submitting(stage, gsched, tmp_path)
    with broken(gsched):
        (tmp_path / "full").touch()
        wait_until((tmp_path / "refused").exists, "jobs are refused")
        status = gsched.wait_for(lambda now: now["problem"], "the problem is told")
        assert (
            "so no new jobs are taken" in status["problem"]
            and "disk I/O error" in status["problem"]
        )
        (tmp_path / "gate").touch()
        wait_until((tmp_path / "delivered").exists, "the job that runs goes on and is answered")
    gsched.wait_for(lambda now: not now["problem"], "it recovers by itself")
    (tmp_path / "free").touch()
    outcome = client.outcome()
    assert outcome["refused"] == ["None", "None"]
    assert [job["result"] for job in outcome["jobs"]] == [
        *(f"before {n}" for n in range(3)),
        "after",
    ]
    assert "state is kept again" in gsched.err
    check_nothing_is_left(stage, gsched, [node])


def test_a_journal_that_is_damaged_while_it_is_used(stage: Stage, tmp_path: Path) -> None:
    """What runs is still answered; nothing new is taken; the next run says what to do."""
    gsched, _ = stage.trio()
    gsched.allowed += ["The state cannot be kept", "the last changes were not kept"]
    submitting(stage, gsched, tmp_path)
    damage(gsched.state_folder / NAME)
    (tmp_path / "full").touch()
    wait_until((tmp_path / "refused").exists, "jobs are refused")
    status = gsched.wait_for(lambda now: now["problem"], "the problem is told")
    assert "so no new jobs are taken" in status["problem"] and "malformed" in status["problem"]
    (tmp_path / "gate").touch()
    wait_until((tmp_path / "delivered").exists, "the job that runs goes on and is answered")
    assert gsched.terminate() == 0
    assert "or start with --clean, which forgets all jobs" in mistake(stage, gsched)


def damage(path: Path) -> None:
    """All but the first page, which SQLite looks at first, is overwritten."""
    with closing(sqlite3.connect(path, isolation_level=None)) as journal:
        wait_until(
            lambda: journal.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0,
            "all is in the file itself",
        )
        (page,) = journal.execute("PRAGMA page_size").fetchone()
    with path.open("r+b") as file:
        file.seek(page)
        file.write(b"\xff" * (path.stat().st_size - page))


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
