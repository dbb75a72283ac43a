"""What computations and jobs depend on: files, modules, classes, functions; and limits of files."""

import hashlib
from pathlib import Path

import pytest
from peers import Stage
from test_jobs import results

pytestmark = pytest.mark.real

CHUNK = 1_024_000  # bytes that dispy sends at a time


def make_file(folder: Path, name: str, size: int) -> tuple[str, list]:
    """A file of that size; its path, and what a node that has received it reports."""
    block = hashlib.sha256(name.encode()).digest()
    data = (block * (size // len(block) + 1))[:size]
    (folder / name).write_bytes(data)
    return str(folder / name), [size, hashlib.sha256(data).hexdigest()]


def test_files_of_all_sizes(stage: Stage, tmp_path: Path) -> None:
    sizes = {"empty": 0, "one": 1, "chunk": CHUNK, "more": CHUNK + 1, "many": 2 * CHUNK + 500_000}
    sizes |= {f"small {number}": 10 * number for number in range(20)}
    made = {name: make_file(tmp_path, name, size) for name, size in sizes.items()}
    paths = [path for path, _ in made.values()]
    gsched, _ = stage.trio()
    outcome = stage.client("files", gsched, paths=paths, names=list(made)).outcome()
    assert results(outcome) == [{name: content for name, (_, content) in made.items()}]
    gsched.wait_for_totals(clusters=0)
    assert list((gsched.state_folder / "spool").iterdir()) == []


@pytest.mark.proves("depends=")
def test_all_kinds_of_dependencies(stage: Stage, tmp_path: Path) -> None:
    path = tmp_path / "poem.txt"
    path.write_text("roses")
    gsched, _ = stage.trio()
    outcome = stage.client("depends", gsched, path=str(path), name="poem.txt").outcome()
    assert results(outcome) == [[1.0, 4, 6, 9, "roses"], [2.0, 7, 12, 36, "roses"]]


@pytest.mark.proves("dispy_job_depends")
def test_jobs_with_files_of_the_same_name(stage: Stage, tmp_path: Path) -> None:
    """Each job has the file as it was when the job was submitted."""
    gate = tmp_path / "gate"
    gsched, nodes = stage.trio(2)
    places = [node.address for node in nodes]
    client = stage.client("job_files", gsched, gate=str(gate), nodes=places)
    gsched.wait_for_totals(running=2, waiting=2)
    gsched.wait_for(lambda now: [x["waiting"] for x in now["nodes"]] == [1, 1], "one for each")
    gate.touch()
    outcome = client.outcome()
    assert results(outcome)[2:] == [f"for {place}" for place in places]
    assert results({"jobs": outcome["functions"]}) == ["ydobon fo"]


def test_large_files_are_truncated_or_refused(stage: Stage, tmp_path: Path) -> None:
    large, _ = make_file(tmp_path, "large", CHUNK + 5000)
    small, content = make_file(tmp_path, "small", 1000)
    node = stage.node()
    cutting = stage.gsched("--max_file_size", "1000k", nodes=[node])
    refusing = stage.gsched("--max_file_size", "1000k", "--oversize_files", "refuse")
    wanted = {"paths": [large, small], "names": ["large", "small"]}
    cut, refused = (stage.client("files", x, **wanted) for x in (cutting, refusing))
    found = results(cut.outcome())[0]
    assert found["large"] == [CHUNK, hashlib.sha256(Path(large).read_bytes()[:CHUNK]).hexdigest()]
    assert found["small"] == content
    cutting.wait_for_text(r"file \S+/large is TRUNCATED to --max_file_size: its last 5000 bytes")
    assert "Could not transfer" in cut.out + cut.err
    assert "could not be sent to scheduler" in refused.failure()
    refusing.wait_for_text(r"file \S+/large is refused: \d+ bytes are more than --max_file_size")
