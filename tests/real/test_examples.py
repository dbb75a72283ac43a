"""The examples of nodes as services: their options are those of a real dispynode."""

import shlex
from pathlib import Path

import pytest
import yaml
from peers import Stage
from peers.stage import ROOT

pytestmark = pytest.mark.real


def recipe_options() -> str:
    """What the recipe for many nodes adds, as it is where nothing was chosen."""
    [play] = yaml.safe_load((ROOT / "conf/nodes.yml").read_text())
    [options] = [x["ansible.builtin.copy"] for x in play["tasks"] if x["name"] == "Options"]
    content = options["content"]
    for name in ("cpus", "secret", "scheduler"):
        content = content.replace(f"{{{{ {name} }}}}", str(play["vars"][name]))
    return str(content.removeprefix("DISPYNODE_OPTIONS=").strip())


def test_node_of_the_unit(stage: Stage, tmp_path: Path) -> None:
    unit = (ROOT / "conf/dispynode.service").read_text().splitlines()
    [start] = [line for line in unit if line.startswith("ExecStart=")]
    start = start.replace("%S", str(tmp_path)).replace("$DISPYNODE_OPTIONS", recipe_options())
    _, *options = shlex.split(start)
    gsched = stage.gsched(nodes=[stage.node(1, *options)])
    assert stage.client("squares", gsched, jobs=5).outcome()["wrong"] == []
    assert list((tmp_path / "dispynode").iterdir())
