"""`gsched passwd` and `gsched token`: the file of accounts, written by who may write it.

    gsched passwd NAME [--role ROLE] [option ...]    asks for a password, or reads a line
    gsched token NAME --role ROLE [option ...]       prints a token, this once

The other options are those of gsched, such as --config or --dest_path_prefix: they say where.
"""

import fcntl
import getpass
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from gsched import subcommand
from gsched.httpd.access import accounts
from gsched.httpd.access.accounts import Account, Accounts, AccountsError
from gsched.httpd.access.roles import VIEWER
from gsched.options.configfile import save
from gsched.options.sources import taken
from gsched.options.table import read

COMMANDS = ("passwd", "token")
SHORTEST = 8  # characters of a password
_TITLE = "# Accounts of gsched's page: see gsched passwd. Read at the start and on SIGHUP."


def main(words: Sequence[str], environ: Mapping[str, str]) -> int:
    """Do what is asked for. Returns the exit code."""
    return subcommand.run(words, __doc__, lambda: _run(words, environ), (ValueError, AccountsError))


def _run(words: Sequence[str], environ: Mapping[str, str]) -> None:
    command, rest = words[0], list(words[1:])
    role = taken(rest, "--role")
    if not rest or rest[0].startswith("-"):
        raise ValueError(f"give a name: gsched {command} NAME --role ROLE")
    name = accounts.check_name(rest.pop(0))
    path = read(rest, environ).accounts
    if command == "token" and role is None:
        raise ValueError("give the role of the token: --role viewer, operator or admin")
    accounts.check_role(role or VIEWER)
    _found(path)  # so that nobody types a password for a file that cannot be used
    if command == "token":
        token, secret = accounts.new_token()
        role = _put(path, name, role, secret)
        print(token)  # noqa: T201
    else:
        role = _put(path, name, role, accounts.hashed(_password()))
    print(f"{name} is {role} in {path}; a server that runs reads it on SIGHUP", file=sys.stderr)  # noqa: T201


def _found(path: Path) -> Accounts:
    try:
        return accounts.read(path)
    except FileNotFoundError:
        return Accounts(())


def _put(path: Path, name: str, role: str | None, secret: str) -> str:
    """Writes the account, in its old place and with its old role if it had one. Returns the role.

    Raises OSError.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _alone(path):
        before = {x.name: x for x in _found(path).all}
        role = role or (before[name].role if name in before else VIEWER)
        lines = {x.name: x.line for x in before.values()} | {name: Account(name, role, secret).line}
        save(str(path), "\n".join((_TITLE, *lines.values(), "")))
    return role


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Nobody else writes the file meanwhile. Raises OSError.

    The file itself cannot be locked, since it is replaced.
    """
    file = Path(os.path.realpath(path))
    lock = file.with_name(f"{file.name}.lock")
    descriptor = os.open(lock, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _password() -> str:
    """Asked for twice at a terminal, else the first line. Raises ValueError."""
    if sys.stdin.isatty():
        password = getpass.getpass("Password: ")
        if getpass.getpass("Again: ") != password:
            raise ValueError("the passwords differ")
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    if len(password) < SHORTEST:
        raise ValueError(f"a password has at least {SHORTEST} characters")
    return password
