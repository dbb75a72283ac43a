"""Files of clients, sealed in chunks, so that none is ever held as a whole.

    MAGIC, 8 bytes | id of the vault's key, 8 | salt, 32 random bytes | chunk 0 | ... | last chunk

A chunk is what is sealed of up to CHUNK bytes, with its tag. Each file has a key of its own, by its
salt, and is written once, from its beginning to its end. So the nonce can be the chunk's number, 11
bytes, and whether it is the last, 1 byte (STREAM, of Hoang, Reyhanitabar, Rogaway and Vizár):
chunks that were moved, left out or cut off do not open. The tags cover the place of the file, too:
a file that was put in the place of another one does not open.
"""

import os
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

from Crypto.Random import get_random_bytes

from gsched.store.disk import PLAIN, PlainFile, write_all
from gsched.store.seal import NotOpened
from gsched.store.vault.sealing import TAG_SIZE, Key, seal, unseal

MAGIC = b"gsvault1"
CHUNK = 1 << 18  # what is sealed in one go: 64 kB would take a third longer, for each byte
_ID, _SALT = 8, 32
_HEAD = len(MAGIC) + _ID + _SALT
_SEALED = CHUNK + TAG_SIZE


class Damaged(OSError):
    """A file does not open with the key; the text says which."""


class SealedDisk:
    """Files below `root`. See Disk for the methods."""

    def __init__(self, key: Key, root: Path) -> None:
        self._key = key
        self._root = root

    def create(self, path: Path) -> "SealedWriter":
        """See Disk."""
        return self.writer(PLAIN.create(path), path)

    def writer(self, file: PlainFile, path: Path) -> "SealedWriter":
        """Seals what is to be at that path into another file, which is to be moved there."""
        salt = get_random_bytes(_SALT)
        chunks = _Chunks(self._key.derived(salt, b"file"), self._place(path))
        return SealedWriter(file, MAGIC + self._key.id + salt, chunks)

    def open(self, path: Path) -> "SealedReader":
        """See Disk. What is read raises Damaged, too."""
        with ExitStack() as failing:
            file = failing.enter_context(PLAIN.open(path))
            head = file.read(_HEAD)
            if len(head) < _HEAD or not head.startswith(MAGIC + self._key.id):
                raise Damaged(f"{self._name(path)} is not of this vault")
            key = self._key.derived(head[-_SALT:], b"file")
            last = _chunks(os.fstat(file.fileno()).st_size - _HEAD) - 1
            failing.pop_all()
            return SealedReader(file, _Chunks(key, self._place(path)), last)

    def size(self, path: Path) -> int:
        """See Disk. Less than 0 for what cannot be a sealed file."""
        sealed = path.stat().st_size - _HEAD
        return sealed - _chunks(sealed) * TAG_SIZE

    def has(self, path: Path) -> bool:
        """Whether it is sealed with this key. Raises OSError."""
        with PLAIN.open(path) as file:
            return file.read(len(MAGIC) + _ID) == MAGIC + self._key.id

    def _place(self, path: Path) -> bytes:
        return os.fsencode(self._name(path))

    def _name(self, path: Path) -> str:
        return path.relative_to(self._root).as_posix()


class _Held:
    """A file that is to be closed."""

    def __init__(self, file: PlainFile) -> None:
        self._file = file

    def close(self) -> None:
        """It is not needed any more. What was written opens only after a `finish`."""
        self._file.close()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class SealedWriter(_Held):
    """Writes a file from its beginning to its end."""

    def __init__(self, file: PlainFile, head: bytes, chunks: "_Chunks") -> None:
        super().__init__(file)
        self._head = head
        self._chunks = chunks
        self._number = 0
        self._pending = bytearray()

    def write(self, data: bytes | memoryview, /) -> int:
        """Take all of it. Raises OSError."""
        self._pending += data
        while len(self._pending) > CHUNK:
            self._put(last=False)
        return len(data)

    def finish(self) -> None:
        """That was all. Raises OSError."""
        self._put(last=True)

    def _put(self, *, last: bool) -> None:
        data = bytes(self._pending[:CHUNK])
        del self._pending[:CHUNK]
        sealed = self._chunks.sealed(self._number, data, last=last)
        write_all(self._file, self._head + sealed)
        self._head = b""
        self._number += 1

    def __enter__(self) -> "SealedWriter":
        return self


class SealedReader(_Held):
    """Reads a file from its beginning on."""

    def __init__(self, file: PlainFile, chunks: "_Chunks", last: int) -> None:
        super().__init__(file)
        self._chunks = chunks
        self._last = last
        self._number = 0
        self._rest = b""

    def read(self, size: int = -1, /) -> bytes:
        """So many bytes, fewer at the end only. Raises OSError."""
        parts, missing = [], size
        while missing and self._has_more():
            part = self._rest if size < 0 else self._rest[:missing]
            self._rest = self._rest[len(part) :]
            missing -= len(part) if size > 0 else 0
            parts.append(part)
        return b"".join(parts)

    def plain(self) -> None:
        """See Reader."""

    def _has_more(self) -> bool:
        if not self._rest and self._number <= self._last:
            sealed, number = self._file.read(_SEALED), self._number
            self._rest = self._chunks.opened(number, sealed, last=number == self._last)
            self._number += 1
        return bool(self._rest)

    def __enter__(self) -> "SealedReader":
        return self


class _Chunks:
    """Those of one file."""

    def __init__(self, key: bytes, place: bytes) -> None:
        self._key = key
        self._place = place

    def sealed(self, number: int, data: bytes, *, last: bool) -> bytes:
        return seal(self._key, _nonce(number, last), data, self._place)

    def opened(self, number: int, sealed: bytes, *, last: bool) -> bytes:
        try:
            return unseal(self._key, _nonce(number, last), sealed, self._place)
        except NotOpened:
            place = os.fsdecode(self._place)
            raise Damaged(f"{place} is damaged: part {number} does not open") from None


def _nonce(number: int, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])


def _chunks(sealed: int) -> int:
    """How many there are in so many bytes; an empty file has one."""
    return max(1, -(-sealed // _SEALED))
