"""What a pickle may cost: opcodes, memory, depth, time; reading it and passing it on."""

import pickle
import struct
from typing import Any

import pytest
from wire_bytes import name, text, u4, whole

from gsched.wire import pickles, records, weights
from gsched.wire.encoder import ATOMS, MAX_DEPTH, Encoder
from gsched.wire.errors import PeerError
from gsched.wire.opcodes import MAX_LONG


def test_as_many_opcodes_as_allowed() -> None:
    """The end of the pickle is not counted."""
    data = whole(b"N0" * 10 + b"N")
    assert pickles.loads(data, max_opcodes=22) is None
    with pytest.raises(PeerError, match="more than 21 opcodes"):
        pickles.loads(data, max_opcodes=21)
    with pytest.raises(PeerError, match=f"more than {pickles.MAX_OPCODES} opcodes"):
        pickles.loads(whole(b"N0" * pickles.MAX_OPCODES + b"N"))


@pytest.mark.parametrize("index", [pickles.MAX_OPCODES + 1, 1 << 20, 1 << 31, (1 << 32) - 1])
def test_memo_bomb(index: int) -> None:
    """CPython makes room for all numbers up to the one used: ten bytes could ask for 32 GiB."""
    with pytest.raises(PeerError, match="memo index"):
        pickles.loads(whole(b"Nr" + u4(index)))


def test_memo_within_its_size() -> None:
    """Any number that the opcodes could need; and none that was not given."""
    assert pickles.loads(whole(b"Nr" + u4(1000) + b"j" + u4(1000) + b"\x86")) == (None, None)
    for unknown in (b"h\x05", b"j" + u4(5), b"j" + u4((1 << 32) - 1)):
        with pytest.raises(PeerError):
            pickles.loads(whole(unknown))


def test_as_long_an_integer_as_allowed() -> None:
    """Arithmetic with longer ones takes too long, and printing them even longer."""
    digits = b"\x01" * MAX_LONG
    assert pickles.loads(whole(b"\x8b" + u4(MAX_LONG) + digits)) == int.from_bytes(digits, "little")
    for size in (MAX_LONG + 1, 1 << 30, (1 << 31) + 1, (1 << 32) - 1):  # the last ones: negative
        with pytest.raises(PeerError, match=f"integer of {size} bytes"):
            pickles.loads(whole(b"\x8b" + u4(size) + digits + b"\x01"))


def test_classes_are_counted() -> None:
    """Each takes about a kilobyte here, from a few bytes there."""
    names = [name("m", f"c{n}") + b"0" for n in range(pickles.MAX_CLASSES + 1)]
    again = names[:1] * 10
    assert pickles.loads(whole(b"".join(names[:-1] + again) + b"N")) is None
    with pytest.raises(PeerError, match="more than 1000 classes"):
        pickles.loads(whole(b"".join(names) + b"N"))


FREE = text("cpu") + b"K\x01" + text("memory") + b"K\x01" + text("disk") + b"K\x01"
NESTED: dict[str, tuple[bytes, bytes]] = {
    "list": (b"]", b"a"),
    "dict": (b"}N", b"s"),
    "tuple": (b"", b"\x85"),
    "frozenset": (b"(", b"\x91"),
    "reduce": (b"h\x00", b"\x85R"),
    "newobj": (b"h\x00", b"\x85\x81"),
    "state": (b"h\x00)\x81", b"b"),
    "record": (b"h\x01)\x81}(" + FREE + text("swap"), b"ub"),
}


def nested(kind: str, depth: int) -> bytes:
    """A pickle of things within things, around an empty list (or tuple, where it is hashed)."""
    known = name("m", "n") + b"\x940" + name("dispy", "DispyNodeAvailInfo") + b"\x940"
    left, right = NESTED[kind]
    core = b")" if kind == "frozenset" else b"]"
    return whole(known + left * depth + core + right * depth)


