"""TCP ports that we listen on: a greenlet for each connection.

A peer that breaks the protocol loses its connection and gets a line in the log, the same line
only once; the service goes on.
"""

import logging
from collections.abc import Callable

from gsched.net.channel import Address, Channel
from gsched.net.greenlets import Greenlets
from gsched.net.sockets import Ear, Socket, Stream
from gsched.net.tls import PLAIN, Tls
from gsched.wire.errors import PeerError

log = logging.getLogger("gsched.net")

BACKLOG = 1024  # connections that may wait to be accepted: a thousand nodes answer one ping
MAX_CONNECTIONS = 4096  # at the same time, on one port
_MAX_COMPLAINTS = 10_000

Handler = Callable[[Channel], None]


class Complaints:
    """What has been said about which peer, so that it is said once."""

    def __init__(self) -> None:
        self._said: set[tuple[str, str]] = set()

    def log(self, peer: str, reason: str) -> None:
        """Log the reason, unless this peer gave it before."""
        if (peer, reason) in self._said:
            return
        if len(self._said) >= _MAX_COMPLAINTS:
            self._said.clear()
        self._said.add((peer, reason))
        log.warning("%s: %s", peer, reason)


class Listener:
    """One address and port. `handler` is called with each connection, in its own greenlet.

    Raises OSError if the port is taken.
    """

    def __init__(
        self,
        address: Address,
        handler: Handler,
        timeout: float,
        complaints: Complaints,
        tls: Tls = PLAIN,
    ) -> None:
        self._handler = handler
        self._timeout = timeout
        self._complaints = complaints
        self._tls = tls
        self._greenlets = Greenlets()
        self._ear = Ear(address, BACKLOG, self._hear)
        self._accepting = False

    def start(self) -> None:
        """Begin to accept."""
        self._accepting = True
        self._ear.open()

    @property
    def address(self) -> Address:
        """Where it listens, with the port that was found free if 0 was asked for."""
        return self._ear.address

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
        if len(self._greenlets) >= MAX_CONNECTIONS:
            self._ear.pause()

    def _serve(self, sock: Socket, peer: Address) -> None:
        stream = Stream(sock, self._timeout)
        try:
            with Channel(self._tls.accept(stream), peer, self._tls.refuse_hello) as channel:
                self._handler(channel)
        except PeerError as error:
            self._complaints.log(peer[0], str(error))
        except OSError as error:
            log.debug("%s:%s: %s", peer[0], peer[1], error)
        finally:
            stream.close()
            if self._accepting:
                self._ear.open()
