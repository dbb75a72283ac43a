"""The table of messages: who may send what, and what has to be in it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wire_bytes import name, text, whole

from gsched.wire import messages, pickles
from gsched.wire.errors import PeerError
from gsched.wire.filestat import StatResult
from gsched.wire.messages import MESSAGES, Maybe, Message, Sender
from gsched.wire.records import RECORDS, Compute, Job, Record, XferFile

ROWS = [(sender, row) for (sender, _), row in MESSAGES.items()]
STAT = StatResult((0o100644, 1, 2, 1, 0, 0, 300, 1, 2, 3))
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
    StatResult: STAT,
}


def label(value: Any) -> str:
    """For the reports of pytest."""
    return value.name if isinstance(value, Message) else getattr(value, "value", repr(value))


def short(value: Any) -> str:
    """The same in each process that runs some of the tests."""
    return "stat" if value is STAT else repr(value)


each_row = pytest.mark.parametrize(("sender", "row"), ROWS, ids=label)


def record(cls: Any, **changed: Any) -> Any:
    """A complete one."""
    return cls(**{field: sample(types[0]) for field, types in cls.FIELDS.items()} | changed)


def sample(kind: type) -> Any:
    """A value of that type."""
    return SAMPLES[kind] if kind in SAMPLES else record(kind)


def body_of(row: Message) -> Any:
    """What the table asks for, and no more."""
    if row.body is not dict:
        return record(row.body)
    fields = {key: types for key, types in row.fields.items() if not isinstance(types, Maybe)}
    return {key: sample(types[0]) for key, types in fields.items()}


def types_of(row: Message) -> Iterator[tuple[str, tuple[type, ...], bool]]:
    """Its fields: name, types, whether it has to be there."""
    for field, types in row.fields.items():
        if isinstance(types, Maybe):
            yield field, types.types, False
        else:
            yield field, types, True


def parse(sender: Sender, row: Message, body: Any) -> Any:
    """Sent and understood."""
    found, parsed = messages.parse(messages.build(row.name, body), sender)
    assert found is row
    return parsed


def same(left: Any, right: Any) -> bool:
    """Equality that knows records."""
    return pickles.dumps(left) == pickles.dumps(right)


# -- the table -----------------------------------------------------------------------------------


def test_rows_are_found_by_sender_and_name() -> None:
    """Each row by all its senders, and no two rows for the same."""
    for (sender, tag), row in MESSAGES.items():
        assert row.name.encode() == tag and sender in row.senders
    assert len(MESSAGES) == sum(len(row.senders) for row in {id(r): r for _, r in ROWS}.values())


@each_row
def test_rows_make_sense(sender: Sender, row: Message) -> None:
    """Names that fit, a reply that is stated, records only where a record or a dict is."""
    assert row.name.isascii() and row.name.isupper() and len(row.name) < 24
    assert row.reply and row.limit > 0
    assert row.body is dict or (row.body in RECORDS.values() and not row.fields)
    holds_records = any(issubclass(kind, Record) for _, types, _ in types_of(row) for kind in types)
    assert not (row.plain and (holds_records or row.body is not dict))
    assert sender is not Sender.DATAGRAM or (row.plain and row.limit <= messages.SMALL)


def test_who_may_be_a_stranger() -> None:
    """What is read before a secret has matched is small and plain."""
    assert MESSAGES[Sender.CLIENT, b"CLIENT"].plain
    assert {tag for sender, tag in MESSAGES if sender is Sender.DATAGRAM} == {
        b"PING",
        b"TERMINATED",
    }


# -- honest messages -----------------------------------------------------------------------------


@each_row
def test_the_least_that_passes(sender: Sender, row: Message) -> None:
    """All that has to be there, nothing that may be."""
    assert same(parse(sender, row, body_of(row)), body_of(row))


@each_row
def test_what_a_newer_release_adds_is_let_through(sender: Sender, row: Message) -> None:
    """Fields that the table does not list."""
    body = body_of(row)
    if row.body is dict:
        body |= {"newer": ["value"], 5: None}
    else:
        body.extra["newer"] = "value"
    assert same(parse(sender, row, body), body)


@each_row
def test_each_type_of_each_field(sender: Sender, row: Message) -> None:
    """All that the table allows, also where it may be left out."""
    for field, types, _ in types_of(row):
        for kind in types:
            body = body_of(row) | {field: sample(kind)}
            assert same(parse(sender, row, body), body)


def test_a_message_is_tag_and_pickle() -> None:
    """In one piece, not yet framed."""
    assert messages.build("SCHEDULED", {}) == b"SCHEDULED:" + pickles.dumps({})


# -- wrong messages ------------------------------------------------------------------------------


@each_row
def test_each_missing_field_is_named(sender: Sender, row: Message) -> None:
    """Message and field."""
    for field, _, required in types_of(row):
        body = body_of(row)
        if required:
            del body[field]
            with pytest.raises(PeerError, match=f"^{row.name} without {field}$"):
                parse(sender, row, body)


@each_row
def test_each_wrong_type_is_named(sender: Sender, row: Message) -> None:
    """Message, field and the type that it has."""
    for field, types, _ in types_of(row):
        for value in (one for one in SAMPLES.values() if not isinstance(one, types)):
            if row.plain and isinstance(value, StatResult):
                continue
            kind = type(value).__name__
            with pytest.raises(PeerError, match=rf"^{row.name}\.{field} is of type {kind}$"):
                parse(sender, row, body_of(row) | {field: value})


@each_row
@pytest.mark.parametrize("body", [None, 1, "text", b"", [], [{}], (), (1,), STAT], ids=short)
def test_another_body(sender: Sender, row: Message, body: Any) -> None:
    """Neither a dict nor the record of the table."""
    expected = f"^{row.name} with a {type(body).__name__}, not {row.body.__name__}$"
    if row.plain and body is STAT:
        expected = "class in a message of plain values"
    with pytest.raises(PeerError, match=expected):
        parse(sender, row, body)


@each_row
def test_another_record(sender: Sender, row: Message) -> None:
    """Complete, but not the one that belongs there; nor a dict with the same fields."""
    for cls in (Compute, Job, XferFile):
        if row.body is not cls:
            with pytest.raises(PeerError):
                parse(sender, row, record(cls))
    if row.body is not dict:
        with pytest.raises(PeerError, match=f"{row.name} with a dict"):
            parse(sender, row, body_of(row).items())


@each_row
def test_a_class_in_place_of_the_body(sender: Sender, row: Message) -> None:
    """The class of the record, a user's class, a user's object."""
    names = [name(*cls.GLOBAL) for cls in RECORDS.values()]
    for body in (*names, name("m", "n"), name("m", "n") + b")\x81", name("m", "n") + b")R"):
        with pytest.raises(PeerError):
            messages.parse(row.name.encode() + b":" + whole(body), sender)


@each_row
def test_user_objects_in_place_of_fields(sender: Sender, row: Message) -> None:
    """Wherever they stand in, the type is wrong."""
    for field, _, _ in types_of(row):
        for inner in (name("m", "n"), name("m", "n") + b")\x81", name("dispy", "_Compute")):
            body = body_of(row)
            body.pop(field, None)
            filled = pickles.dumps(body)[2:-1] + text(field) + inner + b"s"
            with pytest.raises(PeerError):
                messages.parse(row.name.encode() + b":" + whole(filled), sender)


@pytest.mark.parametrize("field", ["job", "compute", "avail_info"])
def test_records_in_fields_are_looked_into(field: str) -> None:
    """A record in a field is complete as well."""
    for sender, row in ROWS:
        kinds = {one: types[0] for one, types, _ in types_of(row)}
        if field in kinds:
            broken = record(kinds[field])
            first = next(iter(broken.FIELDS))
            setattr(broken, first, {})
            with pytest.raises(PeerError, match=rf"{broken.GLOBAL[1]}\.{first} is of type dict"):
                parse(sender, row, body_of(row) | {field: broken})


def test_files_in_records_are_looked_into() -> None:
    """Two steps down."""
    job = record(Job, xfer_files=[record(XferFile), record(XferFile, dest_path=None)])
    with pytest.raises(PeerError, match=r"_XferFile\.dest_path is of type NoneType"):
        parse(
            Sender.CLIENT, MESSAGES[Sender.CLIENT, b"JOB"], {"node": None, "job": job, "auth": ""}
        )


@each_row
def test_too_large(sender: Sender, row: Message, monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit itself passes, a byte more is not even decoded."""
    payload = messages.build(row.name, body_of(row))
    key = sender, row.name.encode()
    monkeypatch.setitem(MESSAGES, key, replace(row, limit=len(payload)))
    assert messages.parse(payload, sender)
    monkeypatch.setitem(MESSAGES, key, replace(row, limit=len(payload) - 1))
    monkeypatch.setattr(pickles, "loads", None)
    with pytest.raises(PeerError, match=f"^{row.name} of {len(payload)} bytes"):
        messages.parse(payload, sender)


