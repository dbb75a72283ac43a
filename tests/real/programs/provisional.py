"""A job that sends results and a file before it ends, straight to the client and by gsched."""

from pathlib import Path
from typing import Any

from common import cluster, run, told, wait_until
from dispy import DispyJob


def count(gates):
    """Each result is sent when the client has seen the one before."""
    import os
    import time

    codes = []
    for number, relay in enumerate((False, True)):
        codes.append(dispy_provisional_result(number, relay=relay))  # noqa: F821 - of dispynode
        while not os.path.exists(os.path.join(gates, str(number))):
            time.sleep(0.02)
    with open("from_job.txt", "w") as file:
        file.write("made by the job")
    codes.append(dispy_send_file("from_job.txt"))  # noqa: F821 - of dispynode
    return codes


def program() -> dict[str, Any]:
    gates = Path("gates").absolute()
    gates.mkdir()
    counts = cluster(count)
    job = counts.submit(str(gates))
    seen = []
    for number in range(2):
        # Not by status: that the job runs may be heard after the result that comes straight here.
        wait_until(lambda: job.result == number)  # noqa: B023
        seen.append(job.result)
        (gates / str(number)).touch()
    wait_until(lambda: job.status not in (DispyJob.ProvisionalResult, DispyJob.Running))
    found = told(job)
    counts.close()
    return {"seen": seen, "job": found, "file": Path("from_job.txt").read_text()}


if __name__ == "__main__":
    run(program)
