"""`gsched simulate` as people call it."""

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from gsched.cli import main

SMALL = ("simulate", "--jobs", "300", "--nodes", "2x4", "--load", "1.2")


def test_tables_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(SMALL) == 0
    told = capsys.readouterr().out
    assert "300 jobs on 2 nodes with 4 CPUs" in told
    for algorithm in ("submitted", "fair", "early", "weighted"):
        assert f"{algorithm}: what became of each cluster" in told
    assert told.count("cluster5") == 4
    assert "…" not in told, "no figure is cut"


def test_json_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main((*SMALL, "--json", "--algorithms", "early,fair")) == 0
    runs = json.loads(capsys.readouterr().out)
    assert [run["algorithm"] for run in runs] == ["early", "fair"]
    for run in runs:
        assert run["jobs"] == sum(part["jobs"] for part in run["parts"]) == 300
        assert 0.5 < run["utilisation"] <= 1.0
        assert run["wait_50"] <= run["wait_95"] <= run["wait_99"] <= run["longest_wait"]


def test_a_picture(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    work = tmp_path / "trace.csv"
    rows = [f"{n},c<{n % 9}>&,{1 + n % 7}" for n in range(200)]
    work.write_text("\n".join(["arrival,cluster,seconds", *rows]))
    picture = tmp_path / "compare.svg"
    assert main(("simulate", str(work), "--nodes", "1x3", "--svg", str(picture))) == 0
    root = ElementTree.fromstring(picture.read_text())
    texts = [text.text for text in root.iter("{http://www.w3.org/2000/svg}text")]
    assert "weighted: CPUs at work" in texts
    assert "others" in texts, "there are more clusters than colours"
    assert any(text and text.startswith("c<0>&") for text in texts)
    assert len(list(root.iter("{http://www.w3.org/2000/svg}polygon"))) == 4 * 8
    assert "200 jobs" in capsys.readouterr().out


def test_what_was_saved_gives_the_same_figures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    saved = str(tmp_path / "saved.csv")
    one = (*SMALL, "--json", "--algorithms", "fair", "--save", saved)
    two = ("simulate", saved, "--nodes", "2x4", "--json", "--algorithms", "fair")
    assert main(one) == 0
    first = capsys.readouterr().out
    assert main(two) == 0
    assert json.loads(capsys.readouterr().out) == json.loads(first)


def test_the_rules_of_a_policy_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text("rules:\n  - clusters: cluster1\n    max_queued_jobs: 1\n")
    assert main((*SMALL, "--policy_file", str(path))) == 0
    assert "jobs more were refused, 0 ran too long" in capsys.readouterr().out
    path.write_text("rules:\n  - clusters: cluster1\n    wait: 1\n")
    assert main((*SMALL, "--policy_file", str(path))) == 2
    assert "line 3" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("no/such.csv",), "no/such.csv: No such file or directory"),
        (("--svg", "/no/such/place.svg", "--jobs", "5"), "/no/such/place.svg: No such file"),
        (("--nodes", "many"), "--nodes: 'many' is not allowed, give nodes and their CPUs"),
        (("--algorithms", "fair,best"), "'fair,best' is not allowed, give some of submitted,"),
        (("--jobs", "0"), "--jobs: '0' is not allowed, give a whole number above 0"),
        (("--load", "0"), "--load: '0' is not allowed, give a number above 0"),
        (("--skew", "-1"), "--skew: '-1' is not allowed, give a number that is not below 0"),
        (("--seconds", "long"), "--seconds: 'long' is not allowed, give constant:60"),
        (("--arrivals", "never"), "--arrivals: 'never' is not allowed, give poisson or at-once"),
        (("--what",), "unrecognized arguments: --what"),
    ],
)
def test_mistakes_are_told_in_one_line(
    words: tuple[str, ...], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        code = main(("simulate", *words))
    except SystemExit as error:
        code = int(error.code or 0)
    out, err = capsys.readouterr()
    assert (code, out) == (2, "")
    assert err.startswith("gsched simulate: ")
    assert told in err
    assert err.count("\n") == 1
