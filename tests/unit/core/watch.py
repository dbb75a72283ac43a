"""What effects must never do, whatever the events: the rules between core and net."""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from gsched.core.effects import (
    Close,
    Effect,
    FindNodes,
    Forget,
    SeekClient,
    SendJob,
    SendProvisional,
    SendResult,
    SetUp,
    TellNode,
    TellScheduled,
    TellStarted,
    TerminateJob,
)
from gsched.core.model.cluster import Cluster, ClusterState
from gsched.core.model.job import OVERTIME, End, Job, State
from gsched.core.model.lease import Lease
from gsched.core.model.node import Node

from .reference import may_run, usable_cpus

AT_NODE = (State.SENDING, State.RUNNING)


class Watch:
    """Sees all effects in order. Keeps what was asked for and not answered yet."""

    def __init__(self) -> None:
        self.jobs: list[Job] = []  # all that were ever offered
        self.leases: list[Lease] = []  # all that were ever set up
        self.exchanges: dict[Lease, SetUp | Close] = {}  # that go on with nodes
        self.cancelled: set[int] = set()  # uids
        self.results: Counter[Job] = Counter()
        self.scheduled: set[Cluster] = set()
        self.forgotten: set[Cluster] = set()
        self.told: set[tuple[Cluster, Node]] = set()  # nodes that clients know of
        self._deaf: set[Cluster] = set()  # those whose clients have closed them
        self._rules: dict[type, Callable[[Any], None]] = {
            SendJob: self._send_job,
            TerminateJob: self._terminate_job,
            SetUp: self._exchange,
            Close: self._exchange,
            SendResult: self._send_result,
            SendProvisional: self._about_running,
            TellStarted: self._about_running,
            TellScheduled: self._tell_scheduled,
            SeekClient: self._seek_client,
            TellNode: self._tell_node,
            FindNodes: self._find_nodes,
            Forget: self._forget,
        }

    def prepare(self, clusters: Iterable[Cluster]) -> None:
        """An event is about to come."""
        self._deaf = {cluster for cluster in clusters if cluster.state is ClusterState.CLOSING}
        self._deaf |= self.forgotten

    def see(self, effects: list[Effect]) -> None:
        """Verify the effects of one event."""
        for effect in effects:
            rule = self._rules.get(type(effect))
            if rule is not None:
                rule(effect)

    def answered(self, lease: Lease, kind: type) -> None:
        """If that is what went on for the lease, then it has come to its end."""
        if isinstance(self.exchanges.get(lease), kind):
            del self.exchanges[lease]

    def verify_ended_once(self) -> None:
        """To be called when all is over: each job ended once, and its client heard of it once."""
        for job in self.jobs:
            events = [event for _, event, _ in job.events()]
            assert job.state is State.GONE, f"still there: {job.tell()}"
            assert events.count("ended") == events.count("accepted"), f"ends: {job.tell()}"
            assert events.count("accepted") + events.count("withdrawn") == 1, job.tell()
            if "ended" in events:
                self._verify_end(job)
            told = self.results[job] or events.count("dropped") or events.count("withdrawn")
            assert told, f"nobody heard of its end: {job.tell()}"

    def _verify_end(self, job: Job) -> None:
        """Whether that end is one that may come to the job."""
        events = [event for _, event, _ in job.events()]
        by_itself = job.broken or OVERTIME in events  # not because its node was lost
        may_run_again = job.cluster.reentrant and (not job.pinned or by_itself)
        assert may_run_again or "requeued" not in events, f"ran again: {job.tell()}"
        assert job.tries == events.count("chosen"), job.tell()
        if job.uid in self.cancelled:
            assert job.end in (End.CANCELLED, End.FINISHED), f"not cancelled: {job.tell()}"
        else:
            assert job.end is not End.CANCELLED, f"nobody did that: {job.tell()}"
        assert job.reason or job.end is not End.ABANDONED, f"no reason: {job.tell()}"

    # -- rules --------------------------------------------------------------------------------

    def _send_job(self, effect: SendJob) -> None:
        job, node = effect.job, effect.node
        assert job.state is State.SENDING and job.node is node, job.tell()
        assert effect.tries == job.tries, "of another try"
        assert may_run(node, job), f"not set up there: {job.tell()}"
        assert node.drained is None, f"node {node.address} is {node.drained}: {job.tell()}"
        cpus = [(one.cluster, one.cpus) for one in node.jobs.values()]
        assert job.cpus == job.cluster.rule.cpus_per_job, job.tell()
        assert sum(x for _, x in cpus) <= usable_cpus(node), f"node {node.address} has no CPU left"
        own, most = sum(x for one, x in cpus if one is job.cluster), job.cluster.rule
        assert own <= (most.max_cpus_per_node or own), f"too many on node {node.address}"
        all_ = [one.cpus for one in job.cluster.jobs.values() if one.state in AT_NODE]
        assert sum(all_) <= (most.max_cpus or sum(all_)), f"{job.cluster.label} has too many CPUs"
        assert len(node.jobs) == 1 or not node.on_trial, f"node {node.address} is on trial"

    def _terminate_job(self, effect: TerminateJob) -> None:
        assert effect.job.state is State.RUNNING and effect.job.node is effect.node
        assert effect.job.stopping, effect.job.tell()

    def _exchange(self, effect: SetUp | Close) -> None:
        before = self.exchanges.get(effect.lease)
        assert before is None, f"{effect} while {before} goes on"
        self.exchanges[effect.lease] = effect
        if effect.lease not in self.leases:
            self.leases.append(effect.lease)

    def _send_result(self, effect: SendResult) -> None:
        self.results[effect.job] += 1
        assert self.results[effect.job] == 1, f"told twice: {effect.job.tell()}"
        assert effect.job.end is not None, effect.job.tell()
        assert effect.job.cluster not in self.forgotten

    def _about_running(self, effect: SendProvisional | TellStarted) -> None:
        assert effect.job.state in AT_NODE, effect.job.tell()
        assert effect.job.cluster not in self._deaf, "nobody listens"

    def _tell_scheduled(self, effect: TellScheduled) -> None:
        assert effect.cluster not in self.scheduled, "told twice"
        self.scheduled.add(effect.cluster)

    def _seek_client(self, effect: SeekClient) -> None:
        assert effect.cluster in self.scheduled, "nobody tried to tell it"
        self.scheduled.remove(effect.cluster)

    def _tell_node(self, effect: TellNode) -> None:
        key = effect.cluster, effect.node
        assert effect.cluster not in self._deaf, "nobody listens"
        if effect.what == "initialized":
            self.told.add(key)
            return
        assert key in self.told, f"{effect.what} without initialized: {effect}"
        if effect.what == "closed":
            self.told.remove(key)

    def _find_nodes(self, effect: FindNodes) -> None:
        assert effect.cluster not in self._deaf, "no nodes are wanted"

    def _forget(self, effect: Forget) -> None:
        assert effect.cluster not in self.forgotten, "forgotten twice"
        assert not effect.cluster.jobs and not effect.cluster.leases
        self.forgotten.add(effect.cluster)
