"""Where messages come from, held against where their senders are."""

from gsched.core.model.node import Node
from gsched.net.transport.addresses import is_loopback


def is_from(node: Node, source: str) -> bool:
    """Whether the node may be what speaks from there: by way of NAT, say.

    On loopback addresses, all nodes may speak from the same one.
    """
    if source in (node.address, node.source):
        return True
    return is_loopback(source) and is_loopback(node.address)
