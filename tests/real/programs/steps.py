"""A cluster that stays open, and runs some jobs each time that the test asks for it."""

from collections import Counter
from typing import Any

from common import ARGUMENTS, SECONDS, STATUS, cluster, run, wait_for_file


def square(n, seconds):
    import time

    time.sleep(seconds)
    return n * n


def program() -> dict[str, Any]:
    squares = cluster(square)
    nodes, wrong = [], []
    for step in range(ARGUMENTS["steps"]):
        wait_for_file(f"{ARGUMENTS['gate']}{step}")
        jobs = [squares.submit(n, SECONDS) for n in range(ARGUMENTS["jobs"])]
        wrong += [n for n, job in enumerate(jobs) if job() != n * n]
        nodes.append(Counter(job.ip_addr for job in jobs))
        wrong += [STATUS[job.status] for job in jobs if STATUS[job.status] != "Finished"]
        open(f"{ARGUMENTS['gate']}{step}-done", "w").close()
    squares.close()
    return {"nodes": nodes, "wrong": wrong}


if __name__ == "__main__":
    run(program)
