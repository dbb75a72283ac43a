"""Jobs that are over, and how busy the scheduler was: one SQLite file beside the journal.

    clusters  those of the jobs that are kept, by a number of their own
    nodes     the same
    jobs      one row for each job that has ended; the oldest go when there are too many
    points    figures of each minute (gsched/history/series.py)
    shares    CPU seconds that clusters have used in each minute

It is no promise, as the journal is: what a crash takes of the last second is gone. Written in
batches by one thread, read by another one.
"""

import os
import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from gsched.core.model.job import End
from gsched.store.seal import PLAIN, Seal

NAME = "history.sqlite"
SCHEMA = 1  # raise it with each change of the tables that an older gsched cannot read
FIGURES = 7 * 24 * 3600  # seconds that figures are kept
CHUNK = 20_000  # rows that are removed at once, at the most: nobody waits long for the file
MOST_NUMBERS = 10_000  # of clusters and nodes that are held in memory

UNREADABLE = "it is not known any more: what was kept of it does not open with the vault's key"

ENDS = tuple(end.value for end in End)  # a job's end is kept as its place in here
FINISHED = ENDS.index(End.FINISHED.value)

_TABLES = """
CREATE TABLE clusters (id INTEGER PRIMARY KEY, handle TEXT NOT NULL UNIQUE, name TEXT NOT NULL,
                       client TEXT NOT NULL);
CREATE TABLE nodes (id INTEGER PRIMARY KEY, address TEXT NOT NULL UNIQUE);
CREATE TABLE jobs (uid INTEGER PRIMARY KEY, cluster INTEGER NOT NULL, node INTEGER, lane INTEGER,
                   submitted REAL NOT NULL, started REAL, ended REAL NOT NULL,
                   end INTEGER NOT NULL, tries INTEGER NOT NULL, seconds REAL,
                   sent INTEGER NOT NULL, received INTEGER NOT NULL, reason TEXT NOT NULL);
CREATE INDEX by_time ON jobs (ended, started);
CREATE INDEX by_cluster ON jobs (cluster, ended);
CREATE INDEX by_node ON jobs (node, ended);
CREATE INDEX failed ON jobs (end, ended) WHERE end != 0;
CREATE INDEX failed_of ON jobs (cluster, end, ended) WHERE end != 0;
CREATE TABLE points (time INTEGER PRIMARY KEY, waiting REAL, running REAL, finished REAL,
                     failed REAL, cancelled REAL, busy REAL, cpus REAL, nodes REAL);
CREATE TABLE shares (time INTEGER, handle TEXT, label TEXT NOT NULL, seconds REAL NOT NULL,
                     PRIMARY KEY (time, handle)) WITHOUT ROWID;
"""
assert FINISHED == 0  # as two of the indices say

_ADD = "INSERT OR IGNORE INTO jobs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_REMOVE_UNUSED = (
    "DELETE FROM clusters WHERE NOT EXISTS (SELECT 1 FROM jobs WHERE jobs.cluster = clusters.id)"
)
_OLDEST = "SELECT uid FROM jobs ORDER BY ended LIMIT ?"
ERRORS = (sqlite3.Error, ValueError, OverflowError)

Row = Sequence[Any]


class Ended(NamedTuple):
    """One job that is over, as it is written. Times in seconds since 1970."""

    uid: int
    cluster: tuple[str, str, str]  # its handle, name and client
    node: str | None  # address of the one where it was last
    lane: int | None  # which of the node's CPUs it had, from 0
    submitted: float
    started: float | None  # None: it was not at a node when it ended
    ended: float
    end: str
    tries: int
    seconds: float | None  # of running, as the node has said
    sent: int  # bytes of its arguments
    received: int  # bytes of its result
    reason: str


class HistoryError(Exception):
    """The history cannot be read or written; the text says why.

    `damaged`: it is not what we have written; else the disk, or who may use it, is to blame.
    """

    def __init__(self, text: str, *, damaged: bool = False) -> None:
        super().__init__(text)
        self.damaged = damaged


