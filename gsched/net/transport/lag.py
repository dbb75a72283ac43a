"""How late things are done: while one event is dealt with, all others wait.

A timer that is due some times a second tells how long that is, as anything else would find it.
"""

from time import monotonic
from typing import Any

from gevent import get_hub

from gsched.net.transport.histogram import Histogram, Shown

PERIOD = 0.05  # seconds between two looks
BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)  # seconds


class Lag:
    """Counts how late its timer was, from `start` on."""

    def __init__(self) -> None:
        self._late = Histogram(BOUNDS)  # seconds
        self._due = 0.0
        self._timer: Any = None

    def start(self) -> None:
        """Begin to look."""
        self._timer = get_hub().loop.timer(PERIOD, PERIOD, ref=False)
        self._again()

    def stop(self) -> None:
        """Look no more."""
        self._timer.close()

    def histogram(self) -> Shown:
        """As Prometheus wants it."""
        return self._late.shown()

    def _again(self) -> None:
        self._due = monotonic() + PERIOD
        # Counted from now. `start` would not wait once more: what is left of its time is nothing.
        self._timer.again(self._look, update=True)

    def _look(self) -> None:
        self._late.add(max(0.0, monotonic() - self._due))
        self._again()
