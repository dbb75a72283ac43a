"""Arguments of jobs on disk, to be read back by the uid of their job.

The journal holds those of all jobs. Where there is none, a file of its own takes those that memory
has no room for; it has no name, so nothing is left of it however this process ends.
"""

import contextlib
import os
import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path

from gsched.store import seal as seals
from gsched.store.journal import NAME, JournalError
from gsched.store.seal import NotOpened, Pair, Seal

SCRATCH = "arguments.sqlite"
MOST_AT_ONCE = 500  # uids in one question

# Its own journal is in memory: a disk that is full must not damage what is there already.
_SCRATCH = """
PRAGMA journal_mode = MEMORY;
PRAGMA synchronous = OFF;
PRAGMA locking_mode = EXCLUSIVE;
CREATE TABLE jobs (uid INTEGER PRIMARY KEY, cluster INTEGER NOT NULL,
                   args BLOB NOT NULL, kwargs BLOB NOT NULL);
CREATE INDEX by_cluster ON jobs (cluster);
"""

_ERRORS = (sqlite3.Error, ValueError, OverflowError)


class Arguments:
    """Reads from the journal. To be used by one thread at a time; the journal may be written to."""

    def __init__(self, directory: Path, seal: Seal = seals.PLAIN) -> None:
        """Raises JournalError."""
        self._path, self._seal = directory / NAME, seal
        try:
            self._connection = sqlite3.connect(
                self._path, isolation_level=None, check_same_thread=False
            )
            self._connection.execute("PRAGMA query_only = 1")
        except _ERRORS as error:
            raise self._error(error) from error

    def read(self, uids: Sequence[int]) -> dict[int, Pair]:
        """Those that are there, of at most MOST_AT_ONCE. Raises JournalError."""
        marks = ", ".join("?" * len(uids))
        query = f"SELECT uid, args, kwargs FROM jobs WHERE uid IN ({marks})"  # nosec B608  # question marks
        try:
            rows = self._connection.execute(query, uids).fetchall()
        except _ERRORS as error:
            raise self._error(error) from error
        if any(type(one) is not bytes for row in rows for one in row[1:]):
            raise self._damaged("arguments of a job are not what was written")
        try:
            return {uid: self._seal.opened_pair(uid, (args, kw)) for uid, args, kw in rows}
        except NotOpened:
            raise self._damaged("a job does not open with the vault's key") from None

    def close(self) -> None:
        """Let go of the file."""
        with contextlib.suppress(sqlite3.Error):
            self._connection.close()

    def _damaged(self, text: str) -> JournalError:
        return JournalError(f"{self._path}: {text}", damaged=True)

    def _error(self, error: Exception) -> JournalError:
        return JournalError(f"{self._path}: {' '.join(str(error).split())}")


class Scratch(Arguments):
    """Takes what there is no journal for. To be used by one thread at a time."""

    def __init__(self, directory: Path, seal: Seal = seals.PLAIN) -> None:
        self._path, self._seal = directory / SCRATCH, seal
        self._connection = sqlite3.connect(":memory:", check_same_thread=False)
        self._open = False

    def read(self, uids: Sequence[int]) -> dict[int, Pair]:
        """As Arguments.read."""
        return super().read(uids) if self._open else {}

    def write(self, cluster: int, uid: int, pair: Pair) -> None:
        """Keep those of one job. Raises JournalError, and then nothing is kept."""
        self._make()
        row = (uid, cluster, *self._seal.pair(uid, pair))
        self._do("REPLACE INTO jobs VALUES (?, ?, ?, ?)", [row])

    def drop(self, uids: Iterable[object]) -> None:
        """These jobs are over. Raises JournalError."""
        self._make()
        self._do("DELETE FROM jobs WHERE uid = ?", [(uid,) for uid in uids])

    def drop_cluster(self, cluster: int) -> None:
        """All its jobs are over. Raises JournalError."""
        if self._open:
            self._do("DELETE FROM jobs WHERE cluster = ?", [(cluster,)])

    def _make(self) -> None:
        """The file, once there is something to write."""
        if self._open:
            return
        try:
            self._path.unlink(missing_ok=True)
            os.close(os.open(self._path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
            self._connection = sqlite3.connect(
                self._path, isolation_level=None, check_same_thread=False
            )
            self._connection.executescript(_SCRATCH)
            self._path.unlink()
        except (OSError, *_ERRORS) as error:
            raise self._error(error) from error
        self._open = True

    def _do(self, statement: str, rows: list[tuple[object, ...]]) -> None:
        execute = self._connection.execute
        try:
            execute("BEGIN")
            self._connection.executemany(statement, rows)
            execute("COMMIT")
        except _ERRORS as error:
            with contextlib.suppress(sqlite3.Error):  # where it was not even begun
                execute("ROLLBACK")
            raise self._error(error) from error
