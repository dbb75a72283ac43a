"""What --help and --version print."""

from __future__ import annotations

from pathlib import Path

import pytest
from option_cases import own_home

from gsched import __version__
from gsched.options.table import OPTIONS, parse


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own_home(tmp_path, monkeypatch)


def told(capsys: pytest.CaptureFixture[str], *argv: str, **environ: str) -> str:
    """What a call that exits with 0 prints."""
    with pytest.raises(SystemExit) as exit_:
        parse(list(argv), environ)
    assert exit_.value.code == 0
    out, err = capsys.readouterr()
    assert err == ""
    return out


def test_help_teaches(capsys: pytest.CaptureFixture[str]) -> None:
    text = told(capsys, "--help")
    flowing = " ".join(text.split())
    for option in OPTIONS:
        assert ", ".join(option.invocations) + " " in flowing
        assert f"{option.help} Default: {option.default_text}." in flowing
        assert f"\n{option.group}:\n" in text
    for example in ("Examples:", "GSCHED_PULSE_INTERVAL=20", "--pulse-interval=20", "[a, b]"):
        assert example in text
    assert max(map(len, text.splitlines())) <= 80


def test_help_says_what_is_not_there_yet(capsys: pytest.CaptureFixture[str]) -> None:
    flowing = " ".join(told(capsys, "-h").split())
    assert flowing.count("Not in this release:") == 0


def test_help_is_there_whatever_else_is_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    text = told(capsys, "--bogus", "-h", "--port", "x", GSCHED_PORT="x", GSCHED_CONFIG="/missing")
    assert text.startswith("usage: gsched")


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert told(capsys, "--version", GSCHED_BOGUS="1") == f"gsched {__version__}\n"
