"""Files that belong to single jobs: the same name, each time with other content."""

from pathlib import Path
from typing import Any

from common import ARGUMENTS, all_told, cluster, run


def read(name, gate):
    import os
    import time

    while gate and not os.path.exists(gate):
        time.sleep(0.02)
    time.sleep(0.1)
    if name:
        with open(name) as file:
            return file.read()
    return None


def helper(text):
    return text[::-1]


def reverse(name):
    import time

    time.sleep(0.1)
    with open(name) as file:
        return helper(file.read())


def program() -> dict[str, Any]:
    """On each node one waits behind another, so that the file has changed when it is sent.

    Not on the same node: a dispynode keeps all in one folder, and removes the file of a job some
    time after it has said that the job has ended, when that of the next one may be there.
    """
    reads = cluster(read, depends=[])
    path = Path("content.txt").absolute()
    path.write_text("of the first")
    jobs = [reads.submit_node(node, "", ARGUMENTS["gate"]) for node in ARGUMENTS["nodes"]]
    for node in ARGUMENTS["nodes"]:
        path.write_text(f"for {node}")
        jobs.append(reads.submit_node(node, path.name, "", dispy_job_depends=[str(path)]))
    path.write_text("of nobody")
    outcomes = all_told(jobs)
    reads.close()
    return {"jobs": outcomes, "functions": functions(path)}


def functions(path: Path) -> list[dict[str, Any]]:
    """Jobs may also bring functions."""
    reversals = cluster(reverse, depends=[])
    outcomes = all_told([reversals.submit(path.name, dispy_job_depends=[helper, str(path)])])
    reversals.close()
    return outcomes


if __name__ == "__main__":
    run(program)
