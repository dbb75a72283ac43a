"""How many connections the page has, and which have to go where there is no place for more.

Whoever opens many and asks for nothing would keep others out: those that have been silent for
longest make room. Nobody who is answered, or who watches, has to go; more wait then.
"""

from socket import SHUT_RDWR
from typing import Any

from gevent.pool import Pool
from gevent.socket import socket
from gevent.util import wrap_errors

MOST = 512  # unless our user says something else
SPARE = 8  # one place of so many is kept free by those that are silent


class Places:
    """`most` of them."""

    def __init__(self, most: int = MOST) -> None:
        self.most = most
        self.pool = Pool(most)
        self.refused = 0  # connections that had to go, so far
        self._silent: dict[Any, None] = {}  # sockets, in the order in which they fell silent

    @property
    def taken(self) -> int:
        """How many connections there are."""
        return self.most - int(self.pool.free_count())

    def listen(self, sock: Any) -> None:
        """It has not asked for anything yet, or again."""
        self._silent[sock] = None

    def forget(self, sock: Any) -> None:
        """It has asked, or is gone."""
        self._silent.pop(sock, None)

    def make_room(self) -> None:
        """One more has come. To be used by the hub, too: it does not wait."""
        if SPARE * (self.most - self.taken) < self.most and self._silent:
            sock = next(iter(self._silent))
            self.forget(sock)
            self.refused += 1
            # Not that of a socket with TLS, with which somebody works still.
            wrap_errors(OSError, socket.shutdown)(sock, SHUT_RDWR)
