"""One run: a fresh scheduler, with fake nodes and clients around it."""

import gc
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.clients import Client, Clients
from bench.loop import Loop
from bench.nodes import Nodes
from bench.schedulers import HOST, Kind, Scheduler

CLIENT_PORT = 9800
PATIENCE = 60.0  # seconds for what is only preparation


class Stuck(Exception):
    """The preparation of a run came to nothing: it has no figures."""


@dataclass
class Span:
    """What was used between two moments."""

    seconds: float = 0.0
    cpu: float = 0.0  # seconds of the scheduler
    own: float = 0.0  # seconds of this process
    starved: float = 0.0  # seconds for which the scheduler waited for a processor


@dataclass
class Rig:
    """See the module's text."""

    scheduler: Scheduler
    loop: Loop
    nodes: Nodes
    clients: Clients

    @contextmanager
    def span(self) -> Iterator[Span]:
        """Measure what is used inside."""
        span, began = Span(), self._used()
        yield span
        used = [after - before for before, after in zip(began, self._used(), strict=True)]
        span.seconds, span.cpu, span.own, span.starved = used

    def _used(self) -> tuple[float, ...]:
        scheduler = self.scheduler
        return time.monotonic(), scheduler.cpu(), time.process_time(), scheduler.starved()

    def wait(self, done: Callable[[], Any], what: str, patience: float = PATIENCE) -> None:
        """Run until that is so. Raises Stuck."""
        if not self.loop.run(done, patience):
            raise Stuck(f"waited {patience:.0f} s in vain: {what}")

    def come_in(self, clients: list[Client]) -> None:
        """Clients come in, a few at a time."""
        for start in range(0, len(clients), 8):
            some = clients[start : start + 8]
            for client in some:
                client.connect()
            self.wait(lambda s=some: all(c.open or c.problem for c in s), "clients come in")
        problems = {client.problem for client in clients if client.problem}
        if problems:
            raise Stuck(f"clients did not come in: {problems}")

    def learn_sign(self) -> None:
        """One of the nodes finds the scheduler, and so the others know how to prove themselves."""
        if not self.nodes.sign:
            self.nodes.look(next(iter(self.nodes.by_address.values())))
            self.wait(lambda: self.nodes.sign, "a ping")

    def furnish(self, nodes: int, cpus: int, clients: int = 1, **more: Any) -> list[Client]:
        """Nodes and clients, all set up."""
        made = self.clients.add(clients, **more)
        self.come_in(made)
        fresh = self.nodes.add(nodes, cpus)
        self.learn_sign()
        for start in range(0, len(fresh), 20):
            some = fresh[start : start + 20]
            self.nodes.announce(some)
            known = {node.address for node in some}
            self.wait(lambda k=known: k <= self.nodes.known, "nodes are found")
        self.wait(lambda: self.nodes.ready >= nodes * clients, "nodes are set up")
        self.loop.pause(0.3)
        return made

    def work(self, jobs: int, window: int, chains: int, patience: float = 300.0) -> None:
        """All clients together submit so many jobs and get so many results."""
        share, goal = jobs // len(self.clients.all), self.clients.total("done")
        for client in self.clients.all:
            client.submit(share, window, chains)
        goal += share * len(self.clients.all)
        self.wait(lambda: self.clients.total("done") >= goal, "results", patience)


@contextmanager
def rig(kind: Kind, cores: tuple[int | None, int | None]) -> Iterator[Rig]:
    """A scheduler and nothing else yet. `cores`: of the scheduler and of this process."""
    if cores[1] is not None:
        os.sched_setaffinity(0, {cores[1]})
    gc.collect()
    gc.disable()
    with tempfile.TemporaryDirectory(prefix="gsched-bench-") as folder:
        scheduler, loop = Scheduler(kind, Path(folder), cores[0]), Loop()
        nodes = Nodes(loop, (HOST, scheduler.nodes_port), scheduler.node_port)
        clients = Clients(loop, (HOST, scheduler.clients_port), CLIENT_PORT)
        try:
            yield Rig(scheduler, loop, nodes, clients)
        finally:
            scheduler.stop()
            nodes.close()
            clients.close()
            loop.close()
            gc.enable()
