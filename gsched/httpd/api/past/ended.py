"""A job that is over for its client, as all about a job is told."""

from datetime import datetime, timezone

from gsched.core.model.job import Event, State
from gsched.core.seen.snapshot import Row


def about_ended(row: Row) -> Row:
    """`row`: of the history. What it does not say is left empty."""
    same = {name: row[name] for name in ("uid", "cluster", "label", "node", "tries", "end")}
    story = [
        _step(row["submitted"], Event.ACCEPTED, ""),
        *([_step(row["started"], Event.STARTED, row["node"] or "")] if row["started"] else []),
        _step(row["ended"], Event.ENDED, ": ".join(filter(None, (row["end"], row["reason"])))),
    ]
    times = {"submitted": row["submitted"], "started": row["started"], "since": row["ended"]}
    empty: Row = {"pinned": None, "cancelling": False, "refusals": 0, "losses": []}
    rest = {"state": State.GONE.value, "reason": row["reason"], "why": _why(row)}
    return same | times | empty | rest | {"steps": len(story), "story": story, "history": row}


def _step(time: float, event: Event, note: str) -> Row:
    return {"time": time, "event": event.value, "note": note}


def _why(row: Row) -> str:
    when = datetime.fromtimestamp(row["ended"], timezone.utc)
    where = f" on node {row['node']}" if row["node"] else ""
    ran = f" after {row['seconds']:.1f} s" if row["seconds"] is not None else ""
    why = f": {row['reason']}" if row["reason"] else ""
    return f"{row['end']} at {when:%Y-%m-%d %H:%M:%S} UTC{where}{ran}{why}"
