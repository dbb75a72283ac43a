"""A job that sends results and files to its client before it ends, on both ways.

The status of a job is no help here: word that it runs may come after its first result.
"""

from pathlib import Path
from typing import Any

from common import cluster, run, told, wait_until


def send(gates):
    """Each result is sent when the client has seen the one before."""
    import os
    import time

    codes = []
    for number, relay in enumerate((False, True)):
        codes.append(dispy_provisional_result(number, relay=relay))  # noqa: F821 - of dispynode
        while not os.path.exists(os.path.join(gates, str(number))):
            time.sleep(0.02)
        with open(f"file{number}", "w") as file:
            file.write(f"made by the job {number}")
        codes.append(dispy_send_file(f"file{number}", relay=relay))  # noqa: F821
    return codes


def program() -> dict[str, Any]:
    gates = Path("gates").absolute()
    gates.mkdir()
    sends = cluster(send)
    job = sends.submit(str(gates))
    for number in range(2):
        wait_until(lambda: job.result == number)  # noqa: B023
        (gates / str(number)).touch()
    wait_until(job.finish.is_set)
    found = told(job)
    sends.close()
    return {"job": found, "files": [Path(f"file{number}").read_text() for number in range(2)]}


if __name__ == "__main__":
    run(program)
