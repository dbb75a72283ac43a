"""`gsched rekey`: another key for the vault, or none any more.

    gsched rekey [--new_key_file FILE] [option ...]   encrypts all that is kept anew
    gsched rekey --off [option ...]                   has it in clear again

The new key is in FILE, in the variable GSCHED_NEW_VAULT_KEY, or asked for at a terminal. The other
options are those of gsched, such as --dest_path_prefix and --vault_key_file: they say where, and
what opens it now. No gsched may run there. What was interrupted goes on with the same command.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from gsched import passphrase, subcommand
from gsched.net.transport.mistakes import Mistake
from gsched.options import values
from gsched.options.option import NEW_VAULT_KEY
from gsched.options.secrecy import vault_key
from gsched.options.sources import taken
from gsched.options.table import read
from gsched.running import folder
from gsched.running.vaults import NO_KEY
from gsched.store.vault import keyfile, opening
from gsched.store.vault.opening import VaultError, WrongKey

_OFF = "--off"


def main(words: Sequence[str], environ: Mapping[str, str]) -> int:
    """Do what is asked for. Returns the exit code."""
    mistakes = (ValueError, Mistake, VaultError)
    return subcommand.run(words, __doc__, lambda: print(_told(words, environ)), mistakes)  # noqa: T201


def _told(words: Sequence[str], environ: Mapping[str, str]) -> str:
    try:
        return _run(list(words[1:]), environ)
    except WrongKey as error:
        raise ValueError(f"this key does not open the vault: {error}") from error


def _run(words: list[str], environ: Mapping[str, str]) -> str:
    """What was done."""
    off = _OFF in words
    path = taken(words, "--new_key_file")
    settings = read([word for word in words if word != _OFF], environ)
    directory = settings.dest_path_prefix
    if not keyfile.exists(directory):
        raise ValueError(f"nothing is encrypted in {directory}; gsched --vault does that")
    with folder.take(directory):
        now = settings.vault_key or _asked("Key of the vault", NO_KEY, twice=False)
        if off:
            opening.take_off(directory, now)
            return f"{directory} is in clear"
        new = _new_key(values.path(path) if path else None, environ)
        opening.rekey(directory, now, new)
        return f"{directory} is encrypted anew; only the new key opens it"


def _new_key(path: Path | None, environ: Mapping[str, str]) -> str:
    given = vault_key(path, "new_key_file", environ, NEW_VAULT_KEY)
    mend = f"give the new key by --new_key_file, in {NEW_VAULT_KEY}, or at a terminal"
    return given or _asked("New key", mend, twice=True)


def _asked(what: str, mend: str, *, twice: bool) -> str:
    if not passphrase.can_ask():
        raise ValueError(mend)
    return passphrase.ask(what, twice=twice)
