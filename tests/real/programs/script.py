"""Runs an executable program on the nodes."""

from typing import Any

from common import ARGUMENTS, all_told, cluster, run


def program() -> dict[str, Any]:
    scripts = cluster(ARGUMENTS["path"])
    outcomes = all_told([scripts.submit(*line) for line in ARGUMENTS["lines"]])
    scripts.close()
    return {"jobs": outcomes}


if __name__ == "__main__":
    run(program)
