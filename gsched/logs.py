"""The log: one line is one line, whatever peers put into their texts, and nobody can flood it."""

import logging
import time
from collections.abc import Callable
from typing import TextIO

LONGEST = 4000  # characters of a message
MOST, PERIOD = 2000, 60.0  # lines that begin alike, in so many seconds; a thousand nodes may join
_BEGINNING = 12  # characters
_MOST_KINDS = 1000


class Lines(logging.Formatter):
    """Shows what is no text as Python writes it, so that a message cannot pass for several."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        """The line, without a traceback."""
        record.message = printable(record.message)
        return super().formatMessage(record)


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
        if self._now() - self._since > PERIOD or len(self._counts) > _MOST_KINDS:
            self._since, self._counts = self._now(), {}
        kind = (record.name, record.getMessage()[:_BEGINNING])
        count = self._counts[kind] = self._counts.get(kind, 0) + 1
        if count == MOST:
            record.msg, record.args = f"{record.getMessage()} (and more like this)", ()
        return count <= MOST


def printable(text: str) -> str:
    """The text on one line, cut if it is very long."""
    if len(text) > LONGEST:
        text = f"{text[:LONGEST]} ... ({len(text) - LONGEST} characters more)"
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


def to(stream: TextIO, debug: bool) -> None:
    """Write the log there."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(Lines("%(asctime)s %(levelname)-8s %(name)s: %(message)s"))
    handler.addFilter(Dam())
    logging.basicConfig(level=logging.DEBUG if debug else logging.INFO, handlers=[handler])
