"""A client to which nobody can connect any more: it gets its results by asking for them."""

from pathlib import Path
from typing import Any

from common import ARGUMENTS, all_told, cluster, run, wait_until
from dispy import DispyJob


def work(gate):
    import os
    import time

    while not os.path.exists(gate):
        time.sleep(0.02)
    return gate


def shut_off(peer, address, task=None):
    """In place of what serves the client's port: as a firewall does that ends connections."""
    peer.close()
    yield None


def program() -> dict[str, Any]:
    gate = ARGUMENTS["gate"]
    works = cluster(work, poll_interval=5)  # the shortest
    jobs = [works.submit(gate) for _ in range(3)]
    wait_until(lambda: jobs[0].status == DispyJob.Running)
    works._cluster.tcp_req = shut_off
    Path(gate).touch()
    outcomes = all_told(jobs)
    works.close()
    return {"jobs": outcomes}


if __name__ == "__main__":
    run(program)
