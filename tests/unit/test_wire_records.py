"""The records of dispy: fields and their types, and shapes that only a hostile peer sends."""

import os
import pickle
from dataclasses import replace
from typing import Any

import pytest
from wire_bytes import name, text, whole

from gsched.wire import pickles
from gsched.wire.errors import PeerError
from gsched.wire.filestat import StatResult
from gsched.wire.records import RECORDS, Record, check_all

CLASSES = [cls for cls in RECORDS.values() if issubclass(cls, Record)]
by_class = pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)

NUMBERS = (0o100644, 1, 2, 1, 0, 0, 300, 1_600_000_000, 1_600_000_001, 1_600_000_002)
SAMPLES: dict[type, Any] = {
    int: 7,
    float: 1.5,
    str: "text",
    bytes: b"bytes",
    bool: True,
    list: [],
    tuple: ("127.0.0.1", 9700),
    type(None): None,
    object: None,
    dict: {},
    StatResult: StatResult(NUMBERS),
}


def plain(fields: dict[str, Any]) -> dict[str, Any]:
    """For comparisons: StatResult has no equality of its own."""
    return {key: vars_of(value) for key, value in fields.items()}


def vars_of(value: Any) -> Any:
    """What a StatResult holds; anything else is as it is."""
    return (value.fields, value.more) if isinstance(value, StatResult) else value


def state_of(cls: type[Record], **changed: Any) -> dict[str, Any]:
    """All fields, each with a value of the first type allowed."""
    return {one: SAMPLES[types[0]] for one, types in cls.FIELDS.items()} | changed


def written(cls: type[Record], state: Any) -> bytes:
    """As a peer pickles it: named, made, filled."""
    inner = pickles.dumps(state)[2:-1]  # without the protocol and the end
    return whole(name(*cls.GLOBAL) + b")\x81" + inner + b"b")


def read(cls: type[Record], **changed: Any) -> Any:
    """The record that a peer sends with these values."""
    return pickles.loads(written(cls, state_of(cls, **changed)))


# -- honest records ------------------------------------------------------------------------------


@by_class
def test_a_complete_record_passes(cls: type[Record]) -> None:
    """With all fields, in the order of the table."""
    record = read(cls)
    record.check()
    assert type(record) is cls
    assert plain(record.items()) == plain(state_of(cls))
    assert list(record.items()) == list(cls.FIELDS)


@by_class
def test_made_here_it_is_the_same(cls: Any) -> None:
    """A record of ours is written like one of theirs."""
    assert pickles.dumps(cls(**state_of(cls))) == pickles.dumps(read(cls))


@by_class
def test_what_a_newer_release_adds_is_kept(cls: type[Record]) -> None:
    """And written back, behind the known fields."""
    record = pickles.loads(pickles.dumps(read(cls, newer="value", extra="not ours")))
    record.check()
    assert record.extra == {"newer": "value", "extra": "not ours"}
    assert plain(record.items()) == plain(state_of(cls) | record.extra)


@by_class
def test_each_type_of_each_field(cls: type[Record]) -> None:
    """All that the table allows."""
    for field, types in cls.FIELDS.items():
        for one in types:
            read(cls, **{field: SAMPLES[one]}).check()


def test_fields_in_any_order() -> None:
    """They go out in ours."""
    for cls in CLASSES:
        backwards = dict(reversed(state_of(cls).items()))
        record = pickles.loads(written(cls, backwards))
        assert plain(record.items()) == plain(state_of(cls))
        assert list(record.items()) == list(cls.FIELDS)


# -- wrong fields --------------------------------------------------------------------------------


@by_class
def test_each_missing_field_is_named(cls: type[Record]) -> None:
    """Record and field, for the log."""
    for field in (one for one, types in cls.FIELDS.items() if object not in types):
        state = state_of(cls)
        del state[field]
        record = pickles.loads(written(cls, state))
        with pytest.raises(PeerError, match=rf"^{cls.GLOBAL[1]}\.{field} is missing$"):
            record.check()


@by_class
def test_each_wrong_type_is_named(cls: type[Record]) -> None:
    """Record, field and the type that it has."""
    for field, types in cls.FIELDS.items():
        for value in (one for one in SAMPLES.values() if not isinstance(one, types)):
            record = read(cls, **{field: value})
            expected = rf"^{cls.GLOBAL[1]}\.{field} is of type {type(value).__name__}$"
            with pytest.raises(PeerError, match=expected):
                record.check()


@by_class
def test_a_stand_in_is_no_value(cls: type[Record]) -> None:
    """An object of a user's class, or a class, in place of any field."""
    for field, types in cls.FIELDS.items():
        if object not in types:
            for inner in (name("m", "n") + b")\x81", name("m", "n"), name(*cls.GLOBAL)):
                fill = b"}" + text(field) + inner + b"s"
                record = pickles.loads(whole(name(*cls.GLOBAL) + b")\x81" + fill + b"b"))
                with pytest.raises(PeerError):
                    record.check()


# -- wrong shapes --------------------------------------------------------------------------------


