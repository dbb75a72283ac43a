"""Several networks inside one test: hosts that are linked to each other, and to nothing else.

The test itself is in the network that `namespace` has made; each Host is one more. What is
started inside `with host:` runs there. It all goes by the kernel's own interface for networks, so
that nothing has to be installed, and no privilege is needed beyond those that the test has there.
"""

import ctypes
import errno
import fcntl
import ipaddress
import os
import socket
import struct
from pathlib import Path
from types import TracebackType

import pytest

from peers.namespace import CLONE_NEWNET, IFF_UP

OURS = "/proc/thread-self/ns/net"
FORWARD = "/proc/sys/net/ipv4/ip_forward"

# Of the kernel's rtnetlink(7), in its order: kinds of messages, flags, attributes.
NEW_LINK, DELETE_LINK, NEW_ADDRESS, NEW_ROUTE = 16, 17, 20, 24
REQUEST, ACK, EXCLUSIVE, CREATE = 0x01, 0x04, 0x200, 0x400
LINK_NAME, LINK_INFO, LINK_NAMESPACE = 3, 18, 28
INFO_KIND, INFO_DATA, PEER = 1, 2, 1
ADDRESS, LOCAL, BROADCAST = 1, 2, 4
DESTINATION, OUT, GATEWAY = 1, 4, 5
SIOCETHTOOL, NO_OFFLOAD = 0x8946, (0x17, 0x1F, 0x24)  # checksums, segmentation of TCP, of all
NO_DUPLICATE_DETECTION, MAIN_TABLE, STATIC, UNICAST = 0x02, 254, 4, 1

Interface = ipaddress.IPv4Interface | ipaddress.IPv6Interface


class Host:
    """A network of its own, which ends with the test and the processes in there."""

    def __init__(self) -> None:
        self._came_from = [os.open(OURS, os.O_RDONLY)]
        try:
            _call("unshare", CLONE_NEWNET)
        except OSError as error:
            pytest.skip(f"no networks of our own: {error.strerror}")
        self.namespace = os.open(OURS, os.O_RDONLY)
        _bring_up("lo")
        self._leave()

    def close(self) -> None:
        """Hold it no more, and take its cables away: the kernel does that some time later."""
        with self:
            for _, name in socket.if_nameindex():
                if name != "lo":
                    _ask(DELETE_LINK, 0, _state(name, up=False))
        os.close(self.namespace)

    def __enter__(self) -> "Host":
        self._came_from.append(os.open(OURS, os.O_RDONLY))
        _enter(self.namespace)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._leave()

    def _leave(self) -> None:
        back = self._came_from.pop()
        _enter(back)
        os.close(back)

    def link(self, name: str, here: str, there: str) -> None:
        """A cable from where we are to this host; both ends have addresses, as 10.0.0.1/24."""
        peer = struct.pack("BxHiII", 0, 0, 0, 0, 0) + _name(name)
        peer += _attribute(LINK_NAMESPACE, struct.pack("I", self.namespace))
        info = _attribute(INFO_KIND, b"veth") + _attribute(INFO_DATA, _attribute(PEER, peer))
        body = struct.pack("BxHiII", 0, 0, 0, 0, 0) + _name(name) + _attribute(LINK_INFO, info)
        try:
            _ask(NEW_LINK, EXCLUSIVE | CREATE, body)
        except OSError as error:
            if error.errno not in (errno.EPERM, errno.EOPNOTSUPP, errno.ENODEV):
                raise
            pytest.skip(f"no cables between networks: {error.strerror}")
        add_address(name, here)
        with self:
            add_address(name, there)


def add_address(name: str, address: str) -> None:
    """Give an interface where we are one more address."""
    _bring_up(name)
    found = ipaddress.ip_interface(address)
    head = struct.pack(
        "BBBBI",
        _family(found),
        found.network.prefixlen,
        NO_DUPLICATE_DETECTION if found.version == 6 else 0,
        0,
        socket.if_nametoindex(name),
    )
    body = head + _attribute(LOCAL, found.packed) + _attribute(ADDRESS, found.packed)
    if found.version == 4:
        body += _attribute(BROADCAST, found.network.broadcast_address.packed)
    _ask(NEW_ADDRESS, EXCLUSIVE | CREATE, body)


def add_route(network: str, gateway: str) -> None:
    """What is for that network goes to that gateway, from where we are."""
    to, by = ipaddress.ip_interface(network), ipaddress.ip_address(gateway)
    head = struct.pack(
        "BBBBBBBBI", _family(to), to.network.prefixlen, 0, 0, MAIN_TABLE, STATIC, 0, UNICAST, 0
    )
    body = head + _attribute(DESTINATION, to.packed) + _attribute(GATEWAY, by.packed)
    _ask(NEW_ROUTE, EXCLUSIVE | CREATE, body)


def forward(wanted: bool = True) -> None:
    """Be a router where we are, or be none."""
    try:
        Path(FORWARD).write_text(str(int(wanted)))
    except OSError as error:
        pytest.skip(f"no router: {error.strerror}")


def pull_plug(name: str) -> None:
    """An interface where we are has no cable any more. It keeps its addresses of IPv4."""
    _ask(NEW_LINK, 0, _state(name, up=False))


def push_plug(name: str) -> None:
    """It has its cable again."""
    _bring_up(name)


def send_as_is(name: str) -> None:
    """Let an interface where we are compute all sums and cut all packets to size by itself.

    Without this the kernel leaves that to the card, which a cable between networks does not have;
    only who looks at packets notices.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for command in NO_OFFLOAD:
            value = ctypes.create_string_buffer(struct.pack("II", command, 0))
            request = struct.pack("16sP16x", name.encode(), ctypes.addressof(value))
            fcntl.ioctl(sock, SIOCETHTOOL, request)


def _enter(namespace: int) -> None:
    _call("setns", namespace, CLONE_NEWNET)


def _call(name: str, *arguments: int) -> None:
    """A system call that Python does not have before 3.12."""
    if getattr(ctypes.CDLL(None, use_errno=True), name)(*arguments):
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


def _bring_up(name: str) -> None:
    _ask(NEW_LINK, 0, _state(name, up=True))


def _state(name: str, up: bool) -> bytes:
    index = socket.if_nametoindex(name)
    return struct.pack("BxHiII", 0, 0, index, IFF_UP if up else 0, IFF_UP)


def _ask(kind: int, flags: int, body: bytes) -> None:
    """One request to the kernel, which answers with an error, or with error 0."""
    head = struct.pack("IHHII", 16 + len(body), kind, flags | REQUEST | ACK, 1, 0)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as sock:
        sock.sendto(head + body, (0, 0))
        code = -struct.unpack_from("i", sock.recv(65536), 16)[0]
    if code:
        raise OSError(code, os.strerror(code))


def _attribute(kind: int, value: bytes) -> bytes:
    size = 4 + len(value)
    return struct.pack("HH", size, kind) + value + bytes(-size % 4)


def _name(name: str) -> bytes:
    return _attribute(LINK_NAME, name.encode() + b"\0")


def _family(found: Interface) -> int:
    return socket.AF_INET6 if found.version == 6 else socket.AF_INET
