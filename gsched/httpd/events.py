"""Live updates: one publisher, many streams of server-sent events.

The publisher runs only while somebody watches, takes one snapshot a second, encodes it once and
puts the same bytes into every stream. Each event is a whole snapshot, so a stream that missed
some needs only the next one; it is told so by the event's name, `resync`.

Events: `snapshot`, `resync` (as snapshot, but events before it were dropped), `trouble` (no
snapshot can be made, with a `message`) and `bye` (the server stops).
"""

import json
import logging
import secrets
from collections.abc import Callable
from functools import cached_property
from typing import Any

import gevent
from gevent.event import Event
from gevent.queue import Empty, Full, Queue
from gevent.util import wrap_errors

log = logging.getLogger("gsched.httpd")

INTERVAL = 1.0  # seconds between snapshots
HEARTBEAT = 10.0  # seconds of silence after which a comment keeps proxies and us awake
QUEUE = 8  # events a slow reader may lag behind before they are dropped
MAX_STREAMS = 256  # at once; each holds a socket and a greenlet
RETRY_AFTER = 5  # seconds, said to whom is turned away

_HEARTBEAT = b": still here\n\n"
_BYE = b"event: bye\ndata: {}\n\n"
# A first chunk at once: Bottle holds back the headers until there is one.
_OPENING = b"retry: 2000\n\n"


class TooManyStreamsError(Exception):
    """All streams are taken, or the server is stopping; come back after RETRY_AFTER seconds."""


class Frame:
    """One event's id and JSON, turned into bytes once for all streams."""

    def __init__(self, ident: str, data: bytes, name: str = "snapshot") -> None:
        self._ident, self._data, self._name = ident.encode(), data, name.encode()

    @cached_property
    def usual(self) -> bytes:
        """The event as sent in the normal course."""
        return self._encode(self._name)

    @cached_property
    def resync(self) -> bytes:
        """The same event for a reader that missed the ones before it."""
        return self._encode(b"resync" if self._name == b"snapshot" else self._name)

    def _encode(self, name: bytes) -> bytes:
        return b"id: %b\nevent: %b\ndata: %b\n\n" % (self._ident, name, self._data)


class Stream:
    """The events of one reader; iterate for bytes, `close` when the reader has gone."""

    def __init__(self, leave: Callable[["Stream"], None], heartbeat: float = HEARTBEAT) -> None:
        self._leave, self._heartbeat = leave, heartbeat
        self._queue: Queue = Queue(maxsize=QUEUE)
        self._opened = self._ended = False

    def put(self, frame: Frame) -> None:
        """Adds an event; when the reader lags too far behind, it replaces those waiting."""
        try:
            self._queue.put_nowait(frame.usual)
        except Full:
            self._drop()
            self._queue.put_nowait(frame.resync)

    def end(self) -> None:
        """Says good-bye to the reader and lets the iteration end."""
        self._drop()
        self._queue.put_nowait(_BYE)
        self._queue.put_nowait(None)

    def close(self) -> None:
        """Gives the place back. Called by the WSGI server however the response ended."""
        self._ended = True
        self._leave(self)

    def _drop(self) -> None:
        while not self._queue.empty():
            self._queue.get_nowait()

    def __iter__(self) -> "Stream":
        return self

    def __next__(self) -> bytes:
        if not self._opened:
            self._opened = True
            return _OPENING
        chunk = self._wait()
        if chunk is None:
            self._ended = True
            raise StopIteration
        return chunk

    def _wait(self) -> bytes | None:
        """Returns the next event, a comment when there was none for long, None at the end."""
        if self._ended:
            return None
        try:
            chunk: bytes | None = self._queue.get(timeout=self._heartbeat)
        except Empty:
            return _HEARTBEAT
        return chunk


class Publisher:
    """Feeds all streams with snapshots while there are any."""

    def __init__(
        self,
        snapshot: Callable[[], dict[str, Any]],
        interval: float = INTERVAL,
        limit: int = MAX_STREAMS,
    ) -> None:
        self._snapshot, self._interval, self._limit = snapshot, interval, limit
        self._streams: set[Stream] = set()
        self._greenlet: Any = None
        self._last: Frame | None = None
        self._seq = 0
        self._epoch = secrets.token_hex(4)  # of this publisher, until a snapshot names its own
        self._trouble = ""
        self._closing = Event()

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
        if self._closing.is_set() or len(self._streams) >= self._limit:
            raise TooManyStreamsError
        stream = Stream(self._streams.discard)
        self._streams.add(stream)
        if self._greenlet is None:
            self._start()
        elif self._last is not None:
            stream.put(self._last)
        return stream

    def close(self) -> None:
        """Ends all streams with a good-bye and takes no new ones."""
        self._closing.set()
        self._end_streams()

    def _start(self) -> None:
        self._last = None
        self._greenlet = gevent.Greenlet(self._run)
        self._greenlet.name = "page publisher"
        # Links are called in the hub, where nothing may wait, not even for a lock of the log.
        self._greenlet.link_exception(lambda greenlet: gevent.spawn(self._died, greenlet))
        self._greenlet.start()

    def _run(self) -> None:
        while self._streams and not self._closing.is_set():
            self._last = self._take()
            for stream in tuple(self._streams):
                stream.put(self._last)
            self._closing.wait(self._interval)
        self._greenlet = None

    def _died(self, greenlet: Any) -> None:
        """A fault of ours: say so, and let the browsers come back, which starts anew."""
        log.error("the page's publisher died", exc_info=greenlet.exc_info)
        self._greenlet = None
        self._end_streams()

    def _end_streams(self) -> None:
        for stream in tuple(self._streams):
            stream.end()

    def _take(self) -> Frame:
        """Returns the event of this tick: a snapshot or, when there is none, the reason."""
        # Whatever a snapshot raises is shown to the viewers and logged; the page must outlive it.
        outcome = wrap_errors(Exception, self._encode)()
        self._seq += 1
        failed = isinstance(outcome, Exception)
        self._report(outcome if failed else None)
        if failed:
            outcome = b'{"message": "the scheduler cannot report its state; its log says why"}'
        return Frame(f"{self._epoch}-{self._seq}", outcome, "trouble" if failed else "snapshot")

    def _encode(self) -> bytes:
        snapshot = self._snapshot()
        self._epoch = str(snapshot.get("epoch", self._epoch))
        return encode(snapshot)

    def _report(self, error: Exception | None) -> None:
        """Logs the start and the end of trouble, but not every second between them."""
        trouble = repr(error) if error else ""
        if error and trouble != self._trouble:
            log.error("no snapshot for the page", exc_info=error)
        elif self._trouble and not error:
            log.info("snapshots for the page work again")
        self._trouble = trouble


def encode(snapshot: dict[str, Any]) -> bytes:
    """Returns a snapshot as one line of JSON.

    Raises TypeError or ValueError when it holds what JSON, or a browser, has no word for.
    """
    return json.dumps(snapshot, separators=(",", ":"), allow_nan=False).encode()
