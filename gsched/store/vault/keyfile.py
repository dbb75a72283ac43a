"""The file with the vault's key, wrapped with another one that the user has.

`vault.json` lies beside what is sealed. The user's key is either given, 32 bytes, or made of a
passphrase by scrypt. The vault's own key is random, so what lies on the disk is of no use to
guess passphrases without this file, and each guess takes as long as scrypt does.

While all is sealed anew with another key, the file holds both. It is written at the beginning and
at the end of that, all or nothing each time, so at any moment just one key of a user opens it.
"""

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from Crypto.Cipher import AES
from Crypto.Hash import SHA256
from Crypto.Protocol.KDF import HKDF, scrypt
from Crypto.Random import get_random_bytes

from gsched.store.vault.sealing import KEY_SIZE, TAG_SIZE

NAME = "vault.json"
FORMAT = 1
COST = 1 << 17  # of scrypt, with 8 blocks: 128 MB and half a second for each guess
_HIGHEST_COST = 1 << 20
_BLOCKS, _LANES = 8, 1
_SALT, _NONCE = 32, 12
_GIVEN = re.compile("[0-9a-fA-F]{64}")
_CLEAR = b"clear"


class VaultError(Exception):
    """Why the vault cannot be opened, in one line."""


class WrongKey(VaultError):
    """It is locked with another key."""


@dataclass(frozen=True)
class Held:
    """Keys of a vault; None is none: what it holds is in clear.

    As long as `changing`, some of it is still sealed with the one `before`.
    """

    now: bytes | None
    before: bytes | None = None
    changing: bool = False


def exists(directory: Path) -> bool:
    """Whether a vault was made there."""
    return (directory / NAME).exists()


def new_key() -> bytes:
    """For another vault."""
    return bytes(get_random_bytes(KEY_SIZE))


def lock(directory: Path, text: str, held: Held) -> None:
    """Write the file, all or nothing; `text` opens it. Raises OSError.

    `text` is 64 hexadecimal digits, or a passphrase, which takes half a second.
    """
    terms: dict[str, Any] = {"format": FORMAT, "salt": get_random_bytes(_SALT).hex()}
    if _GIVEN.fullmatch(text):
        terms |= {"key": "given"}
    else:
        terms |= {"key": "scrypt", "n": COST, "r": _BLOCKS, "p": _LANES}
    key, about = _user_key(text, terms), _about(terms)
    terms["now"] = _wrapped(key, held.now, about + b"now")
    if held.changing:
        terms["before"] = _wrapped(key, held.before, about + b"before")
    _write(directory / NAME, json.dumps(terms, indent=1).encode())


def unlock(directory: Path, text: str) -> Held:
    """What is in it. Raises VaultError and OSError; half a second for a passphrase."""
    path = directory / NAME
    try:
        terms = json.loads(path.read_bytes())
        wrapped = {name: terms.pop(name) for name in ("now", "before") if name in terms}
        if terms["format"] != FORMAT:
            raise VaultError(f"{path} is of a newer gsched (format {terms['format']})")
        key, about = _user_key(text, terms), _about(terms)
        found = {n: _unwrapped(key, w, about + n.encode()) for n, w in wrapped.items()}
        return Held(**found, changing="before" in found)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise VaultError(f"{path} is damaged: bring it back from a backup") from error


def remove(directory: Path) -> None:
    """What it opened is lost."""
    (directory / NAME).unlink(missing_ok=True)
    flush(directory)


def flush(path: Path) -> None:
    """Have a file, or the names in a folder, on the disk itself. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _user_key(text: str, terms: dict[str, Any]) -> bytes:
    """The key that wraps the vault's. Raises WrongKey and ValueError."""
    salt, given = bytes.fromhex(terms["salt"]), bool(_GIVEN.fullmatch(text))
    if terms["key"] not in ("given", "scrypt"):
        raise ValueError("a key of another kind")
    if (terms["key"] == "given") != given:
        wanted = "a passphrase" if given else "64 hexadecimal digits"
        raise WrongKey(f"it is locked with {wanted}")
    if given:
        return bytes(HKDF(bytes.fromhex(text), KEY_SIZE, salt, SHA256, context=b"gsched vault"))
    cost, blocks, lanes = terms["n"], terms["r"], terms["p"]
    if not 2 <= cost <= _HIGHEST_COST or not 1 <= blocks <= _BLOCKS or not 1 <= lanes <= 4:
        raise ValueError("scrypt with such numbers would take too long")
    secret = text.encode("utf-8", "surrogateescape")
    return bytes(scrypt(secret, salt, KEY_SIZE, cost, blocks, lanes))


def _wrapped(key: bytes, secret: bytes | None, about: bytes) -> str:
    """The key is new with each file, by its salt, so the nonce may be drawn: it is used twice."""
    cipher = AES.new(key, AES.MODE_GCM, nonce=get_random_bytes(_NONCE), mac_len=TAG_SIZE)
    cipher.update(about)
    sealed, tag = cipher.encrypt_and_digest(_CLEAR if secret is None else secret)
    return bytes(cipher.nonce + sealed + tag).hex()


def _unwrapped(key: bytes, wrapped: str, about: bytes) -> bytes | None:
    """Raises WrongKey and ValueError."""
    data = bytes.fromhex(wrapped)
    cipher = AES.new(key, AES.MODE_GCM, nonce=data[:_NONCE], mac_len=TAG_SIZE)
    cipher.update(about)
    try:
        found = bytes(cipher.decrypt_and_verify(data[_NONCE:-TAG_SIZE], data[-TAG_SIZE:]))
    except ValueError:
        raise WrongKey("it is locked with another key") from None
    return None if found == _CLEAR else found


def _about(terms: dict[str, Any]) -> bytes:
    return json.dumps(terms, sort_keys=True).encode()


def _write(path: Path, content: bytes) -> None:
    """All or nothing, and on the disk itself: without it, all the rest is lost."""
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with open(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(draft, path)
    flush(path.parent)
