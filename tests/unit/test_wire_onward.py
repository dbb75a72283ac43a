"""What peers have sent is kept, and passed on: what cannot be is refused at the door.

Else it would be found out where nobody can help it any more: by whoever writes the journal.
"""

from typing import Any

import pytest
from test_wire_messages import ROWS, body_of, label
from wire_bytes import name

from gsched.wire import messages, pickles
from gsched.wire.encoder import MAX_DEPTH
from gsched.wire.errors import PeerError
from gsched.wire.messages import Message, Sender

MARK = 0x71717171  # a number that stands for something else
ONWARD = [(sender, row) for sender, row in ROWS if not row.plain]

each = pytest.mark.parametrize(("sender", "row"), ONWARD, ids=label)


def sent(row: Message, extra: Any) -> bytes:
    """The message, with something more in it than is known."""
    body = body_of(row)
    holder = body if isinstance(body, dict) else body.extra
    holder["more"] = extra
    return messages.build(row.name, body)


def nested(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth - 1):
        value = [value]
    return value


@each
def test_what_is_nested_too_deeply_for_the_journal(sender: Sender, row: Message) -> None:
    """There it is within something else, and so deeper than it was."""
    with pytest.raises(PeerError, match="nested deeper"):
        messages.parse(sent(row, nested(MAX_DEPTH - 5)), sender)
    _, body = messages.parse(sent(row, nested(MAX_DEPTH - 25)), sender)
    assert pickles.dumps([[[[[body]]]]])


@each
def test_what_is_not_whole(sender: Sender, row: Message) -> None:
    number = b"J" + MARK.to_bytes(4, "little")
    payload = sent(row, MARK)
    assert payload.count(number) == 1
    part = name("dispy", "_XferFile") + b")\x81"
    with pytest.raises(PeerError, match="_XferFile without"):
        messages.parse(payload.replace(number, part), sender)


@pytest.mark.parametrize(("sender", "row"), ROWS, ids=label)
def test_texts_are_short(sender: Sender, row: Message) -> None:
    """Names, addresses and the like: these are compared, looked up, kept, and shown to people."""
    body = body_of(row)
    texts = [x for x, one in body.items() if type(one) is str] if type(body) is dict else []
    for field in texts:
        assert messages.parse(messages.build(row.name, body | {field: "x" * 1024}), sender)
        with pytest.raises(PeerError, match=f"{field} has 1025 characters"):
            messages.parse(messages.build(row.name, body | {field: "x" * 1025}), sender)
