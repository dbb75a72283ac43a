"""All calls that releases of dispy have in common, and those that some have; see release.py."""

import contextlib
import io
import json

import dispy
from release import ARGUMENTS, RELEASE, addresses, wait_until

FIRST, SECOND = ARGUMENTS["nodes"]


def work(number, gate):
    """What its arguments are, where it runs, and which files are there."""
    import os
    import time

    time.sleep(0.05)
    while gate and not os.path.exists(gate):
        time.sleep(0.02)
    names = ("sent.txt", "straight.txt", "relayed.txt", "job.txt")
    files = [name for name in names if os.path.exists(name)]
    return [number, dispy_node_ip_addr, files]  # noqa: F821 - of dispynode


def opened(**keywords):
    """A cluster on both nodes."""
    keywords.update(addresses(ARGUMENTS["scheduler"], ARGUMENTS["address"]))
    return dispy.SharedJobCluster(work, nodes=[FIRST, SECOND], depends=[], **keywords)


def made(name, text):
    with open(name, "w") as file:
        file.write(text)
    return name


def result(job):
    return job() if job else repr(job)


def submits(cluster):
    """In all ways that the release has."""
    jobs = {"submit": cluster.submit(1, ""), "submit_node": cluster.submit_node(SECOND, 2, "")}
    if hasattr(cluster, "submit_job_id"):
        jobs["submit_job_id"] = cluster.submit_job_id("three", 3, "")
        jobs["submit_job_id_node"] = cluster.submit_job_id_node("four", FIRST, 4, "")
    name = made("job.txt", "of a job")
    jobs["dispy_job_depends"] = cluster.submit(5, "", dispy_job_depends=[name])
    return {name: [result(job), job.id] for name, job in jobs.items()}


def running_jobs(cluster):
    """One runs on each node, one waits; what is known of them, and how they are taken back."""
    jobs = [cluster.submit_node(node, 6, "never") for node in (FIRST, SECOND)]
    waiting = cluster.submit(7, "never")
    wait_until(lambda: all(job.status == dispy.DispyJob.Running for job in jobs))
    found = {"too soon": bool(cluster.wait(0.2))}
    found["node_jobs"] = [
        cluster.node_jobs(FIRST) == jobs[:1],
        cluster.node_jobs(SECOND) == jobs[1:],
    ]
    found["from_node"] = cluster.node_jobs(SECOND, from_node=True) == jobs[1:]
    found["pending"] = cluster.status().jobs_pending
    found["cancel"] = [cluster.cancel(job) for job in (waiting, *jobs)]
    found["in time"] = cluster.wait() in (None, True)
    ends = {dispy.DispyJob.Cancelled: "Cancelled", dispy.DispyJob.Terminated: "Terminated"}
    found["ends"] = [ends.get(job.status, job.status) for job in (waiting, *jobs)]
    return found


def nodes_of(cluster, calls=3):
    return sorted({result(job)[1] for job in [cluster.submit(8, "") for _ in range(calls)]})


def node_calls(cluster):
    ways = {"sent.txt": {}}
    if RELEASE >= (4, 11):
        ways = {"straight.txt": {"relay": False}, "relayed.txt": {"relay": True}}
    codes = [cluster.send_file(made(x, "text"), SECOND, **way) for x, way in ways.items()]
    found = {"send_file": codes}
    found["sent"] = result(cluster.submit_node(SECOND, 9, ""))[2]
    found["set_node_cpus"] = cluster.set_node_cpus(SECOND, 1)
    found["deallocate_node"] = [cluster.deallocate_node(FIRST), nodes_of(cluster) == [SECOND]]
    found["allocate_node"] = [
        cluster.allocate_node(FIRST),
        result(cluster.submit_node(FIRST, 1, "")),
    ]
    found["close_node"] = [cluster.close_node(SECOND), nodes_of(cluster) == [FIRST]]
    return found


def shown(cluster):
    text = io.StringIO()
    with contextlib.redirect_stdout(text):
        cluster.print_status()
    return text.getvalue()


def known(cluster):
    return sorted(node.ip_addr for node in cluster.status().nodes if node.cpus)


def program():
    cluster = opened(exclusive=True)
    wait_until(lambda: len(known(cluster)) == 2)
    found = {"release": dispy.__version__, "status": known(cluster) == sorted([FIRST, SECOND])}
    found.update(submits(cluster))
    found.update(running_jobs(cluster))
    found.update(node_calls(cluster))
    found["print_status"] = shown(cluster)
    found["close"] = cluster.close()
    second = opened()
    job = second.submit(10, "")
    second.shutdown()
    found["shutdown"] = job.result[0]
    return found


if __name__ == "__main__":
    print(json.dumps(program()), flush=True)
