"""A plot of all runs as SVG: who had the CPUs when, and how long jobs waited."""

from collections.abc import Iterable, Sequence
from itertools import accumulate
from math import floor, log10
from xml.sax.saxutils import escape  # nosec B406  # it writes, and reads nothing

from gsched.simulation.measure import Measure, Share

# Okabe and Ito's colours, which people with any kind of sight can tell apart.
COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442")
OTHERS = "#999999"
DASHES = ("none", "7 4", "2 3", "10 3 2 3")
LEFT, RIGHT, WIDTH = 64, 16, 880  # pixels: margins, and all
TOP, PANEL, GAP = 56, 120, 44  # of a panel: its height, and to the next
STEPS = 240  # of time, in a panel
WAITS = 200  # points of a line

Point = tuple[float, float]


def draw(runs: Sequence[tuple[str, Measure]]) -> str:
    """The whole picture. `runs`: the algorithm's name and what was seen."""
    shown = _shown(runs[0][1])
    until = max(measure.span for _, measure in runs) or 1.0
    height = TOP + (len(runs) + 1) * (PANEL + GAP) + 16
    parts = [_legend(shown, any(len(m.shares) > len(shown) for _, m in runs))]
    for number, (name, measure) in enumerate(runs):
        parts += _busy(_top(number), name, measure, shown, until)
    parts += _waits(_top(len(runs)), runs)
    return _SVG.format(width=WIDTH, height=height, body="\n".join(parts))


def _top(number: int) -> float:
    return TOP + number * (PANEL + GAP)


def _shown(measure: Measure) -> list[str]:
    """The clusters that have a colour of their own: those with most work."""
    shares = sorted(measure.shares.values(), key=lambda share: -sum(share.curve.areas))
    chosen = {share.name for share in shares[: len(COLOURS)]}
    return [share.name for share in measure.shares.values() if share.name in chosen]


# -- CPUs over time ---------------------------------------------------------------------------


def _busy(top: float, name: str, measure: Measure, shown: list[str], until: float) -> list[str]:
    """Areas on top of each other, a colour each; the line is all CPUs there are."""
    layers = [_means(_named(measure, [one]), until) for one in shown]
    rest = [share for share in measure.shares.values() if share.name not in shown]
    layers.append(_means(rest, until))
    floors = list(accumulate(layers, _sum, initial=[0.0] * STEPS))
    parts = [_frame(top, f"{name}: CPUs at work")]
    for low, high, colour in zip(
        floors, floors[1:], (*COLOURS[: len(shown)], OTHERS), strict=False
    ):
        if high != low:
            parts.append(_area(low, high, top, measure.cpus, colour))
    parts += _ticks_up(top, [(0.0, "0"), (1.0, f"{measure.cpus:,}")])
    parts += _ticks_along(top, _times(until))
    return parts


def _named(measure: Measure, names: Sequence[str]) -> list[Share]:
    return [share for share in measure.shares.values() if share.name in names]


def _means(shares: Iterable[Share], until: float) -> list[float]:
    total = [0.0] * STEPS
    for share in shares:
        total = _sum(total, share.curve.means(until, STEPS))
    return total


def _sum(one: list[float], two: list[float]) -> list[float]:
    return [x + y for x, y in zip(one, two, strict=True)]


def _area(low: list[float], high: list[float], top: float, most: float, colour: str) -> str:
    edge = [*_steps(high, top, most), *reversed(_steps(low, top, most))]
    return f'<polygon fill="{colour}" points="{_points(edge)}"/>'


def _steps(values: list[float], top: float, most: float) -> list[Point]:
    points: list[Point] = []
    for number, value in enumerate(values):
        y = _up(top, min(value / most, 1.0))
        points += [(_along(number / STEPS), y), (_along((number + 1) / STEPS), y)]
    return points


# -- waits ------------------------------------------------------------------------------------


