"""The bench runs: its fake peers get along with gsched, whatever the figures are."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from peers.stage import ROOT

pytestmark = [pytest.mark.real, pytest.mark.usefixtures("private_network")]


@pytest.mark.timeout(240)
def test_its_fake_peers_are_served(tmp_path: Path) -> None:
    path = os.pathsep.join(str(ROOT / one) for one in (".", "tests", "tests/real"))
    saved = tmp_path / "bench.json"
    command = [sys.executable, "-m", "bench", "--quick", "--json", str(saved), "small", "pongs"]
    done = subprocess.run(
        command, env=os.environ | {"PYTHONPATH": path}, capture_output=True, text=True, timeout=150
    )
    assert done.returncode == 0, done.stdout + done.stderr
    runs = json.loads(saved.read_text())["runs"]
    assert runs["small"]["gsched"][0]["rate"] > 0
    assert runs["pongs"]["gsched"][0]["missed"] == 0
