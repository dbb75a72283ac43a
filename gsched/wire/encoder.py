"""Writes pickles, one opcode after the other.

CPython's pickler insists on importing each class that it names; ours must name classes that
exist only at the peers. It also writes no frames, so parts can be joined without decoding.
"""

from collections.abc import Callable, Iterable
from typing import Any

from gsched.wire.errors import PeerError
from gsched.wire.filestat import StatResult
from gsched.wire.plain import ONE, PLAIN, U4, PlainWriter, size_of_int
from gsched.wire.records import RECORDS, Record
from gsched.wire.standins import Call, StandIn, StandInType

MAX_DEPTH = 100
_SHARED = 64  # bytes or characters: what has as many is written once, however often it occurs

_GROUP = 1000  # items between two marks, as CPython's pickler does


class Encoder:
    """Encodes one value. Not to be used twice."""

    __slots__ = ("_depth", "_kept", "_memo", "out")

    def __init__(self, depth: int = 0) -> None:
        """`depth`: of the place within something else that the value is meant for."""
        self.out: list[bytes] = []
        self._memo: dict[int, int] = {}
        self._kept: list[Any] = []  # an id is only good as long as its object lives
        self._depth = depth

    def encode(self, value: Any) -> bytes:
        """The whole pickle."""
        self.out.append(b"\x80\x04")
        self.save(value)
        self.out.append(b".")
        return b"".join(self.out)

    def save(self, value: Any) -> None:
        """Write the opcodes that put `value` on the reader's stack."""
        write = _WRITERS.get(type(value)) or _writer_of_class(value)
        if write in _ATOMIC:
            write(self, value)
        elif not self.recall(value):
            self._depth += 1
            if self._depth > MAX_DEPTH:
                raise PeerError(f"object nested deeper than {MAX_DEPTH} levels")
            write(self, value)
            self._depth -= 1

    def recall(self, value: Any) -> bool:
        """Refer to an object written before; False if it was not."""
        index = self._memo.get(id(value))
        if index is None:
            return False
        self.out.append(b"h" + ONE[index] if index < 256 else b"j" + U4.pack(index))
        return True

    def memoize(self, value: Any) -> None:
        """Give the object on top of the stack a number, to refer to it later."""
        self._memo[id(value)] = len(self._kept)  # as the reader counts; some are written twice
        self._kept.append(value)
        self.out.append(b"\x94")

    def save_group(self, values: Iterable[Any], close: bytes) -> None:
        """A mark, the values, and the opcode that gathers them."""
        self.out.append(b"(")
        for value in values:
            self.save(value)
        self.out.append(close)

    def close_group(self, value: Any, close: bytes) -> None:
        """Make one object of the group; or drop it, if the object holds itself.

        Then, by way of something that can be changed later, it was written within itself.
        """
        if self._memo.get(id(value)) is None:
            self.out.append(close)
            self.memoize(value)
        else:
            self.out.append(b"1")
            self.recall(value)


Writer = Callable[[Encoder, Any], None]


def _small(to: Encoder, value: Any) -> None:
    PLAIN[type(value)](to.out, value)


def _int(to: Encoder, value: int) -> None:
    _sized(to, value, size_of_int(value), PLAIN[int])


def _str(to: Encoder, value: str) -> None:
    _sized(to, value, len(value), PLAIN[str])


def _bytes(to: Encoder, value: bytes) -> None:
    _sized(to, value, len(value), PLAIN[bytes])


def _sized(to: Encoder, value: Any, size: int, write: PlainWriter) -> None:
    """One of that size: where it is large, it is written once."""
    if size < _SHARED:
        write(to.out, value)
    elif not to.recall(value):
        write(to.out, value)
        to.memoize(value)


def _bytearray(to: Encoder, value: bytearray) -> None:
    _name(to, "builtins", "bytearray")
    to.save_group((bytes(value),), b"tR")
    to.memoize(value)


