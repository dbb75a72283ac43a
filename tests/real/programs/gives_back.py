"""Gives nodes back that run jobs: softly, and not; what becomes of the jobs there."""

from pathlib import Path
from typing import Any

from common import ARGUMENTS, all_told, cluster, run, wait_until
from dispy import DispyJob


def work(gate):
    import os
    import time

    while not os.path.exists(gate):
        time.sleep(0.02)
    return dispy_node_ip_addr  # noqa: F821 - of dispynode


def program() -> dict[str, Any]:
    first, second = ARGUMENTS["nodes"]
    works = cluster(work)
    jobs = [works.submit_node(node, ARGUMENTS["gate"]) for node in (first, second)]
    jobs += [works.submit_node(node, ARGUMENTS["gate"]) for node in (first, second)]  # they wait
    wait_until(lambda: all(job.status == DispyJob.Running for job in jobs[:2]))
    found: dict[str, Any] = {"unknown": works.close_node("192.0.2.7")}
    found["close"] = works.close_node(first)
    found["by force"] = works.close_node(second, terminate_pending=True)
    found["terminated"] = all_told([jobs[1]])
    found["there"] = [len(works.node_jobs(node)) for node in (first, second)]
    found["deallocate"] = [works.deallocate_node(node) for node in (second, "192.0.2.7")]
    found["refused"] = repr(works.submit_node(first, ARGUMENTS["gate"]))
    Path(ARGUMENTS["gate"]).touch()
    found["jobs"] = all_told(jobs)
    found["allocate"] = works.allocate_node(first)
    found["after"] = all_told([works.submit(ARGUMENTS["gate"])])
    works.close()
    return found


if __name__ == "__main__":
    run(program)
