"""Takes back a job that runs and one that waits, then submits another."""

from typing import Any

from common import SECONDS, all_told, cluster, run, told, wait_until
from dispy import DispyJob


def sleep(seconds):
    import time

    time.sleep(seconds)
    return seconds


def program() -> dict[str, Any]:
    sleeps = cluster(sleep)
    running, waiting = sleeps.submit(600), sleeps.submit(600)
    wait_until(lambda: running.status == DispyJob.Running)
    codes = [sleeps.cancel(waiting), sleeps.cancel(running)]
    for job in (waiting, running):
        job()
    after = all_told([sleeps.submit(SECONDS)])
    sleeps.close()
    return {"codes": codes, "running": told(running), "waiting": told(waiting), "after": after}


if __name__ == "__main__":
    run(program)
