"""The example of a node as a service: its options are those of a real dispynode."""

import shlex
from pathlib import Path

import pytest
from peers import Stage
from peers.stage import ROOT

pytestmark = pytest.mark.real


def test_node_of_the_unit(stage: Stage, tmp_path: Path) -> None:
    unit = (ROOT / "conf/dispynode.service").read_text().splitlines()
    [start] = [line for line in unit if line.startswith("ExecStart=")]
    _, *options = shlex.split(start.replace("%S", str(tmp_path)))
    gsched = stage.gsched(nodes=[stage.node(1, *options)])
    assert stage.client("squares", gsched, jobs=5).outcome()["wrong"] == []
    assert list((tmp_path / "dispynode").iterdir())