def _waits(top: float, runs: Sequence[tuple[str, Measure]]) -> list[str]:
    """For each run a line: which part of the jobs had begun after so many seconds."""
    ordered = [_all_waits(measure) for _, measure in runs]
    most = max(1.0, *(waits[-1] for waits in ordered))
    least = min(max(0.1, *(waits[len(waits) // 20] for waits in ordered)), most / 10)
    parts = [_frame(top, "Part of the jobs that had begun after so long a wait")]
    for number, ((name, _), waits) in enumerate(zip(runs, ordered, strict=True)):
        style = f'class="line" stroke-dasharray="{DASHES[number % len(DASHES)]}"'
        y = top + 18 + 16 * number
        parts.append(f'<polyline {style} points="{_points(_line(waits, top, least, most))}"/>')
        parts.append(f'<path {style} d="M{LEFT + 12} {y - 4}h36"/>')
        parts.append(f'<text x="{LEFT + 54}" y="{y}">{escape(name)}</text>')
    parts += _ticks_up(top, [(0.0, "0"), (0.5, "50 %"), (1.0, "100 %")])
    parts += _ticks_along(top, _magnitudes(least, most))
    return parts


def _all_waits(measure: Measure) -> list[float]:
    return sorted(wait for share in measure.shares.values() for wait in share.waits)


def _line(waits: list[float], top: float, least: float, most: float) -> list[Point]:
    points = [(_along(0.0), _up(top, 0.0))]
    for number in range(WAITS + 1):
        part = number / WAITS
        wait = waits[min(int(part * len(waits)), len(waits) - 1)]
        x = log10(max(wait, least) / least) / log10(most / least)
        points.append((_along(x), _up(top, part)))
    return [*points, (_along(1.0), _up(top, 1.0))]


def _magnitudes(least: float, most: float) -> list[tuple[float, str]]:
    whole = log10(most / least)
    round_ones = [seconds for seconds in _MAGNITUDES if least <= seconds <= most]
    return [(log10(seconds / least) / whole, duration(seconds)) for seconds in round_ones]


# -- parts of both ----------------------------------------------------------------------------


def _along(part: float) -> float:
    return LEFT + part * (WIDTH - LEFT - RIGHT)


def _up(top: float, part: float) -> float:
    return top + PANEL * (1 - part)


def _points(points: Iterable[Point]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


def _frame(top: float, title: str) -> str:
    size = f'width="{WIDTH - LEFT - RIGHT}" height="{PANEL}"'
    title = f'<text class="title" x="{LEFT}" y="{top - 8}">{escape(title)}</text>'
    return f'{title}\n<rect class="frame" x="{LEFT}" y="{top}" {size}/>'


def _ticks_up(top: float, ticks: Sequence[tuple[float, str]]) -> list[str]:
    place = f'<text class="up" x="{LEFT - 6}" y="{{:.1f}}">{{}}</text>'
    return [place.format(_up(top, part) + 4, text) for part, text in ticks]


def _ticks_along(top: float, ticks: Sequence[tuple[float, str]]) -> list[str]:
    y = top + PANEL
    return [
        f'<path class="tick" d="M{_along(part):.1f} {y}v4"/>'
        f'<text class="along" x="{_along(part):.1f}" y="{y + 17}">{text}</text>'
        for part, text in ticks
    ]


def _times(until: float) -> list[tuple[float, str]]:
    """Some round times."""
    step = next(x for x in _ROUND if x * 8 >= until or x == _ROUND[-1])
    return [(k * step / until, duration(k * step)) for k in range(floor(until / step) + 1)]


_MINUTE, _HOUR, _DAY = 60.0, 3600.0, 86400.0
_MAGNITUDES = (
    *(0.1, 1.0, 10.0),
    *(_MINUTE, 10 * _MINUTE, _HOUR, 10 * _HOUR),
    *(_DAY, 10 * _DAY, 100 * _DAY, 1000 * _DAY),
)
_ROUND = (
    *(0.1, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0),
    *(_MINUTE * x for x in (1, 2, 5, 10, 30)),
    *(_HOUR * x for x in (1, 2, 6, 12)),
    *(_DAY * x for x in (1, 2, 7, 30, 365)),
)


def duration(seconds: float) -> str:
    """With three digits at the most, in the unit that suits it."""
    for unit, name in ((_DAY, "d"), (_HOUR, "h"), (_MINUTE, "min")):
        if seconds >= unit:
            return f"{seconds / unit:.3g} {name}"
    return f"{seconds:.3g} s"


def _legend(names: Sequence[str], more: bool) -> str:
    """In one line; names that find no room are cut."""
    entries = [*zip(names, COLOURS, strict=False), *([("others", OTHERS)] if more else [])]
    room = (WIDTH - LEFT - RIGHT) / len(entries)
    longest = int(room / 6.5) - 3
    parts = []
    for number, (name, colour) in enumerate(entries):
        x, text = LEFT + number * room, name if len(name) <= longest else name[: longest - 1] + "…"
        parts.append(f'<rect x="{x:.1f}" y="12" width="10" height="10" fill="{colour}"/>')
        parts.append(f'<text x="{x + 15:.1f}" y="21">{escape(text)}</text>')
    return "\n".join(parts)


_SVG = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" \
height="{height}">
<style>
svg {{ background: #fff; font: 12px system-ui, sans-serif; fill: #333 }}
.title {{ font-weight: 600 }}
.frame {{ fill: none; stroke: #bbb }}
.line {{ fill: none; stroke: #333; stroke-width: 1.5; stroke-linejoin: round }}
.tick {{ stroke: #bbb }}
.up {{ text-anchor: end }}
.along {{ text-anchor: middle }}
</style>
{body}
</svg>
"""
