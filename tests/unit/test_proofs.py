"""The tables of what is tested, as tests/proofs.py makes them of marks."""

import importlib.util
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

SCRIPT = Path(__file__).resolve().parents[1] / "proofs.py"


@pytest.fixture(scope="module")
def proofs() -> Any:
    spec = importlib.util.spec_from_file_location("proofs", SCRIPT)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def item(file: str, *names: str, release: str = "") -> Any:
    """A test with such a mark, perhaps for one release of several."""
    marks = [SimpleNamespace(args=names)]
    params = {"release": SimpleNamespace(dispy=release)} if release else {}
    return SimpleNamespace(
        iter_markers=lambda _: marks,
        callspec=SimpleNamespace(params=params),
        path=Path(file),
        nodeid=file,
    )


def test_calls_share_a_row_by_their_releases(proofs: Any) -> None:
    items = [item("x.py", "submit", "cancel"), item("x.py", "wait")]
    items += [item("y.py", "submit", "cancel", release=x) for x in ("4.10.6", "4.9.1")]
    first, second, *rest = proofs.calls_table(proofs.proofs_of(items)).splitlines()[2:]
    assert first == "| 4.9.1, 4.10.6, 4.15.2 | `submit`, `cancel` |"
    assert second == "| 4.15.2 | `wait` |"
    assert len(rest) == 1 and rest[0].startswith("| not yet | `submit_node`, ")


def test_options_share_a_row_by_their_files(proofs: Any) -> None:
    items = [item("x.py", "--clean", "--port"), item("y.py", "--port", "--daemon"), item("z.py")]
    items.append(item("y.py", "--clean"))
    rows = proofs.options_table(proofs.proofs_of(items)).splitlines()[2:]
    assert rows[:2] == ["| `y.py` | `--daemon` |", "| `x.py`, `y.py` | `--clean`, `--port` |"]
    assert len(rows) == 3 and rows[2].startswith("| their effect: not yet | `--config`, ")


def test_a_mark_for_nothing_is_refused(proofs: Any) -> None:
    with pytest.raises(proofs.Wrong, match=r"x\.py proves '--no_such', which is no call"):
        proofs.proofs_of([item("x.py", "--no_such")])


def test_only_what_is_between_the_markers_is_written(proofs: Any) -> None:
    text = f"before\n{proofs.START}\nold\n{proofs.END}\nafter"
    wanted = f"before\n{proofs.START}\nnew\n{proofs.END}\nafter"
    assert proofs.written(text, "new\n") == wanted
    with pytest.raises(proofs.Wrong, match="lacks the markers"):
        proofs.written(f"{proofs.END} {proofs.START}", "new\n")
