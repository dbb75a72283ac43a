"""Each call of a client whose computation the scheduler does not know, or not as its own."""

from pathlib import Path
from typing import Any

from common import ARGUMENTS, cluster, run, told, wait_until
from dispy import DispyJob


def work(gate):
    import os
    import time

    while not os.path.exists(gate):
        time.sleep(0.02)
    return gate


def program() -> dict[str, Any]:
    node, gate = ARGUMENTS["node"], ARGUMENTS["gate"]
    Path("file.txt").write_text("for the node")
    works = cluster(work)
    job = works.submit(gate)
    wait_until(lambda: job.status == DispyJob.Running)
    found: dict[str, Any] = {}
    for field, wrong in {"auth": "f" * 40, "id": works._compute.id + 1}.items():
        right = getattr(works._compute, field)
        setattr(works._compute, field, wrong)
        found[field] = calls(works, job, node, gate)
        setattr(works._compute, field, right)
    found["file of another"] = stray_file(works, node)
    found["jobs"] = len(works.node_jobs(node))
    Path(gate).touch()
    job()
    works.close()
    return found | {"job": told(job)}


def calls(works: Any, job: DispyJob, node: str, gate: str) -> dict[str, Any]:
    return {
        "submit": repr(works.submit(gate)),
        "submit_node": repr(works.submit_node(node, gate)),
        "submit with a file": repr(works.submit(gate, dispy_job_depends=["file.txt"])),
        "cancel": stray_cancel(works, job),
        "allocate_node": works.allocate_node(node),
        "deallocate_node": works.deallocate_node(node),
        "close_node": works.close_node(node),
        "set_node_cpus": works.set_node_cpus(node, 1),
        "node_jobs": works.node_jobs(node),
        "node_jobs from_node": works.node_jobs(node, from_node=True),
    }


def stray_cancel(works: Any, job: DispyJob) -> Any:
    """cancel() gets no answer; the job must go on."""
    code = works.cancel(job)
    job.status = DispyJob.Running  # as it is, and as it was shown before the call
    return code


def stray_file(works: Any, node: str) -> int:
    """send_file does not bear the auth of its computation, but the id."""
    right = works._compute.id
    works._compute.id = right + 1
    code = works.send_file("file.txt", node, relay=True)
    works._compute.id = right
    return code


if __name__ == "__main__":
    run(program)
