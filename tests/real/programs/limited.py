"""Three jobs, which run until they are stopped: one runs, one waits, and one is too many."""

from typing import Any

from common import all_told, cluster, run, wait_until
from dispy import DispyJob


def wait():
    import time

    while True:
        time.sleep(0.1)


def program() -> dict[str, Any]:
    waits = cluster(wait)
    first = waits.submit()
    wait_until(lambda: first.status == DispyJob.Running)
    second, refused = waits.submit(), waits.submit()
    found = {"refused": repr(refused), "jobs": all_told([first, second])}
    waits.close()
    return found


if __name__ == "__main__":
    run(program)