class History:
    """The file, to be written by one thread at a time. Raises HistoryError."""

    def __init__(self, directory: Path, most: int, seal: Seal = PLAIN) -> None:
        self._path = directory / NAME
        self.seal = seal
        self._most = most  # jobs
        self.count = 0  # of jobs that are kept; not known before the first `write`
        self.tidy = False  # whether it is
        self._clusters: dict[str, int] = {}
        self._nodes: dict[str, int] = {}
        try:
            self._connection = connect(self._path)
            self._prepare()
        except (OSError, *ERRORS) as error:
            raise _error(self._path, error) from error

    @property
    def path(self) -> Path:
        """Where it is."""
        return self._path

    def _prepare(self) -> None:
        execute = self._connection.execute
        execute("PRAGMA journal_mode = WAL")
        execute("PRAGMA synchronous = NORMAL")
        (schema,) = execute("PRAGMA user_version").fetchone()
        if schema > SCHEMA:
            self._connection.close()
            raise HistoryError(
                f"{self._path} is of a newer gsched (schema {schema}, here {SCHEMA} is the latest)",
                damaged=True,
            )
        if schema == 0:
            self._connection.executescript(
                f"BEGIN; {_TABLES} PRAGMA user_version = {SCHEMA};"
                f" PRAGMA application_id = {self.seal.mark}; COMMIT;"
            )
        if execute("PRAGMA application_id").fetchone() != (self.seal.mark,):
            self._connection.close()
            text = f"{self._path} is sealed with a key that is not here"
            raise HistoryError(text, damaged=True)

    def write(self, jobs: Sequence[Ended], points: Sequence[Row], shares: Sequence[Row]) -> None:
        """Add all of these or none, and remove what is too old. Raises HistoryError."""
        try:
            self._tidy()
            self._write(jobs, points, shares)
        except ERRORS as error:
            raise _error(self._path, error) from error

    def close(self) -> None:
        """Bring all into the file itself."""
        self._connection.close()

    # -- within -----------------------------------------------------------------------------------

    def _tidy(self) -> None:
        """See, once, what an earlier run has left: where that is much, it takes a while."""
        if not self.tidy:
            self._connection.execute(_REMOVE_UNUSED)
            (self.count,) = self._connection.execute("SELECT count(*) FROM jobs").fetchone()
            self.tidy = True

    def _write(self, jobs: Sequence[Ended], points: Sequence[Row], shares: Sequence[Row]) -> None:
        execute, count = self._connection.execute, self.count
        try:
            execute("BEGIN IMMEDIATE")
            self._add(jobs)
            self._trim()
            if points:
                self._many("REPLACE INTO points VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", points)
                self._many("REPLACE INTO shares VALUES (?, ?, ?, ?)", shares)
                self._forget(points[-1][0] - FIGURES)
            execute("COMMIT")
        except ERRORS:
            self._undo(count)
            raise

    def _add(self, jobs: Sequence[Ended]) -> None:
        if len(self._clusters) + len(self._nodes) > MOST_NUMBERS:
            self._clusters, self._nodes = {}, {}
        rows = [self._row(job) for job in jobs]
        self.count += self._connection.executemany(_ADD, rows).rowcount if rows else 0

    def _row(self, job: Ended) -> Row:
        uid, cluster, node, lane, submitted, started, ended, end, *rest, reason = job
        return (
            *(uid, self._cluster(cluster), self._node(node), lane),
            *(submitted, started, ended, ENDS.index(end), *rest),
            self.seal.reason(uid, _plain(reason)),
        )

    def _cluster(self, cluster: tuple[str, str, str]) -> int:
        number = self._clusters.get(cluster[0])
        if number is None:
            add = "INSERT OR IGNORE INTO clusters (handle, name, client) VALUES (?, ?, ?)"
            self._connection.execute(add, [_plain(text) for text in cluster])
            find = "SELECT id FROM clusters WHERE handle = ?"
            (number,) = self._connection.execute(find, cluster[:1]).fetchone()
            self._clusters[cluster[0]] = number
        return number

    def _node(self, address: str | None) -> int | None:
        if address is None:
            return None
        number = self._nodes.get(address)
        if number is None:
            self._connection.execute("INSERT OR IGNORE INTO nodes (address) VALUES (?)", (address,))
            find = "SELECT id FROM nodes WHERE address = ?"
            (number,) = self._connection.execute(find, (address,)).fetchone()
            self._nodes[address] = number
        return number

    def _trim(self) -> None:
        surplus = min(self.count - self._most, CHUNK)
        if surplus > 0:
            remove = f"DELETE FROM jobs WHERE uid IN ({_OLDEST})"  # nosec B608  # a constant
            self.count -= self._connection.execute(remove, (surplus,)).rowcount

    def _forget(self, before: float) -> None:
        for table in ("points", "shares"):
            remove = f"DELETE FROM {table} WHERE time < ?"  # nosec B608  # constants
            self._connection.execute(remove, (before,))

    def _many(self, statement: str, rows: Iterable[Row]) -> None:
        self._connection.executemany(statement, rows)

    def _undo(self, count: int) -> None:
        """Nothing of a batch that failed is there, nor in what we know of the file."""
        self.count, self._clusters, self._nodes = count, {}, {}
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")


def connect(path: Path, *, only_read: bool = False) -> sqlite3.Connection:
    """A connection to the file, for any thread, but for one at a time. Raises OSError too."""
    if only_read:
        uri = f"{path.absolute().as_uri()}?mode=ro"
        return sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    return sqlite3.connect(path, isolation_level=None, check_same_thread=False)


def _error(path: Path, error: Exception) -> HistoryError:
    """SQLite has a class of its own for what lies in its surroundings, such as a full disk."""
    if isinstance(error, HistoryError):
        return error
    damaged = not isinstance(error, (OSError, sqlite3.OperationalError))
    return HistoryError(f"{path}: {' '.join(str(error).split())}", damaged=damaged)


def _plain(text: str) -> str:
    """Peers choose names and reasons; SQLite takes no surrogates."""
    return text.encode("utf-8", "backslashreplace").decode()
