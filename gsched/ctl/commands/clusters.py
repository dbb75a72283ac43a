"""`gschedctl clusters`: the computations of clients, or all about one."""

from argparse import ArgumentParser
from typing import Any

from gsched.ctl import targets
from gsched.ctl.command import Command, Session
from gsched.ctl.failures import DONE
from gsched.ctl.words import span

Row = dict[str, Any]

COLUMNS = ("id", "cluster", "state", "waiting", "running", "done", "nodes", "note")


def arguments(parser: ArgumentParser) -> None:
    """Of this command."""
    parser.add_argument("cluster", nargs="?", help="all about this one: its id, label or name")
    parser.add_argument("--client", metavar="ADDRESS", help="only those of this client")


def run(session: Session) -> int:
    """List, or one."""
    given, screen = session.given, session.screen
    if given.cluster is not None:
        row = targets.cluster(session.api.get("/status"), given.cluster)
        about = session.api.get(f"/clusters/{row['id']}")
        screen.give(about) if screen.json else _show(session, about)
        return DONE
    found = [row for page in session.api.pages("/clusters", "clusters") for row in page["clusters"]]
    rows = [row for row in found if given.client in (None, row["client"])]
    if screen.json:
        screen.give({"clusters": rows})
    else:
        empty = "no clusters" if given.client is None else "no such cluster is here"
        screen.table(COLUMNS, map(cells, rows), empty)
    return DONE


def cells(row: Row) -> tuple[Any, ...]:
    """A line of the table."""
    numbers = (row["waiting"], row["running"], row["done"], row["nodes"])
    return (row["id"], row["label"], row["state"], *numbers, row["note"])


def _show(session: Session, row: Row) -> None:
    screen, marks = session.screen, ("exclusive", "reentrant")
    screen.facts(
        [
            ("cluster", f"{row['id']} {row['label']}"),
            ("state", ", ".join([row["state"], *(mark for mark in marks if row[mark])])),
            ("why", row["why"]),
            ("jobs", f"{row['waiting']} wait, {row['running']} run, {row['done']} done"),
            ("dispy", row["release"]),
            ("heard", f"{span(row['heard'])} ago"),
            ("wants", ", ".join(map(_wanted, row["allocations"]))),
            ("gave back", ", ".join(row["closed"])),
        ]
    )
    if row["places"]:
        screen.say("")
        places = [(x["node"], x["state"], x["reason"]) for x in row["places"]]
        screen.table(("node", "set-up", "reason"), places)


def _wanted(allocation: Row) -> str:
    host, cpus = allocation["host"], allocation["cpus"]
    return f"{host} ({'all but ' * (cpus < 0)}{abs(cpus)} CPUs)" if cpus else f"{host}"


COMMAND = Command(
    "clusters",
    "List the computations of clients, or show all about one",
    run,
    arguments,
    examples={"gschedctl clusters compute": "All about the one of that name."},
)
