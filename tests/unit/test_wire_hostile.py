"""Pickles that no honest peer sends: refused, or harmless; never anything else.

The bytes are put together by hand, as CPython's pickler would not write most of them.
"""

import os
import pickle
import pickletools
import sys
import tracemalloc
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from exploits import BOMBS, calls, with_text
from hypothesis import given
from hypothesis import strategies as st
from wire_bytes import START, name, text, whole

from gsched.wire import pickles
from gsched.wire.errors import PeerError
from gsched.wire.filestat import StatResult
from gsched.wire.standins import StandIn, StandInType

MOST_MEMORY = 64 << 20  # bytes

# What dispy's peers use, in the names of pickletools.
_NAMES = """
    MARK POP POP_MARK STOP NONE NEWTRUE NEWFALSE BININT BININT1 BININT2 LONG1 LONG4 BINFLOAT
    BINUNICODE SHORT_BINUNICODE BINUNICODE8 BINBYTES SHORT_BINBYTES BINBYTES8 BYTEARRAY8
    EMPTY_TUPLE TUPLE TUPLE1 TUPLE2 TUPLE3 EMPTY_LIST APPEND APPENDS EMPTY_DICT SETITEM SETITEMS
    EMPTY_SET ADDITEMS FROZENSET BINGET LONG_BINGET BINPUT LONG_BINPUT MEMOIZE GLOBAL
    STACK_GLOBAL REDUCE BUILD NEWOBJ NEWOBJ_EX PROTO FRAME
"""
ALLOWED = _NAMES.split()
CODES = {op.name: op.code.encode("latin-1") for op in pickletools.opcodes}
FORBIDDEN = sorted({bytes((n,)) for n in range(256)} - {CODES[name] for name in ALLOWED})

# -- what would run code -------------------------------------------------------------------------


@pytest.fixture
def alarm(tmp_path: Path) -> Iterator[str]:
    """A command that leaves a trace when it runs; that nothing was imported is checked too."""
    trace, modules = tmp_path / "trace", set(sys.modules)
    yield f"touch {trace}"
    assert not trace.exists()
    assert set(sys.modules) == modules


RUNS = calls(os.system.__module__, "system", ("subprocess", "Popen"))
CLOSED = ("INST", "OBJ", "PERSID", "BINPERSID", "EXT1", "EXT2", "EXT4", "NEXT_BUFFER")


@pytest.mark.parametrize("body", RUNS.values(), ids=RUNS)
def test_nothing_runs(body: bytes, alarm: str) -> None:
    """Neither when it is read nor when it is passed on."""
    data = with_text(body, alarm)
    with suppress(PeerError):
        pickles.dumps(pickles.loads(data))
    with pytest.raises(PeerError):
        pickles.loads(data, plain=True)


def test_the_alarm_rings(tmp_path: Path) -> None:
    """CPython itself would run the first of these: they are what they claim to be."""
    pickle.loads(with_text(RUNS["GLOBAL REDUCE"], f"touch {tmp_path / 'trace'}"))
    assert (tmp_path / "trace").exists()


@pytest.mark.parametrize("way", [*CLOSED, "READONLY_BUFFER"])
def test_ways_that_are_closed(way: str) -> None:
    """Opcodes without an honest use are not even looked into."""
    with pytest.raises(PeerError, match="which dispy never sends"):
        pickles.loads(with_text(RUNS[way], "true"))
    with pytest.raises(PeerError, match="which dispy never sends"):
        pickles.loads(whole(b"N2\x86"))  # DUP


@pytest.mark.parametrize("data", BOMBS.values(), ids=BOMBS)
def test_bombs_do_not_go_off(data: bytes) -> None:
    """In memory that is bounded, and in the blink of an eye."""
    tracemalloc.start()
    with suppress(PeerError):
        pickles.dumps(pickles.loads(data))
    assert tracemalloc.get_traced_memory()[1] < MOST_MEMORY
    tracemalloc.stop()


@pytest.mark.parametrize("code", FORBIDDEN, ids=bytes.hex)
def test_forbidden_opcodes(code: bytes) -> None:
    """Every other opcode, and every byte that is none, at the start and behind a value."""
    for data in (code, START + code + b".", whole(b"N0" + code)):
        with pytest.raises(PeerError, match=f"0x{code.hex()}"):
            pickles.loads(data)


def test_allowed_opcodes_are_needed() -> None:
    """No opcode is let in that CPython's pickler of protocol 4 and 5 does not write."""
    assert set(ALLOWED) <= CODES.keys()
    written = {"PROTO", "FRAME", "STOP", "GLOBAL", "LONG_BINPUT", "BINPUT"}
    written |= {"BINUNICODE8", "BINBYTES8"}  # of strings of more than 4 GiB
    thousand = list(range(300))
    samples: list[Any] = [
        *(None, True, False, 1, 300, 70000, 1 << 40, 1 << 4000, 1.5, "a", "a" * 300),
        *(b"a", b"a" * 300, bytearray(b"a"), (), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4)),
        *([1], [1, 2], {1: 2}, {1: 2, 3: 4}, {1}, frozenset((1,)), 1j, os.stat("/"), StandIn),
        [[n] for n in thousand] * 2,
    ]
    ring: tuple[Any, ...] = ([],)
    ring[0].append(ring)
    pair: tuple[Any, ...] = ([], 1, 2, 3)
    pair[0].append(pair)
    for sample in [*samples, ring, pair, slice(1), PeerError("a")]:
        for protocol in (4, 5):
            data = pickle.dumps(sample, protocol)
            written |= {op.name for op, _, _ in pickletools.genops(data)}
    assert set(ALLOWED) - written <= {"NEWOBJ", "NEWOBJ_EX", "BUILD"}  # see test_wire_objects


