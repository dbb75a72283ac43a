"""Messages cut out of a stream."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gsched.wire import frames
from gsched.wire.errors import PeerError
from gsched.wire.frames import FrameReader, frame

LIMIT = 1 << 16
PAYLOADS = st.lists(st.binary(max_size=300), max_size=8)


def reader_of(data: bytes) -> FrameReader:
    """A reader that has received `data`."""
    reader = FrameReader()
    reader.feed(data)
    return reader


def all_messages(reader: FrameReader) -> list[bytes]:
    """What is complete so far."""
    found = []
    while (payload := reader.message(LIMIT)) is not None:
        found.append(payload)
    return found


def test_a_frame_is_length_and_payload() -> None:
    """Four bytes, most significant first."""
    assert frame(b"JOB:") == b"\x00\x00\x00\x04JOB:"
    assert frame(b"x" * 258)[:4] == b"\x00\x00\x01\x02"
    assert frame(b"") == b"\x00\x00\x00\x00"


def test_too_large_for_a_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the length cannot tell is our own mistake, not the peer's."""
    assert frames.MAX_MESSAGE == (1 << 32) - 1
    monkeypatch.setattr(frames, "MAX_MESSAGE", 3)
    assert frame(b"abc")
    with pytest.raises(ValueError, match="4 bytes"):
        frame(b"abcd")


def test_nothing_from_nothing() -> None:
    """An empty reader has no message, no raw bytes, no bytes at hand."""
    reader = FrameReader()
    assert reader.message(LIMIT) is None
    assert reader.raw(1) is None
    assert reader.raw(0) == b""
    assert reader.some(10) == b""
    assert reader.pending == 0


def test_an_empty_message_is_a_message() -> None:
    """And not the same as none."""
    reader = reader_of(b"\x00\x00\x00\x00")
    assert reader.message(LIMIT) == b""
    assert reader.message(LIMIT) is None


@given(PAYLOADS, st.data())
def test_cut_anywhere(payloads: list[bytes], data: st.DataObject) -> None:
    """The messages are the same, whichever pieces the stream comes in."""
    stream = b"".join(map(frame, payloads))
    cuts = data.draw(st.lists(st.integers(0, len(stream)), max_size=20))
    reader, found = FrameReader(), list[bytes]()
    for start, end in pairwise([0, *sorted(cuts), len(stream)]):
        reader.feed(stream[start:end])
        found += all_messages(reader)
    assert found == payloads
    assert reader.pending == 0


@given(st.binary(max_size=200))
def test_any_stream(stream: bytes) -> None:
    """Any bytes are messages, an unfinished rest, or the peer's mistake; never anything else."""
    reader = reader_of(stream)
    try:
        found = all_messages(reader)
    except PeerError:
        return
    assert b"".join(map(frame, found)) == stream[: len(stream) - reader.pending]


def test_code_message_and_file_in_one_stream() -> None:
    """The three ways to read, one after the other."""
    code = b"c" * frames.CODE_SIZE
    reader = reader_of(code + frame(b"FILEXFER:...") + b"file" * 10)
    assert reader.raw(frames.CODE_SIZE) == code
    assert reader.message(LIMIT) == b"FILEXFER:..."
    assert reader.some(15) == (b"file" * 10)[:15]
    assert reader.some(1000) == (b"file" * 10)[15:]
    assert reader.some(1000) == b""


def test_raw_waits_for_all() -> None:
    """Half a code is not handed out."""
    reader = reader_of(b"abc")
    assert reader.raw(4) is None
    assert reader.pending == 3
    reader.feed(b"de")
    assert reader.raw(4) == b"abcd"
    assert reader.raw(4) is None
    assert reader.raw(1) == b"e"


@pytest.mark.parametrize("size", [LIMIT + 1, 1 << 31, (1 << 32) - 1])
def test_too_long_is_known_before_it_arrives(size: int) -> None:
    """The announcement alone is enough; not a byte more is waited for or made room for."""
    announced = size.to_bytes(4, "big")
    reader = reader_of(announced[:3])
    assert reader.message(LIMIT) is None
    reader.feed(announced[3:])
    with pytest.raises(PeerError, match=f"{size} bytes announced, {LIMIT} allowed"):
        reader.message(LIMIT)
    assert reader.pending == 4


def test_as_long_as_allowed() -> None:
    """The limit itself is within the limit."""
    assert reader_of(frame(b"x" * 10)).message(10) == b"x" * 10
    with pytest.raises(PeerError):
        reader_of(frame(b"x" * 11)).message(10)
    assert reader_of(frame(b"")).message(0) == b""


def test_the_limit_may_change_from_message_to_message() -> None:
    """Small before the code has matched, larger afterwards."""
    reader = reader_of(frame(b"abc") + frame(b"x" * 100))
    assert reader.message(3) == b"abc"
    with pytest.raises(PeerError):
        reader.message(3)
    assert reader.message(100) == b"x" * 100


def test_what_was_handed_out_is_gone() -> None:
    """The reader holds no more than what is still to come."""
    reader = FrameReader()
    for _ in range(1000):
        reader.feed(frame(b"y" * 1000) + b"\x00\x00")
        assert reader.message(LIMIT) == b"y" * 1000
        assert reader.raw(2) == b"\x00\x00"
    assert reader.pending == 0


def test_messages_are_bytes_of_their_own() -> None:
    """Later data does not change what was handed out."""
    reader = reader_of(frame(b"first"))
    first = reader.message(LIMIT)
    reader.feed(frame(b"other"))
    assert type(first) is bytes and first == b"first"
