"""Address translation, as a gateway to the Internet does it for the hosts behind it.

Hosts inside are reached at an address of their own outside, which has to be announced. What they
begin by themselves leaves by another one, as with many providers, so that nobody finds them by
where their messages come from. Packets are translated by the test itself, in the network of the
gateway, whose kernel forwards nothing: so neither netfilter nor any program is needed.
"""

import select
import socket
import struct
import threading
from dataclasses import dataclass, field

import pytest

from peers.networks import Host, forward

ETH_P_IP = 0x0800
TCP, UDP = 6, 17
SUM_AT = {TCP: 16, UDP: 6}  # place of the checksum in each
PACKET = 65535  # bytes, at most
POLL = 0.2  # seconds until a stop is noticed

Flow = tuple[int, int, bytes, int]  # protocol, port inside, address and port of the other end


@dataclass
class Gateway:
    """A host that translates for the host behind it, while in its `with`.

    `host` is the address of that one, `announced` where it is reached, `used` where it calls from.
    Both sides have to `send_as_is`.
    """

    gateway: Host
    host: str
    announced: str
    used: str
    _flows: dict[Flow, bytes] = field(default_factory=dict)
    _stopped: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> "Gateway":
        with self.gateway:
            forward(False)
            try:
                self._seen = socket.socket(
                    socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_IP)
                )
                self._out = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
            except OSError as error:
                pytest.skip(f"no packets for tests: {error.strerror}")
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stopped.set()
        self._thread.join()
        self._seen.close()
        self._out.close()

    def _run(self) -> None:
        while not self._stopped.is_set():
            if select.select([self._seen], [], [], POLL)[0]:
                packet, where = self._seen.recvfrom(PACKET)
                if where[2] == socket.PACKET_HOST:
                    self._translate(packet)

    def _translate(self, packet: bytes) -> None:
        """Send it on with another source, or to another destination, or not at all."""
        size, protocol = (packet[0] & 15) * 4, packet[9]
        if protocol not in SUM_AT:
            return
        source, to = packet[12:16], packet[16:20]
        ports = struct.unpack_from("!HH", packet, size)
        here = socket.inet_aton(self.host)
        if source == here:
            flow = (protocol, ports[0], to, ports[1])
            source = self._flows.setdefault(flow, socket.inet_aton(self.used))
        elif self._is_let_in((protocol, ports[1], source, ports[0]), to):
            to = here
        else:
            return
        total = struct.unpack_from("!H", packet, 2)[0]
        changed = packet[:12] + source + to + packet[20:total]
        self._out.sendto(_with_sum(changed, size), (socket.inet_ntoa(to), 0))

    def _is_let_in(self, flow: Flow, to: bytes) -> bool:
        """What comes to the announced address is; elsewhere, what has been called for."""
        if to == socket.inet_aton(self.announced):
            self._flows.setdefault(flow, to)
        return self._flows.get(flow) == to


def _with_sum(packet: bytes, size: int) -> bytes:
    """The packet with the sum that its protocol wants; that of IP is the kernel's."""
    protocol, body = packet[9], bytearray(packet[size:])
    at = SUM_AT[protocol]
    body[at : at + 2] = b"\0\0"
    pseudo = packet[12:20] + struct.pack("!BBH", 0, protocol, len(body))
    struct.pack_into("!H", body, at, _sum(pseudo + body) or 0xFFFF)
    return packet[:size] + bytes(body)


def _sum(data: bytes) -> int:
    words = struct.unpack(f"!{(len(data) + 1) // 2}H", data + bytes(len(data) % 2))
    total = sum(words)
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
