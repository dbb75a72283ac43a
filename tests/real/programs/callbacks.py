"""Clients with callbacks: needs Python before 3.11, on which dispy's check of them works."""

from typing import Any

from common import STATUS, cluster, run, wait_until
from dispy import DispyNode

NODE_STATUS = {
    value: name
    for name, value in vars(DispyNode).items()
    if isinstance(value, int) and name[0].isupper()
}
jobs_seen: list[list[Any]] = []
cluster_seen: list[list[Any]] = []


def square(n):
    import time

    time.sleep(0.1)
    if n == 3:
        raise ValueError("three")
    if n == 2:
        dispy_provisional_result("so far", relay=True)  # noqa: F821 - of dispynode
    return n * n


def job_status(job):
    jobs_seen.append([job.id, STATUS[job.status], job.result])


def cluster_status(status, node, job):
    name = STATUS.get(status) or NODE_STATUS.get(status)
    cluster_seen.append([name, node and node.ip_addr, job and job.id])


def program() -> dict[str, Any]:
    squares = cluster(square, job_status=job_status, cluster_status=cluster_status)
    for n in range(4):
        squares.submit_job_id(f"job {n}", n)  # dispy takes no 0 as an id
    squares.wait()
    wait_until(lambda: len(jobs_seen) >= 5)
    squares.close()
    return {"jobs": jobs_seen, "cluster": cluster_seen}


if __name__ == "__main__":
    run(program)
