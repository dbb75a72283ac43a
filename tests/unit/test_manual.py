"""README.md and conf/gsched.conf say what the table of options says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gsched.options import manual
from gsched.options.table import OPTIONS, parse

ROOT = Path(__file__).resolve().parents[2]
HOME = {"HOME": "/home/ada"}
README = f"# Title\n\n{manual.START}\nold\n{manual.END}\n\nThe rest.\n"


def project(folder: Path, readme: str | None = README) -> Path:
    """A folder with a README, ready for the manual."""
    if readme is not None:
        (folder / "README.md").write_text(readme, encoding="utf-8")
    return folder


def test_the_files_of_this_project_are_in_step() -> None:
    missing = [] if (ROOT / "README.md").exists() else ["README.md is not there"]
    assert manual.out_of_step(ROOT) == missing


def test_a_row_for_each_option() -> None:
    rows = manual.table().splitlines()
    assert rows[:2] == ["| Option | Variable | Default | Meaning |", "|---|---|---|---|"]
    for row in rows:
        assert len(re.split(r"(?<!\\)\|", row)) == 6, row
    for option in OPTIONS:
        (row,) = (row for row in rows if re.search(f"`--{option.name}[ `]", row.split(" | ")[0]))
        names, variable, default, meaning = row.strip("| ").split(" | ")
        assert names.count("`") == 2 * len(option.spellings)
        assert variable == (f"`{option.variable}`" if option.variable else "-")
        assert default == f"`{option.default_text}`"
        assert meaning.replace("`", "") == option.help
    assert len(rows) == 2 + len({option.group for option in OPTIONS}) + len(OPTIONS)


def settings_lines() -> list[str]:
    """The lines of the file that give an option, without their #."""
    return [line[1:] for line in manual.conf().splitlines() if re.match(r"#\w+ = ", line)]


def test_the_file_has_every_option_with_its_help() -> None:
    names = [line.partition(" = ")[0] for line in settings_lines()]
    assert names == [option.name for option in OPTIONS if option.in_file]
    flowing = " ".join(manual.conf().replace("\n# ", " ").split())
    for option in OPTIONS:
        if option.in_file:
            assert option.help in flowing
            assert f" {option.group} -" in flowing


def test_the_file_changes_nothing_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "gsched.conf"
    path.write_text(manual.conf(), encoding="utf-8")
    assert parse(["--config", str(path)], HOME) == parse([], HOME)


def test_the_file_changes_nothing_without_its_hashes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/home/ada")
    path = tmp_path / "gsched.conf"
    path.write_text("\n".join(settings_lines()), encoding="utf-8")
    assert parse(["--config", str(path)], HOME) == parse([], HOME)


def test_the_file_is_easy_to_read() -> None:
    lines = manual.conf().splitlines()
    assert max(map(len, lines)) <= 100
    assert all(line == "" or line.startswith("#") for line in lines)


def test_rewriting(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = project(tmp_path)
    assert manual.main(["--check"], root) == 1
    err = capsys.readouterr().err
    assert "README.md is out of step" in err and "conf/gsched.conf is out of step" in err
    assert not (root / "conf").exists()
    assert manual.main([], root) == 0
    assert manual.main(["--check"], root) == 0
    assert capsys.readouterr().err == ""
    readme = (root / "README.md").read_text()
    assert readme == README.replace("old\n", manual.table())
    assert (root / "conf/gsched.conf").read_text() == manual.conf()
    assert manual.main([], root) == 0
    assert (root / "README.md").read_text() == readme


@pytest.mark.parametrize("name", ["README.md", "conf/gsched.conf"])
def test_the_check_names_what_is_out_of_step(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = project(tmp_path)
    manual.main([], root)
    path = root / name
    path.write_text(path.read_text().replace("51347", "51340"))
    changed = path.read_text()
    assert manual.main(["--check"], root) == 1
    mend = "run python -m gsched.options.manual"
    assert capsys.readouterr().err == f"{name} is out of step: {mend}\n"
    assert path.read_text() == changed


@pytest.mark.parametrize(
    ("readme", "wanted"),
    [
        (None, "README.md is not there"),
        ("# Title\n", "README.md lacks the markers"),
        (f"{manual.END}\n{manual.START}\n", "README.md lacks the markers"),
        (f"{manual.START}\n", "README.md lacks the markers"),
    ],
)
def test_a_readme_without_a_place(
    readme: str | None, wanted: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = project(tmp_path, readme)
    for argv in ([], ["--check"]):
        assert manual.main(argv, root) == 1
        assert capsys.readouterr().err.startswith(wanted)
    assert (root / "conf/gsched.conf").read_text() == manual.conf()
    assert (root / "README.md").exists() == (readme is not None)
    assert readme is None or (root / "README.md").read_text() == readme


def test_a_wrong_call(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert manual.main(["--chekc"], tmp_path) == 2
    assert "usage:" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
