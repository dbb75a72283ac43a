"""What the state machine over the core begins with, verifies all the time, and ends with."""

from typing import Any, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant

from gsched.core import sweeping
from gsched.core.admission import Opening
from gsched.core.dispatch import AT_NODE
from gsched.core.fleet import NodeFacts
from gsched.core.model.cluster import Cluster, ClusterState
from gsched.core.model.job import Job, State
from gsched.core.model.lease import LeaseState
from gsched.core.scheduler import Refused
from gsched.core.seen.snapshot import snapshot
from gsched.core.sweeping import AT_ONCE

from .answers import Answers
from .finale import alive, all_close, everybody_answers, nobody_waits_in_vain
from .recorder import Recorder
from .strategies import FACTS, NUMBERS, OPENINGS

Item = TypeVar("Item")
TAKING = (ClusterState.WAITING, ClusterState.STARTING, ClusterState.ACTIVE)  # jobs
MOST_JOBS = 40  # at the same time, else each step takes too long


class Base(RuleBasedStateMachine):
    """See the module's text. The rules are in machine.py."""

    algorithm = "submitted"

    @initialize(
        cooperative=st.booleans(),
        zombie=st.sampled_from([None, 100.0, 3600.0]),
        patience=st.sampled_from([None, None, 30.0]),
        nodes=st.lists(FACTS, min_size=1, max_size=4),
        openings=st.lists(OPENINGS, min_size=1, max_size=3),
        may_stop=st.sampled_from([False] * 7 + [True]),
        jobs=st.lists(NUMBERS, min_size=3, max_size=9),
    )
    def begin(
        self,
        cooperative: bool,
        zombie: float | None,
        patience: float | None,
        nodes: list[NodeFacts],
        openings: list[Opening],
        may_stop: bool,
        jobs: list[int],
    ) -> None:
        """A few nodes and clusters to begin with."""
        sweeping.AT_ONCE = 2  # else nothing is ever left for another turn
        self.recorder = Recorder(
            self.algorithm,
            cooperative=cooperative,
            zombie_interval=zombie,
            max_exclusive=patience,
        )
        self.scheduler = self.recorder.scheduler
        self.clusters: list[Cluster] = []  # all that there ever were, and so on
        self.jobs, self.leases = self.recorder.watch.jobs, self.recorder.watch.leases
        self.may_stop, self.stopped = may_stop, False
        for facts in nodes:
            self._event("node_joined", facts)
        self.clusters += [self.recorder.open(opening) for opening in openings]
        Answers(self.recorder).give(50)
        for number in jobs:
            self._submit(self._cluster(number), None, 1)

    # -- what holds at any time ---------------------------------------------------------------

    @invariant()
    def snapshot_is_right(self) -> None:
        """People are shown the same numbers that counting gives."""
        shown = snapshot(self.scheduler, self.recorder.now)["totals"]
        states = [job.state for job in self.jobs]
        events = [event for job in self.jobs for _, event, _ in job.events()]
        assert shown["waiting"] == states.count(State.QUEUED)
        assert shown["running"] == states.count(State.SENDING) + states.count(State.RUNNING)
        at_nodes = [job for job in self.jobs if job.state in AT_NODE]
        assert shown["busy"] == sum(job.cpus for job in at_nodes)
        assert shown["done"] == events.count("ended")

    def teardown(self) -> None:
        """All come to their end."""
        if not hasattr(self, "recorder"):
            return
        try:
            everybody_answers(self.recorder)
            nobody_waits_in_vain(self.recorder)
            all_close(self.recorder)
        finally:
            sweeping.AT_ONCE = AT_ONCE

    # -- within -------------------------------------------------------------------------------

    def _pass(self, seconds: float) -> None:
        self.recorder.now += seconds
        alive(self.recorder)
        self._event("tick")

    def _event(self, name: str, *args: Any, **named: Any) -> None:
        self.recorder.event(name, *args, **named)

    def _on_cluster(self, number: int, event: str, *args: Any, **named: Any) -> None:
        """An event that concerns a cluster, if there is any; it may be refused."""
        if self.clusters:
            cluster = self._one(number, self.clusters, list(self.scheduler.clusters.values()))
            self._try(event, cluster, *args, **named)

    def _on_node(self, number: int, event: str, *args: Any) -> None:
        """An event that concerns a cluster on a node, be it there or not any more."""
        if self.leases:
            clusters = self.scheduler.clusters.values()
            likely = [lease for cluster in clusters for lease in cluster.leases.values()]
            lease = self._one(number, self.leases, likely)
            self._try(event, lease.cluster, lease.node.address, *args)

    def _try(self, event: str, *args: Any, **named: Any) -> None:
        try:
            self._event(event, *args, **named)
        except Refused as why:
            assert str(why), "refused without a reason"

    def _on_lease(self, number: int, state: LeaseState, event: str, *args: Any) -> None:
        if self.leases:
            likely = [lease for lease in self.leases if lease.state is state]
            self._event(event, self._one(number, self.leases, likely), *args)

    def _cluster(self, number: int) -> Cluster:
        """One that takes jobs, as a rule."""
        likely = [cluster for cluster in self.clusters if cluster.taking_jobs]
        return self._one(number, self.clusters, likely)

    def _submit(self, cluster: Cluster, address: str | None, count: int) -> None:
        for _ in range(count):
            job = self._offer(cluster, address)
            if job is not None:
                self._event("accepted", job.uid)

    def _offer(self, cluster: Cluster, address: str | None) -> Job | None:
        """A job, unless it is refused, which has to be with good reason."""
        if len(self.scheduler.jobs) >= MOST_JOBS:
            return None
        welcome = self._is_welcome(cluster, address)
        try:
            job = self.recorder.offer(cluster, address)
        except Refused as why:
            assert not welcome, f"refused: {why}"
            return None
        assert welcome, "not refused"
        return job

    def _is_welcome(self, cluster: Cluster, address: str | None) -> bool:
        """Whether a job for that node, or for any, has to be taken."""
        if self.stopped or cluster.ending or cluster.state not in TAKING:
            return False
        most = cluster.rule.max_queued_jobs
        states = [job.state for job in cluster.jobs.values()]
        if most is not None and states.count(State.QUEUED) + states.count(State.OFFERED) >= most:
            return False
        node = self.scheduler.nodes.get(address or "")
        if address is None or node is None:
            return address is None
        meant = any(allocation.matches(node) for allocation in cluster.allocations)
        suits = cluster.family == node.family and cluster.rule.allows(node.address)
        return meant and suits and address not in cluster.shut

    def _job(self, number: int, *states: State) -> Job:
        """One in such a state, as a rule."""
        likely = [job for job in self.scheduler.jobs.values() if job.state in states]
        return self._one(number, self.jobs, likely)

    def _one(self, number: int, all_: list[Item], likely: list[Item]) -> Item:
        """One of those that the event makes sense for, but one time in eight any other."""
        items = likely if likely and number % 8 else all_
        return items[-1 - number // 8 % len(items)]
