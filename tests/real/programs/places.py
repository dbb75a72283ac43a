"""Where jobs work on their node, and what is cleaned up there: dest_path and cleanup."""

from typing import Any

from common import ARGUMENTS, all_told, cluster, run


def work(name):
    import os
    import time

    time.sleep(0.02)
    with open("depends.txt") as file:
        text = file.read()
    with open(name, "w") as file:
        file.write("left behind")
    return [os.getcwd(), text]


def clean_up():
    with open("../cleaned.txt", "w") as file:  # what is here may be removed afterwards
        file.write("by the client's function")


def program() -> dict[str, Any]:
    with open("depends.txt", "w") as file:
        file.write("needed")
    cleanup = {"function": clean_up}.get(ARGUMENTS["cleanup"], ARGUMENTS["cleanup"])
    keywords = {"dest_path": ARGUMENTS.get("dest_path"), "cleanup": cleanup}
    works = cluster(work, depends=["depends.txt"], **keywords)
    outcomes = all_told([works.submit("job.txt")])
    works.close()
    return {"jobs": outcomes}


if __name__ == "__main__":
    run(program)
