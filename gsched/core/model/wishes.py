"""Which nodes a cluster may use: its allocations in order, the first that means a node counts.

Allocations of single addresses are looked up, patterns are tried one after the other. So what one
client asks for hardly costs more where it names a thousand nodes.
"""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from gsched.core.model.lease import Allocation

if TYPE_CHECKING:
    from gsched.core.model.node import Node

Ranked = tuple[int, Allocation]  # with its place in the order


class Wishes:
    """See the module's text. What can never be the first for any node is left out."""

    def __init__(self, allocations: Iterable[Allocation] = ()) -> None:
        self._all: dict[tuple[str, int | None], Ranked] = {}
        self._single: dict[str, list[Ranked]] = {}
        self._patterns: list[Ranked] = []
        self.add(allocations)

    def __len__(self) -> int:
        return len(self._all)

    def __iter__(self) -> Iterator[Allocation]:
        return (allocation for _, allocation in self._all.values())

    @property
    def patterns(self) -> int:
        """How many of them mean more than one address."""
        return len(self._patterns)

    def add(self, allocations: Iterable[Allocation]) -> None:
        """These come after the others."""
        for one in allocations:
            key = (one.host, one.port or None)
            if key not in self._all:
                ranked = self._all[key] = (len(self._all), one)
                single = "*" not in one.host
                (self._single.setdefault(one.host, []) if single else self._patterns).append(ranked)

    def first(self, node: "Node") -> Allocation | None:
        """The first that means the node."""
        single = next((x for x in self._single.get(node.address, ()) if x[1].matches(node)), None)
        for place, one in self._patterns:
            if single is not None and single[0] < place:
                break
            if one.matches(node):
                return one
        return single[1] if single else None
