"""`gschedctl job`: the story of one."""

from argparse import ArgumentParser
from typing import Any

from gsched.ctl.command import Command, Session
from gsched.ctl.commands.jobs import uid
from gsched.ctl.failures import DONE
from gsched.ctl.words import moment

Row = dict[str, Any]


def arguments(parser: ArgumentParser) -> None:
    """Of this command."""
    parser.add_argument("uid", type=uid, help="of the job, as `gschedctl jobs` lists it")


def run(session: Session) -> int:
    """All about it."""
    row, screen = session.api.get(f"/jobs/{session.given.uid}"), session.screen
    if screen.json:
        screen.give(row)
        return DONE
    screen.facts(facts(row))
    screen.say("")
    if row["steps"] > len(row["story"]):
        screen.say(f"(the last {len(row['story'])} of {row['steps']} steps)")
    screen.table(("time", "event", "note"), map(_step, row["story"]))
    return DONE


def facts(row: Row) -> list[tuple[str, str]]:
    """The job in a few lines."""
    state = [row["state"], "being cancelled" * row["cancelling"], row["end"] or ""]
    return [
        ("job", row["uid"]),
        ("cluster", f"{row['label']} ({row['cluster']})"),
        ("state", ", ".join(filter(None, state))),
        ("why", row["why"]),
        ("node", row["node"] or ""),
        ("pinned to", row["pinned"] or ""),
        ("tries", f"{row['tries']}" + f", {row['refusals']} refused" * bool(row["refusals"])),
        ("lost at", ", ".join(row["losses"])),
        ("reason", row["reason"]),
    ]


def _step(step: Row) -> tuple[str, str, str]:
    fraction = f"{step['time'] % 1:.3f}"[1:]
    return (moment(step["time"] // 1) + fraction, step["event"], step["note"])


COMMAND = Command("job", "Show a job's story with times", run, arguments)
