"""Files from clients, confined to one directory tree.

    <root>/spool/<random name of the cluster>/<number>

A file is stored under a number; the names that clients give are only looked up, never used as
paths. A file that is sent again with other content gets a new number, so a job that waits goes
to its node with the files that it was submitted with. Beside each file, as `<number>.about`, lies
what its client has said of it: with that a later run of ours finds it again.
"""

import os
import shutil
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import count, islice
from pathlib import Path

from gsched.store.disk import PLAIN, Disk, Reader, write_all
from gsched.store.quota import Quota, Share
from gsched.wire.errors import PeerError
from gsched.wire.pickles import dumps, loads
from gsched.wire.records import XferFile

ABOUT = ".about"
MOST_ALIKE = 1000  # files whose paths end alike that are looked at for a name, the newest ones
_SETTLED = 2.0  # seconds without a change, after which another one shows in a file's time


class SpoolFile:
    """One version of one file. Counts its users: the last one removes it from disk."""

    __slots__ = ("_disk", "_share", "_users", "path", "record", "settled", "size")

    def __init__(
        self,
        path: Path,
        record: XferFile,
        size: int,
        came: float,
        share: Share,
        disk: Disk = PLAIN,
    ) -> None:
        self._share = share
        self._disk = disk
        self.path = path
        self.record = record  # as nodes are told about it
        self.size = size  # bytes
        # Clocks of files are coarse: one that was changed just now may change again unseen.
        self.settled = came - record.stat_buf.mtime > _SETTLED
        self._users = 1

    @property
    def number(self) -> int:
        """Its name on disk."""
        return int(self.path.name)

    def open(self) -> Reader:
        """Its content, from the beginning on. Raises OSError."""
        return self._disk.open(self.path)

    def hold(self) -> "SpoolFile":
        """One more user."""
        self._users += 1
        return self

    def release(self) -> None:
        """One user less."""
        self._users -= 1
        if not self._users:
            _about(self.path).unlink(missing_ok=True)
            self.path.unlink(missing_ok=True)
            self._share.give_back(self.size)


@dataclass
class Spool:
    """The files of one cluster."""

    directory: Path
    share: Share = field(default_factory=Share)
    disk: Disk = PLAIN
    _files: dict[tuple[str, str], SpoolFile] = field(default_factory=dict)
    _named: dict[str, SpoolFile] = field(default_factory=dict)  # the newest one of each name
    _alike: dict[str, dict[tuple[str, str], SpoolFile]] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def find(self, wanted: XferFile) -> SpoolFile | None:
        """The newest version of that file, if it was sent."""
        return self._files.get((wanted.name, wanted.dest_path))

    def find_name(self, name: str) -> SpoolFile | None:
        """The newest file of that name, or else whose path ends with it."""
        if file := self._named.get(name):
            return file
        alike = self._alike.get(_last_part(name), {})
        for (full, _), file in islice(reversed(alike.items()), MOST_ALIKE):
            if full.endswith("/" + name):
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
        """Where the next file is to be written, once there is room."""
        return self.directory / str(next(self._numbers))

    def make_room(self) -> None:
        """Have a directory. Raises OSError."""
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)

    def discard(self, path: Path) -> None:
        """A file was not written to its end."""
        _about(path).unlink(missing_ok=True)
        path.unlink(missing_ok=True)

    def add(self, path: Path, record: XferFile, size: int) -> SpoolFile:
        """A file was written, and `share` told of it; it takes the place of an older version.

        Raises OSError.
        """
        with self.disk.create(_about(path)) as about:
            write_all(about, dumps(record))
            about.finish()
        file = SpoolFile(path, record, size, time.time(), self.share, self.disk)
        older = self._put(file)
        if older is not None:
            older.release()
        return file

    def flush(self, file: SpoolFile) -> None:
        """Have the file, and what is said of it, on the disk itself. Raises OSError."""
        for path in (file.path, _about(file.path), self.directory, self.directory.parent):
            descriptor = os.open(path, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    def found(self) -> dict[int, SpoolFile]:
        """The files that an earlier run has left, by number, the newest of each name in place.

        Whoever has no use for an older version has to `release` it.
        """
        files = {file.number: file for file in _left_in(self)}
        for _, file in sorted(files.items()):
            self._put(file)
        self._numbers = count(max(files, default=0) + 1)
        return files

    def is_newest(self, file: SpoolFile) -> bool:
        """Whether that version is the one that `find` finds."""
        return self.find(file.record) is file

    def _put(self, file: SpoolFile) -> SpoolFile | None:
        """Put it in the place of an older version, which is returned."""
        key = (file.record.name, file.record.dest_path)
        older = self._files.pop(key, None)
        self._files[key] = self._named[key[0]] = file
        alike = self._alike.setdefault(_last_part(key[0]), {})
        alike.pop(key, None)
        alike[key] = file
        return older

    def remove(self) -> None:
        """Remove all files."""
        self._files.clear()
        self._named.clear()
        self._alike.clear()
        self.share.close()
        shutil.rmtree(self.directory, ignore_errors=True)


@dataclass(frozen=True)
class Spools:
    """Those of all clusters."""

    root: Path
    quota: Quota = field(default_factory=Quota)
    disk: Disk = PLAIN

    def at(self, name: str) -> Spool:
        """The one in the directory of that name."""
        return Spool(self.root / name, Share(self.quota), self.disk)


def remove_others(root: Path, kept: Iterable[Path]) -> None:
    """Remove what is under `root` of clusters that are not there any more."""
    wanted = {path.name for path in kept}
    for path in root.iterdir() if root.is_dir() else ():
        if path.name not in wanted:
            shutil.rmtree(path, ignore_errors=True)


def _last_part(name: str) -> str:
    return name.rpartition("/")[2]


def _about(path: Path) -> Path:
    return path.with_name(path.name + ABOUT)


def _left_in(spool: Spool) -> Iterator[SpoolFile]:
    """Those that arrived wholly: what is said of a file is written last."""
    disk, share = spool.disk, spool.share
    for about in spool.directory.glob(f"*{ABOUT}"):
        path = about.with_suffix("")
        if about.is_symlink() or path.is_symlink():
            continue  # somebody has laid it: what it leads to is not the client's
        try:
            with disk.open(about) as said:
                record, size = loads(said.read()), disk.size(path)
        except (OSError, PeerError):
            continue
        if isinstance(record, XferFile) and path.name.isdigit():
            record.check()
            if size != record.stat_buf.size:
                continue
            share.take(size)
            yield SpoolFile(path, record, size, about.stat().st_mtime, share, disk)
