"""TCP ports that we listen on: a greenlet for each connection.

A peer that breaks the protocol loses its connection and gets a line in the log, the same line
only once; the service goes on.
"""

import logging
import time
from collections.abc import Callable

from gsched.net.transport import inherited
from gsched.net.transport.channel import Address, Channel
from gsched.net.transport.greenlets import Greenlets
from gsched.net.transport.guests import Guests
from gsched.net.transport.sockets import Ear, Socket, Stream
from gsched.net.transport.tls import PLAIN, Tls
from gsched.wire.errors import PeerError

log = logging.getLogger("gsched.net")

BACKLOG = 1024  # connections that may wait to be accepted: a thousand nodes answer one ping
_LONGEST = 300  # characters of a complaint
_SPARE = 64  # connections that are on their way out
_MAX_PEERS = 10_000
MOST_EACH, MOST_LINES = 20, 500  # complaints of one peer, and of all, in a PERIOD
PERIOD = 600.0  # seconds

Handler = Callable[[Channel], None]


class Complaints:
    """What has been said about which peer: the same is said once, and of each peer not too much.

    Else whoever wants to could fill the log.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._now = clock
        self._since = 0.0
        self._lines = 0
        self._said: dict[str, set[str]] = {}

    def log(self, peer: str, reason: str) -> None:
        """Log the reason, unless this peer gave it before, or gave many others."""
        self._forget()
        reason = reason[:_LONGEST]
        said = self._said.setdefault(peer, set())
        if reason in said or len(said) > MOST_EACH or self._lines > MOST_LINES:
            return
        said.add(reason)
        self._lines += 1
        if len(said) > MOST_EACH:
            log.warning("%s: more complaints, which are not shown for some time", peer)
        elif self._lines > MOST_LINES:
            log.warning("more complaints about peers, which are not shown for some time")
        else:
            log.warning("%s: %s", peer, reason)

    def _forget(self) -> None:
        """What was said long ago may be said again, if there was much of it."""
        now = self._now()
        if now - self._since > PERIOD:
            self._since, self._lines = now, 0
            for peer in [peer for peer, said in self._said.items() if len(said) > MOST_EACH]:
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
        self._ear = Ear(address, BACKLOG, self._hear, inherited.adopt(name))
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
        """Whether a connection is served."""
        return len(self._greenlets) > 0

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
        self._greenlets.kill()

    def _hear(self, sock: Socket, peer: Address) -> None:
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
                self._handler(channel)
        finally:
            self._guests.leave(guest)
