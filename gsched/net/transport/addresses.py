"""Which addresses of this host to use."""

import ipaddress
import logging
from dataclasses import dataclass
from functools import lru_cache

import psutil
from gevent import socket

from gsched.net.transport.mistakes import Mistake
from gsched.net.transport.resolver import is_address, resolve

log = logging.getLogger("gsched.net")

LOOPBACK = "127.0.0.1"
EVERY_ADDRESS, EVERY_ADDRESS_6 = "0.0.0.0", "::"  # nosec B104  # where none is given
LOCAL_BROADCAST = "255.255.255.255"
_FAMILIES = (socket.AF_INET, socket.AF_INET6)
_ELSEWHERE = ("192.0.2.1", "2001:db8::1")  # nothing is sent there: it only asks for the route


@dataclass(frozen=True)
class Own:
    """One address of ours: `bind` to listen at, `use` to be reached at, `announced` to others."""

    bind: str
    use: str
    announced: str

    @property
    def is_ipv6(self) -> bool:
        """Of which of the two kinds it is."""
        return ":" in self.use


def own_addresses(pairs: tuple[tuple[str | None, str | None], ...]) -> list[Own]:
    """From pairs of address to use (None: find out) and to announce (None: the same).

    Raises Mistake.
    """
    found = [_own(used, announced) for used, announced in pairs]
    for place, one in enumerate(found):
        if any(one.bind == other.bind for other in found[:place]):
            raise Mistake(f"--ip_addr {pairs[place][0]}: given twice, or another name for the same")
    return found


def _own(used: str | None, announced: str | None) -> Own:
    use = _ours(used) if used else default_address()
    everywhere = EVERY_ADDRESS_6 if ":" in use else EVERY_ADDRESS
    bind = use if used else everywhere
    return Own(bind, use, _resolved("--ext_ip_addr", announced) if announced else use)


def _ours(host: str) -> str:
    address = _resolved("--ip_addr", host)
    if ipaddress.ip_address(address).is_unspecified:
        raise Mistake(
            f"--ip_addr {host}: nobody can be told that address; "
            "without --ip_addr, gsched listens at all addresses of this host"
        )
    if not is_ours(address):
        shown = host if host == address else f"{host} ({address})"
        raise Mistake(
            f"--ip_addr {shown}: not an address of this host; "
            "for one that others reach it at by way of NAT there is --ext_ip_addr"
        )
    return address


def _resolved(option: str, host: str) -> str:
    address = resolve(host)
    if not is_address(address):
        raise Mistake(f"{option} {host}: this name has no address")
    return address


def default_address() -> str:
    """Of this host's name; or of the interface that routes outward; or loopback, with a warning."""
    address = resolve(socket.gethostname())
    if is_address(address) and not is_loopback(address):
        return address
    found = _routed() or _of_some_interface()
    if not found:
        log.warning(
            "this host has no network: only programs on this host can use gsched (%s)", LOOPBACK
        )
    return found or LOOPBACK


@lru_cache(maxsize=4096)
def is_loopback(address: str) -> bool:
    """Whether only this host can be reached there."""
    return is_address(address) and ipaddress.ip_address(address).is_loopback


def is_ours(address: str) -> bool:
    """Whether that address is one of this host's."""
    if not is_address(address):
        return False
    with _socket(address) as sock:
        try:
            sock.bind((address, 0))
        except OSError:
            return False
    return not ipaddress.ip_address(address).is_unspecified


def broadcasts(own: list[Own]) -> list[str]:
    """Where to send what all nodes shall hear. Loopback reaches none."""
    here = {one.use for one in own if not is_loopback(one.use) and not one.is_ipv6}
    if not here:
        return []
    found = {LOCAL_BROADCAST}
    for links in psutil.net_if_addrs().values():
        found |= {link.broadcast for link in links if link.address in here and link.broadcast}
    return sorted(found)


def _routed() -> str:
    for elsewhere in _ELSEWHERE:
        with _socket(elsewhere) as sock:
            try:
                sock.connect((elsewhere, 9))
            except OSError:
                continue
            address = str(sock.getsockname()[0])
        if not is_loopback(address):
            return address
    return ""


def _of_some_interface() -> str:
    up = {name for name, stats in psutil.net_if_stats().items() if stats.isup}
    found = [link for name, links in psutil.net_if_addrs().items() if name in up for link in links]
    for family in _FAMILIES:
        for link in found:
            if link.family == family and _is_reached(link.address):
                return str(link.address)
    return ""


def _is_reached(address: str) -> bool:
    """Whether other hosts reach that address without being told by which of their interfaces."""
    found = ipaddress.ip_address(address.split("%")[0])
    return not found.is_loopback and not (found.version == 6 and found.is_link_local)


def _socket(address: str) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return socket.socket(family, socket.SOCK_DGRAM)
