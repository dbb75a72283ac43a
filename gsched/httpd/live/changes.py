"""What has changed from one snapshot to the next, so that it need not be told as a whole.

    {"time": 1700000001.0, "totals": {...},
     "nodes": {"10.0.0.7": {"busy": 3}}, "clusters": {"91ab...": {...}},
     "gone": {"nodes": ["10.0.0.9"], "clusters": []}}

Of nodes and clusters those fields that have changed, all of them for a new one. Of the rest what
has changed as a whole; what is not there is as it was.
"""

from collections.abc import Callable
from typing import Any

from gsched.httpd.live.encoding import SOME

KEYS = {"nodes": "address", "clusters": "id"}  # lists of rows, and what each row is known by
AGES = frozenset({"heard"})  # of rows: grow by themselves, `heard_at` says the same
OWN = frozenset({"uptime", *KEYS})  # uptime grows by itself too

Row = dict[str, Any]
Rows = dict[str, Row]


class Seen:
    """A snapshot, with its rows by what they are known by."""

    def __init__(self, snapshot: Row) -> None:
        self.snapshot = snapshot
        self.rows: dict[str, Rows] = {
            name: {row[key]: row for row in snapshot.get(name, ())} for name, key in KEYS.items()
        }

    @property
    def epoch(self) -> str:
        """Whose state it is: nothing is told as a change from one to another."""
        return str(self.snapshot.get("epoch", ""))


def changes(before: Seen, after: Seen, turn: Callable[[], None] = lambda: None) -> Row:
    """What turns the one into the other. `turn` is called now and then, so that others may run."""
    told: Row = {
        name: value
        for name, value in after.snapshot.items()
        if name not in OWN and before.snapshot.get(name) != value
    }
    gone = {}
    for name in KEYS:
        old, new = before.rows[name], after.rows[name]
        told[name] = _of_rows(old, new, turn)
        gone[name] = [key for key in old if key not in new]
    return told | {"gone": gone}


def _of_rows(before: Rows, after: Rows, turn: Callable[[], None]) -> Rows:
    found = {}
    for number, (key, row) in enumerate(after.items(), 1):
        if not number % SOME:
            turn()
        old = before.get(key)
        if old is None:
            found[key] = row
        elif fields := _fields(old, row):
            found[key] = fields
    return found


def _fields(before: Row, after: Row) -> Row:
    return {
        name: value
        for name, value in after.items()
        if name not in AGES and before.get(name, ...) != value
    }
