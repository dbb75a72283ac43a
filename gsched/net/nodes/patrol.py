"""Who asks the nodes whether they still have what they should run.

A reply may be lost: a dispynode that cannot deliver one forgets it if the job has raised. So each
node with jobs that run for long is asked once a minute. That costs a request for each of its
clusters and tells nothing of a job whose process has died: dispynode counts that as running until
its own timer looks, every `--zombie_interval`.
"""

import gevent

from gsched.core.model.job import Job, State
from gsched.core.model.node import Node
from gsched.net.exchange import Exchange
from gsched.net.nodes.inquiry import Inquiry
from gsched.net.transport.greenlets import Greenlets

ROUND = 60.0  # seconds until each node was asked once
LONG = 30.0  # seconds after which a job is asked for
RESTARTED = "did not have it when the scheduler was there again"
LOST = "has lost it, and its result"


class Patrol:
    """See the module's text."""

    def __init__(self, exchange: Exchange, inquiry: Inquiry) -> None:
        self._exchange = exchange
        self._inquiry = inquiry
        self._greenlets = Greenlets()
        self._asked: set[Node] = set()  # just now

    def start(self) -> None:
        """Ask all that have jobs: those are of an earlier run of ours. Then again and again."""
        for node in self._exchange.scheduler.nodes.values():
            self._look(node, 0.0, RESTARTED)
        self._greenlets.spawn("patrol", self._go_round)

    def stop(self) -> None:
        """Ask nobody any more."""
        self._greenlets.kill()

    def _go_round(self) -> None:
        while True:
            nodes = [node for node in self._exchange.scheduler.nodes.values() if node.jobs]
            for node in nodes:
                self._look(node, LONG, LOST)
                gevent.sleep(ROUND / len(nodes))
            if not nodes:
                gevent.sleep(ROUND)

    def _look(self, node: Node, age: float, reason: str) -> None:
        now = self._exchange.now()
        jobs = [job for job in node.jobs.values() if job.state is State.RUNNING]
        jobs = [job for job in jobs if now - job.started_at >= age]
        if jobs and node not in self._asked:
            self._asked.add(node)
            self._greenlets.spawn(f"inquiry {node.address}", self._ask, node, jobs, reason)

    def _ask(self, node: Node, jobs: list[Job], reason: str) -> None:
        try:
            self._inquiry.into(node, jobs, reason)
        finally:
            self._asked.discard(node)
