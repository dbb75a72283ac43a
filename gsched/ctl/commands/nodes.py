"""`gschedctl nodes`: the machines, or all about one."""

from argparse import ArgumentParser
from fnmatch import fnmatchcase
from typing import Any

from gsched.ctl import targets
from gsched.ctl.command import Command, Session
from gsched.ctl.failures import DONE
from gsched.ctl.words import heard, size, span

Row = dict[str, Any]

COLUMNS = ("address", "name", "state", "busy", "CPUs", "done", "node time", "heard", "note")


def arguments(parser: ArgumentParser) -> None:
    """Of this command."""
    parser.add_argument("node", nargs="?", help="all about this one: its address or name")
    parser.add_argument("--state", help="only nodes in this state, such as ready or lost")
    parser.add_argument(
        "--match", metavar="PATTERN", help="only names and addresses such as 10.1.*"
    )


def run(session: Session) -> int:
    """List, or one."""
    given, screen = session.given, session.screen
    if given.node is not None:
        found = targets.node(session.api.get("/status"), given.node)
        about = session.api.get(f"/nodes/{found['address']}")
        screen.give(about) if screen.json else _show(session, about)
        return DONE
    pages = session.api.pages("/nodes", "nodes")
    rows = [row for page in pages for row in page["nodes"] if _is_wanted(row, given)]
    if screen.json:
        screen.give({"nodes": rows})
    else:
        limited = given.state is not None or given.match is not None
        screen.table(COLUMNS, map(cells, rows), "no such node is known" if limited else "no nodes")
    return DONE


def _is_wanted(row: Row, given: Any) -> bool:
    texts = (row["address"], row["name"])
    fits = given.match is None or any(fnmatchcase(text, given.match) for text in texts)
    return fits and given.state in (None, row["state"])


def cells(row: Row) -> tuple[Any, ...]:
    """A line of the table."""
    place = (row["address"], row["name"], row["state"])
    numbers = (row["busy"], row["cpus"], row["jobs_done"])
    return (*place, *numbers, span(row["cpu_time"]), heard(row["heard"]), row["note"])


def _show(session: Session, row: Row) -> None:
    screen = session.screen
    screen.facts(
        [
            ("node", f"{row['address']}:{row['port']} {row['name']}"),
            ("state", row["state"]),
            ("why", row["why"]),
            ("CPUs", f"{row['busy']} of {row['cpus']} busy"),
            ("done", f"{row['jobs_done']} jobs in {span(row['cpu_time'])} of node time"),
            ("free", _free(row["avail"] or {})),
            ("dispy", row["release"]),
            ("heard", heard(row["heard"])),
            ("jobs", ", ".join(row["jobs"])),
        ]
    )
    if row["places"]:
        screen.say("")
        places = [(x["label"], x["cluster"], x["state"], x["reason"]) for x in row["places"]]
        screen.table(("cluster", "id", "set-up", "reason"), places)


def _free(avail: Row) -> str:
    known = {name: number for name, number in avail.items() if number is not None}
    percents = [f"{name} {known[name]:.0f} %" for name in ("cpu", "swap") if name in known]
    sizes = [f"{name} {size(known[name])}" for name in ("memory", "disk") if name in known]
    return ", ".join(percents + sizes)


COMMAND = Command(
    "nodes",
    "List the nodes, or show all about one",
    run,
    arguments,
    examples={
        "gschedctl nodes --state quarantine": "Which nodes are left alone?",
        "gschedctl nodes 10.1.2.3": "All about one, and why it is not used.",
    },
)
