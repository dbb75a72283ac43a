"""UDP: what all nodes of the network hear, and what we hear from them.

IPv4 uses broadcast or, if asked to, a multicast group; IPv6 has only multicast. The groups and
their reach are dispy's. On a loopback address there is nobody to be heard by but by multicast.
"""

import errno
import logging
import struct
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import count

import gevent
import psutil
from gevent import socket

from gsched.net.transport.addresses import EVERY_ADDRESS, Own, broadcasts, is_loopback
from gsched.net.transport.greenlets import Greenlets
from gsched.net.transport.listeners import Complaints
from gsched.wire.errors import PeerError

log = logging.getLogger("gsched.discovery")

GROUP_4, GROUP_6 = "239.255.61.59", "ff05::b409:3171:9705:5134:6159"
HOPS = 1
MAX_DATAGRAM = 2000  # bytes
FLOOD_PAUSE = 0.0005  # seconds for each that is dropped: the system drops faster than we do
TURN = 16  # datagrams
RECEIVE_BUFFER = 1 << 22  # bytes: a thousand nodes may answer at once

Handler = Callable[[bytes, str], None]  # the datagram and the address that it came from


@dataclass(frozen=True)
class Way:
    """How to reach the nodes from one address of ours: a socket, and where to send."""

    sock: socket.socket
    hosts: tuple[str, ...]


class Datagrams:
    """The sockets for UDP, one for each address and port: `most` a second are looked at."""

    def __init__(self, own: list[Own], multicast: bool, most: int) -> None:
        self._own = own
        self._multicast = multicast
        self._most = most
        self._valves: list[Valve] = []
        self._ways: list[Way] = []
        self._sockets: list[socket.socket] = []
        self._greenlets = Greenlets()

    def listen(self, ports: Iterable[int], handler: Handler, complaints: Complaints) -> None:
        """Take what is sent to these ports. A port that is taken is only worth a warning."""
        for one in self._own:
            for port in ports:
                sock = self._ear(one, port)
                if sock is not None:
                    self._sockets.append(sock)
                    valve = Valve(self._most)
                    self._valves.append(valve)
                    receive = (sock, handler, complaints, valve)
                    self._greenlets.spawn(f"udp {one.use}", _receive, *receive)
            if hosts := self._hosts(one):
                self._ways.append(Way(self._mouth(one), hosts))

    def send(self, datagram: bytes, ports: Iterable[int]) -> None:
        """Let all nodes hear this that listen at one of the ports."""
        for way in self._ways:
            for host in way.hosts:
                for port in ports:
                    self._send(way.sock, datagram, (host, port))

    @property
    def rate(self) -> int:
        """Datagrams that came to one port in this second so far, where most came."""
        return max((valve.count for valve in self._valves), default=0)

    @property
    def dropped(self) -> int:
        """Datagrams that were not looked at, so far. What the system drops is not known."""
        return sum(valve.dropped for valve in self._valves)

    def stop(self) -> None:
        """Hear and send nothing more."""
        self._greenlets.kill()
        for sock in self._sockets:
            sock.close()

    # -- within -------------------------------------------------------------------------------

    def _send(self, sock: socket.socket, datagram: bytes, address: tuple[str, int]) -> None:
        try:
            sock.sendto(datagram, address)
        except OSError as error:
            log.debug("nothing sent to %s:%s: %s", *address, error)

    def _hosts(self, one: Own) -> tuple[str, ...]:
        if one.is_ipv6:
            return (GROUP_6,)
        return (GROUP_4,) if self._multicast else tuple(broadcasts([one]))

    def _ear(self, one: Own, port: int) -> socket.socket | None:
        sock = _socket(one)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        try:
            self._join(sock, one)
            sock.bind((self._bind(one), port))
        except OSError as error:
            sock.close()
            log.warning("no UDP at %s port %s: %s; name nodes by --nodes", one.use, port, error)
            return None
        return sock

    def _mouth(self, one: Own) -> socket.socket:
        """Bound to the address, so that broadcasts leave by its interface, whatever the routes."""
        sock = _socket(one)
        self._sockets.append(sock)
        try:
            self._aim(sock, one)
            sock.bind((one.use, 0))
        except OSError as error:  # not an address of this host: by the default route, then
            log.debug("nothing is sent from %s: %s", one.use, error)
        return sock

    def _join(self, sock: socket.socket, one: Own) -> None:
        """Hear what is sent to the group."""
        if one.is_ipv6:
            group = socket.inet_pton(socket.AF_INET6, GROUP_6)
            group += struct.pack("@I", _interface(one.use))
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, group)
        elif self._multicast:
            group = socket.inet_aton(GROUP_4) + socket.inet_aton(one.use)
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group)

    def _aim(self, sock: socket.socket, one: Own) -> None:
        """Reach the hosts next to that address."""
        if one.is_ipv6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, _interface(one.use))
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, HOPS)
        elif self._multicast:
            here = socket.inet_aton(one.use)
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, here)
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, HOPS)
        else:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)

    def _bind(self, one: Own) -> str:
        """What is sent to all does not come to a socket that is bound to one address."""
        if one.is_ipv6:
            return "::"
        alone = is_loopback(one.use) and not self._multicast
        return one.use if alone else EVERY_ADDRESS


def _socket(one: Own) -> socket.socket:
    sock = socket.socket(socket.AF_INET6 if one.is_ipv6 else socket.AF_INET, socket.SOCK_DGRAM)
    if one.is_ipv6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    return sock


def _interface(address: str) -> int:
    """Number of the interface that has the address; 0, which means any, if none has."""
    for name, links in psutil.net_if_addrs().items():
        if any(link.address.split("%")[0] == address for link in links):
            return int(socket.if_nametoindex(name))
    return 0


class Valve:
    """Lets `most` datagrams a second through, half of them of one sender; the rest is dropped."""

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._now = clock
        self._since = 0.0
        self._all = 0
        self._each: dict[str, int] = {}
        self.dropped = 0  # so far

    @property
    def count(self) -> int:
        """How many it has let through in this second."""
        return self._all if self._now() - self._since < 1.0 else 0

    def admits(self, source: str) -> bool:
        """Whether one more from there is looked at."""
        if self._now() - self._since >= 1.0:
            self._since, self._all, self._each = self._now(), 0, {}
        if self._all < self._most:
            count = self._each[source] = self._each.get(source, 0) + 1
            if 2 * count <= self._most + 1:
                self._all += 1
                return True
        self.dropped += 1
        return False


def _receive(sock: socket.socket, handler: Handler, complaints: Complaints, valve: Valve) -> None:
    """One datagram after the other: a greenlet for each would let a flood in.

    While there are any, reading them does not wait; so others are given their turn expressly.
    """
    for number in count(1):
        try:
            datagram, peer = sock.recvfrom(MAX_DATAGRAM)
        except OSError as error:
            if error.errno == errno.EBADF:
                return
            log.debug("udp: %s", error)
            continue
        if not valve.admits(peer[0]):
            gevent.sleep(FLOOD_PAUSE)
            continue
        try:
            handler(datagram, peer[0])
        except PeerError as error:
            complaints.log(peer[0], str(error))
        if number % TURN == 0:
            gevent.sleep(0)
