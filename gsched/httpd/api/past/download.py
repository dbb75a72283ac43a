"""Jobs that have ended as a table for other programs, sent page by page, never held as a whole."""

import csv
import io
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from typing import Any

from bottle import HTTPError

from gsched.httpd.api.operation import MOST
from gsched.store.lookup import Place

COLUMNS = (
    *("uid", "cluster", "label", "node", "lane", "submitted", "started", "ended", "end"),
    *("tries", "seconds", "sent", "received", "reason"),
)
TIMES = frozenset({"submitted", "started", "ended"})
AT_ONCE = 4  # downloads; each keeps the history's reader busy
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would work out

Row = dict[str, Any]
Pages = Callable[[Place | None, int], tuple[list[Row], Place | None]]


class Downloads:
    """`pages`: those of the history, after that place and with so many rows."""

    def __init__(self) -> None:
        self._under_way = 0

    def lines(self, pages: Pages) -> Iterator[bytes]:
        """The file. Raises HTTPError, before its first line, if there are too many."""
        if self._under_way >= AT_ONCE:
            raise HTTPError(503, "too many downloads at once", **{"Retry-After": "10"})
        self._under_way += 1
        try:
            after: Place | None = None
            while True:
                rows, place = pages(after, MOST)
                yield (_lines([COLUMNS]) if after is None else b"") + _lines(map(_cells, rows))
                if place is None:
                    return
                after = place
        finally:
            self._under_way -= 1


def _lines(rows: Any) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def _cells(row: Row) -> list[Any]:
    return [_time(row[name]) if name in TIMES else _cell(row[name]) for name in COLUMNS]


def _cell(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def _time(seconds: float | None) -> str:
    if seconds is None:
        return ""
    when = datetime.fromtimestamp(seconds, timezone.utc)
    return f"{when:%Y-%m-%dT%H:%M:%S}.{when.microsecond // 1000:03}Z"
