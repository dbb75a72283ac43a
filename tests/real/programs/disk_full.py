"""Submits jobs before, while and after the scheduler's disk is full; the test says when that is."""

import time
from pathlib import Path
from typing import Any

from common import ARGUMENTS, all_told, cluster, run, wait_for_file

FILES = Path(ARGUMENTS["folder"])


def work(name, gate):
    import os
    import time

    while not os.path.exists(gate):
        time.sleep(0.02)
    time.sleep(0.05)
    return name


def program() -> dict[str, Any]:
    works = cluster(work)
    gate = str(FILES / "gate")
    before = [works.submit(f"before {n}", gate) for n in range(3)]
    (FILES / "submitted").touch()
    wait_for_file(str(FILES / "full"))
    file = Path("file.txt")
    file.write_bytes(bytes(ARGUMENTS["size"]))
    refused = [
        works.submit("refused", gate, dispy_job_depends=[str(file.absolute())]),
        works.submit("refused", gate),
    ]
    (FILES / "refused").touch()
    outcomes = all_told(before[:1])
    (FILES / "delivered").touch()
    wait_for_file(str(FILES / "free"))
    outcomes += all_told(before[1:])
    while (after := works.submit("after", gate)) is None:
        time.sleep(0.1)
    outcomes += all_told([after])
    works.close()
    return {"jobs": outcomes, "refused": [str(job) for job in refused]}


if __name__ == "__main__":
    run(program)
