"""A bound on the work of hashing what a pickle holds.

A tuple's hash is worked out anew each time, from the hashes of its items. So pairs of the same
pair of the same pair ..., as keys of a dict or members of a set, take 2^n steps in 3*n bytes.
Here the pickle is followed with weights in the place of objects: a tuple weighs what its items
weigh, all else weighs one. Honest keys weigh next to nothing.
"""

from collections.abc import Callable

from gsched.wire.errors import PeerError
from gsched.wire.opcodes import arguments

MAX_WORK = 1_000_000  # steps of hashing: some hundredths of a second
FEW_REFERENCES = 16  # with so few, no product of them is large: at most e^(16/e), about 360


class _Scale:
    """The decoder's stack and memo, with weights in them."""

    def __init__(self) -> None:
        self.stack: list[int] = []
        self.marks: list[int] = []
        self.memo: dict[int, int] = {}
        self.work = 0

    def push(self, weight: int) -> None:
        """Put a weight on the stack."""
        if weight > MAX_WORK:
            raise PeerError("pickle holds tuples that would take too long to hash")
        self.stack.append(weight)

    def take(self, count: int) -> list[int]:
        """Take some weights off the stack."""
        taken = self.stack[len(self.stack) - count :]
        del self.stack[len(self.stack) - count :]
        return taken

    def take_to_mark(self) -> list[int]:
        """Take all weights above the last mark."""
        mark = self.marks.pop()
        taken = self.stack[mark:]
        del self.stack[mark:]
        return taken

    def hash(self, weights: list[int]) -> None:
        """These become keys or members."""
        self.work += sum(weights)
        if self.work > MAX_WORK:
            raise PeerError("pickle holds keys that would take too long to hash")

    def remember(self, index: int) -> None:
        """Give the top of the stack a number."""
        self.memo[index] = self.stack[-1]

    def set_items(self, keys_and_values: list[int]) -> None:
        """A dict's keys are hashed, its values are not."""
        self.hash(keys_and_values[::2])

    def frozenset(self, members: list[int]) -> None:
        """Its hash is kept once it is known."""
        self.hash(members)
        self.push(1)


_EFFECTS: dict[int, Callable[[_Scale, int], object]] = {
    ord("("): lambda scale, _: scale.marks.append(len(scale.stack)),
    ord("0"): lambda scale, _: scale.take(1),
    ord("1"): lambda scale, _: scale.take_to_mark(),
    ord("t"): lambda scale, _: scale.push(1 + sum(scale.take_to_mark())),
    0x85: lambda scale, _: scale.push(1 + sum(scale.take(1))),
    0x86: lambda scale, _: scale.push(1 + sum(scale.take(2))),
    0x87: lambda scale, _: scale.push(1 + sum(scale.take(3))),
    ord("a"): lambda scale, _: scale.take(1),
    ord("e"): lambda scale, _: scale.take_to_mark(),
    ord("s"): lambda scale, _: scale.set_items(scale.take(2)),
    ord("u"): lambda scale, _: scale.set_items(scale.take_to_mark()),
    0x90: lambda scale, _: scale.hash(scale.take_to_mark()),
    0x91: lambda scale, _: scale.frozenset(scale.take_to_mark()),
    ord("b"): lambda scale, _: scale.take(1),
    ord("R"): lambda scale, _: scale.take(1),
    0x81: lambda scale, _: scale.take(1),
    0x92: lambda scale, _: scale.take(2),
    0x93: lambda scale, _: scale.take(1),
    0x94: lambda scale, _: scale.remember(len(scale.memo)),
    ord("q"): lambda scale, index: scale.remember(index),
    ord("r"): lambda scale, index: scale.remember(index),
    ord("h"): lambda scale, index: scale.push(scale.memo.get(index, 1)),
    ord("j"): lambda scale, index: scale.push(scale.memo.get(index, 1)),
    0x80: lambda _scale, _: None,
    0x95: lambda _scale, _: None,
    ord("."): lambda _scale, _: None,
}


def weigh(data: bytes) -> None:
    """Raises PeerError if decoding a pickle that has been scanned would hash for too long."""
    scale = _Scale()
    for op, argument in arguments(data):
        effect = _EFFECTS.get(op)
        try:
            effect(scale, argument) if effect else scale.push(1)
        except IndexError:
            raise PeerError("pickle takes more from its stack than is there") from None
