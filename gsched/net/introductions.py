"""Which process a computation comes from: clients introduce themselves just before they send one.

An introduction bears the code of the client's process, a computation does not. Both come from the
same address, one after the other; where clients mix, a computation may be of any of them.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from gsched.wire.releases import Release

KEPT = 60.0  # seconds after which no computation follows any more
MOST_SOURCES, MOST_WAITING = 10_000, 1000


@dataclass(frozen=True, slots=True)
class Introduction:
    """Of one client."""

    code: bytes  # SHA-1 over secret and sign of its process
    release: Release


@dataclass(slots=True)
class _Waiting:
    """Those from one address, until as many computations have come."""

    time: float = 0.0  # of the last one
    introductions: list[Introduction] = field(default_factory=list)
    computations: int = 0


class Introductions:
    """See the module's text."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._now = clock
        self._waiting: dict[str, _Waiting] = {}

    def add(self, source: str, code: bytes, release: Release) -> None:
        """A client at that address has introduced itself."""
        waiting = self._at(source) or _Waiting()
        waiting.time = self._now()
        waiting.introductions.append(Introduction(code, release))
        self._waiting.pop(source, None)
        if len(waiting.introductions) > MOST_WAITING:
            return
        self._waiting[source] = waiting
        if len(self._waiting) > MOST_SOURCES:
            del self._waiting[next(iter(self._waiting))]

    def of_computation(self, source: str) -> frozenset[Introduction]:
        """Those that one may be of which comes from that address now. Empty: nobody knows."""
        waiting = self._at(source)
        if waiting is None:
            return frozenset()
        waiting.computations += 1
        if waiting.computations >= len(waiting.introductions):
            del self._waiting[source]
        return frozenset(waiting.introductions)

    def _at(self, source: str) -> _Waiting | None:
        waiting = self._waiting.get(source)
        return waiting if waiting and self._now() - waiting.time < KEPT else None
