"""The figures of a simulation as tables."""

from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from gsched.simulation.outcome import Outcome, Part
from gsched.simulation.picture import duration

NARROWEST = 110  # columns, where no terminal says how wide it is
MOST_SHOWN = 12  # clusters
HEADINGS = ("algorithm", "took", "busy", "mean wait", "50 %", "95 %", "99 %", "longest")
NOTES = """\
busy: part of all CPU time until the last job ended. 50 %: half of the jobs waited no longer.
slowdown: time from submission to end, over the time that the job ran (10 s at the least).
fairness: 1 if all clusters got alike of what they were due while several had jobs waiting."""


def tell(outcomes: Sequence[Outcome], site: str) -> None:
    """Print all."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = NARROWEST
    console.print(f"{outcomes[0].jobs:,} jobs on {site}")
    console.print(_comparison(outcomes))
    for one in outcomes:
        if one.refused or one.stopped:
            told = f"{one.refused:,} jobs more were refused, {one.stopped:,} ran too long"
            console.print(f"{one.algorithm}: {told}")
    for one in outcomes:
        console.print(_clusters(one))
    console.print(NOTES, style="dim")


def _comparison(outcomes: Sequence[Outcome]) -> Table:
    table = _table(None, *HEADINGS, "slowdown", "fairness")
    for one in outcomes:
        waits = (one.wait, one.wait_50, one.wait_95, one.wait_99, one.longest_wait)
        table.add_row(
            one.algorithm,
            duration(one.span),
            f"{one.utilisation:.1%}",
            *map(duration, waits),
            f"{one.slowdown:.2f}",
            _part(one.fairness),
        )
    return table


def _clusters(one: Outcome) -> Table:
    title = f"{one.algorithm}: what became of each cluster"
    table = _table(title, "cluster", "jobs", "CPU time", "mean wait", "95 %", "slowdown", "got/due")
    for part in one.parts[:MOST_SHOWN]:
        table.add_row(*_row(part))
    if len(one.parts) > MOST_SHOWN:
        table.caption = f"and {len(one.parts) - MOST_SHOWN} more: --json shows all"
    return table


def _row(part: Part) -> tuple[str, ...]:
    return (
        part.cluster,
        f"{part.jobs:,}",
        duration(part.cpu_seconds),
        duration(part.wait),
        duration(part.wait_95),
        f"{part.slowdown:.2f}",
        _part(part.share),
    )


def _table(title: str | None, *columns: str) -> Table:
    table = Table(title=title, box=SIMPLE_HEAD, title_justify="left", pad_edge=False)
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if number else "left", no_wrap=True)
    return table


def _part(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
