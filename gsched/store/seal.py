"""How rows of journal and history are written: as they are. `vault.rows` has another way."""

from typing import Any, Protocol

Row = tuple[Any, ...]
Pair = tuple[bytes, bytes]  # what a job's function is called with: positional, by keyword

ARGS, KWARGS = 9, 10  # columns of the journal's table of jobs


class NotOpened(Exception):
    """What is there was not sealed with this key, or not for this place, or has been changed."""


class Seal(Protocol):
    """Any thread may use it at any time. What opens raises NotOpened.

    `mark` is kept with a file (SQLite's application_id) and tells with which key it is sealed.
    """

    mark: int

    def row(self, table: str, row: Row) -> Row:
        """One of the journal, as it is to be kept."""

    def opened(self, table: str, row: Row) -> Row:
        """What `row` was given."""

    def pair(self, uid: int, pair: Pair) -> Pair:
        """Arguments of that job, as they are to be kept: what `row` has of them."""

    def opened_pair(self, uid: int, pair: Pair) -> Pair:
        """What `pair` was given."""

    def reason(self, uid: int, reason: str) -> str | bytes:
        """Why that job ended, as it is to be kept: it is what the job's function has said."""

    def opened_reason(self, uid: int, reason: str | bytes) -> str:
        """What `reason` was given."""


class Plain:
    """See the module's text."""

    mark = 0

    def row(self, table: str, row: Row) -> Row:
        """See Seal."""
        return row

    opened = row

    def pair(self, uid: int, pair: Pair) -> Pair:
        """See Seal."""
        return pair

    opened_pair = pair

    def reason(self, uid: int, reason: str) -> str | bytes:
        """See Seal."""
        return reason

    def opened_reason(self, uid: int, reason: str | bytes) -> str:
        """See Seal."""
        if isinstance(reason, bytes):
            raise NotOpened
        return reason


PLAIN = Plain()
