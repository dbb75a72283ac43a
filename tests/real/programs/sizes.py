"""Files of some sizes, for one job each or for all; jobs begin when the test says so."""

from typing import Any

from common import ARGUMENTS, all_told, cluster, run, wait_for_file


def size(path):
    import os
    import time

    time.sleep(0.1)
    return os.path.getsize(os.path.basename(path))


def program() -> dict[str, Any]:
    paths = ARGUMENTS["paths"]
    sizes = cluster(size, depends=list(ARGUMENTS.get("common", [])))
    if ARGUMENTS.get("begin"):
        wait_for_file(ARGUMENTS["begin"])
    jobs = [sizes.submit(path, dispy_job_depends=[path]) for path in paths]
    outcomes = all_told(jobs)
    sizes.close()
    return {"jobs": outcomes}


if __name__ == "__main__":
    run(program)
