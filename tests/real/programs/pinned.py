"""Submits jobs to nodes by address."""

from typing import Any

from common import ARGUMENTS, SECONDS, all_told, cluster, run


def where(seconds):
    import time

    time.sleep(seconds)
    return dispy_node_ip_addr  # noqa: F821 - of dispynode


def program() -> dict[str, Any]:
    places = cluster(where)
    jobs = [places.submit_node(node, SECONDS) for node in ARGUMENTS["nodes"]]
    unknown = places.submit_node(ARGUMENTS["unknown"], SECONDS)
    outcomes = all_told(jobs)
    places.close()
    return {"jobs": outcomes, "unknown": repr(unknown)}


if __name__ == "__main__":
    run(program)
