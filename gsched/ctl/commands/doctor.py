"""`gschedctl doctor`: what is wrong, and how is it mended?"""

from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path

from gsched.ctl.checks import host, scheduler
from gsched.ctl.checks.check import WRONG, Check
from gsched.ctl.command import Command, Session
from gsched.ctl.failures import DONE, NO, Mistake


def arguments(parser: ArgumentParser) -> None:
    """Of this command."""
    about = "look at this machine instead, which runs dispynode or is to; its port may follow"
    parser.add_argument("host", nargs="?", metavar="HOST[:PORT]", help=about)
    about = "file with the secret that its dispynode should have, to be tried"
    parser.add_argument("--node_secret_file", metavar="FILE", type=Path, help=about)


def run(session: Session) -> int:
    """All checks, each told as soon as it is known."""
    worst, plain = DONE, []
    for check in _checks(session):
        if check.result == WRONG:
            worst = NO
        if session.screen.json:
            plain.append(check.plain())
        else:
            _tell(session, check)
    if session.screen.json:
        session.screen.give({"checks": plain, "well": worst == DONE})
    return worst


def _checks(session: Session) -> Iterator[Check]:
    secret = _secret(session)
    state = session.api.get("/status")
    if session.given.host is None:
        return scheduler.checks(session, state)
    return host.checks(session, state, session.given.host, secret)


def _secret(session: Session) -> str | None:
    path = session.given.node_secret_file
    if path is None:
        return None
    try:
        return str(path.read_text(encoding="utf-8")).strip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "is no text"
        raise Mistake(f"--node_secret_file {path}: {why}") from None


def _tell(session: Session, check: Check) -> None:
    session.screen.verdict(check.result, f"{check.about:<10} {check.told}")
    if check.mend:
        session.screen.say(f"{'':<19}-> {check.mend}")


COMMAND = Command(
    "doctor",
    "Look for what is wrong, and say how to mend it",
    run,
    arguments,
    about="Without a host it looks at the scheduler: version, clock, ports, nodes, clusters,"
    " refused peers, limits, log, disk. With one it looks at that machine, as this host and the"
    " scheduler see it: name, port, dispynode, TLS, secret.\n\n"
    "The exit code is 1 if something failed, and 0 if there are warnings at the most.",
    examples={
        "gschedctl doctor": "Is all well?",
        "gschedctl doctor node7.example.org": "Why does this machine get no jobs?",
    },
)
