"""What commands that change something have in common."""

from argparse import ArgumentParser
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gsched.ctl import targets
from gsched.ctl.command import Command, Session
from gsched.ctl.failures import DONE

A_CLUSTER, A_NODE = "a cluster's id, label or name", "a node's address or name"
EITHER = f"{A_CLUSTER}, or {A_NODE}"

Row = dict[str, Any]
Find = Callable[[Row, str], tuple[str, Row]]


def cluster(state: Row, text: str) -> tuple[str, Row]:
    """To be found among clusters."""
    return "cluster", targets.cluster(state, text)


def node(state: Row, text: str) -> tuple[str, Row]:
    """To be found among nodes."""
    return "node", targets.node(state, text)


@dataclass(frozen=True)
class Kind:
    """What may be named: how that is called in help, and how it is found."""

    metavar: str
    about: str
    find: Find


CLUSTERS = Kind("CLUSTER", A_CLUSTER, cluster)
NODES = Kind("NODE", A_NODE, node)
BOTH = Kind("ID", EITHER, targets.either)


def command(verb: str, summary: str, kind: Kind, about: str = "", question: str = "") -> Command:
    """One that does the same to all that are named. `question`: see `carry_out`."""

    def arguments(parser: ArgumentParser) -> None:
        add_targets(parser, kind.metavar, kind.about)
        add_reason(parser)
        if question:
            add_yes(parser)

    def run(session: Session) -> int:
        return carry_out(session, verb, kind.find, question)

    return Command(verb, summary, run, arguments, about=about)


def add_targets(parser: ArgumentParser, metavar: str, about: str) -> None:
    """What it is done to: one or several."""
    parser.add_argument("targets", nargs="+", metavar=metavar, help=about)


def add_reason(parser: ArgumentParser) -> None:
    """Why: others see it."""
    parser.add_argument("--reason", default="", metavar="TEXT", help="why; others are shown it")


def add_yes(parser: ArgumentParser) -> None:
    """For commands after which something is lost."""
    parser.add_argument("--yes", "-y", action="store_true", help="do not ask before it is done")


def carry_out(session: Session, verb: str, find: Find, question: str = "") -> int:
    """Have it done to all that are named, or to none if one of them is not known.

    `question`: asked before, with {} for their names.
    """
    state = session.api.get("/status")
    found = [find(state, text) for text in dict.fromkeys(session.given.targets)]
    if question:
        names = ", ".join(name(kind, row) for kind, row in found)
        session.screen.confirm(question.format(names), session.given.yes)
    done = []
    for kind, row in found:
        id_ = row["id"] if kind == "cluster" else row["address"]
        reason = {"reason": session.given.reason}
        warn(session, session.api.send("POST", f"/{kind}s/{id_}/{verb}", reason))
        done.append({"kind": kind, "id": id_, "action": verb})
        if not session.screen.json:
            session.screen.say(f"{verb}: {name(kind, row)}")
    if session.screen.json:
        session.screen.give({"done": done})
    return DONE


def warn(session: Session, answer: Row) -> None:
    """Where it is done, but a crash would undo it."""
    if answer.get("warning"):
        session.screen.note(f"gschedctl: {answer['warning']}")


def name(kind: str, row: Row) -> str:
    """For people."""
    return f"{kind} {row['label'] if kind == 'cluster' else row['address']}"
