"""The log: one line is one line, whatever peers put into their texts, and nobody can flood it."""

import json
import logging
import time
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any, TextIO

from gsched.net.subjects import FIELDS

LONGEST = 4000  # characters of a message
MOST, PERIOD = 2000, 60.0  # lines that begin alike, in so many seconds; a thousand nodes may join
_BEGINNING = 12  # characters
_MOST_KINDS = 1000
_OTHERS = ("", "")


class Lines(logging.Formatter):
    """Shows what is no text as Python writes it, so that a message cannot pass for several."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        """The line, without a traceback."""
        record.message = printable(record.message)
        return super().formatMessage(record)


class Objects(logging.Formatter):
    """Each line a JSON object, which programs read; times are UTC."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, with a traceback inside."""
        when = datetime.fromtimestamp(record.created, timezone.utc)
        line: dict[str, Any] = {
            "time": when.isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": shortened(record.getMessage()),
        }
        line |= {name: vars(record)[name] for name in FIELDS if name in vars(record)}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line)


class Dam(logging.Filter):
    """Lets so many lines through that begin alike; those that tell of bugs in any case."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._now = clock
        self._since = clock()
        self._counts: dict[tuple[str, str], int] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the line is to be written."""
        if record.levelno >= logging.ERROR:
            return True
        if self._now() - self._since > PERIOD:
            self._since, self._counts = self._now(), {}
        kind = (record.name, record.getMessage()[:_BEGINNING])
        if len(self._counts) >= _MOST_KINDS and kind not in self._counts:
            kind = _OTHERS  # some begin with what a client has thought of, such as a name
        count = self._counts[kind] = self._counts.get(kind, 0) + 1
        if count == MOST:
            record.msg, record.args = f"{record.getMessage()} (and more like this)", ()
        return count <= MOST


def printable(text: str) -> str:
    """The text on one line, cut if it is very long."""
    text = shortened(text)
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


def shortened(text: str) -> str:
    """The text, cut if it is very long."""
    if len(text) <= LONGEST:
        return text
    return f"{text[:LONGEST]} ... ({len(text) - LONGEST} characters more)"


FORMATTERS: dict[str, Callable[[], logging.Formatter]] = {
    "text": lambda: Lines("%(asctime)s %(levelname)-8s %(name)s: %(message)s"),
    "json": Objects,
}


def to(stream: TextIO, *, debug: bool, form: str) -> None:
    """Write the log there, in that form (FORMATTERS)."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(FORMATTERS[form]())
    handler.addFilter(Dam())
    logging.basicConfig(handlers=[handler])
    trace(debug)


def trace(debug: bool) -> None:
    """Write debug messages, or do not."""
    logging.getLogger().setLevel(logging.DEBUG if debug else logging.INFO)
