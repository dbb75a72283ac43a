"""A client that is killed while it has a job that ended, one that runs and one that waits."""

import time
from pathlib import Path
from typing import Any

from common import ARGUMENTS, cluster, run, wait_until
from dispy import DispyJob


def work(name, gate, sends):
    import os
    import time

    while gate and not os.path.exists(gate):
        time.sleep(0.02)
    time.sleep(0.02)
    codes = []
    if gate:
        # The scheduler must keep it to itself: whoever recovers jobs takes it for the last result.
        codes.append(dispy_provisional_result("so far", relay=True))  # noqa: F821 - of dispynode
    if sends:
        with open("for_nobody.txt", "w") as file:
            file.write("the client is gone")
        for relay in (False, True):
            codes.append(dispy_send_file("for_nobody.txt", relay=relay))  # noqa: F821 - of dispynode
        codes.append(dispy_provisional_result(name))  # noqa: F821
    if name == "raise":
        raise ValueError(name)
    return [name, codes]


def program() -> dict[str, Any]:
    works = cluster(work, recover_file=ARGUMENTS["recover_file"])
    works.submit("before", "", False)()
    running = works.submit("running", ARGUMENTS["gate"], ARGUMENTS["sends"])
    works.submit("raise", "", False)
    works.submit("waiting", "", False)
    wait_until(lambda: running.status == DispyJob.Running)
    Path(ARGUMENTS["ready"]).touch()
    time.sleep(600)  # until killed
    return {}


if __name__ == "__main__":
    run(program)
