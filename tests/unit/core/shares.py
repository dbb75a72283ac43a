"""The sharing policy changes in the middle of all else that happens."""

from hypothesis import strategies as st
from hypothesis.stateful import rule

from gsched.core.model.sharing import EVERY, Rule, Sharing

from .base import Base

NAMES = [EVERY, ("compute",), ("batch*",), ("none",)]
ONE_OF = st.sampled_from([None, None, None, 1, 2, 3])  # a limit, or none

RULES = st.builds(
    Rule,
    name=st.just("drawn"),
    clusters=st.sampled_from(NAMES),
    nodes=st.sampled_from([EVERY, EVERY, EVERY, ("10.0.0.*",), ("10.0.1.0/24",)]),
    weight=st.sampled_from([1.0, 1.0, 0.5, 4.0]),
    priority=st.sampled_from([0, 0, 0, 1, -1]),
    cpus_per_job=st.sampled_from([1, 1, 1, 1, 2]),
    max_cpus=ONE_OF,
    max_cpus_per_node=st.sampled_from([None, None, None, 1, 2]),
    max_queued_jobs=st.sampled_from([None, None, None, 1, 4]),
    soft_time_limit=st.sampled_from([None, None, 1.0]),
    hard_time_limit=st.sampled_from([None, None, 2.0, 60.0]),
    retries=st.sampled_from([None, None, 0, 1]),
)
POLICIES = st.builds(Sharing, st.lists(RULES, max_size=2).map(tuple), st.sampled_from([None, 60.0]))


class Shares(Base):
    """See the module's text."""

    @rule(sharing=POLICIES)
    def share(self, sharing: Sharing) -> None:
        """Somebody has other rules read."""
        self._event("share", sharing, "anna", "")
        for cluster in self.scheduler.clusters.values():
            assert cluster.rule is sharing.rule_for(cluster.name, cluster.client)
