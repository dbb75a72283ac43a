"""A bare epoll loop: light, so that the scheduler is what saturates first.

A connection that we open is one request of ours; one that we accept is one of the scheduler's.
Each has a handler that is called with whole messages. Sockets are watched only while something is
awaited, and a reply that is there already is taken at once.
"""

import select
import socket
import time
from collections import defaultdict, deque
from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count
from typing import Any

from bench.messages import LENGTH

TIMEOUT = 10.0  # seconds that a real peer waits for an answer
CODE_SIZE = 40
_MOST = 1 << 20
_READ, _WRITE = select.EPOLLIN, select.EPOLLOUT

Address = tuple[str, int]
Taker = Callable[["Link", bytes], None]
Loser = Callable[["Link", str], None]


class Loop:
    """Runs all links and timers, one thing after the other."""

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._ready: dict[int, Callable[[int], None]] = {}
        self._calls: defaultdict[float, deque[tuple[float, Link]]] = defaultdict(deque)
        self._timers: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = count()

    def watch(self, fd: int, events: int, ready: Callable[[int], None]) -> None:
        """Call `ready` whenever something is possible there."""
        if fd in self._ready:
            self._epoll.modify(fd, events)
        else:
            self._epoll.register(fd, events)
        self._ready[fd] = ready

    def forget(self, fd: int) -> None:
        """Before the socket is closed, by which the system forgets it too."""
        self._ready.pop(fd, None)

    def later(self, seconds: float, action: Callable[[], None]) -> None:
        """Call that once, after so many seconds."""
        heappush(self._timers, (time.monotonic() + seconds, next(self._numbers), action))

    def expire(self, link: "Link", seconds: float) -> None:
        """Give the link up if it waits for so long. There are few different numbers of seconds."""
        self._calls[seconds].append((time.monotonic() + seconds, link))

    def run(self, done: Callable[[], Any], timeout: float) -> bool:
        """Run until `done` says so. Whether it did before the time was over."""
        end = time.monotonic() + timeout
        while not done():
            now = time.monotonic()
            if now > end:
                return False
            self._due(now)
            for fd, events in self._epoll.poll(0.01, 512):
                ready = self._ready.get(fd)
                if ready is not None:
                    ready(events)
        return True

    def pause(self, seconds: float) -> None:
        """Go on for so long."""
        self.run(lambda: False, seconds)

    def _due(self, now: float) -> None:
        for seconds, calls in self._calls.items():
            while calls and calls[0][0] < now:
                link = calls.popleft()[1]
                if link.since + seconds > now:
                    calls.append((now + seconds, link))  # a little late, which does no harm
                else:
                    link.expired()
        while self._timers and self._timers[0][0] < now:
            heappop(self._timers)[2]()

    def close(self) -> None:
        """Nothing more happens."""
        self._epoll.close()


class Link:
    """One connection."""

    __slots__ = (
        "_buffer",
        "_fd",
        "_loop",
        "_lost",
        "_out",
        "_skip",
        "_sock",
        "_take",
        "since",
        "told",
    )

    def __init__(
        self, loop: Loop, sock: socket.socket, take: Taker, lost: Loser | None, skip: int = 0
    ) -> None:
        self._loop, self._sock, self._fd = loop, sock, sock.fileno()
        self._take, self._lost = take, lost
        self._skip = skip  # bytes of a code in front of the first message
        self._buffer = b""
        self._out = b""
        self.since = 0.0  # when something last went on, if not at once
        self.told: Any = None  # whatever its handler has to remember

    @property
    def closed(self) -> bool:
        """Whether it is over, by whichever side."""
        return self._fd < 0

    @property
    def local(self) -> str:
        """The address that the peer has connected to."""
        host: str = self._sock.getsockname()[0]
        return host

    def send(self, data: bytes) -> None:
        """Send that, at once if possible."""
        if self._out:
            self._out += data
            return
        try:
            sent = self._sock.send(data)
        except BlockingIOError:
            sent = 0
        except OSError as error:
            self._fail(str(error))
            return
        if sent < len(data):
            self._out = data[sent:]
            self._loop.watch(self._fd, _READ | _WRITE, self._ready)

    def listen(self) -> None:
        """Await messages."""
        self._loop.watch(self._fd, _WRITE | _READ if self._out else _READ, self._ready)

    def take_over(self, take: Taker) -> None:
        """From now on `take` gets whatever comes in, messages or not."""
        data, self._buffer, self._take, self._skip = self._buffer, b"", take, -1
        self.listen()
        if data:
            take(self, data)

    def close(self) -> None:
        """The peer sees the end of the stream."""
        if self._fd >= 0:
            self._loop.forget(self._fd)
            self._sock.close()
            self._fd = -1

    def expired(self) -> None:
        """The peer has had its time."""
        if self._fd >= 0:
            self._fail("timed out")

    def receive(self) -> None:
        """Take what is there."""
        try:
            data = self._sock.recv(_MOST)
        except BlockingIOError:
            self.listen()
            return
        except OSError as error:
            self._fail(str(error))
            return
        if not data:
            self._fail("closed")
        elif self._skip < 0:
            self._take(self, data)
        else:
            self._collect(self._buffer + data if self._buffer else data)

    def _collect(self, data: bytes) -> None:
        while self._fd >= 0:
            start = self._skip + 4
            if len(data) < start:
                break
            end = start + LENGTH.unpack_from(data, self._skip)[0]
            if len(data) < end:
                break
            payload, data, self._skip = data[start:end], data[end:], 0
            self._buffer = data
            self._take(self, payload)
            if self._skip < 0:
                return  # it was taken over
        self._buffer = data
        if self._fd >= 0 and self._fd not in self._loop._ready:
            self.listen()

    def _ready(self, events: int) -> None:
        if self._out and events & ~_READ:
            out, self._out = self._out, b""
            self.since = time.monotonic()  # real peers have as long again for each step
            self.send(out)
            if not self._out and self._fd >= 0:
                self.listen()
        if events & ~_WRITE and self._fd >= 0:
            self.receive()

    def _fail(self, reason: str) -> None:
        self.close()
        if self._lost is not None:
            self._lost(self, reason)


def call(
    loop: Loop,
    address: Address,
    data: bytes,
    take: Taker,
    lost: Loser | None = None,
    source: str = "",
    timeout: float = TIMEOUT,
) -> Link:
    """Open a connection and send a message. `take` gets the replies; `lost` hears of a failure."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    if source:
        sock.setsockopt(socket.IPPROTO_IP, 24, 1)  # IP_BIND_ADDRESS_NO_PORT
        sock.bind((source, 0))
    sock.connect_ex(address)
    link = Link(loop, sock, take, lost)
    link.send(data)
    if not link.closed:
        link.listen()
        loop.expire(link, timeout)
    return link


def serve(loop: Loop, port: int, take: Taker, skip: int) -> socket.socket:
    """Accept connections at that port of any address."""
    server = socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind(("0.0.0.0", port))
    server.listen(4096)

    def ready(events: int) -> None:
        for _ in range(64):
            try:
                fd, _peer = server._accept()  # type: ignore[attr-defined]  # spares a getsockname
            except BlockingIOError:
                return
            sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 0, fileno=fd)
            sock.setblocking(False)
            Link(loop, sock, take, None, skip).receive()

    loop.watch(server.fileno(), _READ, ready)
    return server
