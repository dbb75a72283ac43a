"""How busy the scheduler was: figures of each second for an hour, of each minute for a week.

It is told the time; whoever owns it asks for a sample once a second.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any

from gsched.core.book import Book
from gsched.core.model.job import End
from gsched.core.model.node import NodeState

MINUTE, HOUR, WEEK = 60, 3600, 7 * 24 * 3600
MOST_CLUSTERS = 50  # that have a share of their own; the others count together
OTHERS = "(others)"
_LONGEST = 10.0  # seconds between two samples, for which CPUs count as used all the time

# time, in seconds since 1970; jobs; jobs a second; CPUs; nodes
COLUMNS = ("time", "waiting", "running", "finished", "failed", "cancelled", "busy", "cpus", "nodes")
_FAILED = (End.TERMINATED, End.ABANDONED)

Point = Sequence[float]
Used = tuple[str, str, float]  # a cluster's handle and label, CPU seconds; no handle: all others
Share = tuple[int, str, str, float]  # the same in the minute that begins then


class Series:
    """See the module's text."""

    def __init__(self) -> None:
        self._seconds: deque[Point] = deque(maxlen=HOUR)
        self._minutes: deque[Point] = deque(maxlen=WEEK // MINUTE)
        self._shares: deque[Share] = deque(maxlen=HOUR // MINUTE * (MOST_CLUSTERS + 1))
        self._minute = 0  # the one that is under way, in seconds since 1970
        self._of_minute: list[Point] = []
        self._used: dict[str, Used] = {}  # in this minute
        self._before: tuple[float, int, int, int] | None = None

    @property
    def last(self) -> Point | None:
        """The latest second."""
        return self._seconds[-1] if self._seconds else None

    def restore(self, minutes: Iterable[Point], shares: Iterable[Share]) -> None:
        """What an earlier run has left."""
        self._minutes.extend(minutes)
        self._shares.extend(shares)

    def sample(self, book: Book, now: float) -> tuple[list[Point], list[Share]]:
        """Note how things are. Returns the minute that is over now, to be kept."""
        minute = int(now) // MINUTE * MINUTE
        over: tuple[list[Point], list[Share]] = ([], [])
        if minute != self._minute:
            over, self._minute = self.rest(), minute
        span = now - self._before[0] if self._before else 1.0
        point = (now, *_jobs(book), *self._rates(book, now, max(span, 0.001)), *_cpus(book))
        self._seconds.append(point)
        self._of_minute.append(point)
        self._use(book, min(span, _LONGEST))
        return over

    def rest(self) -> tuple[list[Point], list[Share]]:
        """The minute that is under way, which ends here."""
        if not self._of_minute:
            return [], []
        point = (self._minute, *_mean(self._of_minute)[1:])
        shares: list[Share] = [(self._minute, *one) for one in merged(self._used.values())]
        self._minutes.append(point)
        self._shares.extend(shares)
        self._of_minute, self._used = [], {}
        return [point], shares

    def rows(self, now: float, span: float, most: int) -> tuple[int, list[Point]]:
        """The step in seconds, and `most` points of the last `span` seconds, or fewer."""
        fine = span <= HOUR
        points = list(self._seconds if fine else self._minutes)
        if not fine and self._of_minute:
            points.append(_mean(self._of_minute))
        unit = 1 if fine else MINUTE
        step = unit * -(-int(span) // (most * unit))
        groups: dict[float, list[Point]] = {}
        for point in points:
            if point[0] > now - span:
                key = point[0] if step == unit else point[0] // step
                groups.setdefault(key, []).append(point)
        return step, [_mean(group) for group in groups.values()][-most:]

    def shares(self, now: float, span: float) -> list[Used]:
        """What clusters have used in the last `span` seconds, an hour at the most; most first."""
        recent = [one[1:] for one in self._shares if one[0] > now - span]
        return merged([*recent, *self._used.values()])

    def used_now(self) -> list[Used]:
        """In the minute that is under way."""
        return list(self._used.values())

    def _rates(self, book: Book, now: float, span: float) -> list[float]:
        ends = book.ends
        sums = (ends[End.FINISHED], sum(ends[x] for x in _FAILED), ends[End.CANCELLED])
        before = self._before[1:] if self._before else sums
        self._before = (now, *sums)
        return [(new - old) / span for new, old in zip(sums, before, strict=True)]

    def _use(self, book: Book, span: float) -> None:
        for cluster in book.clusters.values():
            if cluster.running:
                handle = cluster.handle
                used = self._used[handle][2] if handle in self._used else 0.0
                self._used[handle] = handle, cluster.label, used + cluster.used * span


def merged(shares: Iterable[Used]) -> list[Used]:
    """One row for each cluster, those first that used most; the last are put together."""
    sums: dict[str, Used] = {}
    for handle, label, used in shares:
        sums[handle] = handle, label, used + (sums[handle][2] if handle in sums else 0.0)
    others = sums.pop("", ("", OTHERS, 0.0))[2]
    rows = sorted(sums.values(), key=lambda row: -row[2])
    others += sum(used for _, _, used in rows[MOST_CLUSTERS:])
    return [*rows[:MOST_CLUSTERS], *([("", OTHERS, others)] if others else [])]


def _mean(points: list[Point]) -> Point:
    """The time is that of the first one."""
    if len(points) == 1:
        return points[0]
    columns = [sum(column) / len(points) for column in zip(*points, strict=True)]
    return [points[0][0], *columns[1:]]


def _jobs(book: Book) -> tuple[int, int]:
    clusters = book.clusters.values()
    return sum(x.waiting for x in clusters), sum(x.running for x in clusters)


def _cpus(book: Book) -> tuple[int, int, int]:
    up = [node for node in book.nodes.values() if node.state is NodeState.UP]
    return sum(len(x.jobs) for x in up), sum(x.cpus for x in up), len(up)


def answer(now: float, span: float, step: int, rows: list[Point], used: list[Used]) -> Any:
    """For programs."""
    shares = [{"cluster": one[0] or None, "label": one[1], "seconds": one[2]} for one in used]
    table = {"columns": list(COLUMNS), "rows": [list(row) for row in rows]}
    return {"range": span, "step": step, "now": now, **table, "shares": shares}