def _tuple(to: Encoder, value: tuple[Any, ...]) -> None:
    if not value:
        to.out.append(b")")
        return
    to.save_group(value, b"")
    to.close_group(value, b"t")


def _list(to: Encoder, value: list[Any]) -> None:
    to.out.append(b"]")
    to.memoize(value)
    _append(to, value)


def _append(to: Encoder, items: list[Any]) -> None:
    for start in range(0, len(items), _GROUP):
        to.save_group(items[start : start + _GROUP], b"e")


def _dict(to: Encoder, value: dict[Any, Any]) -> None:
    to.out.append(b"}")
    to.memoize(value)
    _assign(to, list(value.items()))


def _assign(to: Encoder, pairs: list[tuple[Any, Any]]) -> None:
    for start in range(0, len(pairs), _GROUP):
        group = pairs[start : start + _GROUP]
        to.save_group((part for pair in group for part in pair), b"u")


def _set(to: Encoder, value: set[Any]) -> None:
    to.out.append(b"\x8f")
    to.memoize(value)
    to.save_group(value, b"\x90")


def _frozenset(to: Encoder, value: frozenset[Any]) -> None:
    to.save_group(value, b"")
    to.close_group(value, b"\x91")


def _name(to: Encoder, module: str, name: str) -> None:
    to.save(module)
    to.save(name)
    to.out.append(b"\x93")


def _record(to: Encoder, value: Record) -> None:
    _name(to, *value.GLOBAL)
    to.out.append(b")\x81")
    to.memoize(value)
    to.out.append(b"}")
    _assign(to, list(value.items().items()))
    to.out.append(b"b")


def _stat_result(to: Encoder, value: StatResult) -> None:
    _name(to, *value.GLOBAL)
    to.save_group((value.fields, value.more), b"tR")
    to.memoize(value)


def _class(to: Encoder, value: StandInType) -> None:
    _name(to, *value.origin)
    to.memoize(value)


def _record_class(to: Encoder, value: type[Record]) -> None:
    _name(to, *value.GLOBAL)


def _stand_in(to: Encoder, value: StandIn) -> None:
    how, *parts = value.made
    for part in parts:
        to.save(part)
    if to.recall(value):  # its own arguments led back to it and wrote it
        raise PeerError("object that is an argument of its own making")
    to.out.append({"newobj": b"\x81", "newobj_ex": b"\x92", "reduce": b"R"}[how])
    to.memoize(value)
    for kind, what in value.steps:
        _STEPS[kind](to, what)


def _state(to: Encoder, state: Any) -> None:
    to.save(state)
    to.out.append(b"b")


def _members(to: Encoder, members: list[Any]) -> None:
    to.save_group(members, b"\x90")


def _call(to: Encoder, call: Call) -> None:
    """What the call returned was dropped, so it was made for what it does to its argument."""
    if call.result() is None:
        to.save(call.function)
        to.save((call.argument(), call.state))
        to.out.append(b"R0")


_STEPS: dict[str, Writer] = {
    "call": _call,
    "state": _state,
    "items": _append,
    "pairs": _assign,
    "members": _members,
}

ATOMS: dict[type, Writer] = {
    type(None): _small,
    bool: _small,
    int: _int,
    float: _small,
    str: _str,
    bytes: _bytes,
}
_ATOMIC = frozenset(ATOMS.values())

_WRITERS: dict[type, Writer] = {
    **ATOMS,
    bytearray: _bytearray,
    tuple: _tuple,
    list: _list,
    dict: _dict,
    set: _set,
    frozenset: _frozenset,
    StandInType: _class,
    StatResult: _stat_result,
}
_WRITERS.update({cls: _record for cls in RECORDS.values() if issubclass(cls, Record)})


def _writer_of_class(value: Any) -> Writer:
    if isinstance(value, StandIn):
        return _stand_in
    if isinstance(value, type) and value in RECORDS.values():
        return _record_class
    raise TypeError(f"{type(value).__name__} has no place on the wire")
