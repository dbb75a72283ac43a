"""Ports at which we call for nodes that others name: else they could look for open ones through us.

Whoever names a node names a host and a port. Nodes listen at a few ports that are known; at any
other we call only where whoever asks for it is himself.
"""

from collections.abc import Iterable

from gsched.net.transport.addresses import is_ours


class Doors:
    """`ports` are those of nodes."""

    def __init__(self, ports: Iterable[int]) -> None:
        self._ports = frozenset(ports)

    def admit(self, address: str, port: int | None, source: str) -> bool:
        """Whether somebody at `source` may have us call there. None: at the usual ports."""
        if port is None or port in self._ports or address == source:
            return True
        return is_ours(address) and is_ours(source)


def refusal(address: str, port: int | None) -> str:
    """What people are told where that is not so."""
    return f"node {address} is not called at port {port}: see --allow_node_port"
