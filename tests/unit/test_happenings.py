"""Events for people: the log's lines, counted where they are repeated."""

import logging
from collections.abc import Iterator

import pytest

from gsched.history import happenings
from gsched.history.happenings import Happenings


@pytest.fixture
def made() -> Iterator[Happenings]:
    handler, log = Happenings(), logging.getLogger("gsched")
    before = log.level
    log.setLevel(logging.DEBUG)
    log.addHandler(handler)
    yield handler
    log.removeHandler(handler)
    log.setLevel(before)


def say(name: str, text: str, level: int = logging.INFO, **extra: object) -> None:
    logging.getLogger(name).log(level, text, extra=extra)


def test_what_they_are_about(made: Happenings) -> None:
    say("gsched.core", "node a joined", node="10.0.0.1")
    say("gsched.core", "opened", cluster="c1")
    say("gsched.core", "lost", logging.ERROR, job=2**60, cluster="c1", node="10.0.0.1")
    say("gsched.audit", "paused it", by="ann", cluster="c1")
    say("gsched.net", "refused", logging.WARNING)
    say("gsched", "stopping")
    say("gsched", "for developers", logging.DEBUG)
    rows = made.latest(100)
    kinds = ["node", "cluster", "job", "action", "peer", "server"]
    assert [row["kind"] for row in rows] == kinds
    assert [row["seq"] for row in rows] == [1, 2, 3, 4, 5, 6]
    assert (rows[2]["job"], rows[2]["level"], rows[3]["by"]) == (str(2**60), "error", "ann")
    assert [row["kind"] for row in made.latest(100, level="warning")] == ["job", "peer"]
    assert [row["seq"] for row in made.latest(100, kind="action")] == [4]


def test_repeats_are_one_event_that_comes_again(made: Happenings) -> None:
    for number in range(5):
        say("gsched.core", f"job {number} waits again")
    say("gsched.core", "something else")
    say("gsched.core", "job 9 waits again")
    rows = made.latest(100)
    assert [(row["seq"], row["first"], row["count"]) for row in rows] == [
        *((5, 1, 5), (6, 6, 1), (7, 7, 1))
    ]
    assert rows[0]["text"] == "job 4 waits again"
    assert [row["seq"] for row in made.after(4, 100)[0]] == [5, 6, 7]


def test_what_is_repeated_much_later_is_an_event_of_its_own(made: Happenings) -> None:
    row = {"text": "x", "level": "info", "by": None, "kind": "server"}
    for time in (0.0, 9.0, 30.0):
        made.add(row | {"time": time})
    assert [(one["count"], one["since"]) for one in made.latest(9)] == [(2, 0.0), (1, 30.0)]


def test_each_action_stands_for_itself(made: Happenings) -> None:
    for number in range(3):
        say("gsched.audit", f"cancelled job {number}", by="ann")
    assert len(made.latest(100)) == 3


def test_pages_and_bounds(made: Happenings, monkeypatch: pytest.MonkeyPatch) -> None:
    for letter in "abcdefghij":
        say("gsched", letter)
    rows, later = made.after(2, 3)
    assert ("".join(row["text"] for row in rows), later) == ("cde", 5)
    assert made.after(7, 3)[1] is None
    assert made.after(10, 3) == ([], None)
    for number in range(happenings.MOST):
        say("gsched", "odd" if number % 2 else "even")
    assert len(made.latest(2 * happenings.MOST)) == happenings.MOST
    assert made.first == 11
    assert made.last == 10 + happenings.MOST


def test_tracebacks_are_not_for_everybody(made: Happenings) -> None:
    try:
        raise ValueError("secret")
    except ValueError:
        logging.getLogger("gsched").exception("it failed")
    [row] = made.latest(9)
    assert row["text"] == "it failed"
    assert "secret" not in str(row)
