"""Sockets that are tried first, and waited for only if they are not ready.

gevent's own sockets prepare for each wait; most of ours never come to one, since peers say what
they want as soon as they are connected. And a timer for each wait costs more than the wait, so
one clock looks after all of them.
"""

import errno
import logging
import os
from _socket import SHUT_RDWR, SO_ERROR, SO_REUSEADDR, SOCK_NONBLOCK, SOCK_STREAM, SOL_SOCKET
from _socket import socket as Socket
from contextlib import suppress
from socket import AF_INET, AF_INET6, MSG_MORE
from time import monotonic
from typing import Any

from gevent import get_hub, getcurrent

log = logging.getLogger("gsched.net")

READ, WRITE = 1, 2  # of libev
SWEEP = 0.2  # seconds between two looks for waits that take too long
RELIEF = 0.5  # seconds until descriptors may be free again
_EXHAUSTED = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
_MOST_AT_ONCE = 64  # connections that are accepted before others have their turn

Address = tuple[str, int]


class Waits:
    """The greenlets that wait for a socket, and until when."""

    def __init__(self) -> None:
        self._until: dict[Any, float] = {}
        self._clock: Any = None

    def wait(self, watcher: Any, seconds: float | None) -> None:
        """Until the watcher sees something. Raises TimeoutError."""
        me = getcurrent()
        if seconds is not None:
            self._until[me] = monotonic() + seconds
            if self._clock is None:
                self._start()
        watcher.start(me.switch)
        try:
            get_hub().switch()
        finally:
            watcher.stop()
            self._until.pop(me, None)

    def _start(self) -> None:
        self._clock = get_hub().loop.timer(SWEEP, SWEEP, ref=False)
        self._clock.start(self._sweep)

    def _sweep(self) -> None:
        """Runs in the hub, so each greenlet in here is in `wait` and nowhere else."""
        now = monotonic()
        for waiting in [one for one, until in self._until.items() if until <= now]:
            if waiting in self._until:
                waiting.throw(TimeoutError("timed out"))


_waits = Waits()

_spare: dict[int, list[Any]] = {READ: [], WRITE: []}  # watchers that were of other connections
_MOST_SPARE = 1000


def _watcher(descriptor: int, event: int) -> Any:
    """One for that descriptor: a new one costs more than the wait itself."""
    spare = _spare[event]
    if not spare:
        return get_hub().loop.io(descriptor, event)
    watcher = spare.pop()
    watcher.fd = descriptor  # also where it is the same number: it is another connection
    return watcher


def _drop(watcher: Any, event: int) -> None:
    """It watches nothing now."""
    if len(_spare[event]) < _MOST_SPARE:
        _spare[event].append(watcher)
    else:
        watcher.close()


