"""The prompt on standard input, for a server that runs in a terminal."""

import os
from collections.abc import Callable
from datetime import timedelta
from itertools import islice
from typing import Any, TextIO

from gevent.select import select
from rich.console import Console as Screen
from rich.table import Table

from gsched.core.model.job import Job
from gsched.net.transport.greenlets import Greenlets
from gsched.running.server import Server

PROMPT = "gsched> "
MOST_JOBS = 40  # rows of a table that fits a terminal
_LINE = 4096
QUIT = "quit drain: for those that wait, too; quit discard: at once, for good, and tell all clients"

Row = dict[str, Any]


def interactive(stdin: TextIO | None) -> bool:
    """Whether somebody can type here: a terminal, with us in its foreground."""
    if stdin is None or stdin.closed or not stdin.isatty():
        return False
    return os.tcgetpgrp(stdin.fileno()) == os.getpgrp()


class Console:
    """Reads commands and carries them out."""

    def __init__(self, server: Server, stdin: TextIO, screen: Screen | None = None) -> None:
        self._server = server
        self._stdin = stdin
        self._screen = screen or Screen()
        self._greenlets = Greenlets()
        self._quitting = False
        self._commands: dict[str, tuple[Callable[[str], None], str]] = {
            "status": (self._status, "nodes, clusters, limits and totals"),
            "nodes": (self._nodes, "what each node does"),
            "clusters": (self._clusters, "what each cluster waits for"),
            "jobs": (self._jobs, "jobs that wait or run, the earliest first"),
            "quit": (self._quit, "take no more jobs, wait for those that run, and stop;\n" + QUIT),
            "help": (self._help, "this list"),
        }

    def start(self) -> None:
        """Print the menu and read from now on."""
        self._help()
        self._greenlets.spawn("console", self._read)

    def execute(self, line: str) -> None:
        """Carry out one line. A command may be cut short as long as it is clear."""
        word, _, rest = line.strip().lower().partition(" ")
        if not word:
            return
        found = [name for name in self._commands if name.startswith(word)]
        if len(found) == 1:
            self._commands[found[0]][0](rest.strip())
        else:
            self._screen.print(f"unknown command {word!r}; help lists them", markup=False)

    def _read(self) -> None:
        """Wait without blocking others; the end of input ends the console, not the server."""
        rest = ""
        self._prompt()
        while True:
            select([self._stdin], [], [])
            data = os.read(self._stdin.fileno(), _LINE)
            if not data:
                return
            *lines, rest = (rest + data.decode("utf-8", "replace")).split("\n")
            for line in lines:
                self.execute(line)
                self._prompt()

    def _prompt(self) -> None:
        self._screen.print(PROMPT, end="", markup=False)

    # -- commands -----------------------------------------------------------------------------

    def _help(self, _: str = "") -> None:
        table = Table(box=None, show_header=False)
        for name, (_call, text) in self._commands.items():
            table.add_row(name, text)
        self._screen.print(table)

    def _status(self, _: str = "") -> None:
        self._nodes()
        self._clusters()
        self._refused()
        self._limits()
        state = self._server.snapshot()
        totals = state["totals"]
        self._screen.print(
            f"{totals['nodes']} nodes, {totals['busy']} of {totals['cpus']} cpus busy; "
            f"{totals['clusters']} clusters, {totals['waiting']} jobs pending, "
            f"{totals['running']} running, {totals['done']} done; "
            f"up {timedelta(seconds=int(state['uptime']))}",
            highlight=False,
        )
        arguments = state["arguments"]
        if arguments["disk"]:
            self._screen.print(
                f"arguments of jobs: {arguments['memory'] / 1e6:,.0f} MB in memory, "
                f"{arguments['disk'] / 1e6:,.0f} MB on disk",
                highlight=False,
            )
        if state["problem"]:
            self._screen.print(state["problem"], style="bold red", highlight=False, markup=False)

    def _nodes(self, _: str = "") -> None:
        columns = ("Node", "Name", "State", "CPUs", "Busy", "Jobs done", "Node time", "Note")
        rows = self._server.snapshot()["nodes"]
        self._table(columns, [_node_row(row) for row in rows], "no node is known yet")

    def _clusters(self, _: str = "") -> None:
        columns = ("Cluster", "State", "Pending", "Running", "Done", "Nodes", "Note")
        rows = self._server.snapshot()["clusters"]
        self._table(columns, [_cluster_row(row) for row in rows], "no cluster is here")

    def _refused(self) -> None:
        """Only if there are any: most people never see one."""
        state = self._server.snapshot()
        rows = [_refused_row(row, state["time"]) for row in state["refused"]]
        if rows:
            self._table(("Refused", "Address", "Release", "Seconds ago", "Why"), rows, "")

    def _limits(self) -> None:
        """All of them: what is taken tells whether one has to be another one."""
        rows = [_limit_row(*one) for one in self._server.snapshot()["limits"].items()]
        self._table(("Limit", "Taken", "At most", "Refused"), rows, "")

    def _jobs(self, _: str = "") -> None:
        jobs = self._server.scheduler.jobs  # in the order of their uids
        columns = ("Job", "Cluster", "State", "Node", "Seconds")
        now = self._server.exchange.now()
        rows = [_job_row(job, now) for job in islice(jobs.values(), MOST_JOBS)]
        self._table(columns, rows, "no job is here")
        if len(jobs) > MOST_JOBS:
            self._screen.print(f"and {len(jobs) - MOST_JOBS} more")

    def _quit(self, how: str) -> None:
        """The first time waits for jobs, the second one does not."""
        totals = self._server.snapshot()["totals"]
        count = totals["running"] + (totals["waiting"] if how == "drain" else 0)
        if how not in ("", "drain", "discard"):
            self._screen.print(f"quit {how}? {QUIT}", markup=False)
        elif how == "discard":
            self._server.discard()
        elif self._quitting or not count:
            self._server.stopping.set()
        else:
            self._quitting = True
            self._screen.print(f"waiting for {count} jobs; quit again to stop at once")
            self._server.drain(everything=how == "drain")

    def _table(self, columns: tuple[str, ...], rows: list[tuple[str, ...]], empty: str) -> None:
        if not rows:
            self._screen.print(empty)
            return
        table = Table(*columns, box=None, header_style="bold")
        for row in rows:
            table.add_row(*(text.replace("[", r"\[") for text in row))
        self._screen.print(table)


def _node_row(row: Row) -> tuple[str, ...]:
    times = (f"{row['jobs_done']}", f"{row['cpu_time']:.1f} s")
    place = (row["address"], row["name"], row["state"])
    return (*place, f"{row['cpus']}", f"{row['busy']}", *times, row["note"])


def _cluster_row(row: Row) -> tuple[str, ...]:
    counts = (f"{row['waiting']}", f"{row['running']}", f"{row['done']}", f"{row['nodes']}")
    return (row["label"], row["state"], *counts, row["note"])


def _refused_row(row: Row, now: float) -> tuple[str, ...]:
    place = (row["role"], row["address"], row["version"])
    return (*place, f"{now - row['time']:.0f}", row["reason"])


def _limit_row(name: str, numbers: list[int]) -> tuple[str, ...]:
    taken, most, refused = numbers
    return f"--{name}", f"{taken:,}", f"{most:,}" if most else "no limit", f"{refused:,}"


def _job_row(job: Job, now: float) -> tuple[str, ...]:
    node = job.node.address if job.node else ""
    since = next(iter(job.events()))[0]
    return (f"{job.uid}", job.cluster.label, job.state.value, node, f"{now - since:.1f}")
