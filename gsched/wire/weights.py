"""A bound on the work of hashing what a pickle holds.

A tuple's hash is worked out anew each time, from the hashes of its items. So pairs of the same
pair of the same pair ..., as keys of a dict or members of a set, take 2^n steps in 3*n bytes.
And the hashes of numbers, and of tuples of them, are no secret: a dict whose keys all have the
same one takes as many steps for each as there are others.

A frozenset remembers its hash; but two that are equal are compared with all that is within them.

Here the pickle is followed with things in the place of objects. A tuple weighs what its items
weigh, all else but long integers weighs one; its size is what there is to compare. Each has the
hash that it will have, and a mark that nobody can foresee, which tells whether two of the same
hash are equal: a text and bytes may have the same hash, and not even a secret one tells a set of
("a", -1) and ("a", -2) from that with "b". Honest keys weigh next to nothing, and hardly collide.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable
from struct import pack, unpack_from
from typing import NamedTuple

from gsched.wire.errors import PeerError
from gsched.wire.opcodes import arguments

MAX_WORK = 1_000_000  # steps of hashing: some hundredths of a second
MAX_NUMBERS = 20_000  # keys that are numbers or tuples: these may be chosen to be in the way
MAX_COLLISIONS = 500  # with the hash of two others; -1 and -2 have the same, (x, -1) and (x, -2)
FEW_MEMBERS = 8  # are never in the way of each other
FEW_REFERENCES = 16  # with so few, no product of them is large: at most e^(16/e), about 360
FEW_OPCODES = 2_000  # with so few, there are not enough keys


class Thing(NamedTuple):
    """What stands for an object."""

    weight: int  # steps to hash it
    size: int  # steps to compare it with one that is equal
    hash: int
    mark: int  # never 0
    secret: bool = False  # its hash cannot be foreseen, such as that of a text

    def __hash__(self) -> int:
        """In a tuple or set it counts as what it stands for."""
        return self.hash


NONE = Thing(1, 1, hash(None), hash("None"), secret=True)


class _Scale:
    """The decoder's stack and memo, with things in them."""

    def __init__(self) -> None:
        self.stack: list[Thing] = []
        self.marks: list[int] = []
        self.memo: dict[int, Thing] = {}
        self.work = 0
        self.numbers = 0  # of keys
        self.collisions = 0
        self.rivals = 0  # steps to tell keys of the same hash apart
        self.alike: defaultdict[int, set[int]] = defaultdict(set)  # marks by hash
        self.largest: defaultdict[int, int] = defaultdict(int)  # size by hash
        self.others = 1

    def other(self, parts: int = 0) -> None:
        """Something new of so many things on the stack, equal to itself only."""
        self.take(parts)
        self.others += 1
        self.push(Thing(1, 1, self.others, self.others, secret=True))

    def push(self, thing: Thing) -> None:
        """Put it on the stack."""
        if thing.size > MAX_WORK:  # it never weighs more
            raise PeerError("pickle holds tuples or sets that would take too long to hash")
        self.stack.append(thing)

    def take(self, count: int) -> list[Thing]:
        """Take some things off the stack."""
        taken = self.stack[len(self.stack) - count :]
        del self.stack[len(self.stack) - count :]
        return taken

    def drop(self) -> None:
        """The mark, if it is on top."""
        if self.marks and self.marks[-1] == len(self.stack):
            self.marks.pop()
        else:
            self.take(1)

    def take_to_mark(self) -> list[Thing]:
        """Take all things above the last mark."""
        mark = self.marks.pop()
        taken = self.stack[mark:]
        del self.stack[mark:]
        return taken

    def hash(self, things: list[Thing]) -> None:
        """These become keys or members."""
        self.tire(sum([thing.weight for thing in things]))
        for thing in things:
            self._tell_apart(thing)
        most = (MAX_NUMBERS, MAX_COLLISIONS, MAX_WORK)
        found = (self.numbers, self.collisions, self.rivals)
        if any(one > limit for one, limit in zip(found, most, strict=True)):
            raise PeerError("pickle holds keys that would take too long to tell apart")

    def _tell_apart(self, key: Thing) -> None:
        """From those of its hash that are there already, one of which may be equal."""
        place = _mark_of([key.hash])  # else they would be in each other's way here
        alike = self.alike[place]
        self.largest[place] = max(self.largest[place], key.size)
        self.rivals += self.largest[place] * len(alike)
        if not key.secret:
            self.collisions += len(alike) > 1 and key.mark not in alike
            self.numbers += 1
        alike.add(key.mark)

    def tire(self, work: int) -> None:
        """So many steps more. Raises PeerError."""
        self.work += work
        if self.work > MAX_WORK:
            raise PeerError("pickle holds keys or numbers that would take too long to hash")

    def remember(self, index: int) -> None:
        """Give the top of the stack a number."""
        self.memo[index] = self.stack[-1]

    def set_items(self, keys_and_values: list[Thing]) -> None:
        """A dict's keys are hashed, its values are not."""
        self.hash(keys_and_values[::2])

    def frozenset(self, members: list[Thing]) -> None:
        """Its hash is kept once it is known."""
        self.hash(members)
        if len(members) <= FEW_MEMBERS:  # and there will be no more
            self.numbers -= sum(not thing.secret for thing in members)
        whole = {thing.mark: thing for thing in members}  # those of the same mark are equal
        mark = _mark_of([0, *sorted(whole)])
        self.push(Thing(1, _size_of_set(whole.values()), hash(frozenset(whole.values())), mark))

    def tuple(self, items: list[Thing]) -> None:
        """Its items are hashed each time that it is."""
        weight = 1 + sum([thing.weight for thing in items])
        mark = _mark_of([thing.mark for thing in items])
        self.push(Thing(weight, _size_of(items), hash(tuple(items)), mark))

    def number(self, value: float) -> None:
        """Equal ones have the same mark."""
        whole = int(value) if value == value and abs(value) != float("inf") else 0
        steps = whole.bit_length() >> 6
        self.tire(steps)
        if whole == value:
            mark = _mark(whole.to_bytes(whole.bit_length() // 8 + 1, "little", signed=True))
        else:
            mark = _mark(repr(value).encode() + b"\0\0")  # no integer ends so
        self.push(Thing(1 + steps, 1 + steps, hash(value), mark))

    def text(self, value: bytes, *, is_bytes: bool) -> None:
        """Its hash is kept once it is known."""
        hashed = hash(value if is_bytes else value.decode("utf-8", "surrogatepass"))
        mark = _mark((b"B" if is_bytes else b"X") + value)
        self.push(Thing(1, 1 + (len(value) >> 8), hashed, mark, secret=True))


def _mark(data: bytes) -> int:
    """Never 0. Hashes of bytes are others in each process."""
    return hash(data) or 1


def _mark_of(marks: list[int]) -> int:
    return _mark(pack(f"<{len(marks)}q", *marks))


def _size_of(items: Iterable[Thing]) -> int:
    return 1 + sum([thing.size for thing in items])


def _size_of_set(members: Collection[Thing]) -> int:
    """Each is compared with those of its hash, after a way past all that may be in its way."""
    places = [_mark_of([thing.hash]) for thing in members]
    same = Counter(places)
    sizes = [thing.size * same[at] for thing, at in zip(members, places, strict=True)]
    numbers = sum([not thing.secret for thing in members])
    return 1 + sum(sizes) + min(numbers**2 >> 6, MAX_WORK >> 2)


def _long(data: bytes, at: int, width: int) -> int:
    start = at + 1 + width
    size = int.from_bytes(data[at + 1 : start], "little")
    return int.from_bytes(data[start : start + size], "little", signed=True)


_NUMBERS: dict[int, Callable[[bytes, int], float]] = {
    ord("K"): lambda data, at: data[at + 1],
    ord("M"): lambda data, at: int.from_bytes(data[at + 1 : at + 3], "little"),
    ord("J"): lambda data, at: int.from_bytes(data[at + 1 : at + 5], "little", signed=True),
    0x8A: lambda data, at: _long(data, at, 1),
    0x8B: lambda data, at: _long(data, at, 4),
    ord("G"): lambda data, at: float(unpack_from(">d", data, at + 1)[0]),
}

# How wide the size is that stands before them.
_TEXTS = {ord("X"): 4, 0x8C: 1, 0x8D: 8}
_BYTES = {ord("B"): 4, ord("C"): 1, 0x8E: 8}


def _text(data: bytes, at: int, width: int) -> bytes:
    start = at + 1 + width
    return data[start : start + int.from_bytes(data[at + 1 : start], "little")]


_EFFECTS: dict[int, Callable[[_Scale, int], object]] = {
    ord("("): lambda scale, _: scale.marks.append(len(scale.stack)),
    ord("N"): lambda scale, _: scale.push(NONE),
    0x88: lambda scale, _: scale.number(True),
    0x89: lambda scale, _: scale.number(False),
    ord("0"): lambda scale, _: scale.drop(),
    ord("1"): lambda scale, _: scale.take_to_mark(),
    ord(")"): lambda scale, _: scale.tuple([]),
    ord("t"): lambda scale, _: scale.tuple(scale.take_to_mark()),
    0x85: lambda scale, _: scale.tuple(scale.take(1)),
    0x86: lambda scale, _: scale.tuple(scale.take(2)),
    0x87: lambda scale, _: scale.tuple(scale.take(3)),
    ord("a"): lambda scale, _: scale.take(1),
    ord("e"): lambda scale, _: scale.take_to_mark(),
    ord("s"): lambda scale, _: scale.set_items(scale.take(2)),
    ord("u"): lambda scale, _: scale.set_items(scale.take_to_mark()),
    0x90: lambda scale, _: scale.hash(scale.take_to_mark()),
    0x91: lambda scale, _: scale.frozenset(scale.take_to_mark()),
    ord("b"): lambda scale, _: scale.take(1),
    ord("R"): lambda scale, _: scale.other(2),
    0x81: lambda scale, _: scale.other(2),
    0x92: lambda scale, _: scale.other(3),
    0x93: lambda scale, _: scale.other(2),
    0x94: lambda scale, _: scale.remember(len(scale.memo)),
    ord("q"): lambda scale, index: scale.remember(index),
    ord("r"): lambda scale, index: scale.remember(index),
    ord("h"): lambda scale, index: scale.push(scale.memo.get(index, NONE)),
    ord("j"): lambda scale, index: scale.push(scale.memo.get(index, NONE)),
    0x80: lambda _scale, _: None,
    0x95: lambda _scale, _: None,
    ord("."): lambda _scale, _: None,
}


def weigh(data: bytes) -> None:
    """Raises PeerError if decoding a pickle that has been scanned would hash for too long."""
    scale = _Scale()
    for op, argument, at in arguments(data):
        try:
            if effect := _EFFECTS.get(op):
                effect(scale, argument)
            elif number := _NUMBERS.get(op):
                scale.number(number(data, at))
            elif width := _TEXTS.get(op) or _BYTES.get(op):
                scale.text(_text(data, at, width), is_bytes=op in _BYTES)
            else:
                scale.other()
        except IndexError:
            raise PeerError("pickle takes more from its stack than is there") from None
        except UnicodeError:
            raise PeerError("pickle holds a text that is none") from None
