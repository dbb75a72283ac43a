"""All scenarios, and the lines of the table that they give."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bench import decisions, files, floods, load, restart, storms, viewers
from bench.schedulers import DURABLE, GSCHED, REFERENCE, SEALED, SECURE, WATCHED, Kind

BOTH = (REFERENCE, GSCHED)


@dataclass(frozen=True)
class Line:
    """A line of the table. Budgets are upper limits; `ratio` is to dispyscheduler's median.

    `best` is a lower limit, to dispyscheduler's best run.
    `growth` is to gsched's own median in another scenario, named with its figure.
    """

    figure: str
    title: str
    unit: str
    ratio: float | None = None
    most: float | None = None
    least: float | None = None
    best: float | None = None
    growth: tuple[str, str, float] | None = None
    more_is_better: bool = False


@dataclass(frozen=True)
class Scenario:
    """Something to measure. `quick` replaces some of the arguments of `run`."""

    name: str
    run: Callable[..., dict[str, float]]
    arguments: dict[str, Any]
    lines: list[Line]
    kinds: tuple[Kind, ...] = BOTH
    repeats: int = 3
    quick: dict[str, Any] = field(default_factory=dict)

    @property
    def core_only(self) -> bool:
        """Whether it takes no scheduler process."""
        return not self.kinds


def _cpu(title: str, **budget: Any) -> Line:
    return Line("cpu", f"CPU per job, {title}", "ms", **budget)


def _throughput(
    name: str, title: str, clients: int, nodes: int, cpus: int, **more: Any
) -> Scenario:
    budget, jobs = more.pop("budget", {"ratio": 0.5}), more.pop("jobs", 1_500)
    arguments = {"nodes": nodes, "cpus": cpus, "clients": clients, "jobs": jobs}
    lines = [_cpu(title, **budget)]
    if not more.pop("brief", False):
        lines += [Line("rate", f"jobs a second, {title}", "/s", more_is_better=True)]
    return Scenario(name, load.throughput, arguments, lines, quick={"jobs": jobs // 4}, **more)


def _growth(name: str, title: str, base: str, clients: int, nodes: int, cpus: int) -> Scenario:
    growth = {"growth": (base, "cpu", 1.1), "ratio": 0.5} if base else {"ratio": 0.5}
    return _throughput(name, title, clients, nodes, cpus, budget=growth, brief=True)


def _depth(queued: int, title: str, repeats: int, base: str) -> Scenario:
    growth = {"growth": (base, "cpu", 1.1)} if base else {}
    lines = [
        _cpu(f"{title} queued", ratio=0.5, **growth),
        Line("undelivered", f"results on their way while it works, {title} queued", ""),
        Line("submit_cpu", f"CPU per submission, to {title}", "ms", ratio=0.5),
        Line("submit_rate", f"submissions a second, to {title}", "/s", more_is_better=True),
    ]
    if queued >= 10_000:
        lines += [Line("memory", f"memory per queued job, {title}", "B", most=1000)]
    arguments = {"queued": queued, "jobs": min(queued // 2, 1_000)}
    return Scenario(f"depth-{title}", load.depth, arguments, lines, repeats=repeats)


def _decision(nodes: int, clusters: int, jobs: int, **more: Any) -> Scenario:
    algorithm = more.get("algorithm", "submitted")
    repeats = 1 if nodes * clusters > 1_000_000 else 3  # it takes long to furnish
    names = f"{nodes:,} nodes, {clusters:,} clusters, {jobs:,} jobs"
    kind = [algorithm] * (algorithm != "submitted") + ["limits"] * more.get("limits", False)
    title = ", ".join((f"one decision, {names}", *kind))
    name = "-".join((f"decision-{nodes}-{clusters}-{jobs}", *kind))
    arguments = {"nodes": nodes, "clusters": clusters, "jobs": jobs, **more}
    lines = [Line("us", title, "us", most=20)]
    if jobs >= 100_000:
        lines += [Line("bytes", f"core's memory per queued job, {jobs:,}", "B", most=1000)]
    return Scenario(name, decisions.decision, arguments, lines, kinds=(), repeats=repeats)


def _watched(number: int, **budget: Any) -> Scenario:
    title = f"1,000 nodes, {number} viewers"
    lines = [
        Line("added", f"CPU that they take, {title}", "%", **budget),
        Line("bytes", f"to each of them a second, {title}", "kB"),
        Line("lost", f"streams that broke, {title}", "", most=0),
    ]
    arguments = {"nodes": 1_000, "viewers": number, "seconds": 20.0}
    return Scenario(
        f"viewers-{number}",
        viewers.watched,
        arguments,
        lines,
        kinds=(WATCHED,),
        repeats=1,
        quick={"seconds": 5.0},
    )


def _flood(attack: str, title: str, *, tls: bool = False) -> Scenario:
    lines = [
        Line("ratio", f"{title}: latency to that before, p50", "x", most=2),
        Line("after", f"{title}: the same afterwards", "x"),
        Line("memory", f"{title}: memory more", "MB", most=200),
        Line("open", f"{title}: descriptors more", "", most=4200),
        Line("recovered", f"{title}: until all is closed", "s", most=30),
    ]
    if attack.endswith("fast"):
        lines += [Line("rate", f"{title}: how many came", "/s")]
    run, kind, what = (
        (floods.under_tls, SECURE, "requests") if tls else (floods.under, GSCHED, "jobs")
    )
    arguments, quick = {"attack": attack, what: 300}, {what: 100}
    return Scenario(f"flood-{attack}", run, arguments, lines, kinds=(kind,), repeats=1, quick=quick)


_DURABLE = "CPU per job, 1 client x 4 nodes x 8 cpus, --durability process"

SCENARIOS = [
    _throughput("small", "1 client x 4 nodes x 8 cpus", 1, 4, 8, jobs=2_000),
    _throughput("large", "10 clients x 50 nodes x 4 cpus", 10, 50, 4, jobs=2_000),
    Scenario(
        "durable",
        load.throughput,
        {"nodes": 4, "cpus": 8, "clients": 1, "jobs": 2_000},
        [
            Line("cpu", _DURABLE, "ms", ratio=0.67),
            Line("lag", "hub lag at full load, --durability process, p99", "ms", most=10),
        ],
        kinds=(REFERENCE, DURABLE),
    ),
    Scenario(
        "vault",
        load.throughput,
        {"nodes": 4, "cpus": 8, "clients": 1, "jobs": 2_000},
        [
            Line("cpu", "CPU per job, the same with --vault", "ms"),
            Line("lag", "hub lag at full load, --vault, p99", "ms"),
        ],
        kinds=(SEALED,),
    ),
    _growth("nodes-10", "10 nodes x 4", "", 1, 10, 4),
    _growth("nodes-100", "100 nodes x 4", "nodes-10", 1, 100, 4),
    _growth("nodes-1000", "1,000 nodes x 4", "nodes-10", 1, 1000, 4),
    _growth("clusters-1", "1 cluster, 10 nodes x 8", "", 1, 10, 8),
    _growth("clusters-10", "10 clusters, 10 nodes x 8", "clusters-1", 10, 10, 8),
    _growth("clusters-100", "100 clusters, 10 nodes x 8", "clusters-1", 100, 10, 8),
    _depth(1_000, "1,000", 3, ""),
    _depth(10_000, "10,000", 3, "depth-1,000"),
    _depth(100_000, "100,000", 1, "depth-1,000"),
    Scenario(
        "arguments",
        load.arguments,
        {"queued": 100_000, "size": 10_000},
        [
            Line("wrong", "100,000 jobs x 10 kB: arguments of another job", "", most=0),
            Line("most", "100,000 jobs x 10 kB: memory at the most", "MB", most=500),
            Line("submit_rate", "100,000 jobs x 10 kB: submissions", "/s", more_is_better=True),
            Line("rate", "100,000 jobs x 10 kB: jobs", "/s", more_is_better=True),
        ],
        kinds=(DURABLE,),
        repeats=1,
        quick={"queued": 5_000},
    ),
    Scenario(
        "latency",
        load.latency,
        {"jobs": 200},
        [
            Line("p50", "idle: submit to result, p50", "ms", most=1.5),
            Line("p99", "idle: submit to result, p99", "ms"),
        ],
    ),
    Scenario(
        "submitters",
        storms.submitters,
        {"at_once": 256, "jobs": 2_000},
        [
            Line("refused", "256 submitters, 2,000 jobs: refused", "", most=0),
            Line("p99", "256 submitters: p99 of a submission", "s", most=0.5),
        ],
    ),
    Scenario(
        "connections",
        storms.connections,
        {"count": 200},
        [
            Line("out", "200 clients connect at once: never in", "", most=0),
            Line("seconds", "200 clients connect at once: time", "s", most=2),
        ],
    ),
    Scenario(
        "slow",
        load.slow_reader,
        {"jobs": 1_500},
        [
            Line("kept_cpu", "CPU per job beside a client that reads nothing", "", most=1.1),
            Line("kept_rate", "jobs a second beside a client that reads nothing", "", least=0.9),
        ],
        kinds=(GSCHED,),
        quick={"jobs": 500},
    ),
    Scenario(
        "pongs",
        storms.pongs,
        {"count": 1000},
        [
            Line("missed", "1,000 nodes answer one ping: missed", "", most=0),
            Line("seconds", "1,000 nodes answer one ping: time", "s", most=2),
        ],
    ),
    Scenario(
        "endings",
        storms.endings,
        {"nodes": 100, "cpus": 8},
        [
            Line("failed", "800 jobs end together: failed replies", "", most=0),
            Line("seconds", "800 jobs end together: time", "s", most=1),
        ],
    ),
    Scenario(
        "file",
        files.transfer,
        {"size": 200},
        [
            Line("up_rate", "200 MB from a client", "MB/s", more_is_better=True),
            Line("one_rate", "200 MB to 1 node", "MB/s", best=0.8, more_is_better=True),
            Line("four_rate", "200 MB to 4 nodes at once", "MB/s", best=0.8, more_is_better=True),
            Line("growth", "200 MB to 5 nodes: growth of memory", "MB", most=20),
            Line("four_cpu", "CPU per 100 MB to 4 nodes", "ms"),
            Line("up_cpu", "CPU per 100 MB from a client", "ms"),
        ],
        quick={"size": 50},
    ),
    Scenario(
        "soak",
        load.soak,
        {"seconds": 60.0},
        [
            Line("kept_rate", "60 s: rate of the last tenth to the first", "", least=0.9),
            Line("kept_cpu", "60 s: CPU per job of the last tenth to the first", "", most=1.1),
            Line("memory", "60 s: growth of memory", "MB"),
        ],
        repeats=1,
        quick={"seconds": 10.0},
    ),
    Scenario(
        "restart",
        restart.restart,
        {"queued": 100_000},
        [
            Line("lost", "kill -9 with 100,000 queued: lost", "", most=0),
            Line("seconds", "kill -9 with 100,000 queued: ready again", "s", most=5),
        ],
        kinds=(DURABLE,),
        repeats=1,
        quick={"queued": 5_000},
    ),
    _watched(20, most=3),
    _watched(200),
    _flood("half-open", "2,000 half-open connections"),
    _flood("half-open-fast", "half-open connections at full speed"),
    _flood("connections", "200 bad connections a second"),
    _flood("fast", "bad connections at full speed"),
    _flood("giants", "messages that announce 4 GiB"),
    _flood("datagrams", "20,000 datagrams a second"),
    _flood("datagrams-fast", "datagrams at full speed, by 100"),
    _flood("log", "200 lines of the log a second"),
    _flood("tenant", "a client that takes all it can"),
    _flood("tls", "2,000 TLS handshakes that stall", tls=True),
    _flood("tls-fast", "TLS handshakes at full speed", tls=True),
    _decision(10, 1, 1_000),
    _decision(1_000, 1, 1_000),
    _decision(10_000, 1, 1_000),
    _decision(10, 1_000, 10_000),
    _decision(10, 1_000, 10_000, algorithm="fair"),
    _decision(10, 1_000, 10_000, algorithm="early"),
    _decision(10, 1_000, 10_000, algorithm="weighted"),
    *(_decision(1_000, clusters, 10_000, limits=True) for clusters in (10, 100, 1_000)),
    _decision(1_000, 1_000, 10_000, algorithm="weighted", limits=True),
    _decision(10, 1, 100_000),
    _decision(10, 1, 1_000_000),
    _decision(10_000, 1_000, 1_000_000),
]
