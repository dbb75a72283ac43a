"""A number that changes over time, kept as its mean in some hundred steps of time."""

STEPS = 600  # twice as many as a picture shows; when they are full, two become one


class Curve:
    """Starts at 0. Times in seconds from the beginning, none before the last."""

    def __init__(self, width: float = 1e-3) -> None:
        self.width = width  # seconds of a step
        self.areas = [0.0] * STEPS  # value times seconds, of each step
        self.value = 0
        self._since = 0.0

    def change(self, by: int, now: float) -> None:
        """From `now` on it is so much more."""
        while now >= self.width * STEPS:
            self._coarsen()
        if self.value:
            self._add(now)
        self.value += by
        self._since = now

    def means(self, until: float, steps: int) -> list[float]:
        """Its means in so many steps of equal length up to `until`, its last change or later."""
        length = until / steps
        sums = [0.0] * steps
        for number, area in enumerate(self.areas):
            start = number * self.width / length
            end = min(start + self.width / length, steps)  # no time has passed behind the end
            if area and end <= start:  # rounded: it is the last moment
                sums[-1] += area
                continue
            for step in range(int(start), min(int(end) + 1, steps)) if area else ():
                sums[step] += area * max(min(end, step + 1) - max(start, step), 0) / (end - start)
        return [total / length for total in sums]

    def _add(self, now: float) -> None:
        """What it was since the last change."""
        start = self._since
        while start < now:
            step = int(start / self.width)
            end = min((step + 1) * self.width, now)
            if end <= start:  # rounded: the next step begins here
                step, end = step + 1, min((step + 2) * self.width, now)
            self.areas[min(step, STEPS - 1)] += self.value * (end - start)
            start = end

    def _coarsen(self) -> None:
        pairs = zip(self.areas[::2], self.areas[1::2], strict=True)
        self.areas = [one + two for one, two in pairs] + [0.0] * (STEPS // 2)
        self.width *= 2