@pytest.mark.parametrize("kind", NESTED)
def test_depth_is_limited(kind: str) -> None:
    """CPython's recursion limit is out of reach, whoever calls us; so is that of the reader."""
    fine = MAX_DEPTH // 2 - 1  # some kinds take two levels each: the thing and its arguments
    assert pickles.dumps(pickles.loads(nested(kind, fine)))
    with pytest.raises(PeerError, match="nested deeper"):
        pickles.dumps(pickles.loads(nested(kind, MAX_DEPTH + 1)))


@pytest.mark.parametrize("kind", NESTED)
def test_depth_harms_nobody(kind: str) -> None:
    """As deep as the limit of opcodes lets it be: read, and freed again."""
    most = pickles.MAX_OPCODES // (len(NESTED[kind][0]) + len(NESTED[kind][1])) - 20
    assert pickles.loads(nested(kind, most)) is not None


def test_depth_is_exact() -> None:
    """A hundred levels pass, one more does not."""
    value: list[Any] = []
    for _ in range(MAX_DEPTH - 1):
        value = [value]
    assert pickle.loads(pickles.dumps(value)) == value
    with pytest.raises(PeerError, match=f"deeper than {MAX_DEPTH} levels"):
        pickles.dumps([value])


def referred_to(part: bytes) -> bytes:
    """A pickle of a list that holds the same thing very often."""
    return whole(part + b"\x940](" + b"h\x00" * 90_000 + b"e")


LARGE_PARTS = {
    "text": b"X" + u4(60_000) + b"a" * 60_000,
    "bytes": b"B" + u4(60_000) + b"a" * 60_000,
    "bytearray": b"\x96" + u4(60_000) + b"\x00" * 4 + b"a" * 60_000,
    "list": b"](" + b"K\x01" * 9_000 + b"e",
    "tuple": b"(" + b"K\x01" * 9_000 + b"t",
    "frozenset": b"(" + b"".join(b"M" + struct.pack("<H", n) for n in range(9_000)) + b"\x91",
    "class": name("m" * 200, "n" * 200),
    "object": name("m", "n") + b")\x81}" + text("a" * 200) + b"Nsb",
}


@pytest.mark.parametrize("part", LARGE_PARTS.values(), ids=LARGE_PARTS)
def test_shared_parts_do_not_multiply(part: bytes) -> None:
    """Else 150 kB in would be gigabytes out, towards every node."""
    data = referred_to(part)
    assert len(pickles.dumps(pickles.loads(data))) < 4 * len(data)


@pytest.mark.parametrize("size", [1, 10, 63])
def test_small_strings_multiply_little(size: int) -> None:
    """Those are written each time; but there can only be so many."""
    data = referred_to(b"\x8c" + bytes((size,)) + b"a" * size)
    assert len(pickles.dumps(pickles.loads(data))) < 100_000 * 66


def test_large_integers_do_not_multiply() -> None:
    """They are the only large thing that is neither shared nor refused."""
    data = referred_to(b"\x8b" + u4(MAX_LONG) + b"\x01" * MAX_LONG)
    assert len(pickles.dumps(pickles.loads(data))) < 4 * len(data)


def hash_bomb(levels: int, start: bytes, end: bytes) -> bytes:
    """Pairs of the same pair of the same pair ...: its hash takes 2 ** levels steps."""
    pairs = (b"h" + bytes((n,)) + b"h" + bytes((n,)) + b"\x86\x940" for n in range(levels))
    return whole(start + b")\x940" + b"".join(pairs) + b"h" + bytes((levels,)) + end)


@pytest.mark.parametrize(("start", "end"), [(b"}", b"Ns"), (b"\x8f(", b"\x90")])
def test_hash_bomb(start: bytes, end: bytes) -> None:
    """20 levels take milliseconds, 40 take hours, and fit into any datagram."""
    with pytest.raises(PeerError):
        pickles.loads(hash_bomb(20, start, end), plain=True)


