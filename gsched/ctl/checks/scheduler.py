"""Is the scheduler well? By what it says of itself, and by what this host sees of it."""

import os
import shutil
import stat
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Any

from gsched import __version__
from gsched.ctl.checks.check import WARNING, WELL, WRONG, Check, judged, unanswered
from gsched.ctl.checks.network import reach
from gsched.ctl.command import Session
from gsched.ctl.words import count, size, span

Row = dict[str, Any]

MOST_APART = 5.0  # seconds between two clocks
LEAST_FREE = 1 << 30  # bytes of disk
NEARLY = 0.8  # of a limit
RECENT = 3600.0  # seconds
_MOST_TOLD = 3


def checks(session: Session, state: Row) -> Iterator[Check]:
    """All of them, one after the other. `state`: what /status has said."""
    for look in _LOOKS:
        yield from look(session, state)


def _version(session: Session, state: Row) -> Iterator[Check]:
    told = f"gsched {state['version']} at {session.place.name}, up {span(state['uptime'])}"
    mend = f"gschedctl is {__version__}: install the same release on both sides"
    yield judged("scheduler", state["version"] == __version__, told, mend)


def _jobs(_session: Session, state: Row) -> Iterator[Check]:
    told = f"no jobs are taken: {state['problem']}" if state["problem"] else "jobs are taken"
    mend = "see to that, or resume with: gschedctl resume"
    yield judged("jobs", not state["problem"], told, mend, WRONG)


def _clock(_session: Session, state: Row) -> Iterator[Check]:
    apart = state["time"] - time.time()
    told = f"the scheduler's clock is {abs(apart):.1f} s {'ahead' if apart > 0 else 'behind'}"
    well = abs(apart) < MOST_APART
    yield judged("clock", well, told if not well else "both clocks agree", "set both by NTP")


def _ports(_session: Session, state: Row) -> Iterator[Check]:
    for text in state["listens"]:
        place, _, purpose = text.rpartition(" ")
        host, _, port = place.removeprefix("https://").removeprefix("http://").rpartition(":")
        if not port.rstrip("/").isdecimal():
            continue  # a unix socket
        problem = reach(host.strip("[]"), int(port.rstrip("/")))
        told = f"{place} for {purpose} {problem or 'is open'}"
        mend = "from where clients and nodes are it has to be open: see to firewalls between"
        yield judged("port", not problem, told, mend)


def _nodes(_session: Session, state: Row) -> Iterator[Check]:
    nodes = state["nodes"]
    if not nodes:
        mend = f"start dispynode on machines of this network: {state['node_command']}"
        yield Check("nodes", WRONG, "no node is known", mend)
        return
    ready = [row for row in nodes if row["state"] == "ready"]
    told = f"{len(ready)} of {count(len(nodes), 'node')} ready, {state['totals']['cpus']} CPUs"
    mend = "gschedctl nodes shows why; gschedctl doctor NODE looks at one"
    yield judged("nodes", len(ready) == len(nodes), told, mend, WARNING if ready else WRONG)
    for row in [row for row in nodes if row["state"] == "lost"][:_MOST_TOLD]:
        mend = f"is dispynode running there? gschedctl doctor {row['address']}"
        yield Check("node", WARNING, f"{row['address']} is lost: {row['note']}", mend)
    yield from islice(chain.from_iterable(map(unanswered, nodes)), _MOST_TOLD)


def _clusters(session: Session, state: Row) -> Iterator[Check]:
    held = [row for row in state["clusters"] if row["note"]]
    for row in held[:_MOST_TOLD]:
        mend = f"gschedctl why {row['id']}"
        yield Check("cluster", WARNING, f"{row['label']}: {row['note']}", mend)
    if not held:
        yield Check("clusters", WELL, f"{count(len(state['clusters']), 'cluster')}, none held up")


def _refused(_session: Session, state: Row) -> Iterator[Check]:
    late = [row for row in state["refused"] if state["time"] - row["time"] < RECENT]
    for row in late[-_MOST_TOLD:]:
        ago = span(state["time"] - row["time"])
        told = f"{row['role']} {row['address']} was refused {ago} ago: {row['reason']}"
        mend = "its version, or a secret or certificate of one side, is another one"
        yield Check("refused", WARNING, told, mend)


def _limits(_session: Session, state: Row) -> Iterator[Check]:
    for name, (used, most, refused) in state["limits"].items():
        if most and used >= NEARLY * most:
            told = f"{name}: {used} of {most} are taken, {refused} times there was no room"
            mend = f"raise --{name}, or find out who takes so much"
            yield Check("limit", WARNING, told, mend)


def _log(session: Session, state: Row) -> Iterator[Check]:
    events = session.api.get("/log", level="error", limit=100)["events"]
    late = [row for row in events if state["time"] - row["time"] < RECENT]
    if not late:
        yield Check("log", WELL, "no errors in the last hour")
        return
    told = f"{count(len(late), 'error')} in the last hour, the last: {late[-1]['text']}"
    yield Check("log", WARNING, told, "gschedctl events --level error")


def _state(session: Session, _state: Row) -> Iterator[Check]:
    """Only where it is on this host."""
    if session.place.socket is None:
        return
    folder = session.place.socket.parent
    try:
        yield from (_disk(folder), _rights(folder))
    except OSError as error:
        yield Check("state", WARNING, f"{folder}: {error.strerror}", "ask as the user who runs it")


def _disk(folder: Path) -> Check:
    free = shutil.disk_usage(folder).free
    told = f"{size(free)} are free in {folder}"
    mend = "make room: with none left, no jobs are taken; --dest_path_prefix names another place"
    return judged("disk", free >= LEAST_FREE, told, mend)


def _rights(folder: Path) -> Check:
    mode = stat.S_IMODE(os.stat(folder).st_mode)
    told = f"{folder} has mode {mode:04o}"
    return judged("state", not mode & 0o077, told, f"chmod 700 {folder}")


Look = Callable[[Session, Row], Iterable[Check]]
_LOOKS: tuple[Look, ...] = (
    *(_version, _jobs, _clock, _ports, _nodes, _clusters, _refused, _limits, _log, _state),
)
