"""All that a client can ask for about single nodes."""

from pathlib import Path
from typing import Any

from common import ARGUMENTS, all_told, cluster, run, wait_until
from dispy import DispyJob


def work(gate, name):
    import os
    import time

    while gate and not os.path.exists(gate):
        time.sleep(0.02)
    time.sleep(0.1)
    if name:
        with open(name, "w") as file:
            file.write("from the job")
        return dispy_send_file(name, relay=True)  # noqa: F821 - of dispynode
    return os.path.exists("by_hand.txt") and dispy_node_ip_addr  # noqa: F821


def program() -> dict[str, Any]:
    first, second = ARGUMENTS["nodes"]
    found: dict[str, Any] = {}
    works = cluster(work)
    job = works.submit_node(first, ARGUMENTS["gate"], "relayed.txt")
    wait_until(lambda: job.status == DispyJob.Running)
    found["node_jobs"] = [len(works.node_jobs(node)) for node in (first, second)]
    found["from_node"] = len(works.node_jobs(first, from_node=True))
    Path(ARGUMENTS["gate"]).touch()
    found["job"] = [job(), Path("relayed.txt").read_text()]
    Path("by_hand.txt").write_text("by hand")
    found["send_file"] = works.send_file("by_hand.txt", second, relay=True)
    found["cpus"] = works.set_node_cpus(second, 1)
    found["deallocate"] = works.deallocate_node(first)
    found["second"] = all_told([works.submit("", "") for _ in range(4)])
    found["again"] = works.allocate_node(first)
    found["both"] = all_told([works.submit_node(node, "", "") for node in (first, second)])
    found["close"] = works.close_node(second)
    found["first"] = all_told([works.submit("", "") for _ in range(4)])
    works.close()
    return found


if __name__ == "__main__":
    run(program)
