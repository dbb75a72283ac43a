"""Pieces to put pickles together by hand."""

import struct

START = b"\x80\x04"


def text(value: str) -> bytes:
    """Push a short string."""
    return b"\x8c" + bytes((len(value),)) + value.encode()


def name(module: str, qualified: str) -> bytes:
    """Push a class or function."""
    return text(module) + text(qualified) + b"\x93"


def whole(body: bytes) -> bytes:
    """A pickle of protocol 4."""
    return START + body + b"."


def u4(number: int) -> bytes:
    """Four bytes, least significant first."""
    return struct.pack("<I", number)
