"""The table of what was measured: ratios first, then medians with their spread."""

import statistics
from collections.abc import Iterable
from typing import Any

from bench.catalogue import Line, Scenario

Runs = dict[str, list[dict[str, float]]]  # by kind of scheduler, one dict of figures for each run
Results = dict[str, Runs]  # by scenario
CORE, OWN = "core", ("gsched", "durable", "core")
REFERENCE = "dispyscheduler"
_HEAD = ("", "ratio", "budget", "", "gsched", "", "dispyscheduler", "")


def rows(scenarios: Iterable[Scenario], results: Results) -> list[dict[str, Any]]:
    """One dict for each line that has figures."""
    pairs = [(one, line) for one in scenarios if one.name in results for line in one.lines]
    return [_row(scenario, line, results) for scenario, line in pairs]


def _row(scenario: Scenario, line: Line, results: Results) -> dict[str, Any]:
    runs = results[scenario.name]
    own = next((_spread(runs[kind], line.figure) for kind in OWN if runs.get(kind)), None)
    other = _spread(runs.get(REFERENCE, []), line.figure)
    ratio = own[0] / other[0] if own and other and other[0] else None
    verdict, budget = _judge(line, own, other, results)
    return {
        "scenario": scenario.name,
        "figure": line.figure,
        "title": line.title,
        "unit": line.unit,
        "ratio": ratio,
        "budget": budget,
        "kept": verdict,
        "gsched": own,
        "dispyscheduler": other,
    }


def _spread(runs: list[dict[str, float]], figure: str) -> tuple[float, float, float] | None:
    """Median, least and most."""
    values = [run[figure] for run in runs if figure in run]
    return (statistics.median(values), min(values), max(values)) if values else None


def _judge(line: Line, own: Any, other: Any, results: Results) -> tuple[Any, str]:
    """Whether the budgets are kept (None: nothing to say), and what they are."""
    verdicts, budgets = [], []
    ratio = own[0] / other[0] if own and other and other[0] else None
    if line.ratio is not None:
        budgets.append(f"<= {line.ratio}x")
        verdicts.append(None if ratio is None else ratio <= line.ratio)
    if line.best is not None:
        budgets.append(f">= {line.best}x its best")
        verdicts.append(None if ratio is None else own[0] >= line.best * other[2])
    if line.most is not None:
        budgets.append(f"<= {line.most:g} {line.unit}".strip())
        verdicts.append(None if own is None else own[0] <= line.most)
    if line.least is not None:
        budgets.append(f">= {line.least:g} {line.unit}".strip())
        verdicts.append(None if own is None else own[0] >= line.least)
    if line.growth is not None:
        name, figure, limit = line.growth
        base = _spread(results.get(name, {}).get("gsched", []), figure)
        grown = own[0] / base[0] if own and base else None
        shown = "?" if grown is None else f"{grown:.2f}"
        budgets.append(f"growth {shown} <= {limit}")
        verdicts.append(None if grown is None else grown <= limit)
    known = [one for one in verdicts if one is not None]
    return (all(known) if known else None), ", ".join(budgets)


def text(found: list[dict[str, Any]]) -> str:
    """The table for people."""
    lines = [_HEAD, *(_cells(row) for row in found)]
    widths = [max(len(cells[column]) for cells in lines) for column in range(len(_HEAD))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()
        for cells in lines
    )


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    ratio = "" if row["ratio"] is None else f"{row['ratio']:.2f}x"
    verdict = {True: "kept", False: "MISSED", None: ""}[row["kept"]]
    title = f"{row['title']} [{row['unit']}]" if row["unit"] else row["title"]
    own, other = row["gsched"], row["dispyscheduler"]
    return title, ratio, row["budget"], verdict, *_figures(own), *_figures(other)


def _figures(spread: tuple[float, float, float] | None) -> tuple[str, str]:
    if spread is None:
        return "-", ""
    median, least, most = (_number(one) for one in spread)
    return median, f"({least}..{most})"


def _number(value: float) -> str:
    if value == int(value) or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"
