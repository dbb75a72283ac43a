"""Asks for the results of a client that was killed, by dispy.recover_jobs.

dispy 4.13 and later read a key that they do not write, and end with KeyError 'ip_addrs'; their
users add it by hand, as is done here.
"""

import os
import shelve
import shutil
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
    second = dispy.recover_jobs(f"{Path(FILE).parent}/again-{Path(FILE).name}", timeout=60)
    return {"jobs": [told(job) for job in first], "file": left, "again": len(second)}


if __name__ == "__main__":
    run(program)
