"""The client program of the trio: unmodified dispy, each call that puts a message on the wire.

`step` writes a mark into the journal; capture.py picks the streams of a step by these.
"""

# ruff: noqa: F821 (classes come by exec; what a job calls exists at the node)

import os
import sys
import time

import dispy
import sitecustomize

with open("user_classes.py") as _classes:
    exec(compile(_classes.read(), "user_classes.py", "exec"))

BASE, CLIENT_PORT = int(sys.argv[1]), int(sys.argv[2])
NODES = ("127.0.0.2", "127.0.0.3")


def compute(seconds, text="", fail=False, provisional=None):
    import time

    if provisional:
        dispy_provisional_result(provisional, relay=True)
    if text:
        print(text)
    time.sleep(seconds)
    if fail:
        raise ValueError("no luck")
    return {"text": text, "seconds": seconds}


def prepare(count, label):
    global prepared
    prepared = (count, label)
    return 0


def tidy_up(count, label):
    global prepared
    del prepared


def helper(x):
    return x * 2


def step(name):
    """Let the traffic of the last step come to its end, then mark the next one."""
    time.sleep(0.7)
    sitecustomize.note("-", "step", name)
    print("step", name, flush=True)


def cluster_of(computation, **more):
    more.setdefault("nodes", [NODES[0]])
    return dispy.SharedJobCluster(
        computation,
        depends=more.pop("depends", []),  # dispy's own default is shared and written to
        ip_addr="127.0.0.1",
        scheduler_host="127.0.0.1",
        dispy_port=BASE,
        client_port=CLIENT_PORT,
        **more,
    )


def make_files():
    for name, size in (("small.txt", 300), ("empty.txt", 0), ("large.bin", 1_200_000)):
        with open(name, "wb") as file:
            file.write(bytes(size))
        os.utime(name, (1_600_000_000.25, 1_600_000_000.5))
    with open("program.sh", "w") as file:
        file.write('#!/bin/sh\nprintf "out %s\\n" "$1"\nprintf "err\\n" >&2\nexit 3\n')
    os.chmod("program.sh", 0o755)


def simple_jobs(cluster):
    step("job")
    cluster.submit(0, text="hello")()
    step("pinned")
    cluster.submit_node(NODES[0], 0)()
    step("depends")
    cluster.submit(0, dispy_job_depends=["small.txt", helper])()
    step("exception")
    cluster.submit(0, text="before", fail=True)()
    step("provisional")
    cluster.submit(1, provisional=["half", 0.5])()
    time.sleep(1.5)


def ended_jobs(cluster):
    step("running")
    jobs = [cluster.submit_node(NODES[0], 60) for _ in range(2)]
    time.sleep(1)
    step("node_jobs")
    cluster.node_jobs(NODES[0])
    step("node_jobs_from_node")
    cluster.node_jobs(NODES[0], from_node=True)
    step("cancel")
    cluster.cancel(jobs[1])
    step("terminate")
    cluster.cancel(jobs[0])
    jobs[0]()


def node_calls(cluster):
    step("set_cpus")
    cluster.set_node_cpus(NODES[0], 1)
    step("allocate")
    cluster.allocate_node(dispy.NodeAllocate(NODES[1], cpus=1))
    step("node_cpus")  # capture.py types a command at this node's prompt
    time.sleep(4)
    step("close_node")
    cluster.close_node(NODES[1], terminate_pending=True)
    step("deallocate")
    cluster.deallocate_node(NODES[0])
    step("allocate_subclass")
    picky = Picky(NODES[0], 1, port=BASE + 1, depends=["small.txt"], setup_args=(params(),))
    cluster.allocate_node(picky)


def plain():
    step("plain")
    cluster = cluster_of(compute)
    time.sleep(3)
    simple_jobs(cluster)
    ended_jobs(cluster)
    step("pulse")
    time.sleep(3)
    node_calls(cluster)
    step("close")
    cluster.close(terminate=True)


def full():
    step("full")
    special = dispy.NodeAllocate(
        NODES[0], port=BASE + 1, cpus=1, depends=["special.txt"], setup_args=(2, "label")
    )
    cluster = cluster_of(
        compute,
        nodes=[special],
        depends=["small.txt", "empty.txt", "large.bin", helper],
        setup=prepare,
        cleanup=tidy_up,
        dest_path="wire",
        reentrant=True,
        exclusive=True,
    )
    time.sleep(3)
    cluster.submit(0)()
    step("full_close")
    cluster.close()


def user_objects():
    step("user_objects")
    special = dispy.NodeAllocate("127.0.0.*", depends=["special.txt"], setup_args=(params(), 1))
    try:
        cluster_of(compute, nodes=[special], setup=prepare, cleanup=tidy_up)
    except Exception as error:  # noqa: BLE001 (dispy raises nothing more precise)
        print("refused, as expected:", error, flush=True)


def program():
    step("program")
    cluster = cluster_of("program.sh", cleanup=False)
    time.sleep(3)
    cluster.submit("argument")()
    step("program_close")
    cluster.close()


if __name__ == "__main__":
    make_files()
    with open("special.txt", "w") as _file:
        _file.write("for one node\n")
    os.utime("special.txt", (1_600_000_000, 1_600_000_000))
    plain()
    full()
    program()
    user_objects()
    step("end")
    os._exit(0)  # the refused cluster has left threads behind that wait for ever
