"""Tests in which peers, the scheduler and disks fail: see tests/real/peers/fixtures.py."""

from collections.abc import Callable
from typing import Any

import pytest

pytest.register_assert_rewrite("peers.fixtures")

from account import SUMS  # noqa: E402
from peers.fixtures import *  # noqa: E402, F403

Told = Callable[..., None]


@pytest.fixture
def tell(record_property: Callable[[str, Any], None], request: pytest.FixtureRequest) -> Told:
    """Has what is given by name printed when all tests are over."""

    def tell(**sums: object) -> None:
        words = ", ".join(f"{name.replace('_', ' ')} {value:,}" for name, value in sums.items())
        record_property(SUMS, f"{request.node.originalname}, {words}")

    return tell


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """The sums of all that passed."""
    for report in terminalreporter.getreports("passed"):
        for name, words in report.user_properties if report.when == "call" else ():
            if name == SUMS:
                terminalreporter.write_line(words)
