"""Schemas of what is answered about the past, and what can be asked."""

from gsched.core.model.job import End
from gsched.history.happenings import KINDS, LEVELS
from gsched.history.series import COLUMNS
from gsched.httpd.api.schemas import (
    HANDLE,
    ID,
    TIME,
    none_or,
    number,
    record,
    ref,
    rows,
    text,
    whole,
)

_ENDS = [end.value for end in End]
_PROBLEM = text("why nothing can be written now; empty if it can")

HISTORY_JOB = record(
    "A job that has ended.",
    uid=ID,
    cluster=HANDLE,
    label=text("of its cluster: name @ client"),
    name=text("of its cluster"),
    client=text("address"),
    node=none_or(text("address of the node where it was last")),
    lane=none_or(whole("which of the node's CPUs it had, from 0")),
    submitted=TIME,
    started=none_or(TIME),
    ended=TIME,
    end=text("how", enum=_ENDS),
    tries=whole("how often it was sent to a node"),
    seconds=none_or(number("of running, as its node has said")),
    sent=whole("bytes of its arguments"),
    received=whole("bytes of its result"),
    reason=text("why it ended, or the last line of its exception"),
)
HISTORY = record(
    "A page, those first that ended last.",
    jobs=rows(ref("HistoryJob")),
    next=none_or(text("`after` of the next page; null: there is none")),
    kept=whole("jobs"),
    most=whole("jobs that are kept at the most; 0: there is no history"),
    oldest=none_or(number("when the oldest one ended, in seconds since 1970")),
    problem=_PROBLEM,
)
SHARE = record(
    "What a cluster has used.",
    cluster=none_or(HANDLE | {"description": "null: all others"}),
    label=text(),
    seconds=number("of CPUs"),
)
SERIES = record(
    "Figures, the oldest first. Jobs that ended are per second, all others means of a step.",
    range=number("seconds"),
    step=number("seconds; a jump in time is longer: nobody was there"),
    now=TIME,
    columns=rows(text(enum=list(COLUMNS))),
    rows=rows(rows(number())),
    shares=rows(ref("Share")),
)
BARS = record(
    "Columns of equal length.",
    uid=rows(ID),
    node=rows(whole("place in `nodes`")),
    lane=rows(whole("from 0")),
    cluster=rows(whole("place in `clusters`")),
    start=rows(TIME),
    end=rows(none_or(TIME)),
    state=rows(text(enum=["running", *_ENDS])),
)
BINS = record(
    "For each of `nodes` the mean number of busy CPUs in each step.",
    start=TIME,
    step=number("seconds"),
    busy=rows(rows(number())),
)
TIMELINE = record(
    "Which job was where, and when.",
    **{"from": TIME, "to": TIME},
    truncated={"type": "boolean", "description": "there are more than are shown"},
    since=number("from when on all are shown, in seconds since 1970"),
    mode=text("nodes: there are too many for bars", enum=["lanes", "nodes"]),
    nodes=rows(record("Those with jobs.", address=text(), lanes=whole())),
    clusters=rows(record("Those of the bars.", id=HANDLE, label=text())),
    bars=ref("Bars"),
    bins={"anyOf": [ref("Bins"), {"type": "null"}]},
)
EVENT = record(
    "Something of interest. One that is repeated has a new number and the same `first`.",
    seq=whole("its number; they start anew with each run"),
    first=whole("number of the first one of those that were like it"),
    count=whole("how many were like it"),
    time=TIME,
    since=TIME,
    level=text(enum=list(LEVELS)),
    kind=text(enum=list(KINDS)),
    text=text(),
    node=none_or(text("address")),
    cluster=none_or(text("handle")),
    job=none_or(text("uid")),
    by=none_or(text("who did it")),
)
LOG = record(
    "Events, the latest at the end.",
    events=rows(ref("Event")),
    next=none_or(whole("`after` of the next page; null: there are no more")),
    first=whole("number of the oldest event that is kept; 0: there is none"),
    last=whole("number of the latest one"),
)
PAST = {
    "HistoryJob": HISTORY_JOB,
    "History": HISTORY,
    "Share": SHARE,
    "Series": SERIES,
    "Bars": BARS,
    "Bins": BINS,
    "Timeline": TIMELINE,
    "Event": EVENT,
    "Log": LOG,
}
