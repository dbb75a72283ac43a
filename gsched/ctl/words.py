"""Times, sizes and texts of strangers, as people read them."""

import math
import time

_SPANS = (("d", 86400), ("h", 3600), ("min", 60), ("s", 1))
_SIZES = "kMGTP"


def span(seconds: float) -> str:
    """Like `2 d 3 h`: the two largest units."""
    if seconds < 10:
        return f"{max(0.0, seconds):.1f} s"
    left = int(seconds)
    found: list[tuple[int, str]] = []
    for name, size in _SPANS:
        if left >= size or found:
            found.append((left // size, name))
            left %= size
    return " ".join(f"{number} {name}" for number, name in found[:2] if number)


def heard(seconds: float | None) -> str:
    """How long ago a node was heard; None: it is known from the scheduler's last run alone."""
    return "not since the start" if seconds is None else f"{span(seconds)} ago"


def size(number: float) -> str:
    """Bytes like `1.5 GB`, in units of 1024."""
    if abs(number) < 1024:
        return f"{number:.0f} B"
    power = min(int(math.log(abs(number), 1024)), len(_SIZES))
    return f"{number / 1024**power:.1f} {_SIZES[power - 1]}B"


def moment(when: float | None) -> str:
    """A time in seconds since 1970 as this host's clock shows it; empty for None."""
    return "" if when is None else time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(when))


def clock(when: float | None) -> str:
    """The same, without the date if that is today's."""
    text = moment(when)
    return text.removeprefix(time.strftime("%Y-%m-%d "))


def count(number: int, word: str) -> str:
    """Like `1 node` or `2 nodes`."""
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def printable(text: str) -> str:
    """The text on one line. Names come from strangers, and must not steer the terminal."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)
