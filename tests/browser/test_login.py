"""Signing in and out of a real server's page."""

import io
from pathlib import Path
from typing import Any

import pytest
from pages import shows
from peers import Stage

from gsched import passwd

pytestmark = pytest.mark.real


def test_signing_in_and_out(
    stage: Stage, tmp_path: Path, context: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    accounts = str(tmp_path / "accounts")
    monkeypatch.setattr("sys.stdin", io.StringIO("a pass phrase\n"))
    assert passwd.main(["passwd", "ann", "--http_accounts", accounts], {}) == 0
    gsched = stage.gsched("--http_accounts", accounts, ready=False)
    gsched.wait_until_ready()
    context.complaints.allowed = "status of 401"
    tab = context.new_page()
    tab.goto(gsched.page)
    tab.fill("#name", "ann")
    tab.fill("#password", "another one")
    tab.click("#submit")
    shows(tab, "#problem", "the name or the password is wrong")
    assert tab.input_value("#password") == ""
    tab.fill("#password", "a pass phrase")
    tab.click("#submit")
    tab.wait_for_selector("body[data-state=live]")
    shows(tab, "#account", "ann · viewer")
    tab.click("#sign-out")
    shows(tab, "#submit", "Sign in")
