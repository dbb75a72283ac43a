"""Sets how many CPUs of a node are used: some, all but some, none, more than there are."""

from typing import Any

from common import ARGUMENTS, cluster, run, wait_until
from dispy import DispyJob


def work(gate):
    import os
    import time

    while not os.path.exists(gate):
        time.sleep(0.02)
    return gate


def program() -> dict[str, Any]:
    node, gate = ARGUMENTS["node"], ARGUMENTS["gate"]
    works = cluster(work)
    wait_until(lambda: cpus_of(works, node))
    found: dict[str, Any] = {"codes": {}}
    for wanted in ARGUMENTS["cpus"]:
        code = found["codes"][str(wanted)] = works.set_node_cpus(node, wanted)
        wait_until(lambda: code == cpus_of(works, node))  # noqa: B023
    jobs = [works.submit(gate) for _ in range(3)]
    found["started"] = len(works.node_jobs(node))
    found["unknown"] = works.set_node_cpus("192.0.2.7", 1)
    found["last"] = works.set_node_cpus(node, 1)
    wait_until(lambda: any(job.status == DispyJob.Running for job in jobs))
    found["running"] = len(works.node_jobs(node))
    open(gate, "w").close()
    found["results"] = [job() == gate for job in jobs]
    works.close()
    return found


def cpus_of(works: Any, node: str) -> int | None:
    """As the client is told; None before that."""
    return next((x.cpus for x in works.status().nodes if x.name and x.ip_addr == node), None)


if __name__ == "__main__":
    run(program)
