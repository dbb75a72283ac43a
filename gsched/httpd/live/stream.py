"""The events of one reader."""

from collections.abc import Callable

from gevent.queue import Empty, Full, Queue

HEARTBEAT = 10.0  # seconds of silence after which a comment keeps proxies and us awake
QUEUE = 8  # events a slow reader may lag behind before they are dropped

_HEARTBEAT = b": still here\n\n"
_BYE = b"event: bye\ndata: {}\n\n"
# A first chunk at once: Bottle holds back the headers until there is one.
_OPENING = b"retry: 2000\n\n"


class Stream:
    """Iterate for bytes, `close` when the reader has gone.

    `behind`: it has to be told the whole state before changes are of use. `told`: it was once.
    """

    def __init__(self, leave: Callable[["Stream"], None], heartbeat: float = HEARTBEAT) -> None:
        self._leave, self._heartbeat = leave, heartbeat
        self._queue: Queue = Queue(maxsize=QUEUE)
        self._opened = self._ending = self._ended = False
        self.behind, self.told = True, False

    def put(self, event: bytes) -> None:
        """Adds an event; when the reader lags too far, drops it with those that wait."""
        if self._ending:
            return
        try:
            self._queue.put_nowait(event)
        except Full:
            self._drop()
            self.behind = True

    def end(self) -> None:
        """Says good-bye to the reader and lets the iteration end."""
        self._ending = True
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
