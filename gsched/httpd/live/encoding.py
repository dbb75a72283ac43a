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
    """The same for one with long lists; calls `turn` between its pieces. Raises as `encode`."""
    fields = (f"{_text(name)}:{_value(value, turn)}" for name, value in row.items())
    return f"{{{','.join(fields)}}}".encode()


def _value(value: Any, turn: Callable[[], None]) -> str:
    if not isinstance(value, list) or len(value) <= SOME:
        return _text(value)
    pieces = []
    for some in _parts(value):
        pieces.append(_text(some)[1:-1])
        turn()
    return f"[{','.join(pieces)}]"


def _parts(rows: list[Any]) -> Iterator[list[Any]]:
    left = iter(rows)
    while some := list(islice(left, SOME)):
        yield some


def _text(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), allow_nan=False)
