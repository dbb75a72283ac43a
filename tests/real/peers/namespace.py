"""A network of our own: what real peers broadcast must never leave this machine.

The calling process moves to a network that has nothing but loopback; all that it starts from then
on is in there too. Root may do that at once, others by way of a user namespace, where the system
lets them.
"""

import contextlib
import ctypes
import fcntl
import os
import socket
import struct
from itertools import count
from pathlib import Path

CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
SIOCADDRT, SIOCGIFFLAGS, SIOCSIFFLAGS, SIOCSIFADDR = 0x890B, 0x8913, 0x8914, 0x8916
IFF_UP, RTF_UP, RTF_HOST = 1, 1, 4
LOOPBACK = b"lo"
_RESERVED = Path("/proc/sys/net/ipv4/ip_local_reserved_ports")  # not for outgoing connections
BROADCAST = "255.255.255.255"


def enter() -> str:
    """Move there. Returns why that is not possible, or an empty text."""
    try:
        _unshare(CLONE_NEWNET)
    except OSError:
        try:
            _unshare_as_user()
        except OSError as error:
            return error.strerror or str(error)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        _bring_up(sock)
        _route_broadcasts(sock)
    with contextlib.suppress(OSError):
        _RESERVED.write_text("9700-9702,51347-51349,61590-61592")
    return ""


_labels = count(1)


def add_address(address: str) -> None:
    """Give loopback one more address, which does not look like loopback: for broadcasts.

    It stays there, so tests that must not hear each other's nodes need networks of their own.
    """
    request = struct.pack("16s16s", f"lo:{next(_labels)}".encode(), _sockaddr(address))
    known = contextlib.suppress(FileExistsError)  # another test has given it before
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock, known:
        fcntl.ioctl(sock, SIOCSIFADDR, request)


def _unshare(flags: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(flags):
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


def _unshare_as_user() -> None:
    """Stay the same user in there, so that files belong to whom they belonged to before."""
    user, group = os.geteuid(), os.getegid()
    _unshare(CLONE_NEWUSER | CLONE_NEWNET)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{group} {group} 1")


def _bring_up(sock: socket.socket) -> None:
    request = struct.pack("16sH14s", LOOPBACK, 0, b"")
    flags = struct.unpack("16sH14s", fcntl.ioctl(sock, SIOCGIFFLAGS, request))[1]
    fcntl.ioctl(sock, SIOCSIFFLAGS, struct.pack("16sH14s", LOOPBACK, flags | IFF_UP, b""))


def _route_broadcasts(sock: socket.socket) -> None:
    """Let broadcasts arrive at the processes in here, as they would on a real network."""
    device = ctypes.create_string_buffer(LOOPBACK)
    everywhere, mask = _sockaddr(BROADCAST), _sockaddr(BROADCAST)
    route = struct.pack(
        "L16s16s16sHhLPhP",
        0,
        everywhere,
        _sockaddr("0.0.0.0"),
        mask,
        RTF_UP | RTF_HOST,
        *(0, 0, 0, 0),
        ctypes.addressof(device),
    )
    fcntl.ioctl(sock, SIOCADDRT, route.ljust(256, b"\0"))


def _sockaddr(address: str) -> bytes:
    return struct.pack("HH4s8x", socket.AF_INET, 0, socket.inet_aton(address))
