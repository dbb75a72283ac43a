"""A cluster that does nothing for long and then something, next to one whose job takes as long."""

import time
from typing import Any

from common import ARGUMENTS, all_told, cluster, run


def place(number, seconds):
    """Where it runs; it was started once if its process is named once."""
    import os
    import time

    time.sleep(seconds)
    return [number, dispy_node_ip_addr, os.getpid()]  # noqa: F821 - of dispynode


def program() -> dict[str, Any]:
    seconds = ARGUMENTS["seconds"]
    rests, works = cluster(place), cluster(place)
    first = all_told([rests.submit(1, 0.1)])
    long = [works.submit(2, seconds), works.submit(3, 0.1)]
    time.sleep(seconds - 3)
    again = all_told([rests.submit(4, 0.1)])
    outcomes = first + again + all_told(long)
    rests.close()
    works.close()
    return {"jobs": outcomes}


if __name__ == "__main__":
    run(program)
