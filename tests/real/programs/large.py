"""A job with a large result, which ends when a gate is opened."""

from typing import Any

from common import ARGUMENTS, cluster, run, told


def work(gate):
    import os
    import time

    while not os.path.exists(gate):
        time.sleep(0.02)
    time.sleep(0.1)
    return "x" * 100_000


def program() -> dict[str, Any]:
    works = cluster(work)
    job = works.submit(ARGUMENTS["gate"])
    job()
    found = told(job)
    works.close()
    return {"status": found["status"], "size": len(found["result"] or "")}


if __name__ == "__main__":
    run(program)
