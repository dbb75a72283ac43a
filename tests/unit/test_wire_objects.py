"""Objects of classes that only peers know: they pass through us, and sleep on the way."""

import array
import collections
import datetime
import decimal
import enum
import fractions
import functools
import pathlib
import pickle
import re
import uuid
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gsched.wire import pickles
from gsched.wire.errors import PeerError
from gsched.wire.standins import Anonymous, StandIn, StandInType

CONTENTS = st.recursive(
    st.none() | st.integers() | st.text(max_size=5) | st.binary(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=3), inner, max_size=3)
        | inner.map(lambda value: Thing(value=value))
        | st.tuples(inner, inner)
    ),
    max_leaves=10,
)


def shown(value: object) -> str:
    """The same text in each process that runs some of the tests."""
    return re.sub(r" at 0x\w+", "", repr(value))


BOTH = pytest.mark.parametrize("protocol", [4, 5])  # what dispy's peers write


class Thing:
    """An object with attributes."""

    def __init__(self, **attributes: Any) -> None:
        self.__dict__.update(attributes)

    def __eq__(self, other: object) -> bool:
        return type(other) is Thing and vars(self) == vars(other)

    __hash__ = object.__hash__


def passed_on(value: Any, protocol: int = 4) -> Any:
    """What a peer gets when another peer sends `value` through us."""
    return pickle.loads(pickles.dumps(pickles.loads(pickle.dumps(value, protocol))))


# -- classes of all kinds ----------------------------------------------------------------------


class Slots:
    """No dict: its state is a pair."""

    __slots__ = ("left", "right")

    def __init__(self, left: int) -> None:
        self.left = left

    def __eq__(self, other: object) -> bool:
        return type(other) is Slots and self.left == other.left

    __hash__ = None


class Color(enum.Enum):
    """A name for a value."""

    RED = 1


class Point(collections.namedtuple("Point", "x y")):
    """A tuple with names."""


class Words(list):
    """A list with an attribute."""

    language = "en"


class Table(dict):
    """A dict by another name."""


class Crowd(set):
    """A set by another name."""


class Named(str):
    """Made with arguments and keywords."""

    def __new__(cls, text: str, *, title: str) -> "Named":
        made = super().__new__(cls, text)
        made.title = title
        return made

    title: str

    def __getnewargs_ex__(self) -> tuple[Any, Any]:
        return (str(self),), {"title": self.title}

    class Inner:
        """A class within a class."""


def words() -> Words:
    """With an attribute of its own."""
    made = Words(["un", "deux"])
    made.language = "fr"
    return made


OBJECTS: list[Any] = [
    Thing(a=1, b=[2]),
    Thing(),
    Slots(3),
    Color.RED,
    Point(1, Point(2, 3)),
    words(),
    Table(a=1, b=2),
    Crowd({1, 2}),
    Named("text", title="title"),
    1 + 2j,
    range(1, 10, 3),
    slice(1, 2),
    decimal.Decimal("1.50"),
    fractions.Fraction(1, 3),
    datetime.datetime(2020, 2, 29, 12, 30, tzinfo=datetime.timezone.utc),
    datetime.timedelta(days=1, seconds=2),
    uuid.UUID(int=5),
    pathlib.PurePosixPath("/some/where"),
    collections.OrderedDict(b=1, a=2),
    collections.defaultdict(list, {"a": [1]}),
    collections.deque([1, 2], maxlen=3),
    collections.Counter("abca"),
    array.array("d", [1.0, 2.0]),
    bytearray(b"bytes"),
    len,
    Thing,
    Named.Inner,
    datetime.datetime,
]


@pytest.mark.parametrize("value", OBJECTS, ids=shown)
@BOTH
def test_objects_pass_through(value: Any, protocol: int) -> None:
    """Of classes of all kinds; equal at the other end, two of the same still the same."""
    found = passed_on([value, value], protocol)
    assert found == [value, value]
    assert type(found[0]) is type(value)
    assert found[0] is found[1]


@pytest.mark.parametrize("value", OBJECTS, ids=shown)
def test_objects_do_not_come_to_life(value: Any) -> None:
    """Here there are stand-ins only, and none where plain values are asked for."""
    data = pickle.dumps(value, 4)
    assert isinstance(pickles.loads(data), (StandIn, StandInType))
    with pytest.raises(PeerError, match="class in a message of plain values"):
        pickles.loads(data, plain=True)


def test_attributes_of_objects_pass_through() -> None:
    """Equality of the list does not cover these."""
    assert passed_on(words()).language == "fr"
    assert passed_on(Named("text", title="of it")).title == "of it"
    assert passed_on(functools.partial(Point, 1, y=2))() == Point(1, 2)
    assert passed_on(Thing(a=1).__eq__)(Thing(a=1))
    error = passed_on(OSError(2, "none", "file"))
    assert (type(error), error.errno, error.filename) == (FileNotFoundError, 2, "file")


def test_what_a_stand_in_tells() -> None:
    """Where it comes from, how it was made, what it was given."""
    read = pickles.loads(pickle.dumps([Thing(a=1), words(), 1j, Thing], 4))
    thing, stood_in, number, cls = read
    assert type(thing).origin == (__name__, "Thing")
    assert thing.made == ("newobj", cls, ()) and thing.state() == {"a": 1}
    assert stood_in.steps == [("items", ["un", "deux"]), ("state", {"language": "fr"})]
    assert type(number) is Anonymous and number.made[0] == "reduce"
    assert number.made[1].origin == ("builtins", "complex") and number.made[2] == (0.0, 1.0)
    assert number.state() == {}


@given(st.lists(CONTENTS, max_size=3))
def test_objects_with_any_content_pass_through(value: Any) -> None:
    """Whatever is in their attributes."""
    assert passed_on(value) == value


class Setter:
    """Gets its state by a function of its own (the sixth part of __reduce__)."""

    def __reduce__(self) -> Any:
        return Setter, (), {"a": 1}, None, None, set_state


def set_state(made: Setter, state: dict[str, Any]) -> None:
    """The function."""
    made.__dict__.update(state)


def test_state_by_a_function_passes_through() -> None:
    """Rare: cloudpickle and copyreg can do it."""
    assert vars(passed_on(Setter())) == {"a": 1}


# -- circles ------------------------------------------------------------------------------------


@BOTH
def test_objects_in_circles(protocol: int) -> None:
    """Parent and child that know each other."""
    parent, child = Thing(name="parent"), Thing(name="child")
    parent.child, child.parent = child, parent
    found = passed_on([parent, child], protocol)
    assert found[0].child is found[1]
    assert found[1].parent is found[0]


def test_object_within_its_own_frozenset() -> None:
    """The set is made before its member knows it. What comes after is not mixed up by that."""
    thing, other = Thing(), [1]
    thing.circle = frozenset([thing])
    found = passed_on({"circle": thing.circle, "left": other, "right": other})
    assert found["left"] == [1]
    assert found["left"] is found["right"]
    (member,) = found["circle"]
    assert member.circle == found["circle"]


def test_frozenset_in_a_circle_is_one() -> None:
    """As CPython has it."""
    thing = Thing()
    thing.circle = frozenset([thing])
    found = passed_on({"circle": thing.circle})
    (member,) = found["circle"]
    assert member.circle is found["circle"]
