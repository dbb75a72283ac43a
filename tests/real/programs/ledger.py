"""Submits jobs until it is told to stop, through all that happens to the scheduler.

Each job leaves a mark when it starts. A job that the scheduler did not take is brought again under
another name, since nobody can tell whether the first one was taken nevertheless.
"""

import random
import time
from itertools import count
from pathlib import Path
from typing import Any

from common import ARGUMENTS, cluster, run, told

MOST = 25  # jobs that are under way
PAUSE = 0.2  # seconds before the next try, where a job was not taken
PATIENCE = 150.0  # seconds
SHARED = "shared.txt"


def work(name, marks, seconds, file, fails):
    import os
    import time

    open(os.path.join(marks, f"{name}@{dispy_node_ip_addr}@{os.getpid()}"), "x").close()  # noqa: F821 - of dispynode
    time.sleep(seconds)
    texts = []
    for path in filter(None, ["shared.txt", file]):
        with open(path) as source:
            texts.append(source.read())
    if fails:
        raise ValueError(f"{name} fails")
    return [name, *texts]


class Ledger:
    """Who was submitted, and what came of it."""

    def __init__(self, works: Any, dice: random.Random) -> None:
        self._works = works
        self._dice = dice
        self.jobs: dict[str, Any] = {}
        self.wanted: dict[str, dict[str, Any]] = {}  # what each job is to end with
        self.untaken: list[str] = []
        self._numbers = count()

    def submit(self) -> None:
        """One more job, of one kind or another."""
        dice = self._dice
        plan = {"file": dice.random() < 0.3, "fails": dice.random() < 0.1}
        plan |= {"pinned": dice.random() < 0.2, "cancel": dice.random() < 0.1}
        while (name := self._try(plan)) is None:
            time.sleep(PAUSE)
        if plan["cancel"]:
            self._works.cancel(self.jobs[name])

    def _try(self, plan: dict[str, Any]) -> str | None:
        name = f"{ARGUMENTS['name']}-{next(self._numbers)}"
        file, more = "", {}
        if plan["file"]:
            file = f"{name}.txt"
            Path(file).write_text(f"for {name}")
            more = {"dispy_job_depends": [str(Path(file).absolute())]}
        seconds = self._dice.uniform(0.05, 0.5)
        node = self._dice.choice(ARGUMENTS["nodes"]) if plan["pinned"] else None
        arguments = (name, ARGUMENTS["marks"], seconds, file, plan["fails"])
        job = self._works.submit_node(node, *arguments, **more)
        if job is None:
            self.untaken.append(name)
            return None
        self.jobs[name], self.wanted[name] = job, {**plan, "file": file}
        return name

    def under_way(self) -> int:
        """Jobs that have not ended yet."""
        return sum(not job.finish.is_set() for job in self.jobs.values())

    def wait(self) -> None:
        """Until all have ended."""
        deadline = time.monotonic() + PATIENCE
        for name, job in self.jobs.items():
            if not job.finish.wait(max(0.0, deadline - time.monotonic())):
                raise TimeoutError(f"no answer for {name}, uid {job._dispy_job_.uid}")


def program() -> dict[str, Any]:
    Path(SHARED).write_text("for all")
    works = cluster(work, depends=[str(Path(SHARED).absolute())])
    ledger = Ledger(works, random.Random(ARGUMENTS["seed"]))
    Path(ARGUMENTS["ready"]).touch()
    while not Path(ARGUMENTS["enough"]).exists():
        if ledger.under_way() < MOST:
            ledger.submit()
        else:
            time.sleep(0.02)
    ledger.wait()
    outcomes = {name: told(job) | ledger.wanted[name] for name, job in ledger.jobs.items()}
    pending = works._pending_jobs
    works.close()
    return {"jobs": outcomes, "untaken": ledger.untaken, "pending": pending}


if __name__ == "__main__":
    run(program)