@by_class
@pytest.mark.parametrize(
    "state", [None, 1, "text", [], [("a", 1)], (), ({},), (None, {})], ids=repr
)
def test_state_is_a_dict(cls: type[Record], state: Any) -> None:
    """Nothing else fills a record; not a pair of dict and slots either."""
    with pytest.raises(PeerError, match=f"{cls.GLOBAL[1]} without its fields"):
        pickles.loads(written(cls, state))
    with pytest.raises(PeerError, match="without its fields"):
        pickles.loads(written(cls, (None, state_of(cls))))


@by_class
@pytest.mark.parametrize("key", [1, None, b"name", ("a",), 1.5], ids=repr)
def test_fields_that_are_no_names(cls: type[Record], key: Any) -> None:
    """Nobody's attributes are called so; and a tuple is hashed anew for each record that has it."""
    with pytest.raises(PeerError, match=f"{cls.GLOBAL[1]} without its fields"):
        pickles.loads(written(cls, {key: 1}))


@by_class
def test_without_state_it_lacks_everything(cls: type[Record]) -> None:
    """BUILD left out."""
    record = pickles.loads(whole(name(*cls.GLOBAL) + b")\x81"))
    first = next(iter(cls.FIELDS))
    with pytest.raises(PeerError, match=f"{first} is missing"):
        record.check()


@by_class
@pytest.mark.parametrize("args", [b")", b"N\x85", b"}\x85", b"NNNNNNNNNN", b"(KKt"], ids=bytes.hex)
def test_records_are_not_called(cls: type[Record], args: bytes) -> None:
    """Only NEWOBJ and BUILD make one."""
    with pytest.raises(PeerError):
        pickles.loads(whole(name(*cls.GLOBAL) + args + b"R"))


@by_class
def test_the_class_itself_stays_as_it_is(cls: type[Record]) -> None:
    """BUILD on the class would change it for everybody."""
    before = dict(vars(cls))
    for state in (b"}", b"}" + text("FIELDS") + b"}s", b"N}" + text("FIELDS") + b"}s\x86"):
        with pytest.raises(PeerError):
            pickles.loads(whole(name(*cls.GLOBAL) + state + b"b"))
    assert dict(vars(cls)) == before


@by_class
def test_the_class_is_no_record(cls: type[Record]) -> None:
    """Where a record belongs, its class does not do."""
    value = pickles.loads(whole(name(*cls.GLOBAL)))
    assert value is cls
    with pytest.raises(PeerError, match=f"where {cls.GLOBAL[1]} belongs"):
        check_all([value], cls)
    assert pickles.loads(pickles.dumps([value, value])) == [cls, cls]


@by_class
@pytest.mark.parametrize("other", [None, 1, "text", {}, [], StatResult(NUMBERS)])
def test_lists_of_records(cls: type[Record], other: Any) -> None:
    """Each member is looked at."""
    check_all([], cls)
    check_all([read(cls), read(cls)], cls)
    with pytest.raises(PeerError, match=f"{type(other).__name__} where {cls.GLOBAL[1]} belongs"):
        check_all([read(cls), other], cls)


@pytest.mark.parametrize("cls", [c for c in CLASSES if "xfer_files" in c.FIELDS])
def test_files_of_a_record(cls: type[Record]) -> None:
    """What is in the list, and what is in that."""
    file = RECORDS["dispy", "_XferFile"]
    read(cls, xfer_files=[read(file), read(file)]).check()
    with pytest.raises(PeerError, match="of type str where _XferFile belongs"):
        read(cls, xfer_files=["path"]).check()
    with pytest.raises(PeerError, match="of type StandIn where _XferFile belongs"):
        read(cls, xfer_files=[pickles.loads(whole(name("m", "n") + b")\x81"))]).check()
    with pytest.raises(PeerError, match=r"_XferFile\.sep is of type int"):
        read(cls, xfer_files=[read(file, sep=1)]).check()


@by_class
def test_in_a_circle(cls: type[Record]) -> None:
    """A record that holds itself, under a name that no release knows."""
    record = read(cls)
    record.extra["self"] = record
    found = pickles.loads(pickles.dumps(record))
    assert found.extra["self"] is found


@by_class
def test_incomplete_records_are_not_passed_on(cls: type[Record]) -> None:
    """Nobody checks what is in setup_args: such a record is the peer's fault when it goes out."""
    with pytest.raises(PeerError):
        pickles.dumps(pickles.loads(whole(name(*cls.GLOBAL) + b")\x81}b")))


# -- os.stat_result ------------------------------------------------------------------------------

STAT = name("os", "stat_result")


def stat_of(fields: Any, more: Any = None) -> bytes:
    """A stat_result as a pickle makes it."""
    return whole(STAT + pickles.dumps((fields, more))[2:-1] + b"R")


def test_stat_result_of_a_real_file() -> None:
    """Through us and back, it tells CPython the same; what else it knows is portable."""
    status = os.stat(__file__)
    read_here = pickles.loads(pickle.dumps(status, 4))
    assert read_here.size == status.st_size
    assert read_here.mtime == status.st_mtime
    passed_on = pickle.loads(pickles.dumps(read_here))
    assert passed_on == status and passed_on.st_mtime_ns == status.st_mtime_ns


