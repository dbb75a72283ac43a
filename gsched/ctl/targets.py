"""What people type for clusters and nodes: an id, its beginning, an address or a name.

They are looked up in `state`, the answer of /api/v1/status, so that one look serves for many.
"""

from collections.abc import Callable, Iterable
from typing import Any

from gsched.ctl.failures import Mistake, Unknown

Row = dict[str, Any]

LEAST = 4  # characters of the beginning of an id


def cluster(state: Row, text: str) -> Row:
    """The cluster with that id, name or label. Raises Unknown, or Mistake if there are several."""
    ways: tuple[Callable[[Row], bool], ...] = (
        lambda row: row["id"] == text,
        lambda row: text in (row["label"], row["name"]),
        lambda row: len(text) >= LEAST and row["id"].startswith(text),
    )
    found = _first(state["clusters"], ways)
    if len(found) > 1:
        ids = ", ".join(f"{row['id']} ({row['label']})" for row in found[:5])
        raise Mistake(f"{text!r} may be any of {len(found)} clusters: {ids}; give the id")
    if not found:
        raise Unknown(f"no cluster {text!r} is here, or it is closed; see `gschedctl clusters`")
    return found[0]


def node(state: Row, text: str) -> Row:
    """The node with that address or name. Raises Unknown, or Mistake if there are several."""
    ways: tuple[Callable[[Row], bool], ...] = (
        lambda row: row["address"] == text,
        lambda row: row["name"] == text,
        lambda row: row["name"].partition(".")[0] == text,
    )
    found = _first(state["nodes"], ways)
    if len(found) > 1:
        places = ", ".join(row["address"] for row in found[:5])
        raise Mistake(f"{text!r} may be any of {len(found)} nodes: {places}; give the address")
    if not found:
        raise Unknown(f"no node {text!r} is known; see `gschedctl nodes`")
    return found[0]


def _first(rows: list[Row], ways: Iterable[Callable[[Row], bool]]) -> list[Row]:
    """Rows that fit in the first way in which any does."""
    return next((found for way in ways if (found := [x for x in rows if way(x)])), [])


def either(state: Row, text: str) -> tuple[str, Row]:
    """`cluster` or `node`, and that. Raises Unknown, or Mistake if it may be both."""
    found = [pair for kind, find in KINDS.items() if (pair := _try(kind, find, state, text))]
    if len(found) > 1:
        raise Mistake(f"{text!r} is a cluster and a node: give the cluster's id or the address")
    if not found:
        raise Unknown(f"no cluster and no node {text!r} is here")
    return found[0]


KINDS: dict[str, Callable[[Row, str], Row]] = {"cluster": cluster, "node": node}


def _try(
    kind: str, find: Callable[[Row, str], Row], state: Row, text: str
) -> tuple[str, Row] | None:
    try:
        return kind, find(state, text)
    except Unknown:
        return None
