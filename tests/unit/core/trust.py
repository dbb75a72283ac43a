"""Which nodes are to be left alone, and which jobs given up, straight from the definition.

It keeps each node's losses with their times, and looks at nothing that the scheduler counts.
"""

from dataclasses import dataclass, field

from gsched.core.model.job import End, Job, State
from gsched.core.model.node import Node, NodeState
from gsched.core.scheduler import Scheduler

Who = tuple[str, int, str]

HOUR = 3600.0


@dataclass
class Record:
    """What has become of one node so far."""

    row: int = 0  # losses without a goodbye, each less than an hour after it was back
    back: float = -HOUR
    barred: float = 0.0
    trial: bool = False
    lost: bool = False
    blamed: list[Job] = field(default_factory=list)  # those there at the loss that still lasts


class Trust:
    """Is told of a scheduler's events before and after they happen."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self._records: dict[Node, Record] = {}
        self._blame: dict[Job, list[str]] = {}  # addresses of nodes that were lost with it
        self._before: dict[Node, tuple[NodeState, Who, list[Job]]] = {}

    def prepare(self) -> None:
        """An event is about to come."""
        nodes = self._scheduler.nodes.values()
        self._before = {node: (node.state, _who(node), list(node.jobs.values())) for node in nodes}

    def follow(self, event: str, now: float) -> None:
        """Verify what the event has led to."""
        for node in self._scheduler.nodes.values():
            record = self._records.setdefault(node, Record(back=now))
            self._see(node, record, event, now)
            if event == "tick" and node.state is NodeState.UP:
                self._pass(record, now)
            self._verify(node, record)
        self._verify_jobs()
        known = set(self._scheduler.nodes.values())
        self._records = {node: x for node, x in self._records.items() if node in known}
        self._blame = {job: x for job, x in self._blame.items() if job.state is not State.GONE}

    def ended(self, job: Job) -> None:
        """A node's word on a job was taken."""
        record = self._records.get(job.last) if job.last else None
        if record is not None and not record.barred:
            record.trial = False

    # -- within -------------------------------------------------------------------------------

    def _see(self, node: Node, record: Record, event: str, now: float) -> None:
        state, who, jobs = self._before.get(node, (node.state, _who(node), []))
        restarted = who != _who(node)
        fell = state is NodeState.UP and (restarted or node.state is NodeState.LOST)
        if fell and event not in ("node_left", "node_dropped"):
            there = [job for job in jobs if not _was_refused(job, now)]
            self._lose(node, record, there, now)
        if event == "unstoppable" and any(job.node is not node for job in jobs):
            record.trial, record.back = True, now
        if node.state is NodeState.UP and (fell or state is NodeState.LOST):
            if not restarted:
                for job in record.blamed:
                    if job.end is None:
                        self._blame[job].remove(node.address)
            record.blamed = []
            record.back = max(now, record.barred)
            record.barred = record.barred if record.barred > now else 0.0

    def _lose(self, node: Node, record: Record, jobs: list[Job], now: float) -> None:
        record.row = 1 if now - record.back >= HOUR else record.row + 1
        if record.row > 2:
            record.barred = now + [60, 120, 240, 480, 960, 1800][min(record.row - 3, 5)]
            record.trial = True
        record.blamed = jobs
        for job in jobs:
            self._blame.setdefault(job, []).append(node.address)

    def _pass(self, record: Record, now: float) -> None:
        if now - record.back >= HOUR:
            record.trial = record.trial and bool(record.barred)
        if record.barred <= now:
            record.barred = 0.0

    def _verify(self, node: Node, record: Record) -> None:
        assert node.barred_until == record.barred, f"{node.address}: barred"
        assert node.on_trial == record.trial, f"{node.address}: on trial"
        if record.barred:
            assert not node.leases, f"{node.address}: used in quarantine"

    def _verify_jobs(self) -> None:
        for job, nodes in self._blame.items():
            told = "may be what ended node" in job.reason
            if told:
                assert len(nodes) >= 3 or job.end is not End.ABANDONED, job.tell()
                assert all(address in job.reason for address in nodes), job.tell()
            if len(nodes) >= 3:
                assert job.state in (State.DONE, State.GONE), f"goes on: {job.tell()}"


def _was_refused(job: Job, now: float) -> bool:
    """Whether it has just come out that the job did not start."""
    return any(when == now and what == "refused" for when, what, _ in job.events())


def _who(node: Node) -> Who:
    return node.identity, node.port, node.family
