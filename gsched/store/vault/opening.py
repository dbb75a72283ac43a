"""Opens a vault, makes one, gives it another key, or ends it. All raise VaultError and OSError.

What was interrupted goes on with the next of these, whichever it is.
"""

import logging
from dataclasses import dataclass
from pathlib import Path

from gsched.store import disk, history, journal, seal
from gsched.store.disk import Disk
from gsched.store.seal import Seal
from gsched.store.vault import keyfile
from gsched.store.vault.changing import SPOOLS, Changing, seal_of
from gsched.store.vault.files import SealedDisk
from gsched.store.vault.keyfile import Held, VaultError, WrongKey
from gsched.store.vault.sealing import Key

log = logging.getLogger("gsched.vault")


@dataclass(frozen=True)
class Vault:
    """How things are written: rows of the journal and the history, and files of clients."""

    seal: Seal
    files: Disk


CLEAR = Vault(seal.PLAIN, disk.PLAIN)


def opened(directory: Path, text: str) -> Vault:
    """The vault that is there, or a new one: what is kept in clear is encrypted then."""
    held = _unlocked(directory, text) if keyfile.exists(directory) else _created(directory, text)
    assert held.now is not None
    return Vault(seal_of(held.now), SealedDisk(Key(held.now), directory / SPOOLS))


def rekey(directory: Path, text: str, new: str) -> None:
    """Seal all with a new key; `new` opens the vault from then on."""
    try:
        held = _unlocked(directory, text)
    except WrongKey:
        _unlocked(directory, new)  # an earlier try has come that far, at least
        return
    changed = Held(keyfile.new_key(), held.now, changing=True)
    _check(directory, changed)
    keyfile.lock(directory, new, changed)
    _finish(directory, new, changed)


def take_off(directory: Path, text: str) -> None:
    """Have all in clear again, and no vault."""
    held = keyfile.unlock(directory, text)
    if held.now is not None:
        held = Held(None, _finish(directory, text, held).now, changing=True)
        _check(directory, held)
        keyfile.lock(directory, text, held)
    Changing(directory, held.before, held.now).run()
    keyfile.remove(directory)


def _created(directory: Path, text: str) -> Held:
    names = (journal.NAME, history.NAME, SPOOLS)
    held = Held(keyfile.new_key(), None, changing=any((directory / n).exists() for n in names))
    if held.changing:
        _check(directory, held)
    keyfile.lock(directory, text, held)
    return _finish(directory, text, held)


def _unlocked(directory: Path, text: str) -> Held:
    held = keyfile.unlock(directory, text)
    if held.now is None:  # while it was taken off
        held = Held(held.before, None, changing=True)
        keyfile.lock(directory, text, held)
    return _finish(directory, text, held)


def _finish(directory: Path, text: str, held: Held) -> Held:
    if not held.changing:
        return held
    log.info("all that is kept in %s is encrypted anew", directory)
    Changing(directory, held.before, held.now).run()
    steady = Held(held.now)
    keyfile.lock(directory, text, steady)
    return steady


def _check(directory: Path, held: Held) -> None:
    Changing(directory, held.before, held.now).check()


__all__ = ["CLEAR", "Vault", "VaultError", "WrongKey", "opened", "rekey", "take_off"]
