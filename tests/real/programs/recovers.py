"""Asks for the results of a client that was killed, by dispy.recover_jobs.

dispy 4.13 and later read a key that they do not write, and end with KeyError 'ip_addrs'; their
users add it by hand, as is done here.
"""

import os
import shelve
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import dispy
from common import ARGUMENTS, run, told

FILE = ARGUMENTS["recover_file"]


def program() -> dict[str, Any]:
    with shelve.open(FILE) as shelf:
        shelf["_cluster"] = {**shelf["_cluster"], "ip_addrs": [ARGUMENTS["address"]]}
    for path in Path(FILE).parent.glob(f"{Path(FILE).name}*"):
        shutil.copy(path, f"{path.parent}/again-{path.name}")
    Path(ARGUMENTS["ready"]).touch()
    first = dispy.recover_jobs(FILE, timeout=60)
    left = os.path.exists(FILE) or os.path.exists(f"{FILE}.dat")
    return {"jobs": [told(job) for job in first], "file": left, "again": again()}


def again() -> int:
    """Jobs that are got once more: by another process, since pycos is not started twice in one."""
    call = "import dispy, sys; print(len(dispy.recover_jobs(sys.argv[1], timeout=60)))"
    file = f"{Path(FILE).parent}/again-{Path(FILE).name}"
    done = subprocess.run([sys.executable, "-c", call, file], stdout=subprocess.PIPE, text=True)
    return int(done.stdout.splitlines()[-1])


if __name__ == "__main__":
    run(program)
