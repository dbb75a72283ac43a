"""`gschedctl policy`: which rules clusters are under, and orders to read them again."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from gsched.ctl import orders
from gsched.ctl.command import Command, Session
from gsched.ctl.failures import DONE, Mistake
from gsched.ctl.words import clock, count, span

Row = dict[str, Any]
SHOW, CHECK, RELOAD = "show", "check", "reload"
_PATTERNS = ("clusters", "clients", "nodes")
_APART = ("name", "holds_for", "weight", "priority", *_PATTERNS)


def arguments(parser: ArgumentParser) -> None:
    """Of this command."""
    words = (SHOW, CHECK, RELOAD)
    parser.add_argument("what", choices=words, nargs="?", default=SHOW, help="%(choices)s")
    about = "to be checked, before it takes the place of the one in use; -: standard input"
    parser.add_argument("file", nargs="?", metavar="FILE", help=about)
    orders.add_reason(parser)


def run(session: Session) -> int:
    """Show it, unless something else is wanted."""
    given = session.given
    if (given.file is None) is (given.what == CHECK):
        raise Mistake(f"policy {given.what}: {'give' if given.what == CHECK else 'takes no'} FILE")
    return {SHOW: _show, CHECK: _check, RELOAD: _reload}[given.what](session)


def _show(session: Session) -> int:
    found, screen = session.api.get("/policy"), session.screen
    if screen.json:
        screen.give(found)
        return DONE
    half_life = found["half_life"]
    screen.facts(
        [
            ("file", found["file"] or "none: gsched --policy_file FILE"),
            ("read", clock(found["since"] or None) if found["file"] else ""),
            ("half-life", "never" if half_life is None else span(half_life)),
        ]
    )
    if found["rules"]:
        screen.say("")
    columns = ("rule", "for", "weight", "priority", "limits", "clusters", "waiting", "running")
    screen.table(columns, [_line(rule) for rule in found["rules"]])
    return DONE


def _line(rule: Row) -> tuple[Any, ...]:
    used = rule["holds_for"]
    limits = [f"{name} {value:g}" for name, value in rule.items() if _is_limit(name, value)]
    limits += [f"nodes {', '.join(rule['nodes'])}"] if rule["nodes"] != ["*"] else []
    meant = [x for name in _PATTERNS[:2] for x in rule[name] if x != "*"]
    numbers = (sum(x[name] for x in used) for name in ("waiting", "running"))
    head = (rule["name"] or "(no rule)", ", ".join(meant) or "all")
    return *head, rule["weight"], rule["priority"], ", ".join(limits), len(used), *numbers


def _is_limit(name: str, value: Any) -> bool:
    return name not in _APART and value is not None


def _check(session: Session) -> int:
    path = session.given.file
    try:
        text = sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Mistake(f"policy check {path}: {getattr(error, 'strerror', 'no UTF-8')}") from None
    found = session.api.send("POST", "/policy/check", {"text": text})
    if found["problem"]:
        raise Mistake(f"policy check {path}: {found['problem']}")
    if session.screen.json:
        session.screen.give(found)
    else:
        session.screen.say(f"{path}: {count(found['rules'], 'rule')}, nothing is wrong")
    return DONE


def _reload(session: Session) -> int:
    reason = {"reason": session.given.reason}
    done = session.api.send("POST", "/policy/reload", reason)
    orders.warn(session, done)
    if session.screen.json:
        session.screen.give(done)
    else:
        session.screen.say(f"policy: {done['outcome']}")
    return DONE


COMMAND = Command(
    "policy",
    "Show the rules that clusters are under, check a file of them, or have it read again",
    run,
    arguments,
    about="After a mistake in the file the scheduler goes on with the rules that it has, and the"
    " line is told.",
    examples={
        "gschedctl policy": "The rules, with what their clusters do.",
        "gschedctl policy check new.yaml": "Could that file be used?",
        "gschedctl policy reload --reason 'more for the night'": "Read the file again.",
    },
)