@pytest.mark.parametrize("more", [None, {}])
def test_stat_result_without_more(more: Any) -> None:
    """Ten numbers are enough."""
    status = pickles.loads(stat_of(NUMBERS, more))
    assert (status.size, status.mtime, status.more) == (300, 1_600_000_001.0, {})
    assert pickle.loads(pickles.dumps(status)) == os.stat_result(NUMBERS)


def test_stat_result_of_windows() -> None:
    """Names that a Python 3.13 elsewhere does not know are left out, and odd values with them."""
    more = {"st_mtime": 1.5, "st_file_attributes": 32, "st_blocks": "8", 5: 6, "st_rdev": True}
    status = pickles.loads(stat_of((*NUMBERS, 1.0, 2.0), more))
    assert status.more == {"st_mtime": 1.5}
    assert status.fields == NUMBERS


def test_stat_result_resized() -> None:
    """Another size, all else as before."""
    status = StatResult(NUMBERS, {"st_mtime": 2.5})
    cut = status.resized(5)
    assert (cut.size, cut.mtime, cut.more) == (5, 2.5, status.more)
    assert status.size == 300
    assert [i for i, one in enumerate(cut.fields) if one != status.fields[i]] == [StatResult.SIZE]
    file: Any = read(RECORDS["dispy", "_XferFile"])
    assert replace(file, stat_buf=cut).stat_buf.size == 5


ODD_ARGUMENTS = [None, 1, "0123456789", [], list(NUMBERS), (), NUMBERS[:9], {}]


@pytest.mark.parametrize("fields", ODD_ARGUMENTS, ids=repr)
def test_stat_result_of_something_else(fields: Any) -> None:
    """Not a tuple of ten or more."""
    with pytest.raises(PeerError, match="without its ten numbers"):
        pickles.loads(stat_of(fields))


@pytest.mark.parametrize("position", range(10))
def test_stat_result_of_no_numbers(position: int) -> None:
    """Any of the ten."""
    for odd in ("6", None, b"6", (), [6]):
        fields = (*NUMBERS[:position], odd, *NUMBERS[position + 1 :])
        with pytest.raises(PeerError, match="no numbers"):
            pickles.loads(stat_of(fields))


@pytest.mark.parametrize("more", [1, "st_mtime", [("st_mtime", 1)], (1,), {1, 2}], ids=repr)
def test_stat_result_with_more_of_something_else(more: Any) -> None:
    """Ignored."""
    assert pickles.loads(stat_of(NUMBERS, more)).more == {}


@pytest.mark.parametrize("args", [b")", pickles.dumps((NUMBERS, {}, 1))[2:-1], b"N", b"]"])
def test_stat_result_with_other_arguments(args: bytes) -> None:
    """None, one too many, or no tuple of them."""
    with pytest.raises(PeerError):
        pickles.loads(whole(STAT + args + b"R"))


@pytest.mark.parametrize("state", [b"}", b"N}\x86", b"N", b"N}" + text("fields") + b"K\x05s\x86"])
def test_stat_result_takes_no_state(state: bytes) -> None:
    """Else its numbers could be replaced by anything, after they were checked."""
    made = stat_of(NUMBERS)[:-1]
    with pytest.raises(PeerError, match="with a state"):
        pickles.loads(made + state + b"b.")


@pytest.mark.parametrize("attribute", ["size", "resized", "PORTABLE", "__new__"])
def test_stat_result_stays_as_it_is(attribute: str) -> None:
    """One message must not change how the files of all others are understood."""
    before = vars(StatResult)[attribute]
    for state in (b"}" + text(attribute) + b"Ns", b"N}" + text(attribute) + b"Ns\x86"):
        with pytest.raises(PeerError):
            pickles.loads(whole(STAT + state + b"b"))
    assert vars(StatResult)[attribute] is before


@pytest.mark.parametrize("args", [b")", pickles.dumps((NUMBERS,))[2:-1]])
def test_stat_result_made_by_newobj(args: bytes) -> None:
    """Either it is refused, or it has its numbers."""
    try:
        status = pickles.loads(whole(STAT + args + b"\x81"))
    except PeerError:
        return
    assert hasattr(status, "fields")


@pytest.mark.parametrize("size", [float("inf"), float("nan"), -1, 1.5])
def test_stat_result_of_an_impossible_size(size: float) -> None:
    """A size is a number of bytes."""
    with pytest.raises(PeerError):
        pickles.loads(stat_of((*NUMBERS[:6], size, *NUMBERS[7:])))


def test_stat_result_of_an_impossible_time() -> None:
    """Refused when it comes in, or a float when it is asked for; no OverflowError."""
    try:
        status = pickles.loads(stat_of((*NUMBERS[:8], 1 << 4000, NUMBERS[9])))
    except PeerError:
        return
    try:
        assert status.mtime >= 0
    except OverflowError:
        pytest.fail("not the peer's fault")
