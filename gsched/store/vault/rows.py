"""Rows with their bytes sealed: all of a row in one record, but arguments of jobs in one of theirs.

What is text or a number stays as it is, since rows are found by it: ids, addresses, times, and how
jobs ended. The record stands where the first bytes of the row were, and opens in no other row.
"""

import struct

from gsched.store.seal import ARGS, KWARGS, NotOpened, Pair, Row
from gsched.store.vault.sealing import Key, Records

_PLACE = {
    "parts": 2,
    "leases": 2,
    "jobs": 2,
    "results": 2,
}  # columns that say which row it is, else 1
_PART = struct.Struct(">BQ")  # number of the column, bytes
_LENGTH = struct.Struct(">Q")


class RowSeal:
    """See Seal."""

    def __init__(self, key: Key) -> None:
        self._records = Records(key)
        self.mark = int.from_bytes(key.id, "big") % (2**31 - 1) + 1

    def row(self, table: str, row: Row) -> Row:
        """See Seal."""
        pair = (ARGS, KWARGS) if table == "jobs" else ()
        secret = [n for n in _bytes(table, row) if n not in pair]
        kept = list(row)
        if secret:
            parts = (part for n in secret for part in (_PART.pack(n, len(row[n])), row[n]))
            record = self._records.seal(b"".join(parts), _place(table, row))
            for n in secret:
                kept[n] = b""
            kept[secret[0]] = record
        if pair:
            kept[ARGS], kept[KWARGS] = self.pair(row[0], (row[ARGS], row[KWARGS]))
        return tuple(kept)

    def opened(self, table: str, row: Row) -> Row:
        """See Seal."""
        opened = list(row)
        if table == "jobs" and isinstance(row[ARGS], bytes):  # they may have been left out
            opened[ARGS], opened[KWARGS] = self.opened_pair(row[0], (row[ARGS], row[KWARGS]))
        if secret := _bytes(table, row):
            data, start = self._records.open(row[secret[0]], _place(table, row)), 0
            while start < len(data):
                column, size = _PART.unpack_from(data, start)
                start += _PART.size + size
                opened[column] = data[start - size : start]
        return tuple(opened)

    def pair(self, uid: int, pair: Pair) -> Pair:
        """See Seal."""
        args, kwargs = pair
        data = b"".join((_LENGTH.pack(len(args)), args, kwargs))
        return self._records.seal(data, _place("arguments", (uid,))), b""

    def opened_pair(self, uid: int, pair: Pair) -> Pair:
        """See Seal."""
        data = self._records.open(pair[0], _place("arguments", (uid,)))
        (length,) = _LENGTH.unpack_from(data)
        end = _LENGTH.size + length
        return data[_LENGTH.size : end], data[end:]

    def reason(self, uid: int, reason: str) -> str | bytes:
        """See Seal."""
        return self._records.seal(reason.encode(), _place("reason", (uid,))) if reason else ""

    def opened_reason(self, uid: int, reason: str | bytes) -> str:
        """See Seal."""
        if isinstance(reason, bytes):
            return self._records.open(reason, _place("reason", (uid,))).decode()
        if reason:
            raise NotOpened
        return ""


def _bytes(table: str, row: Row) -> list[int]:
    """Columns with what is sealed: not those by which rows are found."""
    begin = _PLACE.get(table, 1)
    return [n for n, value in enumerate(row) if n >= begin and isinstance(value, bytes)]


def _place(table: str, row: Row) -> bytes:
    return repr((table, *row[: _PLACE.get(table, 1)])).encode("utf-8", "surrogatepass")
