"""Which process a computation may come from, after what clients said of themselves."""

import pytest

from gsched.net.introductions import KEPT, Introductions
from gsched.wire.releases import find

RELEASE = find("4.15.2")


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def introductions(clock: Clock) -> Introductions:
    return Introductions(clock)


def codes(introductions: Introductions, source: str = "a") -> set[bytes]:
    return {one.code for one in introductions.of_computation(source)}


def test_one_after_the_other(introductions: Introductions) -> None:
    for code in (b"1", b"1", b"2"):
        introductions.add("a", code, RELEASE)
        assert codes(introductions) == {code}
    assert codes(introductions) == set()


def test_hosts_do_not_mix(introductions: Introductions) -> None:
    introductions.add("a", b"1", RELEASE)
    introductions.add("b", b"2", RELEASE)
    assert (codes(introductions, "a"), codes(introductions, "b")) == ({b"1"}, {b"2"})


def test_clients_that_mix_may_be_any_of_them(introductions: Introductions) -> None:
    """Until as many computations as clients have come."""
    introductions.add("a", b"1", RELEASE)
    introductions.add("a", b"2", RELEASE)
    assert codes(introductions) == {b"1", b"2"}
    introductions.add("a", b"3", RELEASE)
    assert codes(introductions) == codes(introductions) == {b"1", b"2", b"3"}
    introductions.add("a", b"4", RELEASE)
    assert codes(introductions) == {b"4"}


def test_one_that_sends_nothing_is_forgotten(introductions: Introductions, clock: Clock) -> None:
    introductions.add("a", b"1", RELEASE)
    clock.now += KEPT
    introductions.add("a", b"2", RELEASE)
    assert codes(introductions) == {b"2"}


def test_a_flood_from_one_host_is_bounded(
    introductions: Introductions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then nobody knows, and nobody is refused for that."""
    monkeypatch.setattr("gsched.net.introductions.MOST_WAITING", 10)
    for number in range(11):
        introductions.add("a", b"%d" % number, RELEASE)
    assert codes(introductions) == set()


def test_many_hosts_are_bounded(
    introductions: Introductions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gsched.net.introductions.MOST_SOURCES", 2)
    for host in "abc":
        introductions.add(host, host.encode(), RELEASE)
    assert [codes(introductions, host) for host in "abc"] == [set(), {b"b"}, {b"c"}]
