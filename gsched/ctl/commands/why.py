"""`gschedctl why`: why something does not go on, in a sentence."""

from argparse import ArgumentParser
from typing import Any

from gsched.ctl import targets
from gsched.ctl.command import Command, Session
from gsched.ctl.failures import DONE, Unknown

Row = dict[str, Any]


def arguments(parser: ArgumentParser) -> None:
    """Of this command."""
    about = "a job's uid; a cluster's id, label or name; a node's address or name"
    parser.add_argument("what", metavar="ID", help=about)


def run(session: Session) -> int:
    """One sentence."""
    kind, about = _find(session, session.given.what)
    if session.screen.json:
        keys = {"job": "uid", "cluster": "id", "node": "address"}
        session.screen.give({"kind": kind, "id": about[keys[kind]], "why": about["why"]})
    else:
        session.screen.say(about["why"])
    return DONE


def _find(session: Session, text: str) -> tuple[str, Row]:
    """What kind of thing that is, and all about it. Raises Failure."""
    api = session.api
    if text.isascii() and text.isdigit() and len(text) <= 20:
        try:
            return "job", api.get(f"/jobs/{text}")
        except Unknown as unknown:
            reason = unknown
    else:
        reason = Unknown(
            f"there is no cluster and no node {text!r} now: a cluster goes once its program is"
            " done; see `gschedctl clusters` and `gschedctl nodes`, and of a job give the uid, a"
            " number"
        )
    state = api.get("/status")
    try:
        return "cluster", api.get(f"/clusters/{targets.cluster(state, text)['id']}")
    except Unknown:
        pass
    try:
        return "node", api.get(f"/nodes/{targets.node(state, text)['address']}")
    except Unknown:
        raise reason from None


COMMAND = Command(
    "why",
    "Say in a sentence why a job, cluster or node does not go on, or what it does",
    run,
    arguments,
    examples={
        "gschedctl why 1763884800123004": "A job.",
        "gschedctl why compute": "A cluster.",
        "gschedctl why 10.1.2.3": "A node.",
    },
)
