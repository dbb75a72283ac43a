"""Scenario of the core alone: what one decision costs, however much there is to choose from."""

import gc
import time
from collections import deque
from typing import Any

from gsched.core.admission import Opening
from gsched.core.effects import SendJob, SendResult, SetUp, TellScheduled
from gsched.core.fleet import NodeFacts
from gsched.core.model.cluster import Cluster
from gsched.core.model.job import End
from gsched.core.model.lease import Allocation
from gsched.core.model.sharing import Rule, Sharing
from gsched.core.scheduler import Scheduler

Figures = dict[str, float]
NOW = 1_700_000_000.0
_STEP = 0.001  # seconds between two decisions: with time, what is used grows
KINDS = 10  # of clusters, where there is a policy
_NETWORK = 250  # nodes of a cluster where both are many; else each cluster uses all nodes


class World:
    """A core whose nodes and clients do at once what they are asked to."""

    def __init__(self, algorithm: str) -> None:
        self.scheduler = Scheduler(algorithm)
        self.running: deque[tuple[int, str]] = deque()
        self.clusters: list[Cluster] = []
        self.now = NOW

    def event(self, name: str, *args: Any) -> None:
        """Something happens, and all that follows from it."""
        effects = deque(getattr(self.scheduler, name)(*args, self.now))
        while effects:
            effects.extend(self._answer(effects.popleft()))

    def _answer(self, effect: Any) -> Any:
        scheduler = self.scheduler
        if isinstance(effect, SetUp):
            return scheduler.lease_ready(effect.lease, effect.lease.node.total, self.now)
        if isinstance(effect, TellScheduled):
            return scheduler.cluster_started(effect.cluster, self.now)
        if isinstance(effect, SendJob):
            self.running.append((effect.job.uid, effect.node.address))
            return scheduler.started(effect.job.uid, effect.tries, self.now)
        if isinstance(effect, SendResult):
            return scheduler.delivered(effect.job.uid, self.now)
        return ()

    def furnish(self, nodes: int, clusters: int) -> None:
        """Nodes and clusters, all set up."""
        addresses = [f"10.{n // 62500}.{n // 250 % 250}.{n % 250}" for n in range(nodes)]
        for address in addresses:
            facts = NodeFacts(address=address, port=1, name="n", cpus=1, identity="1")
            self.event("node_joined", facts)
        many = nodes * clusters > 100_000
        for number in range(clusters):
            network = addresses[number * _NETWORK % nodes].rpartition(".")[0]
            allocation = Allocation(f"{network}.*" if many else "*")
            name = f"c{number % KINDS}"
            opening = Opening(name=name, client="10.9.9.9", allocations=[allocation])
            cluster = self.scheduler.cluster_opened(opening, self.now)
            self.event("cluster_scheduled", cluster)
            self.clusters.append(cluster)

    def fill(self, jobs: int) -> float:
        """Clusters submit in turn until so many wait. Bytes that each needs."""
        before = _memory()
        for number in range(jobs):
            cluster = self.clusters[number % len(self.clusters)]
            job = self.scheduler.offered(cluster, None, None, self.now)
            self.event("accepted", job.uid)
        return (_memory() - before) / jobs

    def decide(self, count: int) -> float:
        """Jobs end one after the other, and others take their places. Seconds for each."""
        finished, spent = self.scheduler.finished, 0.0
        for _ in range(count):
            uid, address = self.running.popleft()
            self.now += _STEP
            began = time.thread_time()
            effects = finished(uid, address, End.FINISHED, None, 1.0, self.now)
            spent += time.thread_time() - began
            rest = deque(effects)
            while rest:
                rest.extend(self._answer(rest.popleft()))
        return spent / count


def policy() -> Sharing:
    """A rule for each kind of cluster: all limits are there, and some clusters are at theirs."""
    rules = [
        Rule(
            name=f"{kind}",
            clusters=(f"c{kind}",),
            nodes=("10.*", "192.168.0.0/16"),
            weight=1.0 + kind % 4,
            priority=kind % 2,
            cpus_per_job=1 + (kind == 9),
            max_cpus=2 + 100 * (kind % 3),
            max_cpus_per_node=2 + kind % 3,
            max_queued_jobs=1_000_000,
            soft_time_limit=600.0,
            hard_time_limit=3600.0,
            retries=2,
        )
        for kind in range(KINDS)
    ]
    return Sharing(tuple(rules))


def decision(
    nodes: int, clusters: int, jobs: int, algorithm: str = "submitted", limits: bool = False
) -> Figures:
    """All CPUs are busy and jobs wait: a job ends, its place is filled."""
    gc.collect()
    gc.disable()  # what it does to long queues is measured by the scenarios with sockets
    try:
        world = World(algorithm)
        if limits:
            world.scheduler.actions.share(policy(), "the bench", "", NOW)
        world.furnish(nodes, clusters)
        memory = world.fill(jobs + nodes)
        if len(world.running) < nodes // 2:
            raise AssertionError(f"only {len(world.running)} of {nodes} nodes are busy")
        count = min(2_000, jobs // 2)
        world.decide(count // 4)
        return {"us": world.decide(count) * 1e6, "bytes": memory}
    finally:
        gc.enable()


def _memory() -> int:
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * 4096
