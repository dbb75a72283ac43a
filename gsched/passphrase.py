"""Keys of a vault that are typed at a terminal."""

import getpass
import sys
from dataclasses import replace

from gsched.net.transport.mistakes import Mistake
from gsched.options.secrecy import SHORTEST_PASSPHRASE, TOO_SHORT
from gsched.options.settings import Settings
from gsched.store.vault import keyfile


def with_key(settings: Settings) -> Settings:
    """With the key of the vault, if it has to be asked for, and can be. Raises Mistake."""
    if not settings.vault or settings.vault_key or not can_ask():
        return settings
    new = not keyfile.exists(settings.dest_path_prefix)
    try:
        return replace(settings, vault_key=ask("Key of the vault", twice=new))
    except ValueError as error:
        raise Mistake(f"--vault: {error}") from error


def can_ask() -> bool:
    """Whether somebody is there."""
    return bool(sys.stdin and sys.stdin.isatty())


def ask(what: str, *, twice: bool) -> str:
    """A key or a passphrase, which is not shown. Raises ValueError."""
    try:
        text = getpass.getpass(f"{what}: ")
        again = getpass.getpass("Again: ") if twice else text
    except (EOFError, KeyboardInterrupt):
        raise ValueError("no key was given") from None
    if again != text:
        raise ValueError("they differ")
    if len(text) < SHORTEST_PASSPHRASE:
        raise ValueError(TOO_SHORT)
    return text
