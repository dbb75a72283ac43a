"""Files between client and nodes while jobs run, straight and by way of the scheduler."""

import hashlib
from pathlib import Path
from typing import Any

from common import ARGUMENTS, cluster, run, wait_for_file, wait_until
from dispy import DispyNode

WAYS = {"straight": False, "relayed": True}


def make(name, size, relay):
    import os
    import time

    os.makedirs(os.path.dirname(name), exist_ok=True)
    with open(name, "wb") as file:
        file.write(name[:1].encode() * size)
    time.sleep(0.02)
    return dispy_send_file(name, relay=relay)  # noqa: F821 - of dispynode


def look(names):
    import hashlib
    import time

    time.sleep(0.02)
    found = []
    for name in names:
        with open(name, "rb") as file:
            found.append(hashlib.sha256(file.read()).hexdigest())
    return found


def task(call, *arguments):
    return {"make": make, "look": look}[call](*arguments)


def program() -> dict[str, Any]:
    """All goes to and comes from the first node; the second one is killed in the end."""
    first, second = ARGUMENTS["nodes"]
    works = cluster(task, nodes=[first, second], depends=[make, look])
    wait_until(lambda: len(known(works)) == 2)
    found: dict[str, Any] = {}
    for way, relay in WAYS.items():
        found[way] = {
            "from jobs": [from_job(works, first, f"{way}/{x}", x, relay) for x in sizes()],
            "to the node": [to_node(works, first, f"to-{way}-{x}", x, relay) for x in sizes()],
            "unknown": works.send_file("to-straight-0", "192.0.2.7", relay=relay),
        }
    found["to a known node"] = works.send_file("to-straight-0", known(works)[first], relay=True)
    Path(ARGUMENTS["ready"]).touch()
    wait_for_file(ARGUMENTS["killed"])
    found["to a killed node"] = works.send_file("to-straight-0", second, relay=True)
    works.close(timeout=0.1, terminate=True)
    return found


def sizes() -> list[int]:
    return list(ARGUMENTS["sizes"])


def known(works: Any) -> dict[str, DispyNode]:
    return {node.ip_addr: node for node in works.status().nodes if node.name}


def from_job(works: Any, node: str, name: str, size: int, relay: bool) -> list[Any]:
    code = works.submit_node(node, "make", name, size, relay)()
    return [code, Path(name).read_bytes() == name[:1].encode() * size]


def to_node(works: Any, node: str, name: str, size: int, relay: bool) -> list[Any]:
    """Sent twice: the second time it is there already."""
    Path(name).write_bytes(b"n" * size)
    codes = [works.send_file(name, node, relay=relay) for _ in range(2)]
    there = works.submit_node(node, "look", [name])()
    return [*codes, there == [hashlib.sha256(b"n" * size).hexdigest()]]


if __name__ == "__main__":
    run(program)
