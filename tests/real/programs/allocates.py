"""Chooses nodes by patterns, each with files and arguments of its own; later some more."""

from typing import Any

from common import ARGUMENTS, SECONDS, all_told, cluster, run, wait_for_file
from dispy import NodeAllocate


class Extra(NodeAllocate):
    """A user's own class, which the scheduler does not know."""

    def __init__(self, host, **more):
        super().__init__(host, **more)
        self.mood = "good"

    def allocate(self, cluster, ip_addr, name, cpus, avail_info=None, platform=""):
        return 1


def setup(word, name):
    global found
    with open(name) as file:
        found = [word, file.read()]
    return 0


def look(seconds):
    import time

    time.sleep(seconds)
    return found


def program() -> dict[str, Any]:
    first, second = ARGUMENTS["first"], ARGUMENTS["second"]
    nodes = [allocation(NodeAllocate, first, "first")]
    looks = cluster(look, nodes=nodes, setup=setup, depends=list(ARGUMENTS["files"]))
    before = all_told([looks.submit(SECONDS) for _ in range(4)])
    code = looks.allocate_node(allocation(Extra, second, "second"))
    wait_for_file(ARGUMENTS["gate"])
    after = all_told([looks.submit(SECONDS) for _ in range(8)])
    looks.close()
    return {"before": before, "code": code, "after": after}


def allocation(kind: Any, place: dict[str, str], word: str) -> NodeAllocate:
    return kind(place["host"], depends=[place["path"]], setup_args=(word, place["name"]))


if __name__ == "__main__":
    run(program)
