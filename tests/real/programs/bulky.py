"""Jobs with large arguments, each with its own, that run once a gate is opened: a file is made."""

from typing import Any

from common import ARGUMENTS, all_told, cluster, run


def work(gate, text, *, number):
    import os
    import time

    while not os.path.exists(gate):
        time.sleep(0.02)
    time.sleep(0.2)
    return [text == f"{number:04d}" * (len(text) // 4), len(text)]


def program() -> dict[str, Any]:
    works = cluster(work)
    numbers = range(ARGUMENTS["jobs"])
    texts = [f"{number:04d}" * (ARGUMENTS["size"] // 4) for number in numbers]
    jobs = [works.submit(ARGUMENTS["gate"], texts[number], number=number) for number in numbers]
    outcomes = all_told(jobs)
    works.close()
    return {"jobs": outcomes}


if __name__ == "__main__":
    run(program)
