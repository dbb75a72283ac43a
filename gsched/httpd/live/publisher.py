"""Live updates: one publisher, many streams of server-sent events.

The publisher runs only while somebody watches. Once a second it takes a snapshot, and tells all
streams what has changed, in the same bytes. Who comes, or has missed something, is told the whole
first, which is encoded once for all of those.

Events: `snapshot`, the whole; `resync`, the same for a reader for whom others were dropped;
`delta`, what has changed since the event whose `seq` is one less (see changes.py); `trouble` (no
snapshot can be made, with a `message`); and `bye` (the server stops).
"""

import logging
import secrets
import time
from collections.abc import Callable
from functools import cached_property
from typing import Any

import gevent
from gevent.event import Event
from gevent.util import wrap_errors

from gsched.httpd.live.changes import Seen, changes
from gsched.httpd.live.encoding import encode_by_turns
from gsched.httpd.live.stream import Stream

log = logging.getLogger("gsched.httpd")

INTERVAL = 1.0  # seconds between snapshots
MAX_STREAMS = 256  # at once; each holds a socket and a greenlet
RETRY_AFTER = 5  # seconds, said to whom is turned away

_TROUBLE = b'{"message": "the scheduler cannot report its state; its log says why"}'


class TooManyStreamsError(Exception):
    """All streams are taken, or the server is stopping; come back after RETRY_AFTER seconds."""


class Frame:
    """One tick: the state, and how it is told, each way encoded once for all streams."""

    def __init__(self, seq: int, seen: Seen) -> None:
        self.seq, self.seen = seq, seen
        self._ident = f"{seen.epoch}-{seq}"

    @cached_property
    def _whole(self) -> bytes:
        return encode_by_turns({"seq": self.seq} | self.seen.snapshot, take_turns)

    def whole(self, name: str) -> bytes:
        """All of it."""
        return event(name, self._ident, self._whole)

    def delta(self, before: "Frame") -> bytes:
        """What is new since that one, which every reader has had."""
        told = {"seq": self.seq} | changes(before.seen, self.seen, take_turns)
        return event("delta", self._ident, encode_by_turns(told, take_turns))


class Publisher:
    """Feeds all streams while there are any."""

    def __init__(
        self,
        snapshot: Callable[[], dict[str, Any]],
        interval: float = INTERVAL,
        limit: int = MAX_STREAMS,
    ) -> None:
        self._snapshot, self._interval, self.limit = snapshot, interval, limit
        self._streams: set[Stream] = set()
        self._greenlet: Any = None
        self._last: Frame | None = None  # None also while there is trouble
        self._seq = 0
        self._epoch = secrets.token_hex(4)  # of this publisher, unless snapshots name their own
        self._trouble = ""
        self.resyncs = 0  # times that a stream lagged too far
        self._closing = False
        self._wake = Event()

    @property
    def watched(self) -> int:
        """How many streams are open."""
        return len(self._streams)

    @property
    def running(self) -> bool:
        """Whether snapshots are being taken."""
        return self._greenlet is not None

    def subscribe(self) -> Stream:
        """Returns a new stream whose first event is due at once.

        Raises TooManyStreamsError.
        """
        if self._closing or len(self._streams) >= self.limit:
            raise TooManyStreamsError
        stream = Stream(self._streams.discard)
        self._streams.add(stream)
        if self._greenlet is None:
            self._start()
        self._wake.set()
        return stream

    def close(self) -> None:
        """Ends all streams with a good-bye and takes no new ones."""
        self._closing = True
        self._wake.set()
        self._end_streams()

    def _start(self) -> None:
        self._last = None
        self._greenlet = gevent.Greenlet(self._run)
        self._greenlet.name = "page publisher"
        # Links are called in the hub, where nothing may wait, not even for a lock of the log.
        self._greenlet.link_exception(lambda greenlet: gevent.spawn(self._died, greenlet))
        self._greenlet.start()

    def _run(self) -> None:
        due = 0.0
        while self._streams and not self._closing:
            self._wake.clear()
            begins = time.monotonic() >= due
            if begins:
                due = time.monotonic() + self._interval
            # What goes wrong is shown to the viewers and logged; the page must outlive it.
            self._report(wrap_errors(Exception, self._tell)(begins))
            self._wake.wait(max(0.0, due - time.monotonic()))
        self._greenlet = self._last = None

    def _tell(self, begins: bool) -> None:
        """Tells all what is new, if a tick begins, and the whole to who has to hear it."""
        if begins:
            self._tick()
        for stream in tuple(self._streams):
            if stream.behind and self._last is not None:
                whole = self._last.whole("resync" if stream.told else "snapshot")
                self.resyncs += stream.told
                stream.behind, stream.told = False, True
                stream.put(whole)

    def _tick(self) -> None:
        snapshot = {"epoch": self._epoch} | self._snapshot()
        self._seq += 1
        before, self._last = self._last, Frame(self._seq, Seen(snapshot))
        if before is None or before.seen.epoch != self._last.seen.epoch:
            self._all_are_behind()
            return
        delta = self._last.delta(before)
        for stream in self._streams:
            if not stream.behind:
                stream.put(delta)

    def _all_are_behind(self) -> None:
        for stream in self._streams:
            stream.behind = True

    def _report(self, error: Exception | None) -> None:
        """Logs the start and the end of trouble, but not every second between them."""
        trouble = repr(error) if error else ""
        if error and trouble != self._trouble:
            log.error("no snapshot for the page", exc_info=error)
        elif self._trouble and not error:
            log.info("snapshots for the page work again")
        self._trouble = trouble
        if error:
            self._tell_trouble()

    def _tell_trouble(self) -> None:
        self._last = None
        self._all_are_behind()
        told = event("trouble", f"{self._epoch}-{self._seq}", _TROUBLE)
        for stream in self._streams:
            stream.put(told)

    def _died(self, greenlet: Any) -> None:
        """A fault of ours: say so, and let the browsers come back, which starts anew."""
        log.error("the page's publisher died", exc_info=greenlet.exc_info)
        self._greenlet = None
        self._end_streams()

    def _end_streams(self) -> None:
        for stream in tuple(self._streams):
            stream.end()


def event(name: str, ident: str, data: bytes) -> bytes:
    """As it is sent."""
    return b"id: %b\nevent: %b\ndata: %b\n\n" % (ident.encode(), name.encode(), data)


def take_turns() -> None:
    """Lets others run."""
    gevent.sleep(0)
