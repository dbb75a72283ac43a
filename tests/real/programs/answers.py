"""What a client is told: callbacks, status() and what cancel() leads to. Python before 3.11."""

from typing import Any

from common import ARGUMENTS, STATUS, cluster, run, wait_until
from dispy import DispyJob, DispyNode

SECONDS = 0.3  # of a job: it starts long before it ends
NODE_STATUS = {DispyNode.Initialized: "Initialized", DispyNode.Closed: "Closed"}
AVAILABLE = DispyNode.AvailInfo  # comes whenever a node has something to say
seen: list[list[Any]] = []


def work(word, seconds):
    import time

    time.sleep(seconds)
    if word == "raise":
        raise ValueError(word)
    if word == "provisional":
        dispy_provisional_result("so far", relay=True)  # noqa: F821 - of dispynode
        time.sleep(seconds)
    return word.upper()


def job_status(job):
    seen.append(["job", *about(job)])


def cluster_status(status, node, job):
    if status != AVAILABLE:
        name = STATUS.get(status) or NODE_STATUS[status]
        seen.append([name, node and figures(node), job and about(job)])


def about(job):
    times = [bool(job.start_time), bool(job.end_time)]
    text = (job.exception or "").rstrip().rpartition("\n")[2]
    return [job.id, STATUS[job.status], job.result, place(job.ip_addr), text, job.stdout, *times]


def place(address):
    """Without what differs between two runs: the last one is the scheduler's."""
    places = [*ARGUMENTS["nodes"], ARGUMENTS["scheduler"]]
    return places.index(address) if address else None


def figures(node):
    return [place(node.ip_addr), node.cpus, node.avail_cpus, node.busy, node.jobs_done]


def taken() -> list[list[Any]]:
    """What was seen since the last time."""
    now = list(seen)
    del seen[: len(now)]
    return now


def program() -> dict[str, Any]:
    works = cluster(work, job_status=job_status, cluster_status=cluster_status)
    wait_until(lambda: len(seen) == len(ARGUMENTS["nodes"]))
    found: dict[str, Any] = {"set up": taken()}
    for number, word in enumerate(("one", "raise", "provisional"), 1):
        works.submit_job_id(number, word, SECONDS)
        found[word] = until_last(number)
    found |= cancelled(works)
    status = works.status()
    found["status"] = [[figures(node) for node in status.nodes], status.jobs_pending]
    works.close()
    return found


def cancelled(works: Any) -> dict[str, Any]:
    """One that runs, one that waits, one that waits for its node; and once more each."""
    running = works.submit_job_id(11, "running", 600)
    waiting = works.submit_job_id(12, "waiting", 600)
    pinned = works.submit_job_id_node(13, ARGUMENTS["nodes"][0], "pinned", 600)
    wait_until(lambda: running.status == DispyJob.Running and len(seen) == 4)
    found: dict[str, Any] = {"before": sorted(taken(), key=str)}
    jobs = {"pinned": pinned, "waiting": waiting, "running": running}
    for name, job in jobs.items():
        found[name] = [works.cancel(job), until_last(job.id)]
    return found | {"again": [works.cancel(job) for job in jobs.values()]}


def until_last(number: int) -> list[list[Any]]:
    """All that is seen up to the last word on a job."""
    last = ("Finished", "Terminated", "Cancelled")
    wait_until(lambda: any(x[0] in last and x[2][0] == number for x in list(seen)))
    return taken()


if __name__ == "__main__":
    run(program)
