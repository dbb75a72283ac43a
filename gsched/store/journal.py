"""The state that survives a crash: one SQLite file with the present state, not a log of events.

    meta      what there is once: the sign, the first id that is free
    nodes     one row for each node that is known, and so on; `body` is opaque here
    clusters
    parts     what a cluster is made of: its computation, and what its client has added later
    leases    a cluster's place on a node, from before the node is told until it has none
    jobs      jobs that are not over, from before their client is told the uid
    places    which of them were sent to a node, from before they are
    results   jobs that are over, until their client has the answer
    usage     CPU seconds that were used in a name, and when that was noted

A job moves from `jobs` to `results`. What it says of its state is in `places`, apart, so that its
arguments are written once; so are `parts` of a cluster. All is written in batches, each of which
is there wholly or not at all, by one thread of the caller's. Nothing in here waits for anything but
the disk.
"""

import contextlib
import os
import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from gsched.store import seal as seals
from gsched.store.seal import NotOpened, Row, Seal

NAME = "journal.sqlite"
SCHEMA = 3  # raise it with each change that an older gsched does not understand, in bodies too
CHECKPOINT = 4000  # pages of 4 kB, after which the log is brought into the file

_TABLES = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE nodes (address TEXT PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE clusters (id INTEGER PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE leases (cluster INTEGER, address TEXT, body BLOB NOT NULL,
                     PRIMARY KEY (cluster, address)) WITHOUT ROWID;
CREATE TABLE jobs (uid INTEGER PRIMARY KEY, cluster INTEGER NOT NULL, offered REAL NOT NULL,
                   pinned TEXT, hash BLOB NOT NULL, code BLOB, files BLOB, extra BLOB,
                   warning BLOB, args BLOB NOT NULL, kwargs BLOB NOT NULL);
CREATE TABLE places (uid INTEGER PRIMARY KEY, node TEXT NOT NULL, tries INTEGER NOT NULL,
                     started INTEGER NOT NULL, cancelling INTEGER NOT NULL);
CREATE TABLE results (uid INTEGER PRIMARY KEY, cluster INTEGER NOT NULL, offered REAL NOT NULL,
                      hash BLOB NOT NULL, node TEXT, end TEXT NOT NULL, reason BLOB NOT NULL,
                      reply BLOB);
"""

# What makes a file of that schema one of the next.
_CHANGES = {
    1: "",  # what people have ordered of clusters and nodes is kept in their bodies
    2: "",  # what a cluster is made of is kept beside its body
}

# Those of a later gsched, which an older one does not miss.
_ADDED = """
CREATE TABLE IF NOT EXISTS usage (label BLOB PRIMARY KEY, seconds REAL NOT NULL,
                                  noted REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS parts (cluster INTEGER, number INTEGER, body BLOB NOT NULL,
                                  PRIMARY KEY (cluster, number));
"""

# Keys of each table, by which rows are removed.
_KEYS = {
    "nodes": "address = ?",
    "clusters": "id = ?",
    "parts": "cluster = ?",  # all of a cluster
    "leases": "cluster = ? AND address = ?",
    "jobs": "uid = ?",
    "places": "uid = ?",
    "results": "uid = ?",
    "usage": "label = ?",
}

TABLES = tuple(_KEYS)

# Texts that are none, in a damaged file or of a peer, and numbers that are too large end otherwise.
_ERRORS = (sqlite3.Error, ValueError, OverflowError)


class JournalError(Exception):
    """The state cannot be read or written; the text says why.

    `damaged`: it is not what we have written; else the disk, or who may use it, is to blame.
    """

    def __init__(self, text: str, *, damaged: bool = False) -> None:
        super().__init__(text)
        self.damaged = damaged


class Batch:
    """Changes that belong together: for each table and key the row, or None where it has none."""

    def __init__(self) -> None:
        self.tables: dict[str, dict[Row, Row | None]] = {name: {} for name in _KEYS}

    def put(self, table: str, key: Row, *values: Any) -> None:
        """From now on this row is there, in place of any other with that key."""
        self.tables[table][key] = key + values

    def drop(self, table: str, key: Row) -> None:
        """From now on no row with that key is there."""
        self.tables[table][key] = None

    def followed_by(self, later: "Batch") -> "Batch":
        """Both in one: of two words on a row the later one counts."""
        both = Batch()
        for name, changes in both.tables.items():
            changes.update(self.tables[name])
            changes.update(later.tables[name])
        return both

    def __len__(self) -> int:
        return sum(map(len, self.tables.values()))


class Journal:
    """The file. To be used by one thread at a time."""

    def __init__(self, directory: Path, *, power: bool, seal: Seal = seals.PLAIN) -> None:
        self._path = directory / NAME
        self._seal = seal
        self._power = power  # each batch waits for the disk, else for the system only
        self._open()

    def _open(self) -> None:
        """Raises JournalError."""
        try:
            os.close(os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600))
            self._connection = sqlite3.connect(
                self._path, isolation_level=None, check_same_thread=False
            )
            self._prepare()
        except (OSError, *_ERRORS) as error:
            raise self._error(error) from error

    def _prepare(self) -> None:
        execute = self._connection.execute
        execute("PRAGMA journal_mode = WAL")
        execute(f"PRAGMA synchronous = {'FULL' if self._power else 'NORMAL'}")
        execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT}")
        (schema,) = execute("PRAGMA user_version").fetchone()
        if schema > SCHEMA:
            self._connection.close()
            raise JournalError(
                f"{self._path} is of a newer gsched (schema {schema}, here {SCHEMA} is the latest)",
                damaged=True,
            )
        if schema == 0:
            self._connection.executescript(
                f"BEGIN; {_TABLES} PRAGMA user_version = {SCHEMA};"
                f" PRAGMA application_id = {self._seal.mark}; COMMIT;"
            )
        if execute("PRAGMA application_id").fetchone() != (self._seal.mark,):
            self._connection.close()
            text = f"{self._path} is sealed with a key that is not here"
            raise JournalError(text, damaged=True)
        if 0 < schema < SCHEMA:
            changes = "".join(_CHANGES[older] for older in range(schema, SCHEMA))
            self._connection.executescript(
                f"BEGIN; {changes} PRAGMA user_version = {SCHEMA}; COMMIT;"
            )
        self._connection.executescript(_ADDED)

    def meta(self) -> dict[str, str]:
        """What there is once. Raises JournalError."""
        return dict(self._read("SELECT name, value FROM meta"))

    def set_meta(self, values: dict[str, str]) -> None:
        """Raises JournalError."""
        self._in_one(lambda: self._many("REPLACE INTO meta VALUES (?, ?)", values.items()))

    def rows(self, table: str) -> list[Row]:
        """All rows of a table. Raises JournalError.

        Those of jobs have the size of their arguments in place of these, and their place behind.
        """
        if table == "jobs":
            query = (
                "SELECT jobs.uid, cluster, offered, pinned, hash, code, files, extra, warning,"
                " length(args) + length(kwargs), node, tries, started, cancelling"
                " FROM jobs LEFT JOIN places ON jobs.uid = places.uid"
            )
        else:
            query = f"SELECT * FROM {table}"  # nosec B608  # names of ours
        try:
            return [self._seal.opened(table, row) for row in self._read(query)]
        except NotOpened:
            text = f"{self._path}: a row of {table} does not open with the vault's key"
            raise JournalError(text, damaged=True) from None

    def write(self, batches: Iterable[Batch]) -> None:
        """Write all of these, in this order, or none. Raises JournalError."""
        self._in_one(lambda: self._write_all(batches))

    def close(self) -> None:
        """Bring all into the file itself."""
        with contextlib.suppress(sqlite3.Error):  # it is all in the log as well
            self._connection.close()

    # -- within -----------------------------------------------------------------------------------

    def _read(self, query: str) -> list[Row]:
        try:
            return self._connection.execute(query).fetchall()
        except _ERRORS as error:
            raise self._error(error) from error

    def _error(self, error: Exception) -> JournalError:
        """SQLite has a class of its own for what lies in its surroundings, such as a full disk."""
        damaged = not isinstance(error, (OSError, sqlite3.OperationalError))
        text = " ".join(str(error).split())
        return JournalError(f"{self._path}: {text}", damaged=damaged)

    def _in_one(self, work: Any) -> None:
        execute = self._connection.execute
        try:
            execute("BEGIN IMMEDIATE")
            work()
            execute("COMMIT")
        except _ERRORS as error:
            with contextlib.suppress(sqlite3.Error):  # where it was not even begun
                execute("ROLLBACK")
            raise self._error(error) from error

    def _write_all(self, batches: Iterable[Batch]) -> None:
        for batch in batches:
            self._write(batch)

    def _write(self, batch: Batch) -> None:
        for table, changes in batch.tables.items():
            rows = [self._seal.row(table, row) for row in changes.values() if row is not None]
            keys = [key for key, row in changes.items() if row is None]
            if rows:
                marks = ", ".join("?" * len(rows[0]))
                self._many(f"REPLACE INTO {table} VALUES ({marks})", rows)
            if keys:
                remove = f"DELETE FROM {table} WHERE {_KEYS[table]}"  # nosec B608  # constants
                self._many(remove, keys)

    def _many(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        self._connection.executemany(statement, rows)
