"""What people have the scheduler do, in any order among all else that happens."""

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from gsched.core.actions import Forbidden
from gsched.core.model.job import State

from .shares import Shares
from .strategies import NUMBERS

WHO = ("anna", "maintenance")


class Orders(Shares):
    """See the module's text."""

    @rule(
        number=NUMBERS,
        what=st.sampled_from(["pause", "pause", "pause", "resume", "resume", "close", "terminate"]),
    )
    def order_cluster(self, number: int, what: str) -> None:
        """Somebody wants something of a cluster, be it still there or not."""
        if self.clusters:
            likely = list(self.scheduler.clusters.values())
            self._ask(what, self._one(number, self.clusters, likely))

    @precondition(lambda self: self.scheduler.nodes)
    @rule(
        number=NUMBERS,
        what=st.sampled_from(["drain", "close_node", "resume_node", "resume_node"]),
    )
    def order_node(self, number: int, what: str) -> None:
        """Somebody wants something of a node."""
        nodes = list(self.scheduler.nodes.values())
        self._ask(what, self._one(number, nodes, nodes))

    @precondition(lambda self: self.scheduler.nodes)
    @rule(number=NUMBERS, cpus=st.sampled_from([None, None, -2, -1, 0, 1, 2]))
    def limit_node(self, number: int, cpus: int | None) -> None:
        """Somebody sets how many CPUs of a node may be used."""
        nodes = list(self.scheduler.nodes.values())
        self._ask("limit", self._one(number, nodes, nodes), cpus)

    @rule(numbers=st.lists(NUMBERS, max_size=5))
    def cancel_some(self, numbers: list[int]) -> None:
        """Somebody cancels jobs, also such as are over."""
        if self.jobs:
            self._ask("cancel", [self._job(number, *State).uid for number in numbers])

    def _ask(self, what: str, *about: object) -> None:
        try:
            self._event(what, *about, *WHO)
        except Forbidden as why:
            assert str(why), "forbidden without a reason"
