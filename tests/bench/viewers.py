"""Scenarios in which people look at the page: what that costs the scheduler."""

import socket

from bench.loop import Link
from bench.rig import Rig
from bench.schedulers import HOST, PAGE_PORT

Figures = dict[str, float]
_ASK = b"GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n"
_SETTLED = 3.0  # seconds after which all have had the whole, and hear of changes


class Viewers:
    """Browsers that follow the state."""

    def __init__(self, rig: Rig, number: int) -> None:
        self._rig, self.received, self.lost = rig, 0, 0
        self._links = [self._open() for _ in range(number)]
        self.wait()

    def _open(self) -> Link:
        sock = socket.create_connection((HOST, PAGE_PORT))
        sock.setblocking(False)
        link = Link(self._rig.loop, sock, self._take, self._gone)
        link.take_over(self._take)
        link.send(_ASK)
        return link

    def wait(self) -> None:
        """Until all are fed."""
        self._rig.wait(lambda: self.received > len(self._links), "viewers")
        self._rig.loop.pause(_SETTLED)

    def _take(self, link: Link, data: bytes) -> None:
        self.received += len(data)

    def _gone(self, link: Link, reason: str) -> None:
        self.lost += 1

    def close(self) -> None:
        """They look elsewhere."""
        for link in self._links:
            link.close()


def watched(rig: Rig, nodes: int, viewers: int, seconds: float) -> Figures:
    """Nodes that have nothing to do but to say that they live: before, while, and after many look.

    `added` is a percentage of a core.
    """
    rig.furnish(nodes, 4)
    rig.loop.pause(_SETTLED)
    before = _alone(rig, seconds)
    audience = Viewers(rig, viewers)
    received = audience.received
    with rig.span() as seen:
        rig.loop.pause(seconds)
    figures = {
        "bytes": (audience.received - received) / seconds / viewers / 1e3,
        "lost": audience.lost,
        "starved": seen.starved / seen.seconds,
    }
    audience.close()
    rig.loop.pause(_SETTLED)
    alone = (before + _alone(rig, seconds)) / 2
    return figures | {"alone": alone, "added": 100 * seen.cpu / seen.seconds - alone}


def _alone(rig: Rig, seconds: float) -> float:
    """What it needs by itself, in % of a core."""
    with rig.span() as span:
        rig.loop.pause(seconds)
    return 100 * span.cpu / span.seconds
