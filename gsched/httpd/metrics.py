"""Figures for Prometheus at /metrics. They are counted when somebody asks, and never before."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

import bottle
from bottle import response
from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from gsched import __version__
from gsched.core.book import Book
from gsched.core.model.job import State
from gsched.core.model.node import NodeState
from gsched.core.seen.snapshot import node_state
from gsched.net.transport.histogram import Shown

MOST_LABELS = 100  # clusters that have figures of their own, those with most jobs waiting
LONGEST = 100  # characters of a label
OTHERS = "(others)"
NODE_STATES = ("ready", "held", "quarantine", "out of service", "drained", "closed", "lost")

NOTHING: Shown = ([("+Inf", 0.0)], 0.0)


class Figures(NamedTuple):
    """What the core does not know."""

    uptime: float  # seconds
    problem: str  # why nothing can be kept in the journal; empty if all is well
    connections: int  # of clients and nodes
    turned_away: int  # connections, so far
    greenlets: int  # calls under way in greenlets of their own
    streams: int = 0  # pages that watch
    lag: Shown = NOTHING  # of the hub, in seconds
    spent: float = 0.0  # seconds in which the core was at work, so far
    confirms: Shown = NOTHING  # of jobs until their clients knew their uids, in seconds
    waits: Shown = NOTHING  # of jobs before they ran, in seconds
    runs: Shown = NOTHING  # of jobs while they ran
    resyncs: int = 0  # times that a page lagged and was told all anew
    start: float = 0.0  # seconds from the process's start until it was ready
    arguments: Mapping[str, int] = MappingProxyType({})  # bytes of them in `memory` and on `disk`


class Metrics:
    """Serves what `book` and `figures` say at that moment."""

    def __init__(self, book: Book, figures: Callable[[], Figures]) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(_Core(book, figures))
        ProcessCollector(registry=self._registry)

    def install(self, app: bottle.Bottle) -> None:
        """Add the route."""
        app.get("/metrics", callback=self._show)

    def _show(self) -> bytes:
        response.content_type = CONTENT_TYPE_LATEST
        return generate_latest(self._registry)


class _Core(Collector):
    def __init__(self, book: Book, figures: Callable[[], Figures]) -> None:
        self._book, self._figures = book, figures

    def describe(self) -> list[Metric]:
        """Nothing: so that nothing is collected at the start."""
        return []

    def collect(self) -> Iterator[Metric]:
        """All families."""
        yield from _jobs(self._book)
        yield _queues(self._book)
        yield from _nodes(self._book)
        yield from _process(self._figures())


def _jobs(book: Book) -> Iterator[Metric]:
    at_nodes = Counter(job.state for node in book.nodes.values() for job in node.jobs.values())
    states = {State.QUEUED: sum(x.waiting for x in book.clusters.values())}
    states |= {State.SENDING: at_nodes[State.SENDING], State.RUNNING: at_nodes[State.RUNNING]}
    states[State.DONE] = book.untaken
    states[State.OFFERED] = len(book.jobs) - sum(states.values())
    jobs = _gauge("jobs", "Jobs that are not over for their clients yet", "state")
    for state, number in states.items():
        jobs.add_metric([state.value], number)
    yield jobs
    yield _counter("jobs_submitted", "Jobs that were accepted since the start", book.submitted)
    ended = CounterMetricFamily(
        "gsched_jobs_ended", "Jobs that ended since the start", labels=["end"]
    )
    for end, number in book.ends.items():
        ended.add_metric([end.value], number)
    yield ended
    yield _counter("choices", "Jobs that were given to nodes, since the start", book.ready.choices)
    about = "Words of nodes on jobs that are over, elsewhere by now, or not known: acknowledged"
    yield _counter("replies_dropped", about, book.strays)
    yield _gauge("clusters", "Computations of clients", value=len(book.clusters))
    paused = sum(x.paused is not None for x in book.clusters.values())
    yield _gauge("clusters_paused", "Those of them whose jobs wait by order", value=paused)


def _queues(book: Book) -> Metric:
    """Clusters of the same label count together, and those beyond MOST_LABELS as well."""
    waiting: Counter[str] = Counter()
    for cluster in book.clusters.values():
        waiting[cluster.label[:LONGEST]] += cluster.waiting
    family = _gauge("queue_length", "Jobs that wait for a node", "cluster")
    shown = waiting.most_common(MOST_LABELS)
    for label, number in shown:
        family.add_metric([label], number)
    if len(waiting) > len(shown):
        rest = waiting.total() - sum(number for _, number in shown)
        family.add_metric([OTHERS], rest)
    return family


def _nodes(book: Book) -> Iterator[Metric]:
    states = Counter(node_state(node) for node in book.nodes.values())
    nodes = _gauge("nodes", "Machines that run jobs", "state")
    for state in NODE_STATES:
        nodes.add_metric([state], states[state])
    yield nodes
    up = [node for node in book.nodes.values() if node.state is NodeState.UP]
    yield _gauge("cpus", "CPUs of nodes that are not lost", value=sum(x.cpus for x in up))
    yield _gauge("cpus_busy", "Those of them that have a job", value=sum(x.busy for x in up))


def _process(figures: Figures) -> Iterator[Metric]:
    info = GaugeMetricFamily("gsched_build_info", "Always 1", labels=["version"])
    info.add_metric([__version__], 1)
    yield info
    yield _gauge("uptime_seconds", "Since the start", value=figures.uptime)
    about = "1 while the state cannot be kept, and so no jobs are taken"
    yield _gauge("journal_problem", about, value=bool(figures.problem))
    arguments = _gauge("arguments_bytes", "Arguments of jobs that are not over", "place")
    for place in ("memory", "disk"):
        arguments.add_metric([place], figures.arguments.get(place, 0))
    yield arguments
    yield _gauge("connections", "Of clients and nodes", value=figures.connections)
    about = "Connections that there was no room for, since the start"
    yield _counter("connections_turned_away", about, figures.turned_away)
    yield _gauge("greenlets", "Calls under way", value=figures.greenlets)
    yield _gauge("page_streams", "Pages that watch", value=figures.streams)
    about = "How late things are done, because others are: looked at 20 times a second"
    yield HistogramMetricFamily("gsched_hub_lag_seconds", about, *figures.lag)
    about = "In which events were noted and decided; of these for each choice: divide the rates"
    yield _counter("core_seconds", about, figures.spent)
    about = "From a job's arrival until its client had its uid, of jobs that have ended; --history"
    yield HistogramMetricFamily("gsched_job_submit_seconds", about, *figures.confirms)
    about = "From a job's submission until it ran, of jobs that have ended; with --history"
    yield HistogramMetricFamily("gsched_job_wait_seconds", about, *figures.waits)
    about = "That jobs ran which have ended, as nodes say; with --history"
    yield HistogramMetricFamily("gsched_job_run_seconds", about, *figures.runs)
    about = "Times that a page lagged and was told the whole state anew"
    yield _counter("page_resyncs", about, figures.resyncs)
    about = "From the start of the process until it was ready, with all that was kept"
    yield _gauge("start_seconds", about, value=figures.start)


def _gauge(name: str, about: str, label: str = "", value: float | None = None) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"gsched_{name}", about, value, [label] if label else None)


def _counter(name: str, about: str, value: float) -> CounterMetricFamily:
    return CounterMetricFamily(f"gsched_{name}", about, value)
