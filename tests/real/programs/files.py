"""Files that go to nodes with a computation: what arrives there."""

from typing import Any

from common import ARGUMENTS, all_told, cluster, run


def examine(names):
    import hashlib
    import os
    import time

    time.sleep(0.1)
    found = {}
    for name in names:
        if os.path.exists(name):
            with open(name, "rb") as file:
                data = file.read()
            found[name] = [len(data), hashlib.sha256(data).hexdigest()]
    return found


def program() -> dict[str, Any]:
    files = cluster(examine, depends=list(ARGUMENTS["paths"]))
    outcomes = all_told([files.submit(ARGUMENTS["names"])])
    files.close()
    return {"jobs": outcomes}


if __name__ == "__main__":
    run(program)
