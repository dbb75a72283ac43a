"""`gschedctl jobs`: jobs that are not over for their clients yet."""

from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from gsched.ctl import targets
from gsched.ctl.command import Command, Session
from gsched.ctl.failures import DONE
from gsched.ctl.words import clock

Row = dict[str, Any]

COLUMNS = ("job", "cluster", "state", "node", "tries", "submitted", "started", "note")
STATES = ("offered", "queued", "sending", "running", "done")
LIMIT = 100


def arguments(parser: ArgumentParser) -> None:
    """Of this command."""
    parser.add_argument("--cluster", help="only those of this cluster: its id, label or name")
    parser.add_argument("--node", help="only those at this node: its address or name")
    parser.add_argument("--state", choices=STATES, help="only those in this state: %(choices)s")
    parser.add_argument("--after", metavar="UID", type=uid, help="only later ones")
    about = f"as many at the most; {LIMIT} unless given"
    parser.add_argument("--limit", metavar="N", type=count_of, default=LIMIT, help=about)
    parser.add_argument("--all", action="store_true", help="without a limit")


def run(session: Session) -> int:
    """Page after page."""
    given, screen = session.given, session.screen
    limit = None if given.all else given.limit
    query = filters(session) | {"after": given.after}
    pages = list(session.api.pages("/jobs", "jobs", limit, **query))
    rows = [row for page in pages for row in page["jobs"]]
    following = pages[-1]["next"] if pages else None
    if screen.json:
        screen.give({"jobs": rows, "next": following})
        return DONE
    empty = "no such job is here" if any(query.values()) else "no jobs"
    screen.table(COLUMNS, map(cells, rows), empty)
    if following is not None:
        screen.note(f"there may be more: --after {following}, or --all")
    return DONE


def filters(session: Session) -> dict[str, str | None]:
    """What the API is asked for, where people gave names."""
    given, api = session.given, session.api
    cluster = given.cluster and targets.cluster(api.get("/status"), given.cluster)["id"]
    node = given.node and targets.node(api.get("/status"), given.node)["address"]
    return {"cluster": cluster, "node": node, "state": given.state}


def cells(row: Row) -> tuple[Any, ...]:
    """A line of the table."""
    times = (clock(row["submitted"]), clock(row["started"]))
    return (row["uid"], row["label"], row["state"], row["node"], row["tries"], *times, _note(row))


def _note(row: Row) -> str:
    pinned = f"pinned to {row['pinned']}" if row["pinned"] else ""
    notes = (row["end"], row["reason"], pinned, "being cancelled" * row["cancelling"])
    return "; ".join(note for note in notes if note)


def uid(text: str) -> str:
    """Of a job."""
    if not (text.isascii() and text.isdigit() and len(text) <= 20):
        raise ArgumentTypeError(f"{text!r} is no job: uids are numbers")
    return text


def count_of(text: str) -> int:
    """A number of rows."""
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 10**9):
        raise ArgumentTypeError(f"{text!r} is no number from 1 on")
    return int(text)


COMMAND = Command(
    "jobs",
    "List jobs that wait, run, or have results that no client has taken",
    run,
    arguments,
    about="By uid, the earliest first. With --json the answer is an object with jobs and next,"
    " which is the --after of the next page, or null.",
    examples={
        "gschedctl jobs --cluster compute --state queued": "What waits, of one cluster.",
        "gschedctl jobs --node 10.1.2.3": "What runs there.",
    },
)
