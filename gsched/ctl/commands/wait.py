"""`gschedctl wait`: until jobs or clusters have ended, or nodes are there."""

import time
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable

from gsched.ctl import targets
from gsched.ctl.command import Command, Session
from gsched.ctl.commands.jobs import uid
from gsched.ctl.failures import DONE, NO, Mistake, Unknown, Unreachable

PAUSE = 0.5  # seconds between questions

Question = Callable[[], str]
"""What is still missing, in words; empty when nothing is."""


def arguments(parser: ArgumentParser) -> None:
    """Of this command."""
    parser.add_argument("what", choices=tuple(_WAYS), help="%(choices)s: see above")
    about = "uids of jobs, clusters, or the number of nodes"
    parser.add_argument("which", nargs="*", metavar="WHICH", help=about)
    about = "give up then, with exit code 1; without it, never"
    parser.add_argument("--timeout", metavar="SECONDS", type=_seconds, help=about)


def run(session: Session) -> int:
    """Ask again and again."""
    given, began = session.given, time.monotonic()
    missing = _WAYS[given.what](session)
    words = missing()
    while words and (given.timeout is None or time.monotonic() - began < given.timeout):
        time.sleep(PAUSE)
        words = missing()
    seconds = round(time.monotonic() - began, 1)
    if session.screen.json:
        told = {"what": given.what, "met": not words, "missing": words, "seconds": seconds}
        session.screen.give(told)
    elif words:
        session.screen.note(f"gschedctl: gave up after {seconds} s: {words}")
    return NO if words else DONE


def _jobs(session: Session) -> Question:
    """Until their ends are known; one that is not there from the start is a mistake."""
    left = [_checked_uid(text) for text in _some(session, "the uids of jobs")]
    api = session.api
    for one in left:
        api.get(f"/jobs/{one}")

    def missing() -> str:
        left[:] = [one for one in left if not _has_ended(session, one)]
        return f"job {left[0]} has not ended, {len(left)} in all" if left else ""

    return missing


def _has_ended(session: Session, one: str) -> bool:
    try:
        return session.api.get(f"/jobs/{one}")["state"] in ("done", "gone")
    except Unknown:
        return True


def _clusters(session: Session) -> Question:
    wanted, state = _some(session, "clusters"), session.api.get("/status")
    left = [targets.cluster(state, text) for text in wanted]

    def missing() -> str:
        here = {row["id"] for row in session.api.get("/status")["clusters"]}
        still = [row["label"] for row in left if row["id"] in here]
        return f"still here: {', '.join(still)}" if still else ""

    return missing


def _nodes(session: Session) -> Question:
    which = session.given.which or ["1"]
    if len(which) != 1 or not which[0].isdecimal():
        raise Mistake("wait nodes: give one number, as in `gschedctl wait nodes 3`")

    def missing() -> str:
        nodes = session.api.get("/status")["nodes"]
        ready = sum(row["state"] == "ready" for row in nodes)
        return f"{ready} of {int(which[0])} nodes are ready" if ready < int(which[0]) else ""

    return missing


def _idle(session: Session) -> Question:
    """No job runs at these nodes; without any, none waits or runs at all."""
    which = session.given.which
    known = session.api.get("/status") if which else {}
    left = [targets.node(known, text)["address"] for text in which]

    def missing() -> str:
        state = session.api.get("/status")
        busy = [x["address"] for x in state["nodes"] if x["address"] in left and x["busy"]]
        totals = state["totals"]
        if left:
            return f"jobs run at {', '.join(busy)}" if busy else ""
        number = totals["waiting"] + totals["running"]
        return f"{number} jobs wait or run" if number else ""

    return missing


def _ready(session: Session) -> Question:
    """Jobs are taken. Nobody may answer yet."""

    def missing() -> str:
        try:
            status, text = session.api.text("/readyz")
        except Unreachable as failure:
            return str(failure)
        return "" if status == 200 else text or f"it answers {status}"

    return missing


def _some(session: Session, what: str) -> list[str]:
    if not session.given.which:
        raise Mistake(f"wait {session.given.what}: give {what}")
    return list(dict.fromkeys(session.given.which))


def _checked_uid(text: str) -> str:
    try:
        return uid(text)
    except ArgumentTypeError as error:
        raise Mistake(str(error)) from None


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < 10**9:
        raise ArgumentTypeError(f"{text!r} is no number of seconds")
    return seconds


_WAYS: dict[str, Callable[[Session], Question]] = {
    "job": _jobs,
    "cluster": _clusters,
    "nodes": _nodes,
    "idle": _idle,
    "ready": _ready,
}

COMMAND = Command(
    "wait",
    "Wait until jobs or clusters have ended, or nodes are there",
    run,
    arguments,
    about="job UID...: these jobs have ended, however that was.\n\n"
    "cluster CLUSTER...: these clusters are closed.\n\n"
    "nodes [N]: so many nodes are ready, at least one.\n\n"
    "idle [NODE...]: no job is at these nodes; without any, none waits or runs at all.\n\n"
    "ready: a scheduler answers and takes jobs.\n\n"
    "The exit code is 0 when it is so, and 1 when --timeout is over before.",
    examples={
        "gschedctl wait nodes 4 --timeout 60": "For scripts that start nodes.",
        "gschedctl drain node-a && gschedctl wait idle node-a": "Before its machine is restarted.",
    },
)
