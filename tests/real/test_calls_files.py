"""send_file and dispy_send_file, each straight and by relay; dest_path and cleanup."""

from pathlib import Path

import pytest
from peers import Gsched, Stage, wait_until
from test_jobs import results

pytestmark = pytest.mark.real

CHUNK = 1_024_000  # bytes that dispy sends at a time
SIZES = [0, 1, CHUNK, 2 * CHUNK + 1]


@pytest.mark.proves(
    "send_file", "send_file(relay=True)", "dispy_send_file", "dispy_send_file(relay=True)"
)
def test_files_straight_and_relayed(stage: Stage, tmp_path: Path) -> None:
    """A file for a node that is unknown or cannot be reached is answered, too: with -1."""
    gsched, nodes = stage.trio(2)
    signs = {name: str(tmp_path / name) for name in ("ready", "killed")}
    places = [node.address for node in nodes]
    client = stage.client("passes_files", gsched, nodes=places, sizes=SIZES, **signs)
    wait_until(Path(signs["ready"]).exists, "all files have been passed")
    nodes[1].kill()
    Path(signs["killed"]).touch()
    found = client.outcome()
    for way in ("straight", "relayed"):
        assert found[way]["from jobs"] == [[0, True]] * len(SIZES), way
        assert found[way]["to the node"] == [[0, 0, True]] * len(SIZES), way
        assert found[way]["unknown"] == -1, way
    assert (found["to a known node"], found["to a killed node"]) == (0, -1)


def place(stage: Stage, gsched: Gsched, **arguments: object) -> Path:
    """Where the job of a client has worked, when its cluster is closed."""
    [[folder, text]] = results(stage.client("places", gsched, **arguments).outcome())
    assert text == "needed"
    gsched.wait_for_totals(clusters=0)
    return Path(folder)


@pytest.mark.proves("dest_path=", "cleanup=", "cleanup=function")
def test_dest_path_and_cleanup(stage: Stage) -> None:
    """Without cleanup a later cluster with the same dest_path finds what is there."""
    gsched, [node] = stage.trio()
    folder = place(stage, gsched, cleanup=True)
    assert folder.is_relative_to(stage.folder / node.name)
    assert not folder.exists()
    kept = place(stage, gsched, cleanup=False, dest_path="mine")
    assert kept.name == "mine"
    assert contents(kept) == {"depends.txt": "needed", "job.txt": "left behind"}
    other = place(stage, gsched, cleanup=False)
    assert other.name != kept.name and contents(other) == contents(kept)
    assert place(stage, gsched, cleanup="function", dest_path="mine") == kept
    assert contents(kept.parent) == {"cleaned.txt": "by the client's function"}


@pytest.mark.proves("--cleanup_nodes")
def test_cleanup_is_forced(stage: Stage) -> None:
    gsched, _ = stage.trio(1, 1, "--cleanup_nodes")
    assert not place(stage, gsched, cleanup=False, dest_path="mine").exists()


@pytest.mark.parametrize("path", ["../mine", "a/../../mine"])
def test_dest_path_that_leads_elsewhere_is_refused(stage: Stage, path: str) -> None:
    gsched, _ = stage.trio()
    client = stage.client("places", gsched, cleanup=True, dest_path=path)
    assert "leads out of the computation's directory" in client.failure()


def contents(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.glob("*.txt")}
