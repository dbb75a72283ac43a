"""How many values there were of which size, as Prometheus wants it."""

from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate

Shown = tuple[list[tuple[str, float]], float]  # upper bounds with how many are below; the sum


class Histogram:
    """Counts values by upper bounds, which rise."""

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self._total = 0.0

    def add(self, value: float) -> None:
        """One more."""
        self._counts[bisect_left(self._bounds, value)] += 1
        self._total += value

    def shown(self) -> Shown:
        """All so far."""
        names = [*map(str, self._bounds), "+Inf"]
        return list(zip(names, map(float, accumulate(self._counts)), strict=True)), self._total
