"""`gschedctl status`: is all well?"""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from gsched.ctl.command import Command, Session
from gsched.ctl.failures import DONE, NO
from gsched.ctl.words import count, size, span

Row = dict[str, Any]

MOST_NOTES = 20


def run(session: Session) -> int:
    """Whether jobs are taken."""
    state = session.api.get("/status")
    screen = session.screen
    if screen.json:
        screen.give(state)
    else:
        screen.facts(facts(state, session.place.name))
        _attention(session, state)
    return NO if state["problem"] else DONE


def facts(state: Row, where: str) -> list[tuple[str, str]]:
    """The scheduler in a few lines."""
    totals = state["totals"]
    limits = [(name, *numbers) for name, numbers in state["limits"].items()]
    full = [f"{name} {used} of {most}" for name, used, most, _ in limits if used >= 0.8 * most > 0]
    refused = [f"{name} {number}" for name, _, _, number in limits if number]
    states = _numbers(row["state"] for row in state["nodes"])
    return [
        ("scheduler", f"gsched {state['version']} at {where}, up {span(state['uptime'])}"),
        ("jobs", f"{totals['waiting']} wait, {totals['running']} run, {totals['done']} done"),
        ("new jobs", f"are refused: {state['problem']}" if state["problem"] else "are taken"),
        ("nodes", f"{len(state['nodes'])}{states}"),
        ("CPUs", f"{totals['busy']} of {totals['cpus']} busy"),
        ("clusters", f"{totals['clusters']}"),
        ("arguments", _arguments(state["arguments"])),
        ("order", _ALGORITHMS.get(state["algorithm"], "")),
        ("nearly full", ", ".join(full)),
        ("refused", ", ".join(refused)),
        ("listens", ", ".join(state["listens"])),
    ]


_ALGORITHMS = {
    "submitted": "earliest job first",
    "fair": "cluster served least recently first",
    "early": "cluster started earliest first",
    "weighted": "cluster that has used least for its weight first",
}


def _arguments(taken: Row) -> str:
    """Where those of jobs are; nothing where memory has room for all."""
    if not taken["disk"]:
        return ""
    return f"{size(taken['memory'])} in memory, {size(taken['disk'])} on disk"


def _numbers(words: Iterable[str]) -> str:
    numbers = ", ".join(f"{number} {word}" for word, number in Counter(words).most_common())
    return f" ({numbers})" if numbers else ""


def _attention(session: Session, state: Row) -> None:
    """What people should look at."""
    rows = [("node", row["address"], row["note"]) for row in state["nodes"] if row["note"]]
    rows += [("cluster", row["label"], row["note"]) for row in state["clusters"] if row["note"]]
    for row in state["refused"]:
        what = f"{row['role']} refused {span(state['time'] - row['time'])} ago"
        rows.append((what, row["address"], row["reason"]))
    if rows:
        session.screen.say("")
        session.screen.table(("about", "which", "note"), rows[:MOST_NOTES])
        if len(rows) > MOST_NOTES:
            session.screen.note(f"and {count(len(rows) - MOST_NOTES, 'note')} more: --json")


COMMAND = Command(
    "status",
    "Show how the scheduler is, and what needs attention",
    run,
    about="The exit code is 1 if no jobs are taken now.",
)
