"""Answers as JSON, with turns for others while a large one is encoded."""

import json
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

SOME = 500  # rows at a time: some milliseconds

Row = dict[str, Any]


def encode(row: Row) -> bytes:
    """One line of JSON.

    Raises TypeError or ValueError when it holds what JSON, or a browser, has no word for.
    """
    return _text(row).encode()


def encode_by_turns(row: Row, turn: Callable[[], None]) -> bytes:
    """The same for one with long lists or objects; calls `turn` between their pieces."""
    fields = (f"{_text(name)}:{_value(value, turn)}" for name, value in row.items())
    return f"{{{','.join(fields)}}}".encode()


def _value(value: Any, turn: Callable[[], None]) -> str:
    if not isinstance(value, list | dict) or len(value) <= SOME:
        return _text(value)
    pieces = []
    for some in _parts(value):
        pieces.append(_text(some)[1:-1])
        turn()
    start, end = "{}" if isinstance(value, dict) else "[]"
    return f"{start}{','.join(pieces)}{end}"


def _parts(value: list[Any] | Row) -> Iterator[list[Any] | Row]:
    left = iter(value.items() if isinstance(value, dict) else value)
    while some := list(islice(left, SOME)):
        yield dict(some) if isinstance(value, dict) else some


def _text(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), allow_nan=False)
