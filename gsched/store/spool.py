"""Files from clients, confined to one directory tree.

    <root>/spool/<random name of the cluster>/<number>

A file is stored under a number; the names that clients give are only looked up, never used as
paths. A file that is sent again with other content gets a new number, so a job that waits goes
to its node with the files that it was submitted with.
"""

import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from gsched.wire.records import XferFile

_SETTLED = 2.0  # seconds without a change, after which another one shows in a file's time


class SpoolFile:
    """One version of one file. Counts its users: the last one removes it from disk."""

    __slots__ = ("_users", "path", "record", "settled", "size")

    def __init__(self, path: Path, record: XferFile, size: int) -> None:
        self.path = path
        self.record = record  # as nodes are told about it
        self.size = size  # bytes on disk
        # Clocks of files are coarse: one that was changed just now may change again unseen.
        self.settled = time.time() - record.stat_buf.mtime > _SETTLED
        self._users = 1

    def hold(self) -> "SpoolFile":
        """One more user."""
        self._users += 1
        return self

    def release(self) -> None:
        """One user less."""
        self._users -= 1
        if not self._users:
            self.path.unlink(missing_ok=True)


@dataclass
class Spool:
    """The files of one cluster."""

    directory: Path
    _files: dict[tuple[str, str], SpoolFile] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def find(self, wanted: XferFile) -> SpoolFile | None:
        """The newest version of that file, if it was sent."""
        return self._files.get((wanted.name, wanted.dest_path))

    def find_name(self, name: str) -> SpoolFile | None:
        """The newest file of that name, or whose path ends with it."""
        for (full, _), file in reversed(self._files.items()):
            if full == name or full.endswith("/" + name):
                return file
        return None

    def has_same(self, offered: XferFile) -> bool:
        """Whether that very file is here already: same name, size and time.

        When in doubt it is not: a job must not run with the file of another one.
        """
        here = self.find(offered)
        if here is None or not here.settled or here.size != offered.stat_buf.size:
            return False
        return here.record.stat_buf.mtime == offered.stat_buf.mtime

    def new_path(self) -> Path:
        """Where the next file is to be written."""
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        return self.directory / str(next(self._numbers))

    def add(self, path: Path, record: XferFile, size: int) -> SpoolFile:
        """A file was written; it takes the place of an older version."""
        key = (record.name, record.dest_path)
        older = self._files.pop(key, None)
        if older is not None:
            older.release()
        self._files[key] = SpoolFile(path, record, size)
        return self._files[key]

    def remove(self) -> None:
        """Remove all files."""
        self._files.clear()
        shutil.rmtree(self.directory, ignore_errors=True)
