"""The sum at the end: each job has exactly one answer, which is right, and nothing is left over."""

import os
import sqlite3
from collections import Counter
from pathlib import Path
from typing import Any

from peers import Client, Gsched, Node, Stage, wait_until

SEEDS = [int(seed) for seed in os.environ.get("CHAOS_SEEDS", "1").split()]
ROUNDS = int(os.environ.get("CHAOS_ROUNDS", "10"))  # how often something is killed in one test
TIMEOUT = 200 + 15 * ROUNDS  # seconds for a test
SUMS = "sums"  # property of a test's report: what is printed of it at the end
TABLES = ("jobs", "places", "results", "leases", "clusters")

Row = dict[str, Any]


class Account:
    """Clients that submit jobs all the time, and what became of these."""

    def __init__(self, stage: Stage, folder: Path, nodes: list[Node], seed: int) -> None:
        self._stage = stage
        self._nodes = nodes
        self._seed = seed
        self.marks = folder / "marks"
        self.marks.mkdir(parents=True)
        self.enough = folder / "enough"
        self.clients: list[Client] = []
        self._signs: list[Path] = []

    def client(self, gsched: Gsched, *, reentrant: bool) -> Client:
        """One more; its jobs are named after it."""
        name = f"{'twice' if reentrant else 'once'}{len(self.clients)}"
        self._signs.append(self.marks.parent / f"{name}.ready")
        client = self._stage.client(
            "ledger",
            gsched,
            cluster={"reentrant": reentrant},
            name=name,
            seed=f"{self._seed}{name}",
            marks=str(self.marks),
            enough=str(self.enough),
            ready=str(self._signs[-1]),
            nodes=[node.address for node in self._nodes],
        )
        self.clients.append(client)
        return client

    def wait_until_ready(self) -> None:
        """Until all clients may submit."""
        for sign in self._signs:
            wait_until(sign.exists, f"{sign.name}")

    def settle(self, timeout: float) -> dict[str, Row]:
        """No more jobs are submitted; those that were, with their answers, which must be right."""
        self.enough.touch()
        jobs: dict[str, Row] = {}
        starts = self.starts()
        for client in self.clients:
            outcome = client.outcome(timeout)
            assert outcome["pending"] == 0
            jobs |= outcome["jobs"]
            starts = self.starts()
            for name in outcome["untaken"]:
                assert starts[name] <= 1 or name.startswith("twice"), f"{name} ran {starts[name]} x"
        problems = [x for name, job in jobs.items() if (x := problem(name, job, starts[name]))]
        assert problems == []
        return jobs

    def starts(self) -> Counter[str]:
        """How often each job was started."""
        return Counter(path.name.partition("@")[0] for path in self.marks.iterdir())


def problem(name: str, job: Row, starts: int) -> str:
    """What is wrong with that answer; empty if nothing is."""
    if name.startswith("once") and starts > 1:
        return f"{name} was started {starts} times: {job}"
    check = _CHECKS.get(job["status"], lambda *_: "has no final status")
    found = check(name, job, starts)
    return f"{name} {found}: {job}" if found else ""


def _finished(name: str, job: Row, starts: int) -> str:
    texts = ["for all", *([f"for {name}"] if job["file"] else [])]
    if not starts:
        return "did not run"
    return "" if job["result"] == [name, *texts] and not job["fails"] else "has a wrong result"


def _terminated(name: str, job: Row, starts: int) -> str:
    if job["cancel"]:
        return ""
    return "" if job["fails"] and f"{name} fails" in job["exception"] else "was terminated"


def _cancelled(name: str, job: Row, starts: int) -> str:
    return "" if job["cancel"] else "was cancelled"


def _abandoned(name: str, job: Row, starts: int) -> str:
    """One that may run again is given up only where it has to stay at its node."""
    if name.startswith("twice") and not job["pinned"]:
        return "was abandoned"
    return "" if job["exception"] else "was abandoned without a reason"


_CHECKS = {
    "Finished": _finished,
    "Terminated": _terminated,
    "Cancelled": _cancelled,
    "Abandoned": _abandoned,
}


def check_nothing_is_left(stage: Stage, gsched: Gsched, nodes: list[Node]) -> None:
    """Neither in memory nor on disk; and nodes are free for others."""
    status = gsched.wait_for_totals(clusters=0, waiting=0, running=0)
    assert [node["busy"] for node in status["nodes"]] == [0] * len(status["nodes"])
    assert gsched.terminate() == 0
    check_state_is_empty(gsched)
    stage.gsched(nodes=nodes)  # it is answered only by nodes that serve nobody


def check_state_is_empty(gsched: Gsched) -> None:
    """No row and no file is left of jobs and clusters."""
    with sqlite3.connect(gsched.state_folder / "journal.sqlite") as journal:
        counts = {x: journal.execute(f"SELECT count(*) FROM {x}").fetchone()[0] for x in TABLES}
    journal.close()
    assert counts == dict.fromkeys(TABLES, 0)
    spool = gsched.state_folder / "spool"
    assert list(spool.rglob("*")) == []
