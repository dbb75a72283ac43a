"""Who may use the page: a file with a line for each account and each token.

    ada:admin:scrypt$32768$8$1$SALT$HASH
    grafana:viewer:sha256$BEGINNING$HASH

People have passwords, programs have tokens: random, and so hashed at little cost. Neither stands
in the file itself. Lines that begin with # are comments.
"""

import hashlib
import hmac
import os
import re
import secrets
import stat
from base64 import b64decode, b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from gsched.httpd.access.roles import ROLES

FILE = "accounts"  # in the state's folder, unless told otherwise
N, R, P = 2**15, 8, 1  # scrypt: 32 MB and a tenth of a second for each guess
SALT, HASH, TOKEN = 16, 32, 32  # bytes
LONGEST = 1024  # bytes of a password
TOKEN_MARK = "gsched_"  # nosec B105  # so that people and scanners know what they have found
SHOWN = 6  # characters of a token that tell which it is
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}")
_MOST_WORK = 2**24  # n * r * p


class AccountsError(Exception):
    """The file cannot be used; the text says where and why."""


@dataclass(frozen=True)
class Account:
    """A line of the file."""

    name: str
    role: str
    secret: str  # how it is proved: scrypt$... or sha256$...

    @property
    def line(self) -> str:
        """As it stands in the file."""
        return f"{self.name}:{self.role}:{self.secret}"

    @property
    def is_token(self) -> bool:
        """Whether it is a program's."""
        return self.secret.startswith("sha256$")


class Accounts:
    """All accounts, as the file had them when it was read."""

    def __init__(self, accounts: Iterable[Account]) -> None:
        self.all = tuple(accounts)
        self._people = {x.name: x for x in self.all if not x.is_token}
        self._tokens = {x.secret.rpartition("$")[2]: x for x in self.all if x.is_token}

    def check(self, name: str, password: str) -> Account | None:
        """Whose password that is. Takes a tenth of a second, also for names that nobody has:
        to be called in a thread.
        """
        account = self._people.get(name)
        secret = account.secret if account else _NOBODYS
        return account if proves(password, secret) and account else None

    def bearer(self, token: str) -> Account | None:
        """Whose token that is."""
        return self._tokens.get(_digest(token))

    def holds(self, account: Account) -> bool:
        """Whether it is still there, with the same role and the same secret."""
        return account in self.all


def read(path: Path) -> Accounts:
    """The accounts of a file. Raises AccountsError, and FileNotFoundError where there is none."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        raise
    except (OSError, ValueError) as error:
        raise AccountsError(f"{path}: {getattr(error, 'strerror', '') or error}") from error
    found: dict[str, Account] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            account = _parsed(line.strip())
            if account.name in found:
                raise ValueError(f"{account.name} is there already")
        except ValueError as error:
            raise AccountsError(f"{path}, line {number}: {error}") from error
        found[account.name] = account
    return Accounts(found.values())


def too_open(path: Path) -> bool:
    """Whether others than its owner may read or write the file. Raises OSError."""
    return bool(stat.S_IMODE(path.stat().st_mode) & 0o077)


def check_name(name: str) -> str:
    """The name of an account. Raises ValueError."""
    if not _NAME.fullmatch(name):
        raise ValueError(
            "a name has 1 to 64 letters, digits and .-_@+, the first one of the former"
        )
    return name


def check_role(role: str) -> str:
    """The role of an account. Raises ValueError."""
    if role not in ROLES:
        raise ValueError(f"the role is one of {', '.join(ROLES)}")
    return role


def hashed(password: str) -> str:
    """What a file keeps of a password."""
    salt = os.urandom(SALT)
    return _scrypt_text(salt, _scrypt(password, salt, N, R, P))


def new_token() -> tuple[str, str]:
    """A token, and what a file keeps of it."""
    token = TOKEN_MARK + secrets.token_urlsafe(TOKEN)
    return token, f"sha256${token[: len(TOKEN_MARK) + SHOWN]}${_digest(token)}"


def proves(password: str, secret: str) -> bool:
    """Whether that is the password. Takes the same time whatever is wrong with it."""
    n, r, p, salt, wanted = _parts(secret)
    return hmac.compare_digest(_scrypt(password, salt, n, r, p), wanted)


def _parsed(line: str) -> Account:
    """Raises ValueError, whose text tells nothing of the secret."""
    name, role, secret, *more = [*line.split(":"), "", ""]
    if more != ["", ""]:
        raise ValueError("expected name:role:secret, as gsched passwd and gsched token write it")
    account = Account(check_name(name), check_role(role), secret)
    if account.is_token:
        if not re.fullmatch(r"sha256\$[\w-]*\$[0-9a-f]{64}", secret):
            raise ValueError("this token's hash is malformed; see gsched token")
    else:
        _parts(secret)
    return account


def _parts(secret: str) -> tuple[int, int, int, bytes, bytes]:
    """Of a password's hash. Raises ValueError."""
    match = re.fullmatch(r"scrypt\$(\d{1,8})\$(\d{1,3})\$(\d{1,3})\$([\w+/=]+)\$([\w+/=]+)", secret)
    if match is None:
        raise ValueError("this secret is neither scrypt$... nor sha256$...; see gsched passwd")
    n, r, p = (int(match[i]) for i in (1, 2, 3))
    if n < 2 or n & (n - 1) or not r or not p or n * r * p > _MOST_WORK:
        raise ValueError("the numbers of this scrypt are out of bounds")
    salt, key = (b64decode(match[i], validate=True) for i in (4, 5))
    if len(key) != HASH:
        raise ValueError("this hash has the wrong length")
    return n, r, p, salt, key


def _scrypt(password: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    given = password.encode(errors="surrogatepass")[:LONGEST]
    most = 128 * r * (n + p + 4)
    return hashlib.scrypt(given, salt=salt, n=n, r=r, p=p, maxmem=most, dklen=HASH)


def _scrypt_text(salt: bytes, key: bytes) -> str:
    return f"scrypt${N}${R}${P}${b64encode(salt).decode()}${b64encode(key).decode()}"


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()


_NOBODYS = _scrypt_text(bytes(SALT), bytes(HASH))  # what nothing hashes to
