"""Jobs whose function, arguments, files, results and errors are nobody else's business."""

from typing import Any

from common import ARGUMENTS, all_told, cluster, run


def confide(word, path, *, raising):
    """The source of it, SeCrEt, too."""
    import time

    time.sleep(0.1)
    with open(path) as file:
        found = file.read()[::-1][: len(word)]
    if raising:
        raise ValueError(found)
    return found


def program() -> dict[str, Any]:
    path = ARGUMENTS["path"]
    confides = cluster(confide, depends=[path])
    name = path.rpartition("/")[2]
    jobs = [confides.submit(ARGUMENTS["word"], name, raising=raising) for raising in (False, True)]
    outcomes = all_told(jobs)
    confides.close()
    return {"jobs": outcomes}


if __name__ == "__main__":
    run(program)
