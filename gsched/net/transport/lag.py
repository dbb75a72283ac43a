"""How late things are done: while one event is dealt with, all others wait.

A timer that is due some times a second tells how long that is, as anything else would find it.
"""

from bisect import bisect_left
from itertools import accumulate
from time import monotonic
from typing import Any

from gevent import get_hub

PERIOD = 0.05  # seconds between two looks
BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)  # seconds

Histogram = tuple[list[tuple[str, float]], float]  # upper bounds with how many are below; the sum


class Lag:
    """Counts how late its timer was, from `start` on."""

    def __init__(self) -> None:
        self._counts = [0] * (len(BOUNDS) + 1)
        self._total = 0.0  # seconds
        self._due = 0.0
        self._timer: Any = None

    def start(self) -> None:
        """Begin to look."""
        self._timer = get_hub().loop.timer(PERIOD, PERIOD, ref=False)
        self._again()

    def stop(self) -> None:
        """Look no more."""
        self._timer.close()

    def histogram(self) -> Histogram:
        """As Prometheus wants it."""
        names = [*map(str, BOUNDS), "+Inf"]
        return list(zip(names, map(float, accumulate(self._counts)), strict=True)), self._total

    def _again(self) -> None:
        self._due = monotonic() + PERIOD
        # Counted from now. `start` would not wait once more: what is left of its time is nothing.
        self._timer.again(self._look, update=True)

    def _look(self) -> None:
        late = max(0.0, monotonic() - self._due)
        self._counts[bisect_left(BOUNDS, late)] += 1
        self._total += late
        self._again()
