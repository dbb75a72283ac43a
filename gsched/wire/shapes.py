"""Messages of one shape: those that come with each job, as dispy's own pickler writes them.

What stands between their values is always the same, so it is compared and not decoded. Whatever
differs in any way, is broken or is not what the table of messages allows has no shape that is
known here, and is for the decoder that knows all of them: `read` gives None.
"""

import struct
from collections.abc import Callable
from typing import Any

from gsched.wire.records import TEXT, Job, JobReply, Record, Types, check_numbers

_PROTOCOLS = (b"\x80\x04\x95", b"\x80\x05\x95")  # and that there is a frame, around all of it
_START = 11  # behind that, and the size of the frame
_MEMOIZE, _GET = 0x94, ord("h")
_U4, _I4, _F8 = struct.Struct("<I"), struct.Struct("<i"), struct.Struct(">d")

LONGEST_TEXT = 1024  # characters of a field of a message: names, addresses, versions, codes

Value = tuple[Any, int]  # and where it ends


def _short_text(data: bytes, at: int) -> Value:
    end = at + 1 + data[at]
    return data[at + 1 : end].decode("utf-8", "surrogatepass"), end


def _text(data: bytes, at: int) -> Value:
    end = at + 4 + _U4.unpack_from(data, at)[0]
    return data[at + 4 : end].decode("utf-8", "surrogatepass"), end


def _short_bytes(data: bytes, at: int) -> Value:
    end = at + 1 + data[at]
    return data[at + 1 : end], end


def _bytes(data: bytes, at: int) -> Value:
    end = at + 4 + _U4.unpack_from(data, at)[0]
    return data[at + 4 : end], end


def _long(data: bytes, at: int) -> Value:
    end = at + 1 + data[at]
    return int.from_bytes(data[at + 1 : end], "little", signed=True), end


# What follows an opcode. Where the last bytes of a value are missing, it ends behind the end.
_OPCODES: dict[int, Callable[[bytes, int], Value]] = {
    0x8C: _short_text,
    ord("X"): _text,
    ord("C"): _short_bytes,
    ord("B"): _bytes,
    0x8A: _long,
    ord("K"): lambda data, at: (data[at], at + 1),
    ord("M"): lambda data, at: (data[at] | data[at + 1] << 8, at + 2),
    ord("J"): lambda data, at: (_I4.unpack_from(data, at)[0], at + 4),
    ord("G"): lambda data, at: (_F8.unpack_from(data, at)[0], at + 8),
    ord("N"): lambda _, at: (None, at),
    ord("]"): lambda _, at: ([], at),
}
_MEMOIZED = frozenset((0x8C, *b"XCB]"))


class Shape:
    """What stands in front of each value and the types that it may have; what stands behind all."""

    def __init__(self, values: list[tuple[bytes, Types]], end: bytes) -> None:
        self._values = [(text, len(text), text.count(_MEMOIZE), types) for text, types in values]
        self._end = end

    def match(self, data: bytes) -> list[Any] | None:
        """The values, if it is a whole pickle of that shape."""
        framed = int.from_bytes(data[3:_START], "little")
        if data[:3] not in _PROTOCOLS or framed != len(data) - _START:
            return None
        try:
            return self._match(data)
        except (LookupError, ValueError, struct.error):
            return None

    def _match(self, data: bytes) -> list[Any] | None:
        found: list[Any] = []
        memo: dict[int, Any] = {}
        count, at = 0, _START
        for text, size, memos, types in self._values:
            if not data.startswith(text, at):
                return None
            at += size
            count += memos
            opcode = data[at]
            if opcode == _GET:  # the very object that another value is
                value, at = memo[data[at + 1]], at + 2
            else:
                value, at = _OPCODES[opcode](data, at + 1)
            if opcode in _MEMOIZED:
                if data[at] != _MEMOIZE:
                    return None
                memo[count] = value
                count, at = count + 1, at + 1
            if type(value) not in types:
                return None
            found.append(value)
        return found if data[at:] == self._end else None


def _key(text: str) -> bytes:
    return b"\x8c%c%s\x94" % (len(text), text.encode())


def _fields(before: bytes, cls: type[Record]) -> list[tuple[bytes, Types]]:
    """A record's, behind what stands before it."""
    module, name = cls.GLOBAL
    before += _key(module) + _key(name) + b"\x93\x94)\x81\x94}\x94("
    first, *others = [(_key(name), types) for name, types in cls.FIELDS.items()]
    return [(before + first[0], first[1]), *others]


_JOB = Shape(
    [
        (b"}\x94(" + _key("node"), TEXT),
        *_fields(_key("job"), Job),
        (b"ub" + _key("auth"), (str,)),
    ],
    b"u.",
)
_JOB_REPLY = Shape(_fields(b"", JobReply), b"ub.")


def _job(data: bytes) -> dict[str, Any] | None:
    values = _JOB.match(data)
    if values is None:
        return None
    node, *fields, auth = values
    if len(node or auth) > LONGEST_TEXT or len(auth) > LONGEST_TEXT:
        return None
    return {"node": node, "job": Job(**dict(zip(Job.FIELDS, fields, strict=True))), "auth": auth}


def _job_reply(data: bytes) -> JobReply | None:
    values = _JOB_REPLY.match(data)
    if values is None:
        return None
    reply = JobReply(**dict(zip(JobReply.FIELDS, values, strict=True)))
    check_numbers(reply, "start_time", "end_time")
    return reply


_SHAPES: dict[str, Callable[[bytes], Any]] = {"JOB": _job, "JOB_REPLY": _job_reply}


def read(message: str, data: bytes) -> Any:
    """The body of that message, whole and checked; None if its shape is not known.

    Raises PeerError if its numbers are beyond all measure.
    """
    shape = _SHAPES.get(message)
    return shape(data) if shape else None
