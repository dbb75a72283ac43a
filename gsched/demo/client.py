"""What the two client programs share: submit all, then tell of each job that ends."""

import json
import sys
from collections.abc import Callable, Iterable
from typing import Any


def run(compute: Callable[..., Any], inputs: Iterable[Any], port: int) -> list[Any]:
    """Results of `compute` for all inputs, worked out by the nodes of a gsched on this host.

    `port` is where it listens for clients. Writes a line of JSON for each job that has ended.
    """
    import dispy  # only here: the rest of gsched does without

    cluster = dispy.SharedJobCluster(
        compute,
        scheduler_host="127.0.0.1",
        ip_addr="127.0.0.1",
        dispy_port=port - 2,  # a client takes the scheduler to listen two ports above
        client_port=0,
    )
    jobs = [cluster.submit(one) for one in inputs]
    results = []
    for done, job in enumerate(jobs, 1):
        results.append(job())
        tell(done=done, of=len(jobs))
    cluster.close()
    return results


def tell(**what: Any) -> None:
    """One line for the program that watches."""
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()
