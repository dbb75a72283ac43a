"""A look over a pickle before anything is decoded: only what honest peers send, within limits.

dispy writes pickles of protocol 4 and 5. Those need a third of all opcodes; the others (text
opcodes of protocol 0, INST, OBJ, extension codes, persistent ids, out-of-band buffers) have no
honest use here and are refused. A memo index or an integer of absurd size makes the C decoder
allocate before it looks at the data, so these are bounded here too.
"""

from collections.abc import Callable, Iterator

from gsched.wire.errors import PeerError

STOP = 0x2E
MAX_LONG = 1024  # bytes of one integer

# One entry an opcode: how many bytes of argument follow it, or one of the marks below.
_FORBIDDEN, _SPECIAL = -1, -2
_PLAIN = b"(01N])}aetsubR\x81\x85\x86\x87\x88\x89\x8f\x90\x91\x92\x93\x94"
_WIDTHS: dict[int, int] = {0x80: 1, 0x95: 8, ord("J"): 4, ord("K"): 1, ord("M"): 2, ord("G"): 8}
_WIDTHS |= {ord("q"): 1, ord("h"): 1, ord("j"): 4}


def _sized(width: int) -> Callable[[bytes, int, int], int]:
    """Skips a string or bytes whose size stands in `width` bytes before it."""

    def skip(data: bytes, at: int, _most: int) -> int:
        return at + 1 + width + int.from_bytes(data[at + 1 : at + 1 + width], "little")

    return skip


def _long(width: int) -> Callable[[bytes, int, int], int]:
    def skip(data: bytes, at: int, _most: int) -> int:
        size = int.from_bytes(data[at + 1 : at + 1 + width], "little")
        if size > MAX_LONG:
            raise PeerError(f"pickle holds an integer of {size} bytes")
        return at + 1 + width + size

    return skip


def _memo_index(data: bytes, at: int, most: int) -> int:
    if int.from_bytes(data[at + 1 : at + 5], "little") > most:
        raise PeerError("pickle uses a memo index beyond its own size")
    return at + 5


def _global(data: bytes, at: int, _most: int) -> int:
    first = data.find(b"\n", at)
    second = data.find(b"\n", first + 1)
    if first < 0 or second < 0:
        raise PeerError("pickle ends inside the name of a class")
    return second + 1


_SKIP: dict[int, Callable[[bytes, int, int], int]] = {
    ord("X"): _sized(4),
    0x8C: _sized(1),
    0x8D: _sized(8),
    ord("B"): _sized(4),
    ord("C"): _sized(1),
    0x8E: _sized(8),
    0x96: _sized(8),
    0x8A: _long(1),
    0x8B: _long(4),
    ord("r"): _memo_index,
    ord("c"): _global,
}


def _table() -> list[int]:
    table = [_FORBIDDEN] * 256
    for op in _PLAIN:
        table[op] = 0
    for op, width in _WIDTHS.items():
        table[op] = width
    for op in _SKIP:
        table[op] = _SPECIAL
    return table


_TABLE = _table()
_GETS = frozenset(b"hj")


def scan(data: bytes, max_opcodes: int) -> tuple[int, int]:
    """Check a whole pickle without decoding it. Its opcodes, and how many refer to its memo.

    Raises PeerError if it holds an opcode that peers have no use for, more than `max_opcodes`
    of them, a size that runs past its end, or bytes behind its end.
    """
    at, left, references, size, table = 0, max_opcodes, 0, len(data), _TABLE
    while at < size:
        op = data[at]
        width = table[op]
        if width > 0:
            at += 1 + width
            references += op in _GETS
        elif width == 0:
            at += 1
        elif op == STOP:
            break
        elif width == _SPECIAL:
            at = _SKIP[op](data, at, max_opcodes)
        else:
            raise PeerError(f"pickle uses opcode 0x{op:02x}, which dispy never sends")
        left -= 1
        if left < 0:
            raise PeerError(f"pickle of more than {max_opcodes} opcodes")
    if at != size - 1:
        raise PeerError("pickle without its end, or with bytes behind it")
    return max_opcodes - left, references


def arguments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """The opcodes of a pickle that has been scanned, with the memo index of some, and places."""
    at = 0
    while data[at] != STOP:
        op, width = data[at], _TABLE[data[at]]
        index = int.from_bytes(data[at + 1 : at + 5 if op in b"rj" else at + 2], "little")
        yield op, index, at
        at = at + 1 + width if width >= 0 else _SKIP[op](data, at, len(data))
