"""Whose connection is served next, so that who opens very many does not keep others waiting.

Connections are served as they come, and it is counted how long that takes for each address: only
until each of them first waits for something, since what comes later is bounded elsewhere. An
address that takes half of the time beside others, or has as many as it may have, has its further
ones wait in a line, of which one is served in each round of the hub, while others are served
whatever they want. Where the line is full, the next ones are closed at once: accepting them was
all they cost.
"""

from collections import deque
from collections.abc import Callable
from contextlib import suppress
from socket import SO_LINGER
from struct import pack
from time import perf_counter

from gevent import get_hub

from gsched.net.transport.guests import Guests
from gsched.net.transport.sockets import SOL_SOCKET, Address, Socket

PERIOD = 0.1  # seconds in which the time for each address is counted
SHARE = 0.5  # of it, from which on an address has to line up
MUCH = SHARE * PERIOD  # seconds
LASTING = 1.0  # seconds for which it has to; longer while its line is long
LONG = 4  # a line is, of which that many would be more than an address may have
ADDRESSES = 16  # that have their turn in one round
_RESET = pack("ii", 1, 0)  # the close sends no farewell, and leaves nothing to be kept

Serve = Callable[[Socket, Address], None]
Line = deque[tuple[Serve, Socket, Address]]


class Turns:
    """For all ports together. To be used by the hub only."""

    def __init__(self, guests: Guests) -> None:
        self._guests = guests
        self._loop = get_hub().loop
        self._next_round = self._loop.timer(0.0)  # callbacks may all run in the same one
        self._since = 0.0
        self._used: dict[str, float] = {}  # seconds of each address in this PERIOD
        self._until: dict[str, float] = {}  # when those that have to line up need not any more
        self._lines: dict[str, Line] = {}

    def take(self, serve: Serve, sock: Socket, peer: Address) -> None:
        """One has come: `serve` is called with it, now or when it has its turn."""
        if self._until and self._has_to_wait(peer[0]):
            self._line_up(serve, sock, peer)
        else:
            self._go_in(serve, sock, peer)

    def waiting(self, serve: Serve) -> int:
        """How many wait to be served by that."""
        return sum(one[0] == serve for line in self._lines.values() for one in line)

    def close(self, serve: Serve) -> None:
        """Those are not served any more."""
        for address, line in list(self._lines.items()):
            for one in [one for one in line if one[0] == serve]:
                line.remove(one)
                one[1].close()
                self._guests.waiting -= 1
            if not line:
                del self._lines[address]

    def _go_in(self, serve: Serve, sock: Socket, peer: Address) -> None:
        began = perf_counter()
        serve(sock, peer)
        now, address = self._loop.now(), peer[0]
        if now - self._since > PERIOD:
            self._begin(now)
        used = self._used.get(address, 0.0) + perf_counter() - began
        self._used[address] = used
        # Whoever is alone keeps nobody waiting.
        if (used > MUCH and len(self._used) > 1) or self._guests.is_crowded(address):
            self._until[address] = now + LASTING

    def _begin(self, now: float) -> None:
        """A PERIOD."""
        self._since = now
        self._used.clear()
        if self._until:
            self._until = {x: until for x, until in self._until.items() if self._has_to_wait(x)}

    def _has_to_wait(self, address: str) -> bool:
        return self._until.get(address, 0.0) > self._loop.now() or self._is_long(address)

    def _is_long(self, address: str) -> bool:
        """Its line: not the few of a host that opens one connection when another has ended."""
        return LONG * len(self._lines.get(address, ())) > self._guests.most_each

    def _line_up(self, serve: Serve, sock: Socket, peer: Address) -> None:
        address = peer[0]
        line = self._lines.get(address) or deque()  # one that is empty is in no round
        if self._guests.may_wait(len(line)):
            if not self._lines:
                self._next_round.start(self._go_on)
            self._guests.waiting += 1
            line.append((serve, sock, peer))
            self._lines[address] = line
        else:
            with suppress(OSError):
                sock.setsockopt(SOL_SOCKET, SO_LINGER, _RESET)
            sock.close()

    def _go_on(self) -> None:
        """One of each address, those first that had none for longest."""
        ready = [self._next_of(address) for address in list(self._lines)[:ADDRESSES]]
        if self._lines:
            self._next_round.start(self._go_on)
        for one in ready:
            self._go_in(*one)

    def _next_of(self, address: str) -> tuple[Serve, Socket, Address]:
        line = self._lines.pop(address)
        found = line.popleft()
        if line:
            self._lines[address] = line  # behind all others
        self._guests.waiting -= 1
        return found
