"""Options about files: how large they may be, and what is left of earlier runs."""

import re
from pathlib import Path

import pytest
from peers import Gsched, Stage
from peers.stage import Client

pytestmark = pytest.mark.real

CHUNK = 1_024_000  # bytes that dispy sends at a time
LIMIT = CHUNK + 24  # bytes
SIZES = {"computation": LIMIT + 7, "job": 3 * CHUNK, "node": LIMIT + 1}


def start(
    stage: Stage, folder: Path, sizes: dict[str, int], *options: str
) -> tuple[Gsched, Client]:
    """A scheduler with a limit, and a client with files of these sizes."""
    for name, size in sizes.items():
        (folder / name).write_bytes(name[:1].encode() * size)
    gsched, _ = stage.trio(1, 1, "--max_file_size", str(LIMIT), *options)
    places = {"folder": str(folder), "gate": str(folder / "gate")}
    return gsched, stage.client("oversize", gsched, **places)


def wait_for_note(gsched: Gsched, text: str) -> None:
    gsched.wait_for(lambda now: any(text in x["note"] for x in now["clusters"]), f"note: {text}")


@pytest.mark.proves("--max_file_size")
def test_oversize_files_are_truncated(stage: Stage, tmp_path: Path) -> None:
    gsched, client = start(stage, tmp_path, SIZES)
    for name, size in SIZES.items():
        text = f"file {tmp_path / name} is TRUNCATED to --max_file_size: its last {size - LIMIT}"
        gsched.wait_for_text(re.escape(text))
    wait_for_note(gsched, text)
    (tmp_path / "gate").touch()
    found = client.outcome()
    assert "Could not transfer" in client.out + client.err
    assert [found["first"]["result"], found["second"]["result"], found["third"]] == [LIMIT] * 3
    assert found["first"]["stderr"] == "examined\n"
    warning = f"gsched: file {tmp_path / 'job'} is TRUNCATED to --max_file_size"
    assert found["second"]["stderr"].startswith(warning)
    assert found["second"]["stderr"].endswith(" bytes are lost\nexamined\n")
    assert found["code"] == -1


def test_word_of_a_truncated_file_stays(stage: Stage, tmp_path: Path) -> None:
    """It is not for the time only until the cluster starts."""
    gsched, client = start(stage, tmp_path, {**SIZES, "job": 1, "node": 1})
    gsched.wait_for(lambda now: [x["done"] for x in now["clusters"]] == [3], "its jobs are done")
    wait_for_note(gsched, f"file {tmp_path / 'computation'} is TRUNCATED")
    (tmp_path / "gate").touch()
    assert client.outcome()["code"] == 0


@pytest.mark.proves("--oversize_files")
def test_oversize_files_are_refused(stage: Stage, tmp_path: Path) -> None:
    refuse = ("--oversize_files", "refuse")
    gsched, client = start(stage, tmp_path, {**SIZES, "computation": LIMIT}, *refuse)
    for name in ("job", "node"):
        text = f"file {tmp_path / name} is refused: {SIZES[name]} bytes are more than --max"
        gsched.wait_for_text(re.escape(text))
    wait_for_note(gsched, text)
    (tmp_path / "gate").touch()
    found = client.outcome()
    assert found["first"]["result"] == LIMIT
    assert "second" not in found  # submit() has returned None
    assert (found["code"], found["third"]) == (-1, None)


@pytest.mark.proves("--clean", "--dest_path_prefix")
def test_clean(stage: Stage, tmp_path: Path) -> None:
    """What a run leaves behind that was killed stays, until --clean is given."""
    gsched, client = start(stage, tmp_path, dict.fromkeys(SIZES, 1))
    gsched.wait_for(lambda now: [x["done"] for x in now["clusters"]] == [3], "its jobs are done")
    gsched.kill()
    client.kill()
    spool = gsched.state_folder / "spool"
    assert list(spool.glob("*/*"))
    same = ("--dest_path_prefix", str(gsched.state_folder))
    assert stage.gsched(*same).terminate() == 0
    assert list(spool.glob("*/*"))
    assert stage.gsched(*same, "--clean").terminate() == 0
    assert list(gsched.state_folder.glob("spool/*")) == []


@pytest.mark.proves("--max_cluster_size", "--max_spool_size")
@pytest.mark.parametrize(
    ("option", "reason"),
    [
        ("--max_cluster_size", "its cluster would have 2000 bytes, more than --max_cluster_size"),
        ("--max_spool_size", "all clusters would have 2000 bytes, more than --max_spool_size"),
    ],
)
def test_files_for_which_there_is_no_room(
    stage: Stage, tmp_path: Path, option: str, reason: str
) -> None:
    """The job that needs the file is refused; all else goes on, and what is relayed is not kept."""
    sizes = {"computation": 1000, "job": 1000, "node": 1000}
    gsched, client = start(stage, tmp_path, sizes, option, "1500")
    gsched.wait_for_text(re.escape(f"file {tmp_path / 'job'} is refused: {reason}"))
    (tmp_path / "gate").touch()
    found = client.outcome()
    assert "second" not in found  # submit() has returned None
    assert (found["first"]["result"], found["code"], found["third"]) == (1000, 0, 1000)


@pytest.mark.proves("--min_free_disk")
def test_disk_that_has_to_stay_free(stage: Stage, tmp_path: Path) -> None:
    sizes = {"computation": 1000, "job": 1, "node": 1}
    gsched, client = start(stage, tmp_path, sizes, "--min_free_disk", "1000t")
    text = f"file {tmp_path / 'computation'} is refused: the disk has 0 bytes to spare besides"
    gsched.wait_for_text(re.escape(text))
    assert client.failure()
    assert not list(gsched.state_folder.glob("spool/*/*"))