def test_weights_stay_small() -> None:
    """Nobody reckons with numbers of thousands of digits; not even where nothing is hashed."""
    pairs = (b"j" + u4(n) + b"j" + u4(n) + b"\x86\x940" for n in range(10_000))
    with pytest.raises(PeerError, match="tuples or sets that would take too long"):
        pickles.loads(whole(b")\x940" + b"".join(pairs) + b"N"))


def test_hash_bomb_of_many_keys() -> None:
    """No single key is heavy, all of them together are."""
    heavy = b"".join(b"h" + bytes((n,)) + b"h" + bytes((n,)) + b"\x86\x940" for n in range(14))
    keys = b"h\x0eNs" * 1000  # the same key again and again is hashed again and again
    with pytest.raises(PeerError, match="too long to hash"):
        pickles.loads(whole(b")\x940" + heavy + b"}" + keys))


def tower(levels: int) -> bytes:
    """A frozenset of a frozenset and a pair that holds it, and so on."""
    floor = b"q\x000(h\x00h\x00\x85\x91"
    return b"(K\x01\x91" + floor * levels


@pytest.mark.parametrize(("start", "value", "end"), [(b"}(", b"N", b"u"), (b"\x8f(", b"", b"\x90")])
def test_sets_that_take_long_to_compare(start: bytes, value: bytes, end: bytes) -> None:
    """Their hash is known, but two that are equal are compared with all that is within.

    20 levels take milliseconds, 40 take hours, and fit into any datagram.
    """
    keys = tower(20) + value + tower(20) + value
    with pytest.raises(PeerError, match="too long"):
        pickles.loads(whole(start + keys + end), plain=True)


LEAVES = {
    "texts": (text("a"), text("b")),
    "bytes": (b"C\x01a", b"C\x01b"),
    "a text and bytes": (text("a"), b"C\x01a"),
    "integers": (b"K\x01", b"K\x02"),
    "a text and None": (text("a"), b"N"),
    "floats": (b"G" + struct.pack(">d", 1.5), b"G" + struct.pack(">d", 2.5)),
    "a text and an integer": (text("a"), b"K\x01"),
}
HOLDERS = {"frozensets": b"\x91", "tuples": b"t", "tuples in frozensets": b"t\x85\x85"}


@pytest.mark.parametrize(("one", "other"), LEAVES.values(), ids=LEAVES)
@pytest.mark.parametrize("close", HOLDERS.values(), ids=HOLDERS)
def test_sets_that_differ_by_a_leaf(one: bytes, other: bytes, close: bytes) -> None:
    """Both hold the same set again, and so on: it counts twice, whatever tells them apart."""
    floor = b"q\x000((" + one + b"h\x00" + close + b"(" + other + b"h\x00" + close + b"\x91"
    high, low = (b"(" + text("x") + b"\x91" + floor * levels for levels in (20, 4))
    assert len(pickles.loads(whole(b"\x8f(" + low + low + b"\x90"), plain=True)) == 1
    with pytest.raises(PeerError, match="too long"):
        pickles.loads(whole(b"\x8f(" + high + high + b"\x90"), plain=True)


def test_a_set_whose_members_have_the_same_hash() -> None:
    """Each of them is compared with each of the other set, and so on, on each floor."""
    one, two = (b"J" + struct.pack("<i", value) for value in (-1, -2))
    floor = b"q\x000(" + b"".join(
        b"h\x00" + end + b"\x87" for end in (one + one, one + two, two + one)
    )
    high, low = (b"(K\x01\x91" + (floor + b"\x91") * levels for levels in (8, 3))
    assert len(pickles.loads(whole(b"\x8f(" + low + low + b"\x90"), plain=True)) == 1
    with pytest.raises(PeerError, match="too long"):
        pickles.loads(whole(b"\x8f(" + high + high + b"\x90"), plain=True)


