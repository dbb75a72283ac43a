"""`gschedctl set-cpus`: how many CPUs of nodes are used."""

from argparse import ArgumentParser, ArgumentTypeError

from gsched.ctl import orders, targets
from gsched.ctl.command import Command, Session
from gsched.ctl.failures import DONE


def arguments(parser: ArgumentParser) -> None:
    """Of this command."""
    about = "so many at the most; all: those that it offers; -2: all but two"
    parser.add_argument("cpus", type=_cpus, help=about)
    orders.add_targets(parser, "NODE", orders.A_NODE)
    orders.add_reason(parser)


def run(session: Session) -> int:
    """All nodes that are named."""
    given, api = session.given, session.api
    state = api.get("/status")
    found = [targets.node(state, text)["address"] for text in dict.fromkeys(given.targets)]
    cpus = None if given.cpus == "all" else given.cpus
    for address in found:
        orders.warn(
            session, api.send("PATCH", f"/nodes/{address}", {"cpus": cpus, "reason": given.reason})
        )
        if not session.screen.json:
            session.screen.say(f"set-cpus: node {address} {given.cpus}")
    if session.screen.json:
        done = [{"kind": "node", "id": x, "action": "set-cpus", "cpus": cpus} for x in found]
        session.screen.give({"done": done})
    return DONE


def _cpus(text: str) -> int | str:
    if text == "all":
        return text
    try:
        return int(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is no number, and not all") from None


COMMAND = Command(
    "set-cpus",
    "Use so many CPUs of nodes at the most",
    run,
    arguments,
    about="Jobs that run go on.",
    examples={
        "gschedctl set-cpus 2 node-a node-b": "Two CPUs of each.",
        "gschedctl set-cpus all node-a": "All again.",
    },
)
