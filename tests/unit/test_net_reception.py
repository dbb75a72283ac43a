"""Who is served, who is turned away, and what people see of it."""

import logging

import pytest

from gsched.net.reception import KEPT, MOST_MET, MOST_REFUSED, Reception
from gsched.wire.errors import PeerError
from gsched.wire.releases import Dialect, Unserved


class Clock:
    """A time that stands still."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def reception(clock: Clock) -> Reception:
    return Reception(clock)


def comes(reception: Reception, version: str, role: str = "client", at: str = "10.0.0.1") -> bool:
    """Whether that peer is served."""
    with reception.watch(role, at):
        reception.admit(role, at, version)
        return True
    return False


def test_one_line_and_one_row(
    reception: Reception, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    assert comes(reception, "4.15.2")
    assert reception.refused() == []
    assert not comes(reception, "4.7.5")
    clock.now += 5.0
    assert not comes(reception, "4.7.5")
    reason = "dispy 4.7.5 is too old, 4.8 is the oldest that is served"
    assert reception.refused() == [
        {
            "address": "10.0.0.1",
            "role": "client",
            "version": "4.7.5",
            "reason": reason,
            "time": 1005.0,
        }
    ]
    assert caplog.messages == [f"client 10.0.0.1 is refused: {reason}"]
    assert caplog.records[0].levelno == logging.WARNING


def test_each_peer_and_version_has_its_own_row(reception: Reception) -> None:
    comes(reception, "4.7.5")
    comes(reception, "4.16.0")
    comes(reception, "4.7.5", "node")
    comes(reception, "4.7.5", at="10.0.0.2")
    comes(reception, "what?\n")
    rows = [(row["role"], row["address"], row["version"]) for row in reception.refused()]
    assert rows == [
        ("client", "10.0.0.1", "4.7.5"),
        ("client", "10.0.0.1", "4.16.0"),
        ("node", "10.0.0.1", "4.7.5"),
        ("client", "10.0.0.2", "4.7.5"),
        ("client", "10.0.0.1", "what??"),
    ]


def test_rows_come_to_an_end(reception: Reception, clock: Clock) -> None:
    for number in range(MOST_REFUSED + 10):
        comes(reception, f"3.{number}")
    rows = reception.refused()
    assert (len(rows), rows[0]["version"]) == (MOST_REFUSED, "3.10")
    clock.now += KEPT
    assert reception.refused() == []


def test_a_node_that_was_upgraded_is_forgiven(reception: Reception) -> None:
    comes(reception, "4.7.5", "node")
    comes(reception, "4.7.5", "client")
    comes(reception, "4.15.2", "node", at="10.0.0.2")
    assert len(reception.refused()) == 2
    comes(reception, "4.15.2", "node")
    assert [row["role"] for row in reception.refused()] == ["client"]


def test_a_peer_whose_version_is_not_known(reception: Reception) -> None:
    with reception.watch("node", "10.0.0.7"):
        raise Unserved("Python 2 is not served")
    (row,) = reception.refused()
    assert (row["role"], row["address"], row["version"]) == ("node", "10.0.0.7", "")


def test_other_faults_are_not_swallowed(reception: Reception) -> None:
    with pytest.raises(PeerError, match="broken"), reception.watch("node", "10.0.0.7"):
        raise PeerError("broken")
    assert reception.refused() == []


def test_versions_that_were_met(reception: Reception) -> None:
    for version in ("4.10.6", "4.15.2", "4.7.5", "4.10.6"):
        comes(reception, version)
    assert reception.met == ("4.10.6", "4.15.2")
    for number in range(20):
        comes(reception, f"4.15.{number}")
    assert len(reception.met) == MOST_MET
    assert reception.met[0] == "4.15.19"


def test_the_release_of_a_client(reception: Reception) -> None:
    """Two programs on a host: which of them it is shows in how it speaks."""
    comes(reception, "4.10.6")
    comes(reception, "4.15.2")
    comes(reception, "4.9.1", at="10.0.0.2")
    comes(reception, "4.14.0", "node")
    assert reception.release_of("10.0.0.1", Dialect.OLD) == "4.10.6"
    assert reception.release_of("10.0.0.1", Dialect.NEW) == "4.15.2"
    assert reception.release_of("10.0.0.2", Dialect.NEW) == ""
