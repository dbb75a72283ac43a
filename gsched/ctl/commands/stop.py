"""`gschedctl stop`."""

from argparse import ArgumentParser

from gsched.ctl import orders
from gsched.ctl.command import Command, Session
from gsched.ctl.failures import DONE

WAYS = ("running", "all", "now", "discard")


def arguments(parser: ArgumentParser) -> None:
    """Of this command."""
    about = "%(choices)s: what it waits for; now unless given"
    parser.add_argument("--after", choices=WAYS, default="now", help=about)
    orders.add_reason(parser)
    orders.add_yes(parser)


def run(session: Session) -> int:
    """Ask for it."""
    given, screen = session.given, session.screen
    screen.confirm(f"Stop {session.place.name}?", given.yes)
    done = session.api.send("POST", "/stop", {"after": given.after, "reason": given.reason})
    screen.give(done) if screen.json else screen.say(done["outcome"])
    return DONE


COMMAND = Command(
    "stop",
    "Stop the scheduler",
    run,
    arguments,
    about="It takes no more jobs. running: it stops once the jobs that run have ended, all: once"
    " none is left, now: at once. What is left is there at the next start, but for discard: then"
    " clients are told that their jobs have ended.",
    examples={"gschedctl stop --after all": "Let all finish, then stop."},
)