class Stream:
    """One connection. Each step may take `timeout` seconds; None: for ever."""

    __slots__ = ("_reads", "_socket", "_writes", "timeout")

    def __init__(self, sock: Socket, timeout: float | None) -> None:
        self._socket = sock
        self._reads: Any = None
        self._writes: Any = None
        self.timeout = timeout

    @property
    def local(self) -> Address:
        """Where the connection is on this side."""
        address: Address = self._socket.getsockname()[:2]
        return address

    def option(self, level: int, name: int, value: int) -> None:
        """Set an option of the socket."""
        self._socket.setsockopt(level, name, value)

    def receive(self, most: int) -> bytes:
        """What is there, as soon as something is; empty at the end of the stream."""
        while True:
            try:
                return self._socket.recv(most)
            except BlockingIOError:
                self.wait_readable()

    def receive_into(self, space: memoryview) -> int:
        """As `receive`. How many bytes."""
        while True:
            try:
                return self._socket.recv_into(space)
            except BlockingIOError:
                self.wait_readable()

    def send(self, data: bytes | memoryview, *, last: bool = False) -> None:
        """Send all of it. What is sent `last`, before a close, leaves together with the end."""
        try:
            sent = self._socket.send(data, MSG_MORE if last else 0)
        except BlockingIOError:
            sent = 0
        if sent < len(data):
            self._send_rest(memoryview(data)[sent:])

    def pass_on(self, file: int, size: int) -> int:
        """Send from where an open file stands, without a copy of it, what the peer takes at once.

        How many bytes; none also where that does not work. May wait for the disk.
        """
        done = 0
        with suppress(OSError):
            while done < size:
                sent = os.sendfile(self._socket.fileno(), file, None, size - done)
                if not sent:
                    break
                done += sent
        return done

    def connect(self, address: Address) -> None:
        """Raises OSError."""
        code = self._socket.connect_ex(address)
        if code == errno.EINPROGRESS:  # says the system even of its own host: ask it once more
            code = self._socket.connect_ex(address)
        if code == errno.EALREADY:
            self.wait_writable()
            code = self._socket.getsockopt(SOL_SOCKET, SO_ERROR)
        if code and code != errno.EISCONN:
            raise OSError(code, os.strerror(code))

    def wait_readable(self) -> None:
        """Until there is something to receive."""
        if self._reads is None:
            self._reads = _watcher(self._socket.fileno(), READ)
        _waits.wait(self._reads, self.timeout)

    def wait_writable(self) -> None:
        """Until the peer takes more."""
        if self._writes is None:
            self._writes = _watcher(self._socket.fileno(), WRITE)
        _waits.wait(self._writes, self.timeout)

    def finish(self) -> None:
        """What was sent arrives by itself, unless something that came was left unread."""

    def close(self) -> None:
        """Close the connection; the peer sees the end of the stream."""
        if self._reads is not None or self._writes is not None:
            self._drop_watchers()
        self._socket.close()

    def abort(self) -> None:
        """End it from elsewhere: whoever waits for it sees the end. Raises OSError."""
        self._socket.shutdown(SHUT_RDWR)

    def detach(self) -> int:
        """Give the connection away: its descriptor."""
        self._drop_watchers()
        return self._socket.detach()

    def _send_rest(self, rest: memoryview) -> None:
        while rest:
            self.wait_writable()
            with suppress(BlockingIOError):
                rest = rest[self._socket.send(rest) :]

    def _drop_watchers(self) -> None:
        """Before the descriptor may be another connection's."""
        if self._reads is not None:
            _drop(self._reads, READ)
        if self._writes is not None:
            _drop(self._writes, WRITE)
        self._reads = self._writes = None


def family_of(address: Address) -> int:
    """Of the socket for that address."""
    return AF_INET6 if ":" in address[0] else AF_INET


def new_stream(address: Address, timeout: float) -> Stream:
    """Not connected yet."""
    return Stream(Socket(family_of(address), SOCK_STREAM | SOCK_NONBLOCK), timeout)


class Ear:
    """A port that is listened to. `hear` is called by the hub with each connection and its peer.

    `descriptor`: of a socket that listens there already.
    """

    def __init__(
        self, address: Address, backlog: int, hear: Any, descriptor: int | None = None
    ) -> None:
        self._hear = hear
        self._family = family_of(address)
        if descriptor is None:
            self._socket = self._listening(address, backlog)
        else:
            self._socket = Socket(self._family, SOCK_STREAM, 0, descriptor)
            self._socket.setblocking(False)
        self._watcher = get_hub().loop.io(self._socket.fileno(), READ)
        self._later: Any = None
        self.address: Address = self._socket.getsockname()[:2]

    def _listening(self, address: Address, backlog: int) -> Socket:
        made = Socket(self._family, SOCK_STREAM | SOCK_NONBLOCK)
        try:
            made.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
            made.bind(address)
            made.listen(backlog)
        except OSError:
            made.close()
            raise
        return made

    @property
    def descriptor(self) -> int:
        """Of the socket."""
        return self._socket.fileno()

    def open(self) -> None:
        """Begin, or go on, to accept."""
        if not self._watcher.active:
            self._watcher.start(self._accept)

    def pause(self) -> None:
        """Let them wait in the system's queue."""
        self._watcher.stop()

    def close(self) -> None:
        """Take no more connections."""
        self._watcher.close()
        if self._later is not None:
            self._later.close()
        self._socket.close()

    def _accept(self) -> None:
        for _ in range(_MOST_AT_ONCE):
            if not self._watcher.active:
                return
            try:
                descriptor, peer = self._socket._accept()  # type: ignore[attr-defined]
            except BlockingIOError:
                return
            except OSError as error:
                self._failed(error)
                return
            sock = Socket(self._family, SOCK_STREAM, 0, descriptor)
            sock.setblocking(False)
            self._hear(sock, peer[:2])

    def _failed(self, error: OSError) -> None:
        """Without a descriptor for it the connection stays in the queue, so look later."""
        if error.errno in _EXHAUSTED:
            log.error("no connection can be accepted: %s", os.strerror(error.errno or 0))
            self._watcher.stop()
            self._later = get_hub().loop.timer(RELIEF)
            self._later.start(self.open)
