"""What one client is still to be told about one cluster.

A mailbox has some lanes; a lane sends one message after the other. All messages of a job go
through the same lane, so they arrive in order, and a client that is slow or away holds up nobody
but itself.
"""

import logging
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from gevent.event import Event

from gsched.net.transport.channel import Address, Caller
from gsched.net.transport.greenlets import Greenlets
from gsched.wire.errors import PeerError

log = logging.getLogger("gsched.delivery")

LANES = 32  # a client takes many at the same time; with few, results queue up behind each other
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0  # seconds between tries, doubling
JUST = 5.0  # seconds; one that recovers jobs asks for them as soon as it listens
_SMALL = 1024


@dataclass(slots=True)
class Letter:
    """One message to a client. `done` is called once it has a reply; without it none is awaited.

    `payload` is called when the letter's turn comes; None means that it is of no use any more.
    """

    payload: Callable[[], bytes | None]
    done: Callable[[], None] | None = None


class Mailbox:
    """See the module's text."""

    def __init__(self, address: Address, caller: Caller, greenlets: Greenlets) -> None:
        self._address = address
        self._name = f"mailbox {address}"
        self._caller = caller
        self._greenlets = greenlets
        self._lanes: dict[int, deque[Letter]] = {}  # those at work; most mailboxes are empty
        self._nudge = Event()
        self.final_only = False  # whether it takes each result for the last one of its job
        self.failures = 0  # in a row, of messages that have to arrive
        self.closed = False
        self._was_away = False  # and has neither taken nor asked for anything since
        self._back_at = -JUST  # when it took something again after that
        self._taken = 0  # since then

    def asked(self) -> int:
        """The client asks for all that it has not got: how much of that it was given just before.

        It may be another process, in place of one that was out of reach, and counts that, too.
        """
        taken = self._taken if time.monotonic() - self._back_at < JUST else 0
        self._was_away, self._back_at = False, -JUST
        return taken

    def put(self, letter: Letter, lane: int = 0) -> None:
        """Send the letter after all others of its lane."""
        lane %= LANES
        letters = self._lanes.get(lane)
        if letters is None:
            letters = self._lanes[lane] = deque()
            self._greenlets.spawn(self._name, self._work, lane, letters)
        letters.append(letter)

    def retry_now(self) -> None:
        """The client is there again: do not wait for the next try."""
        self._nudge.set()
        self._nudge.clear()

    def close(self) -> None:
        """Send nothing more. Each lane lets go of what it has: all at once may take long."""
        self.closed = True
        self._nudge.set()

    def _work(self, lane: int, letters: deque[Letter]) -> None:
        try:
            while letters:
                self._send(letters.popleft())
        finally:
            del self._lanes[lane]

    def _send(self, letter: Letter) -> None:
        pause = FIRST_PAUSE
        while not self.closed:
            payload = letter.payload()
            if payload is None or self._try(payload, letter):
                return
            self._nudge.wait(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    def _try(self, payload: bytes, letter: Letter) -> bool:
        """Whether the letter is through with."""
        try:
            if letter.done is None:
                self._caller.tell(self._address, b"", payload)
                return True
            # A NAK also says that the client has no use for it: it has it, or never knew it.
            self._caller.ask(self._address, b"", payload, _SMALL)
        except (OSError, PeerError) as error:
            return self._failed(letter, error)
        self.failures = 0
        if self._was_away:
            self._was_away, self._back_at, self._taken = False, time.monotonic(), 0
        self._taken += 1
        letter.done()
        return True

    def _failed(self, letter: Letter, error: Exception) -> bool:
        if letter.done is None:
            log.debug("client %s:%s missed a status: %s", *self._address, error)
            return True
        self.failures += 1
        self._was_away, self._back_at = True, -JUST
        if self.failures == 1:
            log.warning("client %s:%s does not take a result: %s", *self._address, error)
        return False
