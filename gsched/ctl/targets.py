"""What people type for clusters and nodes: an id, its beginning, an address or a name."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from gsched.ctl.failures import Mistake, Unknown

if TYPE_CHECKING:
    from gsched.ctl.api import Api

Row = dict[str, Any]

LEAST = 4  # characters of the beginning of an id


def cluster(api: "Api", text: str) -> Row:
    """The cluster with that id, name or label. Raises Unknown, or Mistake if there are several."""
    ways: tuple[Callable[[Row], bool], ...] = (
        lambda row: row["id"] == text,
        lambda row: text in (row["label"], row["name"]),
        lambda row: len(text) >= LEAST and row["id"].startswith(text),
    )
    found = _first(api.get("/status")["clusters"], ways)
    if len(found) > 1:
        ids = ", ".join(f"{row['id']} ({row['label']})" for row in found[:5])
        raise Mistake(f"{text!r} may be any of {len(found)} clusters: {ids}; give the id")
    if not found:
        raise Unknown(f"no cluster {text!r} is here, or it is closed; see `gschedctl clusters`")
    return found[0]


def node(api: "Api", text: str) -> Row:
    """The node with that address or name. Raises Unknown, or Mistake if there are several."""
    ways: tuple[Callable[[Row], bool], ...] = (
        lambda row: row["address"] == text,
        lambda row: row["name"] == text,
        lambda row: row["name"].partition(".")[0] == text,
    )
    found = _first(api.get("/status")["nodes"], ways)
    if len(found) > 1:
        places = ", ".join(row["address"] for row in found[:5])
        raise Mistake(f"{text!r} may be any of {len(found)} nodes: {places}; give the address")
    if not found:
        raise Unknown(f"no node {text!r} is known; see `gschedctl nodes`")
    return found[0]


def _first(rows: list[Row], ways: Iterable[Callable[[Row], bool]]) -> list[Row]:
    """Rows that fit in the first way in which any does."""
    return next((found for way in ways if (found := [x for x in rows if way(x)])), [])


def either(api: "Api", text: str) -> tuple[str, Row]:
    """`cluster` or `node`, and that. Raises Unknown, or Mistake if it may be both."""
    found = [pair for kind, find in KINDS.items() if (pair := _try(kind, find, api, text))]
    if len(found) > 1:
        raise Mistake(f"{text!r} is a cluster and a node: give the cluster's id or the address")
    if not found:
        raise Unknown(f"no cluster and no node {text!r} is here")
    return found[0]


KINDS: dict[str, Callable[["Api", str], Row]] = {"cluster": cluster, "node": node}


def _try(
    kind: str, find: Callable[["Api", str], Row], api: "Api", text: str
) -> tuple[str, Row] | None:
    try:
        return kind, find(api, text)
    except Unknown:
        return None
