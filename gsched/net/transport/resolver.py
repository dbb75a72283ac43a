"""Names of hosts to addresses."""

import ipaddress
import time
from functools import lru_cache

from gevent import Timeout, socket

TIMEOUT = 5.0  # seconds
KEPT = 10.0  # seconds until a name is looked up again: hosts move
_MOST_KEPT = 4096

_known: dict[str, tuple[str, float]] = {}  # of names: the address, and until when it is kept


def resolve(host: str | None) -> str:
    """The address of that host. A name that cannot be resolved comes back as it is.

    One that had an address before keeps it while nobody answers for the name.
    """
    if not host or "*" in host:
        return host or ""
    if usual := _usual(host):
        return usual
    address, until = _known.get(host, (host, 0.0))
    if time.monotonic() < until:
        return address
    found = _look_up(host) or address
    if found != host:
        _keep(host, found)
    return found


def is_address(host: str) -> bool:
    """Whether that is an address and no name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


@lru_cache(maxsize=_MOST_KEPT)
def _usual(host: str) -> str:
    """An address in its usual form; empty if it is a name."""
    return ipaddress.ip_address(host.split("%")[0]).compressed if is_address(host) else ""


def _keep(host: str, address: str) -> None:
    if len(_known) >= _MOST_KEPT:
        _known.clear()
    _known[host] = address, time.monotonic() + KEPT


def _look_up(host: str) -> str:
    """IPv4 before IPv6, as dispy does; empty if there is none."""
    with Timeout(TIMEOUT, False):
        try:
            found = socket.getaddrinfo(host, None, 0, socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            return ""
        best = min(found, key=lambda info: info[0] != socket.AF_INET)
        return str(best[4][0]).split("%")[0]
    return ""