@each_row
def test_too_many_values(sender: Sender, row: Message) -> None:
    """In a field that nobody reads: a small message takes little time, whatever it holds."""
    body = body_of(row)
    (body if row.body is dict else body.extra)["newer"] = [None] * row.opcodes
    with pytest.raises(PeerError, match=rf"pickle of more than {row.opcodes} opcodes"):
        parse(sender, replace(row, limit=1 << 30), body)


UNKNOWN = [b"", b":", b"JOB", b"job:", b"JOB :", b" JOB:", b"NOJOB:", b"JOBS:", b"SCHEDULED:"]
UNKNOWN += [b"\xff\xfe:", b"JOB\x00:", b"JOB\n:", b"x" * 23 + b":", b"x" * 24 + b":", b"y" * 100]


@pytest.mark.parametrize("tag", UNKNOWN, ids=repr)
@pytest.mark.parametrize("sender", Sender, ids=label)
def test_unknown(tag: bytes, sender: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not decoded; and the log gets one line of printable text, whatever it is."""
    monkeypatch.setattr(pickles, "loads", None)
    with pytest.raises(PeerError, match=r"^unknown message ") as caught:
        messages.parse(tag + pickles.dumps({}), sender)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 100


@each_row
def test_not_this_senders_to_send(sender: Sender, row: Message) -> None:
    """Known elsewhere is unknown here."""
    for other in Sender:
        if (other, row.name.encode()) not in MESSAGES:
            with pytest.raises(PeerError, match=f"unknown message '{row.name}' from a"):
                messages.parse(messages.build(row.name, body_of(row)), other)


# -- any bytes -----------------------------------------------------------------------------------

GOLDEN = Path(__file__).resolve().parent.parent / "wire" / "golden"


def recorded() -> list[bytes]:
    """The messages in the golden files to a scheduler, by looking for the tag only."""
    found = []
    for path in sorted(GOLDEN.glob("*/*-scheduler.*.bin")):
        data, tag = path.read_bytes(), path.name.split(".")[1].encode() + b":"
        if ".reply." not in path.name:
            found.append(data[data.index(tag) :])
    return found


RECORDED = recorded()
SENDERS = st.sampled_from(Sender)
TAGS = st.sampled_from(sorted({tag for _, tag in MESSAGES}))


def only_peer_errors(payload: bytes, sender: Sender) -> None:
    """A message or PeerError; anything else fails the test."""
    try:
        row, body = messages.parse(payload, sender)
    except PeerError:
        return
    assert sender in row.senders and type(body) is row.body


@given(st.binary(max_size=200), SENDERS)
def test_any_bytes(payload: bytes, sender: Sender) -> None:
    """As they may come from the network."""
    only_peer_errors(payload, sender)


@given(TAGS, st.binary(max_size=200), SENDERS)
def test_any_bytes_behind_a_tag(tag: bytes, rest: bytes, sender: Sender) -> None:
    """These get further."""
    only_peer_errors(tag + b":" + rest, sender)
    only_peer_errors(tag + b":" + whole(rest), sender)


def test_there_are_recorded_messages() -> None:
    """Else the next test would test nothing."""
    assert len(RECORDED) > 30


@given(st.sampled_from(RECORDED), SENDERS, st.data())
def test_recorded_messages_with_mistakes(
    payload: bytes, sender: Sender, data: st.DataObject
) -> None:
    """A few bytes changed, left out or put in: these get furthest."""
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(payload)))
        end = at + data.draw(st.integers(0, 4))
        payload = payload[:at] + data.draw(st.binary(max_size=4)) + payload[end:]
    only_peer_errors(payload, sender)
