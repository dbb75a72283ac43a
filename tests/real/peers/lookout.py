"""What is sent to all hosts of a network, heard by the test."""

import socket
import struct
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from peers.process import PATIENCE
from peers.stage import BASE, Node

GROUP_4, GROUP_6 = "239.255.61.59", "ff05::b409:3171:9705:5134:6159"


@contextmanager
def looked_for(nodes: list[Node], port: int = BASE, group: str = "") -> Iterator[None]:
    """Wait until the nodes started in here have looked for a scheduler: they do so only once.

    At that port, by multicast to that group, or else by broadcast.
    """
    with _ear(port, group) as ear:
        yield
        missing = {node.address for node in nodes}
        while missing:
            missing.discard(ear.recvfrom(4096)[1][0])


@contextmanager
def heard(port: int) -> Iterator["Ear"]:
    """Hear what is sent to that port, from now on."""
    with _ear(port) as sock:
        yield Ear(sock)


class Ear:
    """Counts messages by the address that they come from."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self.counts: Counter[str] = Counter()

    def wait_for(self, source: str, times: int) -> None:
        """Wait until so many more have come from there."""
        wanted = self.counts[source] + times
        while self.counts[source] < wanted:
            self.counts[self._sock.recvfrom(4096)[1][0]] += 1


def _ear(port: int, group: str = "") -> socket.socket:
    sock = socket.socket(socket.AF_INET6 if ":" in group else socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.settimeout(PATIENCE)
    sock.bind(("", port))
    if ":" in group:
        wanted = socket.inet_pton(socket.AF_INET6, group) + struct.pack("@I", 0)
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, wanted)
    elif group:
        wanted = struct.pack("4sIi", socket.inet_aton(group), 0, _first_interface())
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, wanted)
    return sock


def _first_interface() -> int:
    """Number of one that is not loopback."""
    return next(number for number, name in socket.if_nameindex() if name != "lo")
