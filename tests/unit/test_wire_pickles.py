"""Pickles in and out: plain values survive, and what is shared stays shared.

CPython's own pickle module is the judge in both directions.
"""

import collections
import enum
import pickle
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gsched.wire import pickles

BOTH = pytest.mark.parametrize("protocol", [4, 5])  # what dispy's peers write

ATOMS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([1 << 62, 1 << 63, -(1 << 63), 1 << 2000, -(1 << 2000)])
    | st.floats()
    | st.text(st.characters(exclude_categories=()), max_size=20)
    | st.binary(max_size=20)
    | st.sampled_from(["long " * 20, b"long " * 200])
)
HASHABLE = ATOMS | st.tuples(ATOMS, ATOMS) | st.frozensets(ATOMS, max_size=3)
VALUES = st.recursive(
    HASHABLE,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(HASHABLE, inner, max_size=3)
        | st.sets(HASHABLE, max_size=3)
    ),
    max_leaves=15,
)


def typed(value: Any) -> Any:
    """For comparisons in which True is not 1, 0.0 is not -0.0, and nan is itself."""
    if isinstance(value, (list, tuple)):
        return type(value), tuple(typed(one) for one in value)
    if isinstance(value, (set, frozenset)):
        return type(value), frozenset(typed(one) for one in value)
    if isinstance(value, dict):
        return dict, tuple((typed(key), typed(part)) for key, part in value.items())
    return type(value), repr(value)


# -- plain values --------------------------------------------------------------------------------


@given(VALUES)
def test_what_we_write_is_read_by_cpython(value: Any) -> None:
    """Equal, and in protocol 4, which the oldest peers read."""
    data = pickles.dumps(value)
    assert data[:2] == b"\x80\x04"
    assert typed(pickle.loads(data)) == typed(value)


@given(VALUES, st.sampled_from([4, 5]))
def test_what_cpython_writes_is_read_by_us(value: Any, protocol: int) -> None:
    """Plain values need no classes, so they pass where classes are refused."""
    assert typed(pickles.loads(pickle.dumps(value, protocol), plain=True)) == typed(value)


@given(VALUES, st.sampled_from([4, 5]))
def test_through_us_nothing_changes(value: Any, protocol: int) -> None:
    """From one peer to another."""
    passed_on = pickles.dumps(pickles.loads(pickle.dumps(value, protocol)))
    assert typed(pickle.loads(passed_on)) == typed(value)


@pytest.mark.parametrize("bits", [0, 7, 8, 15, 16, 31, 32, 63, 64, 2032, 2039, 2040, 2041, 8190])
@pytest.mark.parametrize("sign", [1, -1])
def test_integers_of_all_sizes(bits: int, sign: int) -> None:
    """Around each place where the opcode changes."""
    for value in (sign * (1 << bits) + near for near in (-1, 0, 1)):
        assert pickle.loads(pickles.dumps(value)) == value
        assert pickles.loads(pickles.dumps(value)) == value
        assert pickles.loads(pickle.dumps(value, 4)) == value


@pytest.mark.parametrize("size", [0, 1, 63, 64, 255, 256, 65535, 65536, 1 << 20])
def test_strings_of_all_sizes(size: int) -> None:
    """Text, text of several bytes a letter, and bytes."""
    for value in ("a" * size, "\N{EURO SIGN}" * size, b"\x00" * size):
        assert pickle.loads(pickles.dumps([value, value])) == [value, value]
        assert pickles.loads(pickle.dumps([value], 4)) == [value]


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 999, 1000, 1001, 5000])
def test_containers_of_all_sizes(count: int) -> None:
    """Around each place where CPython or we start a new group."""
    numbers = range(count)
    for value in (list(numbers), tuple(numbers), set(numbers), frozenset(numbers)):
        assert typed(pickle.loads(pickles.dumps(value))) == typed(value)
        assert typed(pickles.loads(pickle.dumps(value, 4))) == typed(value)
    assert pickle.loads(pickles.dumps(dict.fromkeys(numbers))) == dict.fromkeys(numbers)


@pytest.mark.parametrize("value", [bytearray(), bytearray(b"x" * 100)])
def test_bytearray_goes_out(value: bytearray) -> None:
    """In protocol 4 it is a call of its class, so it comes in as a stand-in."""
    assert typed(pickle.loads(pickles.dumps([value, value]))) == typed([value, value])
    read = pickles.loads(pickle.dumps(value, 4))
    assert pickle.loads(pickles.dumps(read)) == value
    assert pickles.loads(pickle.dumps(value, 5)) == value


@pytest.mark.parametrize("value", [object(), int, len, enum.Enum, 1j, collections.OrderedDict()])
def test_what_has_no_place_on_the_wire(value: object) -> None:
    """A mistake of ours."""
    with pytest.raises(TypeError, match="no place on the wire"):
        pickles.dumps([value])


class Number(int):
    """A plain value by inheritance only."""


def test_subclasses_of_plain_types_are_not_plain() -> None:
    """Written as what they inherit from, they would lose their class."""
    with pytest.raises(TypeError):
        pickles.dumps(Number(3))


# -- shared parts and circles --------------------------------------------------------------------

SHARED: list[Callable[[], Any]] = [
    lambda: [1],
    lambda: (1, "two"),
    lambda: {"one": 1},
    lambda: {1, 2},
    lambda: frozenset((1, 2)),
    lambda: "long " * 100,
    lambda: b"long " * 100,
]


@pytest.mark.parametrize("make", SHARED)
@BOTH
def test_shared_parts_stay_shared(make: Callable[[], Any], protocol: int) -> None:
    """One object in two places is one object at the other end."""
    part = make()
    read = pickles.loads(pickle.dumps([part, {"again": part}], protocol))
    assert read[0] is read[1]["again"]
    passed_on = pickle.loads(pickles.dumps(read))
    assert passed_on[0] is passed_on[1]["again"]
    assert passed_on == [part, {"again": part}]


def test_equal_but_not_the_same_stays_apart() -> None:
    """Lists that are equal may be changed one by one."""
    left, right = pickle.loads(pickles.dumps([[1], [1]]))
    assert left == right and left is not right


@BOTH
def test_circles(protocol: int) -> None:
    """A list, a dict and a tuple that lead back to themselves."""
    ring: list[Any] = [1]
    ring.append(ring)
    book: dict[str, Any] = {}
    book["self"] = book
    pair: tuple[Any, ...] = ([], 2)
    pair[0].append(pair)
    read = pickles.loads(pickle.dumps([ring, book, pair], protocol))
    ring, book, pair = pickle.loads(pickles.dumps(read))
    assert ring[1] is ring and book["self"] is book and pair[0][0] is pair
    assert ring[0] == 1 and pair[1] == 2


def test_many_parts() -> None:
    """More than one byte can count."""
    parts = [[number] for number in range(300)]
    first = pickles.loads(pickle.dumps(parts + parts))
    second = pickle.loads(pickles.dumps(first))
    assert second[300:] == parts
    assert all(left is right for left, right in zip(second, second[300:], strict=False))
