"""AES-256-GCM, used so that no key ever meets the same nonce twice.

The key of a vault, 32 random bytes, seals nothing itself: HKDF-SHA256 makes other keys of it, each
for a salt of its own, so that nonces can be counted instead of drawn. That is the deterministic
construction of NIST SP 800-38D, section 8.2.1: a nonce of 96 bits, which is a counter under a key
that is used in one place only.

    records   a key for each process and use, with a salt of 16 random bytes; the counter is 64 bits
    files     a key for each file, with a salt of 32 random bytes; see `files` for the counter

What would repeat a nonce is a salt that is drawn twice: after 2^32 starts of a server that has a
chance of 2^-65. The bounds for nonces that are drawn (section 8.3: 2^32 uses of a key, or else
they repeat too likely) do not apply; a key is changed after as many records all the same. None is
longer than SQLite's blobs, 2^31 bytes, so each is below the 2^39 - 256 bits of section 5.2.1.1.

    a record:  version, 1 byte | salt, 16 | counter, 8 | what is sealed | tag, 16

The tag also covers the record's place, such as its table and number: it opens nowhere else.
"""

from functools import lru_cache
from itertools import count

from Crypto.Cipher import AES
from Crypto.Hash import SHA256
from Crypto.Protocol.KDF import HKDF
from Crypto.Random import get_random_bytes

from gsched.store.seal import NotOpened

KEY_SIZE = 32
TAG_SIZE = 16
RECORDS_A_KEY = 1 << 32
_VERSION = b"\1"
_SALT, _COUNTER, _NONCE = 16, 8, 12
_HEAD = len(_VERSION) + _SALT + _COUNTER
_RECENT = 1024  # keys of records that are held in memory


class Key:
    """Of a vault. Its `id`, 8 bytes, tells keys apart, and nothing of the key."""

    def __init__(self, secret: bytes) -> None:
        self.secret = secret
        self.id = self.derived(b"", b"id")[:8]
        self.of_records = lru_cache(_RECENT)(lambda salt: self.derived(salt, b"records"))

    def derived(self, salt: bytes, purpose: bytes) -> bytes:
        """Another key, for that purpose."""
        key = HKDF(self.secret, KEY_SIZE, salt, SHA256, context=b"gsched " + purpose)
        return bytes(key)


class Records:
    """Seals and opens records. Any thread may use it at any time."""

    def __init__(self, key: Key) -> None:
        self._key = key
        self._run = _Run(key)

    def seal(self, data: bytes, place: bytes) -> bytes:
        """The record. `place` must be the same when it is opened."""
        run = self._run
        number = next(run.numbers)  # of two threads, each gets another one
        while number >= RECORDS_A_KEY:
            self._run = run = _Run(self._key)
            number = next(run.numbers)
        nonce = number.to_bytes(_COUNTER, "big")
        return b"".join((_VERSION, run.salt, nonce, seal(run.key, nonce, data, place)))

    def open(self, record: bytes, place: bytes) -> bytes:
        """What was sealed. Raises NotOpened."""
        if len(record) < _HEAD + TAG_SIZE or record[:1] != _VERSION:
            raise NotOpened
        salt, nonce = record[1 : 1 + _SALT], record[1 + _SALT : _HEAD]
        return unseal(self._key.of_records(salt), nonce, record[_HEAD:], place)


class _Run:
    """Records that have their key in common."""

    def __init__(self, key: Key) -> None:
        self.salt = get_random_bytes(_SALT)
        self.key = key.of_records(self.salt)
        self.numbers = count()


def seal(key: bytes, number: bytes, data: bytes, place: bytes) -> bytes:
    """Sealed data with its tag. Never call it twice with the same key and number."""
    cipher = AES.new(key, AES.MODE_GCM, nonce=number.rjust(_NONCE, b"\0"), mac_len=TAG_SIZE)
    cipher.update(place)
    sealed, tag = cipher.encrypt_and_digest(data)
    return bytes(sealed + tag)


def unseal(key: bytes, number: bytes, sealed: bytes, place: bytes) -> bytes:
    """What `seal` was given. Raises NotOpened."""
    cipher = AES.new(key, AES.MODE_GCM, nonce=number.rjust(_NONCE, b"\0"), mac_len=TAG_SIZE)
    cipher.update(place)
    try:
        return bytes(cipher.decrypt_and_verify(sealed[:-TAG_SIZE], sealed[-TAG_SIZE:]))
    except ValueError:
        raise NotOpened from None
