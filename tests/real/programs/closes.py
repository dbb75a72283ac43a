"""Ends of clusters: waiting with and without a limit, closing softly and not, shutting down."""

from pathlib import Path
from typing import Any

from common import ARGUMENTS, STATUS, cluster, run, wait_until
from dispy import DispyJob


def work(gate):
    import os
    import time

    while True:  # a real node now and then spoils jobs that end at once
        time.sleep(0.05)
        if os.path.exists(gate):
            return gate


def program() -> dict[str, Any]:
    found: dict[str, Any] = {}
    gates = [f"{ARGUMENTS['gates']}/{number}" for number in range(4)]
    first, second = cluster(work), cluster(work)
    jobs = [first.submit(gates[0])]
    wait_until(lambda: jobs[0].status == DispyJob.Running)  # it has the only CPU
    jobs.append(second.submit(gates[1]))
    found["too soon"] = [bool(first.wait(0.2)), first.close(timeout=0.2)]
    Path(gates[0]).touch()
    found["in time"] = [bool(first.wait()), jobs[0].result == gates[0], first.close()]
    found["closed"] = refusal(lambda: first.submit(gates[0]))
    wait_until(lambda: jobs[1].status == DispyJob.Running)
    found["by force"] = second.close(timeout=0.2, terminate=True)
    with cluster(work) as third:
        jobs.append(third.submit(gates[2]))
        Path(gates[2]).touch()
    found["with"] = [STATUS[jobs[2].status], jobs[2].result == gates[2]]
    fourth = cluster(work)
    jobs.append(fourth.submit(gates[3]))
    Path(gates[3]).touch()
    fourth.shutdown()
    found["shut down"] = [STATUS[jobs[3].status], jobs[3].result == gates[3]]
    return found


def refusal(call: Any) -> str:
    try:
        return repr(call())
    except Exception as error:  # noqa: BLE001 - whatever a user of dispy would see
        return type(error).__name__


if __name__ == "__main__":
    run(program)
