"""SIGHUP: which options a server that runs goes by from then on, and what it says of others."""

import signal
from pathlib import Path

import pytest
from peers import Gsched, Stage
from peers.terminal import Terminal

pytestmark = pytest.mark.real

DONE = "the options were read again"


def reload(gsched: Gsched, config: Path, *lines: str) -> str:
    """Put these into its file and have it read that. What it has logged since."""
    config.write_text("\n".join(lines))
    before = gsched.err
    gsched.send(signal.SIGHUP)
    gsched.wait_for_text(rf"(?s)\A.{{{len(before)}}}.*({DONE}|all options stay)")
    return gsched.err[len(before) :]


def test_what_follows_and_what_needs_a_restart(stage: Stage, tmp_path: Path) -> None:
    """Jobs that are under way do not notice."""
    config = tmp_path / "gsched.conf"
    config.write_text("max_file_size = 5k")
    [node] = stage.nodes(1)
    gsched = stage.gsched("--config", str(config), nodes=[node])
    gate = tmp_path / "gate"
    client = stage.client("waits", gsched, gate=str(gate), marks=str(tmp_path))
    gsched.wait_for_totals(running=1)
    said = reload(gsched, config, "max_file_size = 6k", "debug = true", "early-cluster-scheduler=1")
    assert "--max_file_size has changed: that needs a restart" in said
    assert "--early_cluster_scheduler has changed: that needs a restart" in said
    assert said.count("needs a restart") == 2
    gate.touch()
    assert [job["status"] for job in client.outcome()["jobs"]] == ["Finished"]
    gsched.wait_for_text(" DEBUG .* JOB_REPLY from")
    assert "needs a restart" not in reload(gsched, config, "max_file_size = 5k", "debug = false")
    before = gsched.err
    assert stage.client("squares", gsched, jobs=5).outcome()["wrong"] == []
    assert " DEBUG " not in gsched.err[len(before) :]


def test_mistakes_change_nothing(stage: Stage, tmp_path: Path) -> None:
    config = tmp_path / "gsched.conf"
    config.write_text("debug = false")
    gsched = stage.gsched("--config", str(config))
    gsched.allowed = ["all options stay as they were"]
    said = reload(gsched, config, "debug = true", "prot = 51347")
    assert f"all options stay as they were: {config}, line 2: unknown option 'prot'" in said
    config.unlink()
    gsched.send(signal.SIGHUP)
    gsched.wait_for_text(r"stay as they were: --config: \S+ cannot be read: No such file")
    assert gsched.status()["totals"]["nodes"] == 0
    assert " DEBUG " not in gsched.err


def test_a_terminal_that_goes_away(stage: Stage) -> None:
    """There SIGHUP says that nobody is left, as ever."""
    gsched = stage.gsched(terminal=Terminal())
    gsched.send(signal.SIGHUP)
    assert gsched.wait() == -signal.SIGHUP
