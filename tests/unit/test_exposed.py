"""Secrets: where they may come from, and what is said of those that others can see."""

import io
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gsched.net.transport.addresses import Own
from gsched.net.transport.mistakes import Mistake
from gsched.options.settings import Settings
from gsched.options.sources import Wrong
from gsched.options.table import parse, read
from gsched.running import cautions, local_node
from gsched.running import folder as folders
from gsched.running.state import State

HOME = {"HOME": "/home/x"}
SECRETS = {"GSCHED_NODE_SECRET": "pears"}


def written(path: Path, content: str, mode: int = 0o600) -> str:
    path.write_text(content)
    path.chmod(mode)
    return str(path)


@pytest.mark.parametrize("side", ["node", "cluster"])
@pytest.mark.parametrize("content", ["pears", "pears\n", "pears\r\n"])
def test_secret_in_a_file(tmp_path: Path, side: str, content: str) -> None:
    path = tmp_path / "secret"
    path.write_bytes(content.encode())
    path.chmod(0o600)
    settings = parse([f"--{side}_secret_file", str(path)], HOME)
    assert getattr(settings, f"{side}_secret") == "pears"
    assert "pears" not in repr(settings)
    assert settings.exposed == ()


@pytest.mark.parametrize("content", ["", "\n", "pears\nplums\n"])
def test_files_that_hold_no_secret(tmp_path: Path, content: str) -> None:
    with pytest.raises(Wrong) as wrong:
        read(["--node_secret_file", written(tmp_path / "secret", content)], HOME)
    assert "--node_secret_file" in wrong.value.text and "one line" in wrong.value.text
    assert "pears" not in wrong.value.text


def test_mistakes_name_the_option(tmp_path: Path) -> None:
    path = written(tmp_path / "secret", "pears")
    with pytest.raises(Wrong) as both:
        read(["--node_secret_file", path, "--node_secret", "plums"], HOME)
    assert "exclude each other" in both.value.text and "plums" not in both.value.text
    with pytest.raises(Wrong) as missing:
        read(["--cluster_secret_file", str(tmp_path / "none")], HOME)
    assert "--cluster_secret_file" in missing.value.text


def test_what_others_see_is_said(tmp_path: Path) -> None:
    config = written(tmp_path / "my.conf", "node_secret = pears\n", 0o644)
    legible = written(tmp_path / "secret", "pears", 0o604)

    def said(*words: str) -> list[str]:
        return [one.partition(":")[0] for one in parse([*words], HOME).exposed]

    assert said("--node_secret", "pears") == ["--node_secret"]
    assert said("--config", config) == ["--config"]
    assert said("--cluster_secret_file", legible) == ["--cluster_secret_file"]
    os.chmod(config, 0o640)
    assert said("--config", config) == []
    assert parse([], HOME | {"GSCHED_NODE_SECRET": "pears"}).exposed == ()


def test_jobs_of_a_local_node_do_not_inherit_options(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GSCHED_CLUSTER_SECRET", "figs")
    monkeypatch.setenv("OTHER", "1")
    found = local_node._environment()
    assert found["OTHER"] == "1" and "figs" not in found.values()


def test_the_secret_of_a_local_node_is_in_no_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is told it by its standard input."""
    given = parse(["--dest_path_prefix", str(tmp_path), "--local_node", "1"], HOME | SECRETS)
    node, heard = local_node.LocalNode(given, "127.0.0.1"), io.BytesIO()
    monkeypatch.setattr(heard, "close", lambda: None)
    lines: list[str] = []

    def started(command: list[str], **how: Any) -> Any:
        lines.extend([*command, *how["env"].values()])
        return SimpleNamespace(stdin=heard, pid=1, wait=lambda: 0)

    monkeypatch.setattr(local_node.subprocess, "Popen", started)
    monkeypatch.setenv("GSCHED_NODE_SECRET", "pears")
    node._run()
    assert b"--secret=pears" in heard.getvalue() and "pears" not in " ".join(lines)


@pytest.mark.parametrize(
    ("node", "cluster", "address", "said"),
    [
        ("pears", "pears", "127.0.0.1", ["are the same"]),
        ("pears", "figs", "10.0.0.1", []),
        ("", "", "127.0.0.1", []),
        ("pears", "", "10.0.0.1", ["no --cluster_secret"]),
    ],
)
def test_what_does_not_keep_anybody_out_is_said(
    caplog: pytest.LogCaptureFixture, node: str, cluster: str, address: str, said: list[str]
) -> None:
    given = {"GSCHED_NODE_SECRET": node, "GSCHED_CLUSTER_SECRET": cluster}
    cautions.warn_of_secrets(parse([], HOME | given), [Own(address, address, address)])
    assert [one in text for one, text in zip(said, caplog.messages, strict=True)] == [True] * len(
        said
    )
    assert "pears" not in caplog.text


def settings(folder: Path) -> Settings:
    return parse(["--dest_path_prefix", str(folder)], HOME)


def test_the_folder_of_another_user_is_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even root must not: who may rename files there may have others written over."""
    mine = os.geteuid()
    folders.take(tmp_path / "mine").close()
    theirs = tmp_path / "theirs"
    theirs.mkdir(mode=0o700)
    monkeypatch.setattr(folders, "_ROOT", -1)
    monkeypatch.setattr(folders.os, "geteuid", lambda: mine + 1)
    with pytest.raises(Mistake, match="belongs to another user"):
        folders.take(theirs)
    assert not list(theirs.iterdir())


def test_the_folder_is_private(tmp_path: Path) -> None:
    """A new one, and one that an older gsched, or somebody else, has left open."""
    folder = tmp_path / "state"
    for _ in range(2):
        State(settings(folder)).close()
        assert folder.stat().st_mode & 0o777 == 0o700
        folder.chmod(0o755)
    shared = tmp_path / "shared"
    shared.mkdir(mode=0o755)
    (shared / "else").touch()
    with pytest.raises(Mistake, match=f"--dest_path_prefix {shared}: others may read it"):
        State(settings(shared))
    assert shared.stat().st_mode & 0o777 == 0o755
