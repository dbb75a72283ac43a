"""Jobs that run until a gate is opened, that is, a file is made."""

from typing import Any

from common import ARGUMENTS, all_told, cluster, run


def wait(number, gate, marks, stubborn):
    """Leaves a mark for each time it is started. If it is stubborn, it has to be killed."""
    import os
    import signal
    import time

    if stubborn:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    path = os.path.join(marks, f"{number}-{dispy_node_ip_addr}-{os.getpid()}")  # noqa: F821 - of dispynode
    open(path, "w").close()
    time.sleep(0.1)
    while not os.path.exists(gate):
        time.sleep(0.02)
    return number


def program() -> dict[str, Any]:
    waits = cluster(wait)
    numbers = range(ARGUMENTS.get("jobs", 1))
    places, stubborn = (ARGUMENTS["gate"], ARGUMENTS["marks"]), ARGUMENTS.get("stubborn", False)
    jobs = [waits.submit(n, *places, stubborn) for n in numbers]
    if ARGUMENTS.get("terminate"):
        return terminate(waits, jobs)
    outcomes = all_told(jobs)
    waits.close()
    return {"jobs": outcomes}


def terminate(waits: Any, jobs: list[Any]) -> dict[str, Any]:
    """Close while jobs run and wait, once the test says so."""
    from common import wait_for_file

    wait_for_file(ARGUMENTS["terminate"])
    return {"closed": waits.close(timeout=0.1, terminate=True), "jobs": len(jobs)}


if __name__ == "__main__":
    run(program)
