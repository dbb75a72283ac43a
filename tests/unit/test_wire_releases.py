"""Releases of dispy and what they speak."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gsched.wire import releases


@pytest.mark.parametrize("version", [*releases.GREETINGS, "4.11", "4.15.99"])
def test_understood(version: str) -> None:
    """All releases that nodes are greeted in, and what may come after them."""
    assert releases.understood(version)


OLDER = ["4.10.6", "4.9.1", "3.99"]
NEWER = ["4.16.0", "5.0", "14.15.2"]
NONE = ["", "4", "4.", "4.15.2.1", "4.15.x", "-4.15", "4.15.2000", "\u0664.\u0661\u0665"]
ALMOST = [" 4.15.2", "4.15.2 ", "4.15.2\n", "4.15.2\n4"]


@pytest.mark.parametrize("version", [*OLDER, *NEWER, *NONE, *ALMOST])
def test_not_understood(version: str) -> None:
    """Older dialects, releases not seen yet, and what is no release at all."""
    assert not releases.understood(version)


@given(st.text())
def test_any_text_has_an_answer(version: str) -> None:
    """A peer may say anything."""
    assert releases.understood(version) in (True, False)


def test_newest_first_without_repetition() -> None:
    """The likeliest greeting goes out first, each only once."""
    numbers = [tuple(map(int, version.split("."))) for version in releases.GREETINGS]
    assert numbers == sorted(set(numbers), reverse=True)


def test_greetings_suit_the_port() -> None:
    """Each line of releases has its own usual port; at any other all are tried."""
    assert releases.greetings(9701) == ("4.15.2", "4.15.1", "4.15.0")
    assert releases.greetings(61591)[0] == "4.14.0"
    assert releases.greetings(61591)[-1] == "4.11.0"
    assert releases.greetings(51348) == releases.GREETINGS
