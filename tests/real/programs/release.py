"""Some jobs with all that releases of dispy do in different ways; runs on each Python since 3.6.

Files and a set-up function with an argument go to the nodes; results, one before the end, and a
file come back. Keywords are those of the release that is imported.
"""

import functools
import json
import sys
import time
from fractions import Fraction

import dispy

ARGUMENTS = json.loads(sys.argv[1])
RELEASE = tuple(int(part) for part in dispy.__version__.split("."))
PATIENCE = 60.0  # seconds
SECONDS = 0.03  # that a job takes


def prepare(third):
    """Once on each node, with an object that a scheduler has no business to know."""
    global prepared
    with open("file.txt") as file:
        prepared = f"{third} of {file.read()}"
    return 0


def work(number, seconds, gate):
    """What the set-up has left, the number's square, and what sending told."""
    import os
    import time

    time.sleep(seconds)
    codes = []
    if gate:
        codes.append(dispy_provisional_result("so far"))  # noqa: F821 - of dispynode
        while not os.path.exists(gate):
            time.sleep(0.02)
        with open("from_job.txt", "w") as file:
            file.write("made by the job")
        codes.append(dispy_send_file("from_job.txt"))  # noqa: F821 - of dispynode
    return [number * number, prepared, codes]


def addresses(scheduler, own):
    """Where the scheduler and this client are."""
    if RELEASE >= (4, 13):
        return {"scheduler_host": scheduler, "ip_addr": own, "ext_host": own}
    return {"scheduler_node": scheduler, "ip_addr": own, "ext_ip_addr": own}


def setting_up(third):
    """The function with its argument."""
    if RELEASE >= (4, 11):
        return {"setup": prepare, "nodes": [dispy.NodeAllocate("*", setup_args=(third,))]}
    return {"setup": functools.partial(prepare, third)}


def wait_until(condition):
    """Wait for something to happen."""
    deadline = time.time() + PATIENCE
    while not condition():
        if time.time() > deadline:
            raise TimeoutError("waited in vain")
        time.sleep(0.02)


def result(job):
    """Its last one; before 4.10 a job that is waited for returns an earlier one."""
    job()
    wait_until(lambda: job.status != dispy.DispyJob.ProvisionalResult)
    return job.result


def program(gate, jobs):
    with open("file.txt", "w") as file:
        file.write("a file")
    keywords = addresses(ARGUMENTS["scheduler"], ARGUMENTS["address"])
    keywords.update(setting_up(Fraction(1, 3)))
    cluster = dispy.SharedJobCluster(work, depends=["file.txt"], **keywords)
    submitted = [cluster.submit(n, SECONDS, "" if n else gate) for n in range(jobs)]
    wait_until(lambda: submitted[0].result)
    first = submitted[0].result
    with open(gate, "w"):
        pass
    results = [result(job) for job in submitted]
    nodes = sorted({job.ip_addr for job in submitted})
    cluster.close()
    with open("from_job.txt") as file:
        sent = file.read()
    release = {"release": dispy.__version__, "python": list(sys.version_info[:2])}
    return dict(release, results=results, nodes=nodes, first=first, sent=sent)


if __name__ == "__main__":
    print(json.dumps(program(ARGUMENTS["gate"], ARGUMENTS["jobs"])), flush=True)
