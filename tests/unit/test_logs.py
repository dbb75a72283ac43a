"""Peers' words in the log: on one line, and not too many of them."""

import io
import json
import logging

import pytest

from gsched import logs
from gsched.core.model.node import Node
from gsched.logs import LONGEST, MOST, PERIOD, Dam, Lines, Objects, printable
from gsched.net.subjects import about
from gsched.net.transport import listeners
from gsched.net.transport.listeners import EACH, MOST_LINES, Complaints

SHOWN = "%(levelname)s %(message)s"


class Clock:
    """A time that the test sets."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def lines(*messages: str, clock: Clock | None = None, level: int = logging.INFO) -> list[str]:
    """What is written of these."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(Lines(SHOWN))
    handler.addFilter(Dam(clock or Clock()))
    for message in messages:
        record = logging.LogRecord("gsched", level, "", 0, "%s", (message,), None)
        if handler.filter(record):
            handler.emit(record)
    return stream.getvalue().splitlines()


def test_a_message_is_one_line() -> None:
    """Nobody else's, and nothing for the terminal."""
    evil = "ends\nCRITICAL of my own\r\x1b[2J\x00\u2028\ud800é"
    assert lines(evil) == [
        "INFO ends\\nCRITICAL of my own\\r\\x1b[2J\\x00\\u2028\\ud800é",
    ]


def test_long_messages_are_cut() -> None:
    assert len(printable("x" * 10 * LONGEST)) < LONGEST + 50
    assert printable("x" * LONGEST) == "x" * LONGEST


def test_tracebacks_keep_their_lines() -> None:
    try:
        raise ValueError("of ours")
    except ValueError as error:
        info = (ValueError, error, error.__traceback__)
    record = logging.LogRecord("gsched", logging.CRITICAL, "", 0, "bug", (), info)
    text = Lines(SHOWN).format(record).splitlines()
    assert text[0] == "CRITICAL bug" and text[-1] == "ValueError: of ours" and len(text) > 3


def test_objects_hold_what_programs_look_for() -> None:
    """Whatever the text is, one line; what it is about, and a traceback, are fields."""
    text = 'ends\n{"level": "CRITICAL"}\r\u2028\ud800é'
    try:
        raise ValueError("of ours")
    except ValueError as error:
        info = (ValueError, error, error.__traceback__)
    record = logging.LogRecord("gsched.nodes", logging.ERROR, "", 0, "%s", (text,), info)
    record.created = 1700000000.25
    vars(record).update(about(Node(1, "192.0.2.1")), job=7)
    [line] = Objects().format(record).splitlines()
    found = json.loads(line)
    assert found.pop("exception").splitlines()[-1] == "ValueError: of ours"
    assert found == {
        "time": "2023-11-14T22:13:20.250+00:00",
        "level": "ERROR",
        "logger": "gsched.nodes",
        "message": text,
        "job": 7,
        "node": "192.0.2.1",
    }


def test_objects_are_cut() -> None:
    record = logging.LogRecord("gsched", logging.INFO, "", 0, "x" * 10 * LONGEST, (), None)
    assert len(Objects().format(record)) < LONGEST + 200


def test_lines_that_begin_alike_are_counted() -> None:
    """The last one that is written says so. Bugs of ours are written always."""
    many = [f"reply for job {number}, which is not known" for number in range(MOST + 500)]
    found = lines(*many, "something else")
    assert len(found) == MOST + 1
    assert found[-2].endswith("(and more like this)") and found[-1] == "INFO something else"
    assert len(lines(*many, level=logging.ERROR)) == len(many)


def test_lines_that_all_begin_differently_are_counted_together() -> None:
    """Whoever thinks of names does not get a beginning of his own for each."""
    found = lines(*(f"{number} is the name of a cluster" for number in range(10 * MOST)))
    assert len(found) == logs._MOST_KINDS + MOST


def test_the_dam_opens_again() -> None:
    clock = Clock()
    dam = Dam(clock)

    def passes() -> bool:
        return dam.filter(logging.LogRecord("gsched", logging.INFO, "", 0, "again", (), None))

    assert sum(passes() for _ in range(2 * MOST)) == MOST
    clock.now += PERIOD + 1
    assert passes()


def test_complaints_are_said_once(caplog: pytest.LogCaptureFixture) -> None:
    complaints = Complaints(Clock())
    for _ in range(3):
        for peer in ("192.0.2.1", "192.0.2.2"):
            complaints.log(peer, "a reason")
    assert len(caplog.records) == 2


def test_complaints_are_cut(caplog: pytest.LogCaptureFixture) -> None:
    """They are remembered."""
    complaints = Complaints(Clock())
    complaints.log("192.0.2.1", "x" * 10_000)
    assert caplog.messages == [f"192.0.2.1: {'x' * 300}"]
    assert complaints._said == {"192.0.2.1": {"x" * 300}}


def test_complaints_of_one_peer_are_bounded(caplog: pytest.LogCaptureFixture) -> None:
    """Whatever it thinks of; others still have theirs."""
    clock = Clock()
    complaints = Complaints(clock)
    for number in range(1000):
        complaints.log("203.0.113.9", f"message of {number} bytes announced")
    most = MOST_LINES // EACH
    assert len(caplog.records) == most + 1
    assert (complaints.lines, complaints.left_out) == (most + 1, 1000 - most - 1)
    complaints.log("192.0.2.1", "a reason")
    assert caplog.messages[-2:] == [
        "203.0.113.9: more complaints, which are not shown for some time",
        "192.0.2.1: a reason",
    ]
    clock.now += listeners.PERIOD + 1
    complaints.log("203.0.113.9", "again")
    assert caplog.messages[-1] == "203.0.113.9: again"


def test_complaints_of_many_peers_are_bounded(caplog: pytest.LogCaptureFixture) -> None:
    """UDP bears any address."""
    clock = Clock()
    complaints = Complaints(clock)
    for number in range(50_000):
        complaints.log(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}", "x" * 10_000)
    assert len(caplog.records) == MOST_LINES + 1
    assert (complaints.lines, complaints.left_out) == (MOST_LINES, 50_000 - MOST_LINES - 1)
    assert len(complaints._said) <= listeners._MAX_PEERS + 1
    clock.now += listeners.PERIOD + 1
    complaints.log("192.0.2.1", "a reason")
    assert caplog.messages[-1] == "192.0.2.1: a reason"
    assert complaints.lines == 1


@pytest.mark.proves("--max_log_lines")
@pytest.mark.parametrize(("most", "each"), [(1, 1), (50, 2)])
def test_complaints_are_as_many_as_was_asked_for(
    most: int, each: int, caplog: pytest.LogCaptureFixture
) -> None:
    complaints = Complaints(Clock(), most)
    for number in range(10 * most):
        complaints.log("192.0.2.1", f"reason {number}")
    assert len(caplog.records) == each + 1
    for number in range(10 * most):
        complaints.log(f"10.0.0.{number}", "a reason")
    assert len(caplog.records) == most + 1
