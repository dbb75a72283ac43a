"""Releases of dispy and what they speak."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gsched.wire import releases
from gsched.wire.releases import Dialect, Release, Unserved, find


@pytest.mark.parametrize("version", [*releases.KNOWN, "4.8", "4.11", "4.15.99"])
def test_served(version: str) -> None:
    """All releases that were published, and what may come after them."""
    assert find(version).version == version


OLDER = ["4.7.7", "4.7", "3.99", "0.0"]
NEWER = ["4.16.0", "5.0", "14.15.2"]
NONE = ["", "4", "4.", "4.15.2.1", "4.15.x", "-4.15", "4.15.2000", "\u0664.\u0661\u0665"]
ALMOST = [" 4.15.2", "4.15.2 ", "4.15.2\n", "4.15.2\n4"]


@pytest.mark.parametrize(
    "reason, versions", [("too old", OLDER), ("not known", NEWER), ("no release", NONE + ALMOST)]
)
def test_not_served(reason: str, versions: list[str]) -> None:
    """Too old, not seen yet, and what is no release at all."""
    for version in versions:
        with pytest.raises(Unserved, match=reason) as raised:
            find(version)
        assert raised.value.version == version.replace("\n", "?")


@given(st.text())
def test_any_text_has_an_answer(version: str) -> None:
    """A peer may say anything; what is repeated of it is short and prints on one line."""
    with contextlib.suppress(Unserved):
        assert isinstance(find(version), Release)
    with pytest.raises(Unserved) as raised:
        find(version + "\n" * 50)
    assert str(raised.value).isprintable()
    assert len(str(raised.value)) < 300
    assert len(raised.value.version) <= 20
    assert raised.value.version.isprintable()


def test_newest_first_without_repetition() -> None:
    """The likeliest comes first, each only once."""
    numbers = [find(version).number for version in releases.KNOWN]
    assert numbers == sorted(set(numbers), reverse=True)


@pytest.mark.parametrize(
    "version, dialect, always_set_up, tells_all_cpus",
    [
        ("4.8.9", Dialect.OLD, False, False),
        ("4.9.1", Dialect.OLD, False, False),
        ("4.10.0", Dialect.OLD, True, False),
        ("4.10.6", Dialect.OLD, True, False),
        ("4.11.0", Dialect.NEW, True, False),
        ("4.15", Dialect.NEW, True, False),
        ("4.15.1", Dialect.NEW, True, True),
        ("4.15.2", Dialect.NEW, True, True),
    ],
)
def test_what_differs(
    version: str, dialect: Dialect, always_set_up: bool, tells_all_cpus: bool
) -> None:
    """As read in the sources of these releases."""
    release = find(version)
    assert (release.dialect, release.always_set_up) == (dialect, always_set_up)
    assert release.tells_all_cpus is tells_all_cpus


def test_families() -> None:
    """Who works together: the dialect and the pickles have to be the same."""
    families = {releases.family(dialect, protocol) for dialect in Dialect for protocol in (4, 5)}
    assert len(families) == 4
    assert "dispy 4.11 to 4.15 on Python 3.8 or newer" in families
    assert releases.family(Dialect.OLD, 5) == releases.family(Dialect.OLD, 6)


def test_greetings_suit_the_port() -> None:
    """Each line of releases has its own usual port; at any other all are tried."""
    assert releases.greetings(9701) == ("4.15.2",)
    assert releases.greetings(61591) == ("4.14.0", "4.13.0", "4.12.4", "4.11.1")
    everybody = ("4.15.2", "4.14.0", "4.13.0", "4.12.4", "4.11.1", "4.10.6", "4.9.1", "4.8.9")
    assert releases.greetings(51348) == releases.greetings(7) == everybody


def test_greetings_in_versions_that_were_met() -> None:
    """These come first, where their nodes may be."""
    met = ("4.12.1", "4.10.6", "4.15.7")
    assert releases.greetings(9701, met) == ("4.15.7", "4.15.2")
    assert releases.greetings(61591, met)[:2] == ("4.12.1", "4.14.0")
    assert releases.greetings(51348, met)[:4] == ("4.12.1", "4.10.6", "4.15.7", "4.15.2")
    assert len(releases.greetings(51348, met)) == 10


def test_named_nodes_are_greeted_in_all_versions() -> None:
    """Each once."""
    for port in (51348, 9701, 7):
        found = releases.all_greetings(port, ("4.12.1",))
        assert sorted(found) == sorted(releases.KNOWN)
    assert releases.all_greetings(9701, ("4.15.1", "4.12.1"))[:3] == ("4.15.1", "4.15.2", "4.15.0")
