"""`gsched passwd` and `gsched token`: the file of accounts, written by who may write it.

    gsched passwd NAME [--role ROLE] [option ...]    asks for a password, or reads a line
    gsched token NAME --role ROLE [option ...]       prints a token, this once

The other options are those of gsched, such as --config or --dest_path_prefix: they say where.
"""

import getpass
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from gsched.httpd.access import accounts
from gsched.httpd.access.accounts import Account, Accounts, AccountsError
from gsched.httpd.access.roles import VIEWER
from gsched.options.configfile import save
from gsched.options.sources import Wrong, taken
from gsched.options.table import read

COMMANDS = ("passwd", "token")
SHORTEST = 8  # characters of a password
_TITLE = "# Accounts of gsched's page: see gsched passwd. Read at the start and on SIGHUP."


def main(words: Sequence[str], environ: Mapping[str, str]) -> int:
    """Do what is asked for. Returns the exit code."""
    if {"-h", "--help"} & set(words):
        print(__doc__)  # noqa: T201
        return 0
    try:
        _run(words, environ)
    except (ValueError, AccountsError, Wrong) as error:
        told = error.text if isinstance(error, Wrong) else str(error)
        print(f"gsched {words[0]}: {told}", file=sys.stderr)  # noqa: T201
        return 2
    except OSError as error:
        print(f"gsched {words[0]}: {error.strerror or error}", file=sys.stderr)  # noqa: T201
        return 2
    return 0


def _run(words: Sequence[str], environ: Mapping[str, str]) -> None:
    command, rest = words[0], list(words[1:])
    role = taken(rest, "--role")
    if not rest or rest[0].startswith("-"):
        raise ValueError(f"give a name: gsched {command} NAME --role ROLE")
    name = accounts.check_name(rest.pop(0))
    path = read(rest, environ).accounts
    found = _found(path)
    before = {x.name: x for x in found.all}.get(name)
    if command == "token" and role is None:
        raise ValueError("give the role of the token: --role viewer, operator or admin")
    role = accounts.check_role(role or (before.role if before else VIEWER))
    if command == "token":
        token, secret = accounts.new_token()
        _write(path, found, Account(name, role, secret))
        print(token)  # noqa: T201
    else:
        _write(path, found, Account(name, role, accounts.hashed(_password())))
    print(f"{name} is {role} in {path}; a server that runs reads it on SIGHUP", file=sys.stderr)  # noqa: T201


def _found(path: Path) -> Accounts:
    try:
        return accounts.read(path)
    except FileNotFoundError:
        return Accounts(())


def _write(path: Path, found: Accounts, account: Account) -> None:
    """With that account, in its old place if it had one. Raises OSError."""
    lines = {x.name: x.line for x in found.all} | {account.name: account.line}
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    save(str(path), "\n".join((_TITLE, *lines.values(), "")))


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
