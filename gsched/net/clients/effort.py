"""How long we work for the clients at one address while all others wait.

To read a message with tens of thousands of values takes a tenth of a second, in which nobody else
is served. Whoever sends many of them gets his share of the time, and no more: his next ones wait
until he has saved enough. Small messages, which are nearly all, are not counted. How many bytes may
wait is for those to say who count connections.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field

import gevent
from gevent.lock import BoundedSemaphore

SMALL = 4096  # bytes: no more values than can be read in some milliseconds
SHARE = 0.1  # of each second
MOST_SAVED = 0.25  # seconds: one of the largest messages at once is what everybody may send
_MOST_PURSES = 10_000
_AT_ONCE = nullcontext()


@dataclass
class _Purse:
    """Of one address."""

    share: float  # of each second
    since: float  # when it was last looked at
    saved: float = MOST_SAVED  # seconds; less than 0: he has taken more than he had
    waiting: int = 0  # messages
    turns: BoundedSemaphore = field(default_factory=BoundedSemaphore)

    def pause(self, now: float) -> float:
        """Seconds until the next message is read."""
        self.saved = min(MOST_SAVED, self.saved + self.share * (now - self.since))
        self.since = now
        return max(0.0, -self.saved / self.share)


class Effort:
    """See the module's text."""

    def __init__(
        self,
        now: Callable[[], float] = time.monotonic,
        worked: Callable[[], float] = time.monotonic,
        share: float = SHARE,
    ) -> None:
        self._now = now
        self._worked = worked
        self._purses: dict[str, _Purse] = {}
        self.share = share
        self.delayed = 0  # messages, so far

    @property
    def used(self) -> float:
        """The share that the address has now which takes most; all of it when its messages wait."""
        now = self._now()
        for purse in self._purses.values():
            purse.pause(now)
        least = min((purse.saved for purse in self._purses.values()), default=MOST_SAVED)
        return self.share * min(1.0, 1.0 - least / MOST_SAVED)

    def turn(self, source: str, size: int) -> AbstractContextManager[None]:
        """Work on a message of `size` bytes from there, when its turn comes."""
        return _AT_ONCE if size <= SMALL else self._turn(source)

    @contextmanager
    def _turn(self, source: str) -> Iterator[None]:
        purse = self._purse(source)
        purse.waiting += 1
        try:
            with purse.turns:
                if pause := purse.pause(self._now()):
                    self.delayed += 1
                    gevent.sleep(pause)
                    purse.pause(self._now())
                began = self._worked()
                try:
                    yield
                finally:
                    purse.saved -= self._worked() - began
        finally:
            purse.waiting -= 1

    def _purse(self, source: str) -> _Purse:
        if source not in self._purses:
            if len(self._purses) >= _MOST_PURSES:
                self._purses = {x: one for x, one in self._purses.items() if one.waiting}
            self._purses[source] = _Purse(self.share, self._now())
        return self._purses[source]