def test_a_mark_is_dropped() -> None:
    """Where POP meets one; else what is heavy would be taken for the light thing beneath it."""
    hidden = b"Nh\x00h\x00\x86(0q\x0000"
    with pytest.raises(PeerError, match="too long"):
        pickles.loads(whole(b"})q\x000" + hidden * 22 + b"h\x00Ns"), plain=True)


def test_long_texts_that_are_equal() -> None:
    """They are compared to their end each time that they meet."""
    long = b"X" + u4(1 << 20) + b"a" * (1 << 20)
    both = long + b"q\x00N" + long + b"q\x01N"
    assert len(pickles.loads(whole(b"}(" + both + b"h\x01N" * 20 + b"u"))) == 1
    with pytest.raises(PeerError, match="too long to tell apart"):
        pickles.loads(whole(b"}(" + both + b"h\x01N" * 1_000 + b"u"))


def test_long_integers_in_keys() -> None:
    """Their hash is worked out anew each time."""
    long = b"\x8b" + u4(MAX_LONG) + b"\x01" * MAX_LONG + b"q\x00("
    with pytest.raises(PeerError, match="too long to hash"):
        pickles.loads(whole(b"}" + long + b"h\x00" * 10_000 + b"tNs"))


def test_keys_that_take_long_to_compare() -> None:
    """All have the same hash, and differ only behind a pair of pairs of pairs ... of their own."""

    def key(number: int) -> bytes:
        pairs = b"M\xe8\x03\x85" + b"q\x00h\x00\x86" * 9
        ends = (struct.pack("<i", -1 - (number >> bit & 1)) for bit in range(9))
        return b"(" + pairs + b"".join(b"J" + one for one in ends) + b"tN"

    fine, many = ([key(n) for n in range(most)] for most in (20, 400))
    assert len(pickles.loads(whole(b"}(" + b"".join(fine) + b"u"))) == 20
    with pytest.raises(PeerError, match="too long to tell apart"):
        pickles.loads(whole(b"}(" + b"".join(many) + b"u"))


SHARED = 200  # times that the same thing is used to make another
MANY = b"".join(text(f"{n:03}") + b"N" for n in range(300))
MAKERS: dict[str, tuple[bytes, bytes]] = {
    "an object": (name("m", "n") + b"\x940(" + MANY + b"t\x940", b"h\x00h\x01\x81"),
    "an object by keywords": (
        name("m", "n") + b"\x940}(" + MANY + b"u\x940",
        b"h\x00)h\x01\x92",
    ),
    "a call": (name("m", "n") + b"\x940(" + MANY + b"t\x940", b"h\x00h\x01R"),
    "a record": (
        name("dispy", "_DispyJob_") + b"\x940}(" + MANY + b"u\x940",
        b"h\x00)\x81h\x01b",
    ),
}


@pytest.mark.parametrize(("shared", "make"), MAKERS.values(), ids=MAKERS)
def test_many_objects_made_with_the_same(shared: bytes, make: bytes) -> None:
    """Each would take a copy of it: gigabytes, of a message of 300 kB."""
    with pytest.raises(PeerError, match=r"more than 255 arguments|with many others"):
        pickles.loads(whole(shared + b"](" + make * SHARED + b"e"))


def test_files_with_the_same_large_state() -> None:
    """Only what is known of a file is looked at, however much there is."""

    class Large(dict[str, int]):
        def items(self) -> Any:
            raise AssertionError("all of it is looked at")

    stat = records.StatResult((0,) * 10, Large(st_mtime_ns=7, other=8))
    assert stat.more == {"st_mtime_ns": 7}


def test_long_texts_are_encoded_once() -> None:
    """A computation may name the same megabytes a thousand times."""

    class Counted(str):
        encoded = 0

        def encode(self, *how: str) -> bytes:
            Counted.encoded += 1
            return super().encode(*how)

    encoder = Encoder()
    one = Counted("a" * 100)
    for _ in range(SHARED):
        ATOMS[str](encoder, one)
    assert Counted.encoded == 1


