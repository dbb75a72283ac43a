"""Messages read by their shape: the same as by the decoder that knows all, or left to it."""

from typing import Any

import pytest
from bench.pickles import Job as SentJob
from bench.pickles import JobReply as SentReply
from bench.pickles import dumps
from goldens import Golden, to_scheduler
from hypothesis import given
from hypothesis import strategies as st

from gsched.wire import pickles, shapes
from gsched.wire.errors import PeerError
from gsched.wire.messages import MESSAGES, Message, Sender
from gsched.wire.records import Job

JOB, REPLY = MESSAGES[Sender.CLIENT, b"JOB"], MESSAGES[Sender.NODE, b"JOB_REPLY"]
ROWS = {"JOB": JOB, "JOB_REPLY": REPLY}
GOLDENS = [one for one in to_scheduler() if one.message in ROWS]
BYTES = b"\x00\x01\x05\x80\x8a\x8c\x94\xff.BCGJKMNX]hu"


def known(message: Message, data: bytes) -> Any:
    """What the message holds, in the words of the decoder for all; PeerError if it is refused."""
    try:
        body = pickles.loads(data, plain=message.plain, max_opcodes=message.opcodes)
        message.check(body)
    except PeerError:
        return PeerError
    return body


def assert_same(message: Message, data: bytes) -> bool:
    """Read by its shape it means the same, if it has one. Whether it has."""
    try:
        body = shapes.read(message.name, data)
    except PeerError:
        body = PeerError
    if body is None:
        return False
    expected = known(message, data)
    assert body == expected
    assert repr(body) == repr(expected)  # types as well
    return True


@pytest.mark.parametrize("golden", GOLDENS, ids=str)
def test_messages_of_real_peers(golden: Golden) -> None:
    """All but those with files, which are rare."""
    assert assert_same(ROWS[golden.message], golden.pickle) == (golden.variant != "depends")


@pytest.mark.parametrize("golden", GOLDENS, ids=str)
def test_each_byte_may_be_another(golden: Golden) -> None:
    """Or missing, or followed by one more; and with a frame that fits all the same."""
    row, data = ROWS[golden.message], golden.pickle
    for at in range(len(data)):
        others = [data[at : at + 1] + bytes((byte,)) for byte in BYTES]
        others += [bytes((byte,)) for byte in BYTES] + [b""]
        for other in others:
            changed = data[:at] + other + data[at + 1 :]
            assert_same(row, changed)
            assert_same(row, framed(changed))


@pytest.mark.parametrize("golden", GOLDENS, ids=str)
def test_it_may_end_anywhere(golden: Golden) -> None:
    for end in range(len(golden.pickle)):
        cut = golden.pickle[:end]
        assert not assert_same(ROWS[golden.message], cut)
        assert not assert_same(ROWS[golden.message], framed(cut))


def framed(data: bytes) -> bytes:
    """With the size that it has."""
    return data[:3] + max(0, len(data) - 11).to_bytes(8, "little") + data[11:]


texts = st.text(max_size=300) | st.sampled_from(["", "\ud800", "x" * 255, "x" * 256])
blobs = st.binary(max_size=300) | st.sampled_from([b"x" * 255, b"x" * 256, b"x" * 70_000])
numbers = st.integers() | st.integers(-1, 300) | st.integers(-(1 << 32), 1 << 32)
anything = st.none() | texts | blobs | numbers | st.floats() | st.booleans() | st.lists(texts)
ids, times = st.integers(1, 1 << 62), st.floats(1e9, 2e9)
printed = st.none() | texts | blobs

USUAL_JOB: dict[str, Any] = {
    "node": st.none() | texts,
    "uid": st.none(),
    "hash": texts,
    "compute_id": ids,
    "_args": blobs,
    "_kwargs": blobs,
    "xfer_files": st.just([]),
    "code": texts,
    "auth": texts,
}
USUAL_REPLY: dict[str, Any] = {
    "uid": ids,
    "hash": texts,
    "ip_addr": texts,
    "status": st.integers(5, 11),
    "result": blobs,
    "stdout": printed,
    "stderr": printed,
    "exception": printed,
    "start_time": times,
    "end_time": times,
}


def values(draw: st.DrawFn, usual: dict[str, Any]) -> dict[str, Any]:
    """Usual ones, and some others; some may be the very same object."""
    shared = st.just(draw(anything))
    odd = draw(st.sets(st.sampled_from(sorted(usual)), max_size=2))
    return {name: draw(shared | anything if name in odd else usual[name]) for name in usual}


@st.composite
def jobs(draw: st.DrawFn) -> bytes:
    """What a client may send."""
    fields = values(draw, USUAL_JOB)
    job = SentJob(**{name: fields[name] for name in Job.FIELDS})
    return dumps({"node": fields["node"], "job": job, "auth": fields["auth"]})


@given(jobs())
def test_jobs_of_all_kinds(data: bytes) -> None:
    assert_same(JOB, data)


@given(st.builds(lambda fields: dumps(SentReply(**fields)), st.composite(values)(USUAL_REPLY)))
def test_replies_of_all_kinds(data: bytes) -> None:
    assert_same(REPLY, data)


@pytest.mark.parametrize("field", ["start_time", "end_time"])
@pytest.mark.parametrize("number", [float("nan"), float("inf"), -1e300, 1 << 70], ids=str)
def test_times_are_numbers(field: str, number: float) -> None:
    """That can be reckoned with."""
    times = {"start_time": 1.5, "end_time": 2.5} | {field: number}
    printed = dict.fromkeys(("stdout", "stderr", "exception"), "")
    data = dumps(
        SentReply(uid=1, hash="a", ip_addr="::1", status=11, result=b"N.", **printed, **times)
    )
    with pytest.raises(PeerError, match=f"{field} is beyond all measure"):
        shapes.read("JOB_REPLY", data)


def test_one_text_in_two_places() -> None:
    """What a job has printed, and its errors, may be the same object: the pickle refers to it."""
    text = "twice"
    times = {"start_time": 1.5, "end_time": 2.5}
    printed = {"result": b"N.", "stdout": text, "stderr": text, "exception": None}
    reply = dumps(SentReply(uid=1, hash="a", ip_addr="::1", status=11, **printed, **times))
    assert b"h" in reply.partition(b"stderr")[2][:3]
    assert assert_same(REPLY, reply)


@pytest.mark.parametrize("value", ["", "x" * 255, "x" * 256, "x" * 20_000])
def test_long_values_have_the_shape(value: str) -> None:
    """Up to what a frame holds."""
    job = SentJob(
        uid=None,
        hash=value,
        compute_id=1 << 61,
        _args=value.encode(),
        _kwargs=b"",
        xfer_files=[],
        code="",
    )
    assert assert_same(JOB, dumps({"node": None, "job": job, "auth": value[:1024]}))
