"""What was ordered, by whom, and what came of it, for whoever asks later."""

import contextlib
import os
import sqlite3
from pathlib import Path
from typing import Any, NamedTuple

NAME = "audit.sqlite"
MOST = 10_000  # entries that are kept

_TABLE = """
CREATE TABLE IF NOT EXISTS audit (id INTEGER PRIMARY KEY AUTOINCREMENT, time REAL NOT NULL,
    who TEXT NOT NULL, role TEXT NOT NULL, address TEXT NOT NULL, action TEXT NOT NULL,
    target TEXT NOT NULL, reason TEXT NOT NULL, outcome TEXT NOT NULL)
"""
_SURROGATES = "backslashreplace"  # SQLite takes none


class AuditError(Exception):
    """An entry cannot be written, or read; the text says why."""


class Entry(NamedTuple):
    """One action. `time` in seconds since 1970."""

    time: float
    who: str
    role: str
    address: str
    action: str
    target: str
    reason: str
    outcome: str


class AuditFile:
    """The file. To be used by one thread at a time. All raise AuditError."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / NAME
        self._connection: sqlite3.Connection | None = None

    def add(self, entry: Entry) -> None:
        """From now on it is there; the oldest ones make room."""
        words = [_clean(value) for value in entry]
        try:
            cursor = self._opened().execute(
                "INSERT INTO audit (time, who, role, address, action, target, reason, outcome)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                words,
            )
            oldest = (cursor.lastrowid or 0) - MOST
            self._opened().execute("DELETE FROM audit WHERE id <= ?", (oldest,))
        except (OSError, sqlite3.Error) as error:
            raise AuditError(f"{self._path}: {error}") from error

    def page(self, before: int, limit: int) -> list[tuple[int, Entry]]:
        """The latest entries first, with their ids; only those before that id."""
        try:
            found = self._opened().execute(
                "SELECT * FROM audit WHERE id < ? ORDER BY id DESC LIMIT ?",
                (before, limit),
            )
            return [(row[0], Entry(*row[1:])) for row in found]
        except (OSError, sqlite3.Error) as error:
            raise AuditError(f"{self._path}: {error}") from error

    def close(self) -> None:
        """No more of it."""
        if self._connection is not None:
            with contextlib.suppress(sqlite3.Error):
                self._connection.close()

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            os.close(os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600))
            opened = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
            opened.execute("PRAGMA journal_mode = WAL")
            opened.execute(_TABLE)
            self._connection = opened
        return self._connection


def _clean(value: Any) -> Any:
    return value.encode("utf-8", _SURROGATES).decode() if isinstance(value, str) else value
