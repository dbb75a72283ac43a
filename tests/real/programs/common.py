"""What all client programs share: arguments in, one line of JSON out."""

import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

import dispy

WANTED = json.loads(sys.argv[1])
ARGUMENTS: dict[str, Any] = WANTED["arguments"]
PATIENCE = 60.0  # seconds

# A dispynode that is still busy with starting a job's process when that has ended already says that
# the job has failed, or never says anything again. So no job here is shorter than this.
SECONDS = 0.1

STATUS = {
    value: name
    for name, value in vars(dispy.DispyJob).items()
    if isinstance(value, int) and name[0].isupper()
}


def cluster(computation: Any, **keywords: Any) -> dispy.SharedJobCluster:
    """A cluster with the keywords that the test wants, and those of the program."""
    return dispy.SharedJobCluster(computation, **{**keywords, **WANTED["cluster"]})


def run(program: Callable[[], dict[str, Any]]) -> None:
    """Report what the program returns, or the exception that it ends with."""
    try:
        outcome = program()
    except Exception as error:  # noqa: BLE001 - whatever a user of dispy would see
        outcome = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(outcome), flush=True)


def told(job: dispy.DispyJob) -> dict[str, Any]:
    """All that a client learns of a job that has ended."""
    return {
        "status": STATUS[job.status],
        "result": job.result,
        "stdout": _text(job.stdout),
        "stderr": _text(job.stderr),
        "exception": job.exception,
        "node": job.ip_addr,
        "start": job.start_time,
        "end": job.end_time,
    }


def all_told(jobs: list[dispy.DispyJob]) -> list[dict[str, Any]]:
    """Wait for all of them, then tell."""
    for job in jobs:
        job()
    return [told(job) for job in jobs]


def wait_until(condition: Callable[[], Any]) -> None:
    """Wait for something to happen. Raises TimeoutError."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("waited in vain")
        time.sleep(0.02)


def wait_for_file(path: str) -> None:
    """Wait until the test opens that gate."""
    wait_until(lambda: os.path.exists(path))


def _text(output: Any) -> str | None:
    return output.decode() if isinstance(output, bytes) else output
