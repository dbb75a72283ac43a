"""TCP ports that we listen on: a greenlet for each connection.

A peer that breaks the protocol loses its connection and gets a line in the log, the same line
only once; the service goes on.
"""

import logging
import time
from collections.abc import Callable
from functools import partial

from gsched.net.transport import inherited
from gsched.net.transport.channel import Address, Channel
from gsched.net.transport.greenlets import Greenlets
from gsched.net.transport.guests import Guests
from gsched.net.transport.sockets import Ear, Socket, Stream
from gsched.net.transport.tls import PLAIN, Tls
from gsched.net.transport.turns import Turns
from gsched.wire.errors import PeerError

log = logging.getLogger("gsched.net")

BACKLOG = 1024  # connections that may wait to be accepted: a thousand nodes answer one ping
_LONGEST = 300  # characters of a complaint
_SPARE = 64  # connections that are on their way out
_MAX_PEERS = 10_000
MOST_LINES = 500  # complaints of all peers in a PERIOD
EACH = 25  # one of so many may be about one peer
PERIOD = 600.0  # seconds

Handler = Callable[[Channel], None]


class Complaints:
    """What has been said about which peer: the same is said once, and of each peer not too much.

    Else whoever wants to could fill the log. `most` lines in a PERIOD, and some more that say so.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic, most: int = MOST_LINES) -> None:
        self._now = clock
        self._since = 0.0
        self._lines = 0
        self.most = most
        self._most_each = max(1, most // EACH)
        self.left_out = 0  # so far
        self._said: dict[str, set[str]] = {}

    @property
    def lines(self) -> int:
        """How many there are in this PERIOD so far."""
        self._forget()
        return min(self._lines, self.most)

    def log(self, peer: str, reason: str) -> None:
        """Log the reason, unless this peer gave it before, or gave many others."""
        self._forget()
        reason = reason[:_LONGEST]
        said = self._said.setdefault(peer, set())
        if reason in said:
            return
        if len(said) > self._most_each or self._lines > self.most:
            self.left_out += 1
            return
        said.add(reason)
        self._lines += 1
        if len(said) > self._most_each:
            log.warning("%s: more complaints, which are not shown for some time", peer)
        elif self._lines > self.most:
            log.warning("more complaints about peers, which are not shown for some time")
        else:
            log.warning("%s: %s", peer, reason)

    def _forget(self) -> None:
        """What was said long ago may be said again, if there was much of it."""
        now = self._now()
        if now - self._since > PERIOD:
            self._since, self._lines = now, 0
            for peer in [peer for peer, said in self._said.items() if len(said) > self._most_each]:
                del self._said[peer]
        if len(self._said) > _MAX_PEERS:
            self._said.clear()


class Listener:
    """One address and port. `handler` is called with each connection, in its own greenlet.

    `name`: by which its socket may have been left by the last run. Raises OSError if the port is
    taken.
    """

    def __init__(
        self,
        address: Address,
        handler: Handler,
        timeout: float,
        complaints: Complaints,
        guests: Guests,
        turns: Turns,
        tls: Tls = PLAIN,
        name: str = "",
    ) -> None:
        self.name = name
        self._handler = handler
        self._timeout = timeout
        self._complaints = complaints
        self._guests = guests
        self._tls = tls
        self._greenlets = Greenlets()
        self._turns = turns
        self._ear = Ear(address, BACKLOG, partial(turns.take, self._enter), inherited.adopt(name))
        self._accepting = False

    def start(self) -> None:
        """Begin to accept."""
        self._accepting = True
        self._ear.open()

    @property
    def address(self) -> Address:
        """Where it listens, with the port that was found free if 0 was asked for."""
        return self._ear.address

    @property
    def descriptor(self) -> int:
        """Of its socket."""
        return self._ear.descriptor

    @property
    def busy(self) -> bool:
        """Whether a connection is served, or is about to be."""
        return len(self._greenlets) > 0 or self._turns.waiting(self._enter) > 0

    def pause(self) -> None:
        """Let who connects wait; those that are there go on."""
        self._accepting = False
        self._ear.pause()

    def stop_accepting(self) -> None:
        """Take no more connections; those that are there go on."""
        self._accepting = False
        self._ear.close()

    def stop(self) -> None:
        """Take no more connections and end those that are there."""
        self.stop_accepting()
        self._turns.close(self._enter)
        self._greenlets.kill()

    def _enter(self, sock: Socket, peer: Address) -> None:
        self._greenlets.enter("connection", self._serve, sock, peer)
        if len(self._greenlets) >= self._guests.most + _SPARE:
            self._ear.pause()

    def _serve(self, sock: Socket, peer: Address) -> None:
        stream = Stream(sock, self._timeout)
        try:
            self._admit(stream, peer)
        except PeerError as error:
            self._complaints.log(peer[0], str(error))
        except OSError as error:
            log.debug("%s:%s: %s", peer[0], peer[1], error)
        finally:
            stream.close()
            if self._accepting:
                self._ear.open()

    def _admit(self, stream: Stream, peer: Address) -> None:
        guest = self._guests.enter(peer[0], stream)
        try:
            guest.connection = accepted = self._tls.accept(stream)
            with Channel(accepted, peer, self._tls.refuse_hello, guest) as channel:
                self._tls.greet(accepted)
                self._handler(channel)
        finally:
            self._guests.leave(guest)
