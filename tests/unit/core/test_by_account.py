"""Clusters whose accounts stand in the heap in their place, against the policy's definition."""

from hypothesis import example, given
from hypothesis import strategies as st

from gsched.core.choice.by_account import ByAccount
from gsched.core.choice.policies import weighted
from gsched.core.model.account import Account
from gsched.core.model.cluster import Cluster
from gsched.core.model.heap import Key
from gsched.core.model.job import Job, State
from gsched.core.model.sharing import Rule

from .profiles import VALUES

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["submit", "choose", "choose", "charge", "fill", "first"]),
        st.integers(0, 5),
    ),
    max_size=80,
)


class Waiting:
    """Six clusters with three accounts, of which the heap is told only what it has to be."""

    def __init__(self) -> None:
        self.heap = ByAccount()
        self.jobs = self.turns = 0
        self.clusters = [Cluster(n, n, "compute", "10.9.9.9", None) for n in range(6)]
        accounts = [Account(f"account {n}", 0.0) for n in range(3)]
        for number, cluster in enumerate(self.clusters):
            cluster.account = accounts[number % 3]
            cluster.rule = Rule(weight=1.0 + number % 3, max_cpus=1)

    def key(self, cluster: Cluster) -> Key | None:
        """By the definition."""
        job = cluster.next_job
        return weighted(cluster, job) if job else None

    def due(self, odd: bool = False) -> Cluster | None:
        """The one with the least key, of all or of every other one."""
        keys = {x: self.key(x) for x in self.clusters if not (odd and x.seq % 2 == 0)}
        return min((x for x in keys if keys[x]), key=lambda x: keys[x] or (), default=None)

    def submit(self, cluster: Cluster) -> None:
        """One more job."""
        self.jobs += 1
        job = Job(self.jobs, cluster, None, None)
        job.seq, job.state = self.jobs, State.QUEUED
        cluster.queue.add(job)
        self._tell(cluster)

    def choose(self, _: Cluster) -> None:
        """The next one is as it should be; its job goes to a node."""
        cluster = self.heap.top(self.key)
        assert cluster is self.due()
        if cluster is not None and cluster.account is not None:
            assert self.heap.floor() == self.key(cluster)
            cluster.queue.pop().state = State.SENDING
            self.turns += 1
            cluster.chosen = self.turns
            cluster.account.shown += 1.5

    def charge(self, cluster: Cluster) -> None:
        """Time goes by: what an account has used grows."""
        if cluster.account is not None:
            cluster.account.shown += 1.0

    def fill(self, cluster: Cluster) -> None:
        """The cluster has all CPUs that it may have, or not any more."""
        cluster.used = 1 - cluster.used
        self._tell(cluster)

    def first(self, _: Cluster) -> None:
        """The next one of some of them."""
        assert self.heap.first(self.key, lambda x: x.seq % 2 == 1) is self.due(odd=True)

    def _tell(self, cluster: Cluster) -> None:
        key = self.key(cluster)
        if key is not None:
            self.heap.put(cluster, key)


@example([("submit", 0), ("submit", 1), ("submit", 3), ("first", 0)])  # nothing is used yet
@given(STEPS)
@VALUES
def test_the_order_is_that_of_the_policy(steps: list[tuple[str, int]]) -> None:
    waiting = Waiting()
    for what, number in steps:
        getattr(waiting, what)(waiting.clusters[number])
    while waiting.due() is not None:
        waiting.choose(waiting.clusters[0])
    assert waiting.heap.top(waiting.key) is None and not waiting.heap


def test_a_charge_concerns_one_entry_however_many_clusters_have_the_account() -> None:
    waiting, looks = Waiting(), 0
    for cluster in waiting.clusters[1:]:
        cluster.account, cluster.rule = waiting.clusters[0].account, waiting.clusters[0].rule
    for _ in range(50):
        for cluster in waiting.clusters:
            waiting.submit(cluster)

    def key(cluster: Cluster) -> Key | None:
        nonlocal looks
        looks += 1
        return waiting.key(cluster)

    for _ in range(200):
        waiting.charge(waiting.clusters[0])
        assert waiting.heap.top(key) is waiting.due()
    assert looks == 200
