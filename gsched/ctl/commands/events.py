"""`gschedctl events`: what has happened, and what happens."""

import time
from argparse import ArgumentParser
from typing import Any

from gsched.ctl.command import Command, Session
from gsched.ctl.commands.jobs import LIMIT, count_of
from gsched.ctl.failures import DONE
from gsched.ctl.words import moment

Row = dict[str, Any]

PAUSE = 1.0  # seconds between questions
LEVELS = ("info", "warning", "error")


def arguments(parser: ArgumentParser) -> None:
    """Of this command."""
    parser.add_argument("--follow", "-f", action="store_true", help="go on until Ctrl-C")
    parser.add_argument("--level", choices=LEVELS, help="at least of this level: %(choices)s")
    about = f"the last ones, at the most; {LIMIT} unless given"
    parser.add_argument("--limit", metavar="N", type=count_of, default=LIMIT, help=about)


def run(session: Session) -> int:
    """The last ones, and with --follow those that come."""
    given, after = session.given, None
    query = {"limit": min(given.limit, 500), "level": given.level}
    while True:
        answer = session.api.get("/log", after=after, **query)
        for row in answer["events"]:
            _show(session, row)
        session.screen.out.flush()
        if not given.follow:
            return DONE
        after = answer["events"][-1]["seq"] if answer["events"] else after or answer["last"]
        if answer["next"] is None:
            time.sleep(PAUSE)


def _show(session: Session, row: Row) -> None:
    if session.screen.json:
        session.screen.give_line(row)
        return
    times = f" ({row['count']} times)" if row["count"] > 1 else ""
    session.screen.say(f"{moment(row['time'])}  {row['level']:<7}  {row['text']}{times}")


COMMAND = Command(
    "events",
    "Show what has happened, and with -f what happens",
    run,
    arguments,
    about="With --json each line is an object. One that comes again is told with its number.",
)
