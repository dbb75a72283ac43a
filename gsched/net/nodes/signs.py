"""Signs of nodes: each has its own, and whoever has it is told the code that opens the node."""

from collections.abc import Mapping

from gsched.core.model.node import Node, NodeState
from gsched.net.origins import is_from
from gsched.wire.errors import PeerError

_SPARE = 1000  # signs of nodes that are not there any more, until these are left out


class Signs:
    """Which node bears which. `nodes` are all that are known, by address."""

    def __init__(self, nodes: Mapping[str, Node]) -> None:
        self._nodes = nodes
        self._addresses: dict[str, str] = {}

    def check(self, sign: str, address: str, source: str) -> None:
        """Raises PeerError if it is that of a node which is there, and elsewhere.

        A node with several addresses speaks from the same one in the name of each.
        """
        other = self._nodes.get(self._addresses.get(sign, address))
        if other is None or other.address == address or other.identity != sign:
            return
        if other.state is NodeState.UP and not is_from(other, source):
            raise PeerError(f"PONG with the sign of node {other.address}, which is elsewhere")

    def learn(self, sign: str, address: str) -> None:
        """The node there bears it."""
        self._addresses[sign] = address
        if len(self._addresses) > 2 * len(self._nodes) + _SPARE:
            self.restore()

    def restore(self) -> None:
        """Those of the nodes that are known now."""
        self._addresses = {node.identity: node.address for node in self._nodes.values()}
