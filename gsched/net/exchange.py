"""Where events go in and effects come out.

Everything in `net` that has something to tell the core tells it by way of `Exchange`, which then
has the effects carried out. Carrying out never waits: whoever does it starts a greenlet.
"""

import logging
from collections.abc import Callable
from time import monotonic, perf_counter, time
from typing import Any

from gsched.core.effects import Effect, Report
from gsched.core.scheduler import Scheduler
from gsched.net.subjects import about

log = logging.getLogger("gsched.core")

Performer = Callable[[Any], None]


class Clock:
    """Seconds since 1970 that never jump, whatever is done to the system's clock."""

    def __init__(self) -> None:
        self._offset = time() - monotonic()

    def __call__(self) -> float:
        return monotonic() + self._offset


class Exchange:
    """The core with what carries out its effects."""

    def __init__(self, scheduler: Scheduler, clock: Callable[[], float]) -> None:
        self.scheduler = scheduler
        self.now = clock
        self.spent = 0.0  # seconds in which the core was at work
        self._performers: dict[type, list[Performer]] = {Report: [self._log]}

    def perform(self, kind: type, performer: Performer) -> None:
        """Say who carries out effects of that kind: all who said so, in that order."""
        self._performers.setdefault(kind, []).append(performer)

    def tell(self, event: Callable[..., list[Effect]], *args: Any) -> None:
        """Tell the core that something has happened just now, and have done what it asks."""
        began = perf_counter()
        effects = event(*args, self.now())
        self.spent += perf_counter() - began
        if effects:
            self._carry_out(effects)

    def _carry_out(self, effects: list[Effect]) -> None:
        traced = log.isEnabledFor(logging.DEBUG)
        for effect in effects:
            if traced and not isinstance(effect, Report):
                log.debug("%s", _told(effect))
            for perform in self._performers[type(effect)]:
                perform(effect)

    def _log(self, report: Report) -> None:
        log.log(report.level, "%s", report.text, extra=about(*report.about))


def _told(effect: Effect) -> str:
    """What is to be done, for those who follow it in the log: to which job, node, cluster."""
    subject = getattr(effect, "lease", effect)
    job = getattr(subject, "job", None)
    node = getattr(subject, "node", None) or (job and job.node)
    cluster = job.cluster if job else getattr(subject, "cluster", None)
    parts = [type(effect).__name__, f"job {job.uid}" if job else ""]
    parts += [f"node {node.address}" if node else "", f"of {cluster.label}" if cluster else ""]
    return " ".join(part for part in parts if part)
