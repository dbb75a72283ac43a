"""Scenarios in which very many peers want something at the same moment."""

import statistics
import time
from collections.abc import Callable

from bench.rig import Rig

Figures = dict[str, float]
_CALM = 1.5  # seconds without any news after which nothing more is expected


def submitters(rig: Rig, at_once: int, jobs: int) -> Figures:
    """Very many threads submit."""
    (client,) = rig.furnish(10, 8)
    rig.work(300, 64, 8)
    del client.submit_times[:]
    goal = client.taken + jobs
    client.submit(jobs, 1 << 30, at_once)
    rig.wait(lambda: client.taken + client.refused >= goal, "answers to submissions")
    return {
        "refused": client.refused,
        "p99": statistics.quantiles(client.submit_times, n=100)[98],
        "worst": max(client.submit_times),
    }


def connections(rig: Rig, count: int, patience: float = 30.0) -> Figures:
    """Very many clients come in."""
    clients = rig.clients.add(count)
    began = time.monotonic()
    for client in clients:
        client.connect()
    rig.loop.run(lambda: all(client.open or client.problem for client in clients), patience)
    seconds = time.monotonic() - began
    return {"out": sum(not client.open for client in clients), "seconds": seconds}


def pongs(rig: Rig, count: int, patience: float = 30.0) -> Figures:
    """Very many nodes answer one ping; a client that comes later shows which were heard."""
    (guest,) = rig.clients.add(1)
    nodes, ends = rig.nodes.add(count, 4), []
    rig.learn_sign()
    began = time.monotonic()
    rig.nodes.announce(nodes, ends.append)
    rig.loop.run(lambda: len(ends) >= count, patience)
    seconds = time.monotonic() - began
    rig.come_in([guest])
    _until_calm(rig, lambda: len(rig.nodes.known), count)
    return {"missed": count - len(rig.nodes.known), "seconds": seconds}


def endings(rig: Rig, nodes: int, cpus: int, patience: float = 40.0) -> Figures:
    """Very many jobs end at the same moment."""
    (client,) = rig.furnish(nodes, cpus)
    jobs = nodes * cpus
    rig.nodes.hold = True
    client.submit(jobs, jobs, 8)
    rig.wait(lambda: len(rig.nodes.held) >= jobs, "jobs run")
    rig.loop.pause(1.0)
    began = time.monotonic()
    rig.nodes.release()
    rig.loop.run(lambda: client.done + rig.nodes.failed_replies >= jobs, patience)
    return {"failed": rig.nodes.failed_replies, "seconds": time.monotonic() - began}


def _until_calm(rig: Rig, number: Callable[[], int], most: int) -> None:
    """Run until the number is as large as it will be."""
    seen, since = number(), time.monotonic()
    while number() < most and time.monotonic() - since < _CALM:
        rig.loop.pause(0.1)
        if number() != seen:
            seen, since = number(), time.monotonic()
