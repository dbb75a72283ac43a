"""`gschedctl cancel`: jobs are not to run, or no longer."""

from argparse import ArgumentParser
from typing import Any

from gsched.ctl import orders
from gsched.ctl.command import Command, Session
from gsched.ctl.commands.jobs import STATES, filters, uid
from gsched.ctl.failures import DONE, NO, Mistake
from gsched.ctl.words import count

Row = dict[str, Any]


def arguments(parser: ArgumentParser) -> None:
    """Of this command."""
    parser.add_argument("uids", nargs="*", metavar="UID", type=uid, help="of a job")
    parser.add_argument("--cluster", help="all of this cluster: its id, label or name")
    parser.add_argument("--node", help="all at this node: its address or name")
    parser.add_argument("--state", choices=STATES[:-1], help="all in this state: %(choices)s")
    parser.add_argument("--dry_run", action="store_true", help="only say how many they are")
    orders.add_reason(parser)
    orders.add_yes(parser)


def run(session: Session) -> int:
    """Those that are named, or those that fit."""
    given, screen = session.given, session.screen
    wanted = _wanted(session)
    found = session.api.send("POST", "/jobs/cancel", wanted | {"dry_run": True})
    number = found["jobs"]
    if not number:
        which = f": {', '.join(given.uids)}" if given.uids else ""
        return _tell(session, found, f"no such job waits or runs{which}; nothing was cancelled")
    if given.dry_run:
        return _tell(session, found, f"{count(number, 'job')} would be cancelled")
    screen.confirm(f"Cancel {count(number, 'job')} for good?", given.yes)
    done = session.api.send("POST", "/jobs/cancel", wanted | {"dry_run": False})
    return _tell(session, done, f"cancelled: {count(done['jobs'], 'job')}")


def _wanted(session: Session) -> Row:
    """What the API is asked for. Raises Mistake for neither or both."""
    given = session.given
    fits = {name: value for name, value in filters(session).items() if value is not None}
    if bool(given.uids) == bool(fits):
        raise Mistake("give uids, or some of --cluster, --node and --state")
    which: Row = {"uids": list(given.uids)} if given.uids else {"filter": fits}
    return which | {"reason": given.reason}


def _tell(session: Session, answer: Row, words: str) -> int:
    if session.screen.json:
        session.screen.give(answer)
    else:
        session.screen.say(words)
        orders.warn(session, answer)
    return DONE if answer["jobs"] else NO


COMMAND = Command(
    "cancel",
    "Cancel jobs",
    run,
    arguments,
    about="Those that run are stopped. Their programs get them back as Terminated, with the reason."
    " The exit code is 1 if there is none.",
    examples={
        "gschedctl cancel 1763884800123004": "One.",
        "gschedctl cancel --cluster compute --state queued --dry_run": "How many would it be?",
    },
)
