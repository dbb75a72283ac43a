"""What is sent to all hosts of a network, heard by the test."""

import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from peers.process import PATIENCE
from peers.stage import Node, Stage


@contextmanager
def looked_for(stage: Stage, nodes: list[Node]) -> Iterator[None]:
    """Wait until the nodes started in here have looked for a scheduler: they do so only once."""
    with _ear(stage.base) as ear:
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


def _ear(port: int) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.settimeout(PATIENCE)
    sock.bind(("", port))
    return sock
