"""Events of interest, for people: the latest lines of the log, without those for developers.

What is repeated, but for numbers in it, is one event that is counted.
"""

import logging
import re
from collections import deque
from itertools import islice
from typing import Any

MOST = 10_000  # events
LONGEST = 1000  # characters of a text
COLLAPSE = 10.0  # seconds between repeats that are one event

_DIGITS = re.compile("[0-9]+")
LEVELS = ("info", "warning", "error")
KINDS = ("action", "job", "cluster", "node", "peer", "server")
_PEERS = ("gsched.net", "gsched.httpd")  # loggers

Row = dict[str, Any]


class Happenings(logging.Handler):
    """A handler of the log that keeps what it is given. Its numbers start anew with each run."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self._events: deque[Row] = deque(maxlen=MOST)
        self._seq = 0
        self._kinds: deque[Any] = deque(maxlen=1)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it; the text alone, since a traceback is not for everybody."""
        self.add(_row(record))

    def add(self, row: Row) -> None:
        """Keep it, under the next number."""
        self._seq += 1
        key = _DIGITS.sub("#", row["text"]), row["level"], row["by"]
        last = self._events[-1] if self._events else None
        again = last and self._kinds[0] == key and row["time"] - last["time"] < COLLAPSE
        if last and again and row["kind"] != "action":
            self._events.pop()
            row |= {"first": last["first"], "count": last["count"] + 1, "since": last["since"]}
        else:
            row |= {"first": self._seq, "count": 1, "since": row["time"]}
        self._kinds.append(key)
        self._events.append(row | {"seq": self._seq})

    def after(self, seq: int, limit: int, **wanted: str) -> tuple[list[Row], int | None]:
        """The first events behind that number, and after which one to go on."""
        skipped = (one for one in self._events if one["seq"] > seq and _fits(one, wanted))
        found = list(islice(skipped, limit + 1))
        return found[:limit], found[limit - 1]["seq"] if len(found) > limit else None

    def latest(self, limit: int, **wanted: str) -> list[Row]:
        """The last events, the latest at the end."""
        found = (one for one in reversed(self._events) if _fits(one, wanted))
        return list(islice(found, limit))[::-1]

    @property
    def last(self) -> int:
        """Number of the latest one; 0: there is none."""
        return self._seq

    @property
    def first(self) -> int:
        """Number of the oldest one that is kept; 0: there is none."""
        return int(self._events[0]["seq"]) if self._events else 0


def _fits(row: Row, wanted: dict[str, str]) -> bool:
    level = wanted.get("level")
    if level and LEVELS.index(row["level"]) < LEVELS.index(level):
        return False
    return wanted.get("kind") in (None, row["kind"])


def _row(record: logging.LogRecord) -> Row:
    extra = vars(record)
    job = extra.get("job")
    level = "error" if record.levelno >= logging.ERROR else record.levelname.lower()
    return {
        "time": record.created,
        "level": level if level in LEVELS else "info",
        "kind": _kind(record),
        "text": record.getMessage()[:LONGEST],
        "node": _text(extra.get("node")),
        "cluster": _text(extra.get("cluster")),
        "job": None if job is None else str(job),
        "by": _text(extra.get("by")),
    }


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _kind(record: logging.LogRecord) -> str:
    extra = vars(record)
    if extra.get("by"):
        return "action"
    for kind in ("job", "cluster", "node"):
        if extra.get(kind):
            return kind
    return "peer" if record.name.startswith(_PEERS) else "server"
