"""Puts another key on all that is kept, or one on what was in clear, or takes it off.

It may be killed at any moment: each file of SQLite changes in one transaction, and bears a mark of
its key; each file of a client is replaced as a whole, and says itself which key it has. So whoever
goes on finds out what is left to do.

Of what was there before nothing stays in the folder: pages that are free are cleared, the rest is
packed, the log is emptied. SQLite gets nothing that is not sealed, so its temporary files hold
nothing else either. What the disk itself keeps of files that are gone, nobody here can tell.
"""

import logging
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from gsched.store import history, journal, seal
from gsched.store.disk import PLAIN, Disk, Writer, write_all
from gsched.store.seal import NotOpened, Seal
from gsched.store.spool import ABOUT
from gsched.store.vault.files import Damaged, SealedDisk
from gsched.store.vault.keyfile import VaultError, flush
from gsched.store.vault.rows import RowSeal
from gsched.store.vault.sealing import Key

log = logging.getLogger("gsched.vault")

SPOOLS = "spool"
_NEW = ".new"
_PART = 1 << 20  # bytes

_SCHEMAS = {journal.NAME: journal.SCHEMA, history.NAME: history.SCHEMA}
_Change = Callable[[sqlite3.Connection, sqlite3.Connection], None]  # from the first to the second


class Changing:
    """From one key to another; None is none. All raise VaultError and OSError."""

    def __init__(self, directory: Path, before: bytes | None, now: bytes | None) -> None:
        self._directory = directory
        self._spools = directory / SPOOLS
        self._before, self._now = (seal_of(one) for one in (before, now))
        self._old_files, self._new_files = (_files_of(one, self._spools) for one in (before, now))

    def check(self) -> None:
        """See that all that is in the journal opens: otherwise nothing is to be begun."""
        with self._opened(journal.NAME) as file:
            if file is not None and self._is_of_before(file, journal.NAME):
                for table, row in _rows(file):
                    self._before.opened(table, row)

    def run(self) -> None:
        """Do what is not done yet."""
        self._change(journal.NAME, self._change_rows)
        self._change(history.NAME, self._change_reasons)
        for folder in self._spools.iterdir() if self._spools.is_dir() else ():
            self._change_folder(folder)

    # -- SQLite -----------------------------------------------------------------------------------

    def _change(self, name: str, change: _Change) -> None:
        with self._opened(name) as source, self._opened(name) as target:
            if source is None or target is None:
                return
            if self._is_of_before(target, name):
                target.execute("BEGIN IMMEDIATE")
                change(source, target)
                target.execute(f"PRAGMA application_id = {self._now.mark}")
                target.execute("COMMIT")
            source.close()
            target.execute("VACUUM")
            target.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _is_of_before(self, file: sqlite3.Connection, name: str) -> bool:
        (mark,) = file.execute("PRAGMA application_id").fetchone()
        if mark not in (self._before.mark, self._now.mark):
            raise VaultError(f"{self._directory / name} is sealed with a key that is not here")
        return bool(mark == self._before.mark)

    def _change_rows(self, source: sqlite3.Connection, target: sqlite3.Connection) -> None:
        for table, row in _rows(source):
            row = self._now.row(table, self._before.opened(table, row))
            target.execute(f"REPLACE INTO {table} VALUES ({', '.join('?' * len(row))})", row)

    def _change_reasons(self, source: sqlite3.Connection, target: sqlite3.Connection) -> None:
        for uid, reason in source.execute("SELECT uid, reason FROM jobs WHERE reason != ''"):
            try:
                text = self._before.opened_reason(uid, reason)
            except NotOpened:
                text = history.UNREADABLE
            changed = (self._now.reason(uid, text), uid)
            target.execute("UPDATE jobs SET reason = ? WHERE uid = ?", changed)

    @contextmanager
    def _opened(self, name: str) -> Iterator[sqlite3.Connection | None]:
        """A connection, if there is that file. What goes wrong with it is a VaultError."""
        path = self._directory / name
        if not path.exists():
            yield None
            return
        try:
            with closing(sqlite3.connect(path, isolation_level=None)) as connection:
                _prepare(connection, path, _SCHEMAS[name])
                yield connection
        except NotOpened:
            raise VaultError(f"{path} holds what does not open with the vault's key") from None
        except (sqlite3.Error, ValueError, LookupError, TypeError) as error:
            raise VaultError(f"{path}: {' '.join(str(error).split())}") from error

    # -- files ------------------------------------------------------------------------------------

    def _change_folder(self, folder: Path) -> None:
        """Files of one cluster. Those that did not arrive wholly are of no use to anybody."""
        names = {path.name for path in folder.iterdir() if not path.is_symlink()}
        for path in sorted(folder.iterdir()):
            number = path.name.removesuffix(ABOUT)
            if number.isdigit() and {number, number + ABOUT} <= names:
                self._change_file(path)
            else:
                path.unlink(missing_ok=True)
        flush(folder)

    def _change_file(self, path: Path) -> None:
        if self._is_changed(path):
            return
        draft = path.with_name(path.name + _NEW)
        try:
            with self._old_files.open(path) as source, self._draft(draft, path) as target:
                while data := source.read(_PART):
                    write_all(target, data)
                target.finish()
        except Damaged as error:  # jobs that need it are told that it is not there
            log.warning("a file is lost: %s", error)
            draft.unlink(missing_ok=True)
            path.unlink()
            return
        shutil.copystat(path, draft)
        flush(draft)
        os.replace(draft, path)

    def _is_changed(self, path: Path) -> bool:
        if isinstance(self._new_files, SealedDisk):
            return self._new_files.has(path)
        return not (isinstance(self._old_files, SealedDisk) and self._old_files.has(path))

    def _draft(self, draft: Path, path: Path) -> Writer:
        file = PLAIN.create(draft)
        if isinstance(self._new_files, SealedDisk):
            return self._new_files.writer(file, path)
        return file


def seal_of(key: bytes | None) -> Seal:
    """How rows are written with that key, or without."""
    return seal.PLAIN if key is None else RowSeal(Key(key))


def _files_of(key: bytes | None, spools: Path) -> Disk:
    return PLAIN if key is None else SealedDisk(Key(key), spools)


def _prepare(connection: sqlite3.Connection, path: Path, latest: int) -> None:
    connection.execute("PRAGMA journal_mode = WAL")  # so one may be read while it is written to
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA secure_delete = ON")
    (schema,) = connection.execute("PRAGMA user_version").fetchone()
    if schema > latest:
        raise VaultError(f"{path} is of a newer gsched")


def _rows(connection: sqlite3.Connection) -> Iterator[tuple[str, seal.Row]]:
    """All of the journal, one after the other."""
    for table in journal.TABLES:
        for row in connection.execute(f"SELECT * FROM {table}"):  # nosec B608  # a constant
            yield table, row
