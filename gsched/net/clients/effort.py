"""How long we work for the clients at one address while all others wait.

To read a message with tens of thousands of values takes a tenth of a second, in which nobody else
is served. Whoever sends many of them gets his share of the time, and no more: his next ones wait
until he has saved enough. Small messages, which are nearly all, are not counted.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field

import gevent
from gevent.lock import BoundedSemaphore

from gsched.wire.errors import PeerError

SMALL = 4096  # bytes: no more values than can be read in some milliseconds
SHARE, MOST_SAVED = 0.1, 0.25  # of each second; seconds
_MOST_PURSES = 10_000
MOST_WAITING = 1 << 30  # bytes of messages from one address that wait for their turn
_AT_ONCE = nullcontext()


@dataclass
class _Purse:
    """Of one address."""

    since: float  # when it was last looked at
    saved: float = MOST_SAVED  # seconds; less than 0: he has taken more than he had
    waiting: int = 0  # bytes
    turns: BoundedSemaphore = field(default_factory=BoundedSemaphore)

    def pause(self, now: float) -> float:
        """Seconds until the next message is read."""
        self.saved = min(MOST_SAVED, self.saved + SHARE * (now - self.since))
        self.since = now
        return max(0.0, -self.saved / SHARE)


class Effort:
    """See the module's text."""

    def __init__(
        self,
        now: Callable[[], float] = time.monotonic,
        worked: Callable[[], float] = time.monotonic,
    ) -> None:
        self._now = now
        self._worked = worked
        self._purses: dict[str, _Purse] = {}

    def turn(self, source: str, size: int) -> AbstractContextManager[None]:
        """Work on a message of `size` bytes from there, when its turn comes. Raises PeerError."""
        return _AT_ONCE if size <= SMALL else self._turn(source, size)

    @contextmanager
    def _turn(self, source: str, size: int) -> Iterator[None]:
        purse = self._purse(source)
        if purse.waiting and purse.waiting + size > MOST_WAITING:
            raise PeerError("too many large messages wait to be read")
        purse.waiting += size
        try:
            with purse.turns:
                if pause := purse.pause(self._now()):
                    gevent.sleep(pause)
                    purse.pause(self._now())
                began = self._worked()
                try:
                    yield
                finally:
                    purse.saved -= self._worked() - began
        finally:
            purse.waiting -= size

    def _purse(self, source: str) -> _Purse:
        if source not in self._purses:
            if len(self._purses) >= _MOST_PURSES:
                self._purses = {x: one for x, one in self._purses.items() if one.waiting}
            self._purses[source] = _Purse(self._now())
        return self._purses[source]
