"""A recorder without a server, whose history is a real file."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from gsched.history.happenings import Happenings
from gsched.history.recorder import Recorder
from gsched.httpd.api.past.answers import Past
from gsched.store.history import Ended, History

CLUSTER = ("0" * 15 + "1", "compute", "10.0.0.9")


class Side:
    """What the recorder wants of an exchange."""

    def __init__(self, scheduler: Any, now: Callable[[], float]) -> None:
        self.scheduler, self.now = scheduler, now
        self.performers: dict[type, Any] = {}

    def perform(self, kind: type, performer: Any) -> None:
        """As Exchange.perform."""
        self.performers[kind] = performer


def ended(uid: int, at: float, **other: Any) -> Ended:
    """A job that ended then, after two seconds of running."""
    usual = Ended(uid, CLUSTER, "10.0.0.1", 0, at - 5, at - 2, at, "finished", 1, 2.0, 10, 20, "")
    return usual._replace(**other)


def past(folder: Path, scheduler: Any, now: Callable[[], float], most: int = 1000) -> Past:
    """What is served, with its `history`, `recorder` and `happenings`."""
    history = History(folder, most) if most else None
    recorder = Recorder(Side(scheduler, now), history, most)  # type: ignore[arg-type]
    made: Any = Past(scheduler.book, now, recorder, Happenings())
    made.history, made.recorder, made.happenings = history, recorder, made._happenings
    return made  # type: ignore[no-any-return]
