"""What is asked of the history: pages of jobs, one job, bars of a timeline, figures.

A page costs the same however many jobs there are: filters without an index of their own are tried
on so many rows at the most, and the page may then be short, or empty, and have a next one.
"""

import sqlite3
from dataclasses import dataclass
from typing import Any

from gsched.store.history import (
    ENDS,
    ERRORS,
    FINISHED,
    UNREADABLE,
    History,
    HistoryError,
    Row,
    connect,
)
from gsched.store.seal import NotOpened

LOOKED_AT = 2000  # rows, for one page

_FIELDS = (
    *("uid", "cluster", "name", "client", "node", "lane", "submitted", "started", "ended"),
    *("end", "tries", "seconds", "sent", "received", "reason"),
)
_COLUMNS = (
    "uid, handle, name, client, address, lane, submitted, started, ended,"
    " end, tries, seconds, sent, received, reason"
)
_JOINED = "JOIN clusters ON clusters.id = j.cluster LEFT JOIN nodes ON nodes.id = j.node"

Place = tuple[float, int]  # where a page ends: `ended` and uid of its last job


@dataclass(frozen=True)
class Wanted:
    """Which jobs: None is any. Times of their end, in seconds since 1970."""

    cluster: str | None = None  # handle
    node: str | None = None  # address
    end: str | None = None
    begin: float | None = None
    until: float | None = None


class Lookup:
    """Reads the file, by a connection of its own. To be used by one thread at a time."""

    def __init__(self, history: History) -> None:
        """Raises HistoryError."""
        self._path = history.path
        self._seal = history.seal
        try:
            self._connection = connect(self._path, only_read=True)
        except sqlite3.Error as error:
            raise HistoryError(f"{self._path}: {error}") from error

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def page(
        self, wanted: Wanted, after: Place | None, limit: int
    ) -> tuple[list[dict[str, Any]], Place | None]:
        """Jobs, those first that ended last; where the next page begins. Raises HistoryError."""
        later = _tried_later(wanted)
        most = LOOKED_AT if later else limit + 1
        looked_at = self._read(*_query(wanted, after, most))
        if later:
            node, end = self._node(wanted.node), ENDS.index(wanted.end or ENDS[FINISHED])
            tests = {"node": lambda row: row[2] == node, "end": lambda row: row[3] == end}
            fits = [row[:2] for row in looked_at if all(tests[name](row) for name in later)]
        else:
            fits = looked_at
        found = fits[:limit]
        if len(fits) > limit:
            place: Place | None = found[-1]
        else:
            place = looked_at[-1][:2] if len(looked_at) == most else None
        return self._jobs([uid for _, uid in found]), place

    def job(self, uid: int) -> dict[str, Any] | None:
        """All that is known of it. Raises HistoryError."""
        found = self._jobs([uid]) if uid < 2**63 else []
        return found[0] if found else None

    def oldest(self) -> float | None:
        """When the oldest one ended. Raises HistoryError."""
        [(ended,)] = self._read("SELECT min(ended) FROM jobs", ())
        return ended  # type: ignore[no-any-return]

    def bars(self, begin: float, until: float, node: str | None, limit: int) -> list[Row]:
        """Jobs that were at nodes in that time: of those that ended last, `limit` at the most.

        Each as (uid, node, lane, handle, label, started, ended, end). Raises HistoryError.
        """
        which, values = "", [begin, until]
        if node is not None:
            which = "AND j.node = ?"
            values.append(self._node(node))
        query = (
            "SELECT uid, address, lane, handle, name || ' @ ' || client, started, ended, end"  # nosec B608  # all is ours
            f" FROM jobs j {_JOINED} WHERE ended >= ? AND started <= ? {which}"
            " ORDER BY ended DESC LIMIT ?"
        )
        return self._read(query, (*values, limit))

    def points(self, since: float) -> list[Row]:
        """Figures of all minutes since then. Raises HistoryError."""
        return self._read("SELECT * FROM points WHERE time >= ? ORDER BY time", (since,))

    def shares(self, since: float) -> list[Any]:
        """(time, handle, label, seconds) of clusters in the minutes since then; HistoryError."""
        query = "SELECT time, handle, label, seconds FROM shares WHERE time >= ? ORDER BY time"
        return self._read(query, (since,))

    def sums(self, since: float) -> list[Any]:
        """(handle, label, seconds) of clusters since then. Raises HistoryError."""
        query = (
            "SELECT handle, max(label), sum(seconds) FROM shares WHERE time >= ? GROUP BY handle"
        )
        return self._read(query, (since,))

    # -- within -----------------------------------------------------------------------------------

    def _jobs(self, uids: list[int]) -> list[dict[str, Any]]:
        marks = ", ".join("?" * len(uids))
        query = f"SELECT {_COLUMNS} FROM jobs j {_JOINED} WHERE uid IN ({marks})"  # nosec B608  # marks
        rows = {row[0]: self._job(row) for row in self._read(query, uids)}
        return [rows[uid] for uid in uids if uid in rows]

    def _job(self, row: Row) -> dict[str, Any]:
        job = dict(zip(_FIELDS, row, strict=True))
        try:
            reason = self._seal.opened_reason(job["uid"], job["reason"])
        except NotOpened:
            reason = UNREADABLE
        label = f"{job['name']} @ {job['client']}"
        end = ENDS[job["end"]]
        return job | {"uid": str(job["uid"]), "label": label, "end": end, "reason": reason}

    def _node(self, address: str | None) -> int:
        """Its number; -1 if it is in no row."""
        found = self._read("SELECT id FROM nodes WHERE address = ?", (address,))
        return found[0][0] if found else -1

    def _read(self, query: str, values: Row) -> list[Any]:
        try:
            return self._connection.execute(query, values).fetchall()
        except ERRORS as error:
            raise HistoryError(f"{self._path}: {error}") from error


def _is_failed(wanted: Wanted) -> bool:
    return wanted.end is not None and wanted.end != ENDS[FINISHED]


def _tried_later(wanted: Wanted) -> list[str]:
    """Filters for which there is no index beside that of the first one."""
    failed = _is_failed(wanted)
    node = wanted.node is not None and (wanted.cluster is not None or failed)
    return ["node"] * node + ["end"] * (wanted.end is not None and not failed)


def _query(wanted: Wanted, after: Place | None, limit: int) -> tuple[str, list[Any]]:
    """The rows to look at, by the index that leaves fewest."""
    terms: list[str] = []
    values: list[Any] = []
    later, failed = _tried_later(wanted), _is_failed(wanted)
    if wanted.cluster is not None:
        terms.append("cluster = (SELECT id FROM clusters WHERE handle = ?)")
        values.append(wanted.cluster)
    if wanted.node is not None and "node" not in later:
        terms.append("node = (SELECT id FROM nodes WHERE address = ?)")
        values.append(wanted.node)
    if failed:
        terms.append("end != 0 AND end = ?")
        values.append(ENDS.index(str(wanted.end)))
    for term, value in (("ended >= ?", wanted.begin), ("ended <= ?", wanted.until)):
        if value is not None:
            terms.append(term)
            values.append(value)
    if after is not None:
        terms.append("(ended, uid) < (?, ?)")
        values += after
    where = f"WHERE {' AND '.join(terms)}" if terms else ""
    order = f"ORDER BY ended DESC, uid DESC LIMIT {limit}"
    columns = "ended, uid, node, end" if later else "ended, uid"
    return f"SELECT {columns} FROM jobs {where} {order}", values  # nosec B608  # ours