def test_long_integers_are_counted() -> None:
    """Each may be long, but not all: to read, hash and compare them takes time for each byte."""
    one = b"\x8b" + u4(MAX_LONG) + b"\x01" * MAX_LONG
    with pytest.raises(PeerError, match="too long to hash"):
        pickles.loads(whole(b"](" + one * 20_000 + b"e"))
    assert len(pickles.loads(whole(b"](" + one * 5_000 + b"e"))) == 5_000


def test_what_is_weighed_costs_little(monkeypatch: pytest.MonkeyPatch) -> None:
    """Numbers are never written out: that takes a time that grows with the square of their size."""

    def never(_: object) -> str:
        raise AssertionError("an integer is written out")

    monkeypatch.setattr(weights, "repr", never, raising=False)
    one = b"\x8b" + u4(MAX_LONG) + b"\x01" * MAX_LONG
    pickles.loads(whole(b"](" + one * 2_500 + b"e"))


def test_honest_keys_weigh_little() -> None:
    """Coordinates as keys, and many references: user objects look like that."""
    grid = {(x, y): (x, y) for x in range(50) for y in range(50)}
    assert pickles.loads(pickle.dumps([grid, grid] + [grid] * 50))[0] == grid


# -- keys that get in each other's way -------------------------------------------------------------

MODULUS = (1 << 61) - 1  # numbers that differ by a multiple of it have the same hash


def number(value: int) -> bytes:
    size = value.bit_length() // 8 + 1
    return b"\x8a" + bytes((size,)) + value.to_bytes(size, "little", signed=True)


def undoing(first: int) -> int:
    """What stands behind something of that hash in one of many pairs with the same hash."""
    factor, second, rotated = 0xC2B2AE3D27D4EB4F, 0x9E3779B185EBCA87, 0x27D4EB2F165667C5
    mask = (1 << 64) - 1
    after = rotated + first * factor & mask
    after = ((after << 31 | after >> 33) & mask) * second & mask
    return (1234 - after) * pow(factor, -1, 1 << 64) & mask


def pair(one: int) -> bytes:
    """One of them, of numbers."""
    return number(one) + number(undoing(one)) + b"\x86"


def tall(one: int) -> bytes:
    """One of them, of a tuple of tuples, whose hash is beyond that of any number."""
    value: Any = one
    for _ in range(6):
        value = (value,)
    return number(one) + b"\x85" * 6 + number(undoing(hash(value))) + b"\x86"


def floats(exponent: int, number: int) -> bytes:
    return b"G" + struct.pack(">d", (1.0 + number / 2**40) * 2.0**exponent)


