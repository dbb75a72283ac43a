"""Which job was where, and when: bars for a chart, in lanes of their nodes.

Where there are too many nodes for that, the mean number of busy CPUs of each, in steps of time.
"""

from collections.abc import Iterable
from typing import Any

from gsched.core.book import Book
from gsched.core.model.job import State
from gsched.store.history import ENDS

MOST_LANED = 128  # nodes that are shown job by job
STEPS = 120  # of time, where they are not
RUNNING = "running"

# uid, node, lane, handle, label, started, ended (None: it runs), end
Bar = tuple[int, str, int, str, str, float, float | None, int | None]


def running(book: Book, until: float, node: str | None) -> list[Bar]:
    """Jobs that run, and did so by then."""
    nodes = [one for one in book.nodes.values() if node in (None, one.address)]
    return [
        *(
            (job.uid, one.address, job.lane, cluster.handle, cluster.label, begin, None, None)
            for one in nodes
            for job in one.jobs.values()
            if job.state is State.RUNNING and (begin := job.started_at) <= until
            for cluster in (job.cluster,)
        )
    ]


def answer(
    book: Book, over: list[Any], begin: float, until: float, now: float, node: str | None, most: int
) -> Any:
    """For programs. `over`: of those that have ended, the `most` + 1 latest, latest first."""
    bars: list[Any] = running(book, until, node)
    truncated = len(bars) + len(over) > most
    if truncated:
        kept = over[: max(0, most - len(bars))]
        since = over[len(kept)][6] if len(kept) < len(over) else begin
        over, bars = kept, bars[:most]
    else:
        since = begin
    bars += over
    bars.sort(key=lambda bar: bar[5])
    lanes: dict[str, int] = {}
    for bar in bars:
        lanes[bar[1]] = max(lanes.get(bar[1], 0), bar[2] + 1)
    places = {address: number for number, address in enumerate(sorted(lanes))}
    laned = len(places) <= MOST_LANED
    return {
        "from": begin,
        "to": until,
        "truncated": truncated,
        "since": min(since, until),
        "mode": "lanes" if laned else "nodes",
        "nodes": [{"address": address, "lanes": lanes[address]} for address in places],
        **_clusters(bars if laned else []),
        "bars": _bars(bars if laned else [], places),
        "bins": None if laned else _bins(bars, places, begin, min(until, now)),
    }


def _clusters(bars: Iterable[Bar]) -> dict[str, Any]:
    labels = {bar[3]: bar[4] for bar in bars}
    return {"clusters": [{"id": handle, "label": label} for handle, label in labels.items()]}


def _bars(bars: list[Bar], places: dict[str, int]) -> dict[str, list[Any]]:
    """Columns."""
    numbers: dict[str, int] = {}
    for bar in bars:
        numbers.setdefault(bar[3], len(numbers))
    return {
        "uid": [str(bar[0]) for bar in bars],
        "node": [places[bar[1]] for bar in bars],
        "lane": [bar[2] for bar in bars],
        "cluster": [numbers[bar[3]] for bar in bars],
        "start": [bar[5] for bar in bars],
        "end": [bar[6] for bar in bars],
        "state": [RUNNING if bar[7] is None else ENDS[bar[7]] for bar in bars],
    }


def _bins(bars: list[Bar], places: dict[str, int], begin: float, until: float) -> Any:
    """Mean busy CPUs of each node in each step."""
    step = max((until - begin) / STEPS, 0.001)
    busy = [[0.0] * STEPS for _ in places]
    for _, address, _, _, _, started, ended, _ in bars:
        row = busy[places[address]]
        first, last = max(started, begin), min(until, until if ended is None else ended)
        for number in range(int((first - begin) / step), STEPS):
            low, high = begin + number * step, begin + (number + 1) * step
            if low >= last:
                break
            row[number] += (min(high, last) - max(low, first)) / step
    return {"start": begin, "step": step, "busy": [[round(x, 3) for x in row] for row in busy]}
