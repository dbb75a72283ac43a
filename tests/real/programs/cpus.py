"""Sets how many CPUs of a node are used, and keeps the cluster until a gate is opened."""

from typing import Any

from common import ARGUMENTS, cluster, run, wait_for_file
from dispy import NodeAllocate


def work():
    import time

    time.sleep(0.02)


def program() -> dict[str, Any]:
    node = ARGUMENTS["node"]
    works = cluster(work, nodes=[NodeAllocate(node, cpus=ARGUMENTS.get("allocate", 0))])
    works.submit()()  # the node is set up then
    code = works.set_node_cpus(node, ARGUMENTS["cpus"]) if "cpus" in ARGUMENTS else None
    wait_for_file(ARGUMENTS["gate"])
    works.close()
    return {"code": code}


if __name__ == "__main__":
    run(program)