COLLIDING = {
    "numbers": lambda n: number((n + 1) * MODULUS),
    "negative numbers": lambda n: number(-(n + 1) * MODULUS),
    "long numbers": lambda n: b"\x8b" + u4(20) + ((n + 1) * MODULUS).to_bytes(20, "little"),
    "tuples": lambda n: number((n + 1) * MODULUS) + b"\x85",
    "floats": lambda n: floats(61 * (n % 16), n // 16),
    "tuples in tuples": lambda n: b"K\x01" + number((n + 1) * MODULUS) + b"\x86\x85",
    "frozensets": lambda n: b"(" + number((n + 1) * MODULUS) + b"\x91",
}
CONTAINERS = {"dict": (b"}(", b"N", b"u"), "set": (b"\x8f(", b"", b"\x90")}


@pytest.mark.parametrize("key", COLLIDING.values(), ids=COLLIDING)
@pytest.mark.parametrize(("start", "value", "end"), CONTAINERS.values(), ids=CONTAINERS)
def test_keys_with_the_same_hash(key: Any, start: bytes, value: bytes, end: bytes) -> None:
    """Twenty thousand take seconds, during which nobody else is served; a few do no harm."""
    keys = [key(n) + value for n in range(10_000)]
    with pytest.raises(PeerError, match="too long to tell apart"):
        pickles.loads(whole(start + b"".join(keys) + end))
    assert len(pickles.loads(whole(start + b"".join(keys[:300]) + end))) == 300


def leaves(one: bytes, other: bytes) -> Any:
    """Tuples of two things of the same hash."""
    return lambda n: b"(" + b"".join((one, other)[n >> bit & 1] for bit in range(10)) + b"t"


def undone(one: bytes) -> bytes:
    """A set in whose hash there is no trace of what it holds."""
    return b"(" + one + b"q\x01J\xff\xff\xff\xff\x86h\x01J\xfe\xff\xff\xff\x86\x91"


ALIKE = {
    "texts and bytes": leaves(text("a"), b"C\x01a"),
    "empty ones": leaves(text(""), b"C\x00"),
    "narrow and wide texts": leaves(b"\x8c\x02\xc5\x81", text("A\x01")),
    "sets with texts": lambda n: undone(text(str(n))),
    "sets with objects": lambda _: undone(name("m", "n") + b")\x81"),
}


@pytest.mark.parametrize("key", ALIKE.values(), ids=ALIKE)
def test_keys_with_the_same_secret(key: Any) -> None:
    """Nobody knows their hash, but it is the same."""
    keys = [key(n) + b"N" for n in range(800)]
    assert (
        len({hash(one) for one in pickles.loads(whole(b"}(" + b"".join(keys[:300]) + b"u"))}) == 1
    )
    with pytest.raises(PeerError, match="too long to tell apart"):
        pickles.loads(whole(b"}(" + b"".join(keys) + b"u"))


@pytest.mark.parametrize("make", [pair, tall])
def test_pairs_with_the_same_hash(make: Any) -> None:
    """They are what they claim to be; the second number is too large for its own hash in some."""
    keys = [make(n) for n in range(16_000)]
    values = [pickle.loads(whole(one)) for one in keys]
    fitting = [n for n, value in enumerate(values) if value[1] < MODULUS]
    assert len({hash(values[n]) for n in fitting}) == 1
    with pytest.raises(PeerError, match="too long to tell apart"):
        pickles.loads(whole(b"}(" + b"".join(keys[n] + b"N" for n in fitting) + b"u"))


HONEST_KEYS: dict[str, Any] = {
    "numbers": dict.fromkeys(range(-9_000, 9_000)),
    "times": {1_700_000_000_000_000_000 + n * 1_000: n for n in range(9_000)},
    "floats": {n / 7: n for n in range(9_000)},
    "whole floats": [dict.fromkeys(range(5_000)), dict.fromkeys(map(float, range(5_000)))],
    "a grid": {(x, y): 1 for x in range(-50, 50) for y in range(-50, 50)},
    "a grid again and again": [{(x, y) for x in range(-20, 20) for y in range(-9, 9)}] * 5,
    "points": {(n / 3, -n / 7): n for n in range(3_000)},
    "texts": {f"key {n}": n for n in range(20_000)},
    "texts and numbers": {(f"key {n % 9}", n): n for n in range(9_000)},
    "records": {(n, "a", None, True, 2.5): n for n in range(5_000)},
    "texts and offsets": {(f"key {n}", k): n for n in range(2_000) for k in range(-2, 3)},
    "sets": {frozenset((n, n + 1)): n for n in range(5_000)},
}


@pytest.mark.parametrize("value", HONEST_KEYS.values(), ids=HONEST_KEYS)
def test_honest_keys_pass(value: Any) -> None:
    for protocol in (4, 5):
        assert pickles.loads(pickle.dumps(value, protocol)) == value


def test_too_many_numbers_as_keys() -> None:
    """Which ones are in each other's way cannot be seen by their hash alone."""
    with pytest.raises(PeerError, match="too long to tell apart"):
        pickles.loads(pickle.dumps(dict.fromkeys(range(30_000))))
