"""Pickles of single plain values: an opcode and what follows it. No value refers to another."""

from collections.abc import Callable
from struct import Struct
from typing import Any

U4, _U8, _I4, _F8 = Struct("<I"), Struct("<Q"), Struct("<i"), Struct(">d")
ONE = [bytes((number,)) for number in range(256)]

Out = list[bytes]
PlainWriter = Callable[[Out, Any], None]


def _none(out: Out, _value: None) -> None:
    out.append(b"N")


def _bool(out: Out, value: bool) -> None:
    out.append(b"\x88" if value else b"\x89")


def _int(out: Out, value: int) -> None:
    if 0 <= value < 256:
        out.append(b"K" + ONE[value])
    elif -(1 << 31) <= value < 1 << 31:
        out.append(b"J" + _I4.pack(value))
    else:
        size = size_of_int(value)
        out.append(b"\x8a" + ONE[size] if size < 256 else b"\x8b" + U4.pack(size))
        out.append(value.to_bytes(size, "little", signed=True))


def _float(out: Out, value: float) -> None:
    out.append(b"G" + _F8.pack(value))


def _str(out: Out, value: str) -> None:
    data = value.encode("utf-8", "surrogatepass")
    size = len(data)
    if size < 256:
        out.append(b"\x8c" + ONE[size] + data)
    else:
        out += (b"X" + U4.pack(size) if size < 1 << 32 else b"\x8d" + _U8.pack(size), data)


def _bytes(out: Out, value: bytes) -> None:
    size = len(value)
    if size < 256:
        out.append(b"C" + ONE[size] + value)
    else:
        out += (b"B" + U4.pack(size) if size < 1 << 32 else b"\x8e" + _U8.pack(size), value)


def size_of_int(value: int) -> int:
    """Bytes that it takes, with a bit for its sign."""
    return value.bit_length() // 8 + 1


# By the exact type of the value. Each puts what it writes at the end of the list.
PLAIN: dict[type, PlainWriter] = {
    type(None): _none,
    bool: _bool,
    int: _int,
    float: _float,
    str: _str,
    bytes: _bytes,
}
