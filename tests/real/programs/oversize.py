"""Files that are too large: of the computation, of a job, and for a node."""

from pathlib import Path
from typing import Any

from common import ARGUMENTS, SECONDS, cluster, run, told, wait_for_file


def examine(name, seconds):
    import os
    import sys
    import time

    time.sleep(seconds)
    print("examined", file=sys.stderr)
    return os.path.getsize(name) if os.path.exists(name) else None


def program() -> dict[str, Any]:
    names = ("computation", "job", "node")
    paths = [str(Path(ARGUMENTS["folder"], name)) for name in names]
    examines = cluster(examine, depends=[paths[0]])
    first = examines.submit("computation", SECONDS)
    first()
    found: dict[str, Any] = {"first": told(first)}
    job = examines.submit("job", SECONDS, dispy_job_depends=[paths[1]])
    if job is not None:
        job()
        found["second"] = told(job)
    found["code"] = examines.send_file(paths[2], first.ip_addr, relay=True)
    third = examines.submit("node", SECONDS)
    found["third"] = third()
    wait_for_file(ARGUMENTS["gate"])
    examines.close()
    return found


if __name__ == "__main__":
    run(program)
