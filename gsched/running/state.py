"""The directory of one scheduler: nobody else uses it, and what is kept there outlives a crash."""

import fcntl
import logging
import shutil
import time
from pathlib import Path
from typing import TextIO

from gsched.core.restoring import Saved
from gsched.core.scheduler import Scheduler
from gsched.net.keeping.keeper import Forgetful, Keeper
from gsched.net.keeping.revival import revive
from gsched.net.transport.mistakes import Mistake
from gsched.options.settings import Settings
from gsched.store.history import NAME as HISTORY
from gsched.store.history import History, HistoryError
from gsched.store.journal import NAME, Journal, JournalError
from gsched.store.quota import Quota
from gsched.wire import secrets

log = logging.getLogger("gsched.journal")

OFF, POWER = "off", "power"
RESERVED_IDS = 10**12  # more than one run can use
_LOCK = "lock"
_OTHERS = 0o077  # rights of group and all others
_SIGN, _IDS = "sign", "ids"
_MEND = "restore it from a backup, or start with --clean, which forgets all jobs"
_SEE_TO_DISK = "see to the disk and who may use it; nothing is lost yet"


class State:
    """See the module's text. Raises Mistake."""

    def __init__(self, settings: Settings) -> None:
        self._directory = settings.dest_path_prefix
        self.spools = self._directory / "spool"
        self._lock = self._take()
        self.quota = Quota(
            self.spools,
            settings.max_cluster_size,
            settings.max_spool_size,
            settings.min_free_disk,
            settings.durability == POWER,
        )
        self.durable = settings.durability != OFF
        if settings.clean:
            self._clean()
        self.sign, self.first_id = secrets.new_sign(), _first_id()
        self.history = self._open_history(settings.history)
        self._journal: Journal | None = None
        if self.durable:
            self._open(power=settings.durability == POWER)
        elif (self._directory / NAME).exists():
            log.warning("--durability off: jobs of an earlier run in %s wait on", self._directory)
        else:  # files of a run that was as forgetful, and was killed
            shutil.rmtree(self.spools, ignore_errors=True)

    def keeper(self, scheduler: Scheduler) -> Keeper | Forgetful:
        """Keeps what changes from now on."""
        return Keeper(scheduler, self._journal) if self._journal else Forgetful()

    def saved(self) -> Saved:
        """What an earlier run has left. Raises Mistake."""
        if self._journal is None:
            return Saved()
        try:
            return revive(self._journal, self.spools, self.quota)
        except JournalError as error:
            raise self._mistake(error) from error

    def close(self) -> None:
        """Let others have the directory."""
        self._lock.close()

    def _take(self) -> TextIO:
        """See that no other server uses it."""
        directory = self._directory
        try:
            directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            _make_private(directory)
            lock = (directory / _LOCK).open("w")
        except OSError as error:
            raise Mistake(f"--dest_path_prefix {directory}: {error.strerror}") from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            raise Mistake(
                f"--dest_path_prefix {directory}: another gsched uses it; give each its own"
            ) from None
        return lock

    def _clean(self) -> None:
        shutil.rmtree(self.spools, ignore_errors=True)
        for name in (NAME, HISTORY):
            for path in self._directory.glob(f"{name}*"):
                path.unlink()

    def _open_history(self, most: int) -> History | None:
        """Of jobs that have ended. Raises Mistake."""
        try:
            return History(self._directory, most) if most else None
        except HistoryError as error:
            self.close()
            mend = "move it away" if error.damaged else _SEE_TO_DISK
            text = f"--dest_path_prefix {self._directory}: {error}; {mend}, or give --history 0"
            raise Mistake(text) from error

    def _open(self, power: bool) -> None:
        """Take up the sign of the earlier run, and ids that it cannot have used."""
        try:
            self._journal = Journal(self._directory, power=power)
            meta = self._journal.meta()
            self.sign = meta.get(_SIGN, self.sign)
            self.first_id = max(self.first_id, _number(meta.get(_IDS, "0")))
            self._journal.set_meta({_SIGN: self.sign, _IDS: f"{self.first_id + RESERVED_IDS}"})
        except JournalError as error:
            self.close()
            raise self._mistake(error) from error

    def _mistake(self, error: JournalError) -> Mistake:
        mend = _MEND if error.damaged else _SEE_TO_DISK
        return Mistake(f"--dest_path_prefix {self._directory}: {error}; {mend}")


def _make_private(directory: Path) -> None:
    """See that nobody else reads it. Raises OSError, and Mistake for one that is not ours alone."""
    if not directory.stat().st_mode & _OTHERS:
        return
    ours = any((directory / name).exists() for name in (_LOCK, NAME))
    if any(directory.iterdir()) and not ours:
        raise Mistake(
            f"--dest_path_prefix {directory}: others may read it, and it holds more than ours; "
            "give a folder of its own, or chmod 700 it"
        )
    directory.chmod(0o700)
    log.info("%s is for its owner alone from now on", directory)


def _number(text: str) -> int:
    if not text.isdecimal():
        raise JournalError("its first free id is no number", damaged=True)
    return int(text)


def _first_id() -> int:
    """Ids start where those of an earlier run cannot have come to: a thousand a millisecond."""
    return int(time.time() * 1000) * 1000