# -- broken pickles ------------------------------------------------------------------------------

BROKEN: dict[str, bytes] = {
    "nothing": b"",
    "only the end": b".",
    "no end": START + b"N",
    "no value": whole(b""),
    "bytes behind": whole(b"N") + b"N",
    "two pickles": whole(b"N") * 2,
    "mark only": whole(b"("),
    "unknown protocol": b"\x80\x06N.",
    "protocol missing": b"\x80",
    "pop of nothing": whole(b"0"),
    "tuple of too little": whole(b"N\x87"),
    "list from nothing": whole(b"e"),
    "item for a number": whole(b"K\x01Na"),
    "pair for a tuple": whole(b")NNs"),
    "odd pairs": whole(b"}(Nu"),
    "list as a key": whole(b"}]Ns"),
    "dict as a member": whole(b"\x8f(}\x90"),
    "state for a number": whole(b"K\x01}b"),
    "state for a list": whole(b"]}" + text("append") + b"Nsb"),
    "call of a number": whole(b"K\x01)R"),
    "call with a list": whole(name("m", "n") + b"]R"),
    "new of a number": whole(b"K\x01)\x81"),
    "new of what a call returned": whole(name("m", "n") + b")R)\x81"),
    "new with a list": whole(name("m", "n") + b"]\x81"),
    "name of numbers": whole(b"K\x01K\x02\x93"),
    "name not UTF-8": whole(b"c\xff\n\xfe\n"),
    "name without end": START + b"cos\n",
    "name without anything": START + b"c",
    "text not UTF-8": whole(b"\x8c\x02\xff\xfe"),
    "text over the end": whole(b"\x8c\x05a"),
    "text of 2**64-1": whole(b"\x8d" + b"\xff" * 8 + b"a"),
    "bytes of 2**63": whole(b"\x8e" + b"\x00" * 7 + b"\x80" + b"a"),
    "bytearray of 2**63-1": whole(b"\x96" + b"\xff" * 7 + b"\x7f" + b"a"),
    "frame over the end": b"\x80\x04\x95" + b"\xff" * 8 + b"N.",
    "frame too long": b"\x80\x04\x95\x09" + b"\x00" * 7 + b"N.",
    "integer over the end": whole(b"\x8a\xff\x01"),
    "float cut short": START + b"G\x00.",
    "list for a class": whole(name("m", "n") + b"(Ne"),
    "state for a class": whole(name("m", "n") + b"}b"),
    "attributes for a class": whole(name("m", "n") + b"N}" + text("origin") + b"Ns\x86b"),
    "keywords of a number": whole(name("m", "n") + b")K\x01\x92"),
    "keywords that are no text": whole(name("m", "n") + b")}K\x01Ns\x92"),
    "keyword cls": whole(name("m", "n") + b")}" + text("cls") + b"Ns\x92"),
}


@pytest.mark.parametrize("data", BROKEN.values(), ids=BROKEN)
def test_broken(data: bytes) -> None:
    """All of them the peer's fault."""
    with pytest.raises(PeerError):
        pickles.loads(data)


def test_the_error_does_not_repeat_the_bytes() -> None:
    """What peers send may be long, secret, or meant for whoever reads the log."""
    broken = (text("secret") + b"\x81", text("secret") + b"P", b"\x8c\x08secret\xff\xfe")
    for data in map(whole, broken):
        with pytest.raises(PeerError) as caught:
            pickles.loads(data)
        assert "secret" not in str(caught.value)


SAMPLE = pickle.dumps({"a": [1, (2.5, "three"), {b"four"}], "at": os.stat("/"), "by": PeerError}, 4)


@pytest.mark.parametrize("size", range(len(SAMPLE)))
def test_every_part_of_a_pickle_is_broken(size: int) -> None:
    """Whatever is cut off."""
    with pytest.raises(PeerError):
        pickles.loads(SAMPLE[:size])


# -- any bytes -----------------------------------------------------------------------------------

PIECES = st.sampled_from(
    [CODES[one] for one in ALLOWED if one not in ("STOP", "PROTO", "FRAME")]
    + [*map(bytes, ((n,) for n in range(4))), *map(text, ("", "a", "os", "dispy", "_Compute"))]
    + [name("m", "n"), name("os", "stat_result"), name("dispy", "_XferFile"), b"K\x01", b"N"]
    + [b")\x81", b")R", b"}b", b"h\x00", b"h\x01", b"N}" + text("more") + b"Ns\x86b"]
)
BODIES = st.lists(PIECES, max_size=40).map(b"".join)


def only_peer_errors(data: bytes, plain: bool) -> None:
    """Decode; anything but a value or a PeerError fails the test."""
    try:
        value = pickles.loads(data, plain=plain)
    except PeerError:
        return
    assert not (plain and isinstance(value, (StandIn, StandInType, StatResult)))


@given(st.binary(max_size=100), st.booleans())
def test_any_bytes(data: bytes, plain: bool) -> None:
    """A value or PeerError."""
    only_peer_errors(data, plain)
    only_peer_errors(whole(data), plain)


@given(BODIES, st.booleans())
def test_any_opcodes(body: bytes, plain: bool) -> None:
    """The same, of bytes that get further than random ones."""
    only_peer_errors(whole(body), plain)


@given(st.data())
def test_any_change_to_a_pickle(data: st.DataObject) -> None:
    """A byte changed, some left out, some put in."""
    at = data.draw(st.integers(0, len(SAMPLE)))
    end = at + data.draw(st.integers(0, 3))
    only_peer_errors(SAMPLE[:at] + data.draw(st.binary(max_size=3)) + SAMPLE[end:], False)
