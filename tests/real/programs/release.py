"""Some jobs with all that releases of dispy do in different ways; runs on each Python since 3.6.

Files, set-up and cleanup functions with arguments go to the nodes; results, some before the end,
and files come back. Keywords are those of the release that is imported.
"""

import functools
import json
import os
import sys
import time
from fractions import Fraction

import dispy

ARGUMENTS = json.loads(sys.argv[1])
RELEASE = tuple(int(part) for part in dispy.__version__.split("."))
PATIENCE = 60.0  # seconds
SECONDS = 0.03  # that a job takes


def prepare(third, folder):
    """Once on each node, with an object that a scheduler has no business to know."""
    global prepared
    with open("file.txt") as file:
        prepared = f"{third} of {file.read()}"
    return 0


def tidy(third, folder):
    """Once on each node in the end."""
    with open(f"{folder}/tidied-{dispy_node_ip_addr}", "w") as file:  # noqa: F821 - of dispynode
        file.write(f"{third} is left")


def work(number, seconds, ways, gate):
    """What the set-up has left, the number's square, and what sending told."""
    import os
    import time

    time.sleep(seconds)
    codes = []
    for way, keywords in enumerate(ways):
        codes.append(dispy_provisional_result(f"so far {way}", **keywords))  # noqa: F821
        while not os.path.exists(f"{gate}{way}"):
            time.sleep(0.02)
        with open(f"from_job{way}.txt", "w") as file:
            file.write(f"made by the job {way}")
        codes.append(dispy_send_file(f"from_job{way}.txt", **keywords))  # noqa: F821
    return [number * number, prepared, codes]


def addresses(scheduler, own):
    """Where the scheduler and this client are."""
    if RELEASE >= (4, 13):
        return {"scheduler_host": scheduler, "ip_addr": own, "ext_host": own}
    return {"scheduler_node": scheduler, "ip_addr": own, "ext_ip_addr": own}


def setting_up(third, folder):
    """The functions with their arguments, and which nodes: all, by a pattern."""
    pattern = ARGUMENTS["address"].partition(".")[0] + ".*"
    if RELEASE >= (4, 11):
        nodes = [dispy.NodeAllocate(pattern, setup_args=(third, folder))]
        return {"setup": prepare, "cleanup": tidy, "nodes": nodes}
    functions = {"setup": functools.partial(prepare, third, folder=folder)}
    functions["cleanup"] = functools.partial(tidy, third, folder=folder)
    return dict(functions, nodes=[dispy.NodeAllocate(pattern, cpus=1)])


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


def ways_of_sending():
    """Keywords of what a job calls; before 4.11 all goes by way of the scheduler."""
    return [{"relay": False}, {"relay": True}] if RELEASE >= (4, 11) else [{}]


def seen(job, way, gate):
    """A result before the last one, once it is here; the next one is waited for then."""
    wait_until(lambda: job.result == f"so far {way}")
    with open(f"{gate}{way}", "w"):
        return job.result


def program(gate, jobs):
    with open("file.txt", "w") as file:
        file.write("a file")
    keywords = addresses(ARGUMENTS["scheduler"], ARGUMENTS["address"])
    keywords.update(setting_up(Fraction(1, 3), os.getcwd()))
    cluster = dispy.SharedJobCluster(work, depends=["file.txt"], **keywords)
    ways = ways_of_sending()
    submitted = [cluster.submit(n, SECONDS, [] if n else ways, gate) for n in range(jobs)]
    provisional = [seen(submitted[0], way, gate) for way in range(len(ways))]
    results = [result(job) for job in submitted]
    nodes = sorted({job.ip_addr for job in submitted})
    cluster.close()
    wait_until(lambda: all(os.path.exists(f"tidied-{node}") for node in nodes))
    sent = [read(f"from_job{way}.txt") for way in range(len(ways))]
    found = {"release": dispy.__version__, "python": list(sys.version_info[:2]), "nodes": nodes}
    return dict(found, results=results, provisional=provisional, sent=sent, ways=len(ways))


def read(path):
    with open(path) as file:
        return file.read()


if __name__ == "__main__":
    print(json.dumps(program(ARGUMENTS["gate"], ARGUMENTS["jobs"])), flush=True)
