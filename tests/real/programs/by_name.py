"""Names nodes by the names of their hosts in every call that takes a node."""

from pathlib import Path
from typing import Any

from common import ARGUMENTS, all_told, cluster, run, wait_until
from dispy import DispyJob, NodeAllocate


def work(gate):
    import os
    import time

    while gate and not os.path.exists(gate):
        time.sleep(0.02)
    time.sleep(0.1)
    return dispy_node_ip_addr  # noqa: F821 - of dispynode


def program() -> dict[str, Any]:
    one, other, gate = ARGUMENTS["one"], ARGUMENTS["other"], ARGUMENTS["gate"]
    Path("file").write_text("for a node")
    works = cluster(work, nodes=[NodeAllocate(one)])
    job = None
    while job is None:  # until the node is known
        job = works.submit_node(one, gate)
    wait_until(lambda: job.status == DispyJob.Running)
    found: dict[str, Any] = {"node_jobs": len(works.node_jobs(one))}
    found["set_node_cpus"] = works.set_node_cpus(one, 1)
    found["send_file"] = [works.send_file("file", one, relay=relay) for relay in (True, False)]
    Path(gate).touch()
    found["deallocate_node"] = works.deallocate_node(one)
    found["allocate_node"] = works.allocate_node(other)
    jobs = [job, works.submit(""), works.submit_node(other, "")]
    found["results"] = [one["result"] for one in all_told(jobs)]
    found["close_node"] = [works.close_node(node) for node in (one, other)]
    works.close()
    return found


if __name__ == "__main__":
    run(program)
