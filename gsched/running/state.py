"""The directory of one scheduler: nobody else uses it, and what is kept there outlives a crash."""

import logging
import shutil
import time
from pathlib import Path

import gevent

from gsched.core.restoring import Saved
from gsched.core.scheduler import Scheduler
from gsched.net.exchange import Exchange
from gsched.net.keeping.arguments import Arguments
from gsched.net.keeping.keeper import Forgetful, Keeper, Keeping
from gsched.net.keeping.revival import revive
from gsched.net.transport.mistakes import Mistake
from gsched.options.settings import Settings
from gsched.running import folder, vaults
from gsched.store.arguments import Arguments as Stored
from gsched.store.arguments import Scratch
from gsched.store.history import NAME as HISTORY
from gsched.store.history import History, HistoryError
from gsched.store.journal import NAME, Journal, JournalError
from gsched.store.quota import Quota
from gsched.store.spool import Spools
from gsched.store.vault import keyfile
from gsched.store.vault.changing import SPOOLS
from gsched.store.vault.opening import Vault
from gsched.wire import secrets

log = logging.getLogger("gsched.journal")

OFF, POWER = "off", "power"
RESERVED_IDS = 10**12  # more than one run can use
_SIGN, _IDS = "sign", "ids"
_MEND = "restore it from a backup, or start with --clean, which forgets all jobs"
_SEE_TO_DISK = "see to the disk and who may use it; nothing is lost yet"


class State:
    """See the module's text. Raises Mistake."""

    def __init__(self, settings: Settings) -> None:
        self._directory = settings.dest_path_prefix
        self._lock = folder.take(self._directory)
        spools = self._directory / SPOOLS
        self.quota = Quota(
            spools,
            settings.max_cluster_size,
            settings.max_spool_size,
            settings.min_free_disk,
            settings.durability == POWER,
        )
        self.durable = settings.durability != OFF
        if settings.clean:
            self._clean(spools)
        self._vault = self._open_vault(settings)
        self.spools = Spools(spools, self.quota, self._vault.files)
        self.sign, self.first_id = secrets.new_sign(), _first_id()
        self.history = self._open_history(settings.history)
        self._journal: Journal | None = None
        if self.durable:
            self._open(power=settings.durability == POWER)
        elif (self._directory / NAME).exists():
            log.warning("--durability off: jobs of an earlier run in %s wait on", self._directory)
        else:  # files of a run that was as forgetful, and was killed
            shutil.rmtree(self.spools.root, ignore_errors=True)

    def keeper(self, scheduler: Scheduler) -> Keeper | Forgetful:
        """Keeps what changes from now on."""
        return Keeper(scheduler, self._journal) if self._journal else Forgetful()

    def arguments(self, exchange: Exchange, keeper: Keeping, most: int) -> Arguments:
        """Where those of jobs are: `most` bytes in memory. Raises Mistake."""
        try:
            stored = (Stored if self.durable else Scratch)(self._directory, self._vault.seal)
            return Arguments(exchange, keeper, stored, most)
        except JournalError as error:
            raise self._mistake(error) from error

    def saved(self) -> Saved:
        """What an earlier run has left. Raises Mistake."""
        if self._journal is None:
            return Saved()
        try:
            return revive(self._journal, self.spools)
        except JournalError as error:
            raise self._mistake(error) from error

    def close(self) -> None:
        """Let others have the directory."""
        self._lock.close()

    def _clean(self, spools: Path) -> None:
        shutil.rmtree(spools, ignore_errors=True)
        for name in (NAME, HISTORY, keyfile.NAME):
            for path in self._directory.glob(f"{name}*"):
                path.unlink()

    def _open_vault(self, settings: Settings) -> Vault:
        """How things are kept. Raises Mistake."""
        vault: Vault | Mistake = gevent.get_hub().threadpool.apply(_attempt, (settings,))
        if isinstance(vault, Mistake):
            self.close()
            raise vault
        return vault

    def _open_history(self, most: int) -> History | None:
        """Of jobs that have ended. Raises Mistake."""
        try:
            return History(self._directory, most, self._vault.seal) if most else None
        except HistoryError as error:
            self.close()
            mend = "move it away" if error.damaged else _SEE_TO_DISK
            text = f"--dest_path_prefix {self._directory}: {error}; {mend}, or give --history 0"
            raise Mistake(text) from error

    def _open(self, power: bool) -> None:
        """Take up the sign of the earlier run, and ids that it cannot have used."""
        try:
            self._journal = Journal(self._directory, power=power, seal=self._vault.seal)
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


def _attempt(settings: Settings) -> Vault | Mistake:
    """In a thread, since it takes a while; gevent would take what is raised there for our bug."""
    try:
        return vaults.opened(settings)
    except Mistake as mistake:
        return mistake


def _number(text: str) -> int:
    if not text.isdecimal():
        raise JournalError("its first free id is no number", damaged=True)
    return int(text)


def _first_id() -> int:
    """Ids start where those of an earlier run cannot have come to: a thousand a millisecond."""
    return int(time.time() * 1000) * 1000
