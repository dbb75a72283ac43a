"""Jobs of several clusters, all waiting for one CPU: in which order are they started?"""

import os
import time
from typing import Any

from common import ARGUMENTS, SECONDS, STATUS, cluster, run


def alpha(seconds, gate):
    import os
    import time

    time.sleep(seconds)
    if gate:
        open(gate + ".reached", "x").close()
    while gate and not os.path.exists(gate):
        time.sleep(0.02)


def beta(seconds, gate):
    import time

    time.sleep(seconds)


def gamma(seconds, gate):
    import time

    time.sleep(seconds)


def program() -> dict[str, Any]:
    """The first job holds the CPU until the test opens the gate; the others come when it does."""
    clusters = {"A": cluster(alpha), "B": cluster(beta), "C": cluster(gamma)}
    blocker = clusters["A"].submit_job_id("", 0, ARGUMENTS["gate"])
    while not os.path.exists(ARGUMENTS["gate"] + ".reached"):
        time.sleep(0.02)
    jobs = []
    for name in ARGUMENTS["submitted"]:
        jobs.append(clusters[name[0]].submit_job_id(name, SECONDS, ""))
    for job in (blocker, *jobs):
        job()
    started = [job.id for job in sorted(jobs, key=lambda job: job.start_time)]
    for one in clusters.values():
        one.close()
    return {"started": started, "status": sorted({STATUS[job.status] for job in jobs})}


if __name__ == "__main__":
    run(program)
