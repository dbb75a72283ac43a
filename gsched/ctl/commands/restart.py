"""`gschedctl restart`."""

import time
from argparse import ArgumentParser

from gsched.ctl import orders
from gsched.ctl.api import Api
from gsched.ctl.command import Command, Session
from gsched.ctl.failures import DONE, NO, Unreachable

PATIENCE = 60.0  # seconds for the next run to answer
PAUSE = 0.2  # seconds between two looks


def arguments(parser: ArgumentParser) -> None:
    """Of this command."""
    orders.add_reason(parser)


def run(session: Session) -> int:
    """Ask for it, and wait for the next run."""
    screen, began = session.screen, time.monotonic()
    before = session.api.get("/status")
    session.api.send("POST", "/restart", {"reason": session.given.reason})
    version = _next(session, before["time"] - before["uptime"], began + PATIENCE)
    seconds = round(time.monotonic() - began, 1)
    if screen.json:
        screen.give({"done": bool(version), "version": version, "seconds": seconds})
    elif version:
        screen.say(f"gsched {version} serves after {seconds} s")
    else:
        screen.note(f"gschedctl: the next run does not answer after {seconds} s; its log says why")
    return DONE if version else NO


def _next(session: Session, started: float, until: float) -> str:
    """The version of a run that started later; empty if there is none."""
    while time.monotonic() < until:
        time.sleep(PAUSE)
        try:
            now = Api(session.place).get("/status")
        except Unreachable:
            continue
        if now["time"] - now["uptime"] > started + PAUSE:
            return str(now["version"])
    return ""


COMMAND = Command(
    "restart",
    "Start the scheduler's program anew, as after an upgrade",
    run,
    arguments,
    about="Nothing is lost and no connection is refused: whoever connects waits a second. A mistake"
    " in its options is told, and nothing is done.",
)
