"""What `gschedctl top` shows: how busy all is, the busiest nodes and clusters."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gsched.ctl.words import clock, heard, span

Row = dict[str, Any]
Table = tuple[Sequence[str], list[list[Any]]]  # columns, rows

MINUTES = 15  # of the past that the curves show
STEPS = 60  # of a curve
BAR = 40  # characters
_LEVELS = "▁▂▃▄▅▆▇█"
NODES = ("node", "name", "state", "busy", "CPUs", "load", "done", "heard", "note")
CLUSTERS = ("cluster", "id", "state", "wait", "run", "done", "nodes", "share", "note")


@dataclass
class Board:
    """One look at the scheduler: /status, and /series of the last minutes."""

    state: Row
    series: Row
    where: str

    def facts(self) -> list[tuple[str, str]]:
        """All in a few lines."""
        state, totals = self.state, self.state["totals"]
        finished, failed = self._rates()
        refused = f"are refused: {state['problem']}" if state["problem"] else ""
        return [
            ("gsched", f"{state['version']} at {self.where}, up {span(state['uptime'])}"),
            ("time", clock(state["time"])),
            ("new jobs", refused),
            ("CPUs", f"{bar(totals['busy'], totals['cpus'])} {totals['busy']} of {totals['cpus']}"),
            ("jobs", f"{totals['waiting']} wait, {totals['running']} run, {totals['done']} done"),
            ("ended", f"{finished:.1f} jobs/s, {failed:.1f} jobs/s failed, in the last minute"),
        ]

    def curves(self) -> list[tuple[str, str]]:
        """The last minutes, each against its own most."""
        named = (("busy", "CPUs"), ("waiting", "waiting"), ("finished", "jobs/s"))
        return [(f"{text}, {MINUTES} min", self._curve(name)) for name, text in named]

    def nodes(self, most: int) -> Table:
        """Those that are busiest, and before them those that something is wrong with."""
        rows = sorted(self.state["nodes"], key=_node_rank)[:most]
        return NODES, [_node(row) for row in rows]

    def clusters(self, most: int) -> Table:
        """Those that have most CPUs."""
        rows = sorted(self.state["clusters"], key=_cluster_rank)[:most]
        cpus = self.state["totals"]["cpus"]
        return CLUSTERS, [_cluster(row, cpus) for row in rows]

    def plain(self) -> Row:
        """For programs."""
        finished, failed = self._rates()
        rates = {"finished_per_second": finished, "failed_per_second": failed}
        return {"time": self.state["time"], **self.state["totals"], **rates}

    def _rates(self) -> tuple[float, float]:
        """Jobs per second that finished and that failed, in the last minute."""
        rows = self._past(60.0)
        sums = [sum(row[name] for row in rows) for name in ("finished", "failed")]
        return sums[0] / max(len(rows), 1), sums[1] / max(len(rows), 1)

    def _curve(self, name: str) -> str:
        values = [row[name] for row in self._past(MINUTES * 60.0)]
        most = max(values, default=0)
        return f"{curve(values)} {most:.3g} at the most" if values else ""

    def _past(self, seconds: float) -> list[dict[str, float]]:
        columns, since = self.series["columns"], self.series["now"] - seconds
        rows = (dict(zip(columns, row, strict=True)) for row in self.series["rows"])
        return [row for row in rows if row["time"] > since]


def bar(part: float, whole: float) -> str:
    """How full it is."""
    full = round(BAR * min(part / whole, 1.0)) if whole else 0
    return "[" + "|" * full + " " * (BAR - full) + "]"


def curve(values: Sequence[float]) -> str:
    """A line of blocks; the highest stands for the greatest value."""
    if len(values) > STEPS:
        length = len(values) / STEPS
        values = [_mean(values[int(k * length) : int((k + 1) * length)]) for k in range(STEPS)]
    most = max(values)
    top = len(_LEVELS) - 1
    return "".join(_LEVELS[round(top * value / most) if most else 0] for value in values)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _node_rank(row: Row) -> tuple[Any, ...]:
    well = row["state"] == "ready" and not row["note"]
    return (well, -row["busy"], row["address"])


def _node(row: Row) -> list[Any]:
    load = f"{row['busy'] / row['cpus']:.0%}" if row["cpus"] else ""
    place = [row["address"], row["name"], row["state"], row["busy"], row["cpus"], load]
    return [*place, row["jobs_done"], heard(row["heard"]), row["note"]]


def _cluster_rank(row: Row) -> tuple[Any, ...]:
    return (-row["running"], -row["waiting"], row["label"])


def _cluster(row: Row, cpus: int) -> list[Any]:
    state = row["paused"]["what"] if row["paused"] else row["state"]
    share = f"{row['running'] / cpus:.0%}" if cpus else ""
    numbers = [row["waiting"], row["running"], row["done"], row["nodes"]]
    return [row["label"], row["id"], state, *numbers, share, row["note"]]
