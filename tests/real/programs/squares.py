"""Submits jobs, each short, and says which results were wrong and where they ran."""

from collections import Counter
from typing import Any

from common import ARGUMENTS, SECONDS, STATUS, cluster, run


def square(n, seconds):
    import time

    time.sleep(seconds)
    return n * n


def program() -> dict[str, Any]:
    squares = cluster(square)
    numbers = range(ARGUMENTS.get("jobs", 1))
    jobs = [squares.submit(n, ARGUMENTS.get("seconds", SECONDS)) for n in numbers]
    wrong = []
    for n, job in zip(numbers, jobs, strict=True):
        if job() != n * n or STATUS[job.status] != "Finished":
            wrong.append([n, job.result, STATUS[job.status], job.exception])
    squares.close()
    return {"jobs": len(jobs), "wrong": wrong, "nodes": Counter(job.ip_addr for job in jobs)}


if __name__ == "__main__":
    run(program)
