"""Scenario: the scheduler is killed with a long queue, and started again."""

import time

from bench.load import CHAINS, Figures, fill
from bench.rig import Rig


def restart(rig: Rig, queued: int, patience: float = 60.0) -> Figures:
    """How long until the client hears of its jobs, and how many are gone."""
    (client,) = rig.furnish(4, 8)
    rig.work(300, 64, CHAINS)
    filled = fill(rig, queued)
    counts: list[int] = []
    began = time.monotonic()
    rig.scheduler.restart()
    while not counts and time.monotonic() - began < patience:
        client.count_jobs(counts.append)
        rig.loop.run(lambda: counts, 1.0)
    seconds = time.monotonic() - began
    lost = queued - counts[0] if counts else queued
    return {"lost": lost, "seconds": seconds, "submit_cpu": filled["submit_cpu"]}
