"""Names of hosts to addresses."""

import ipaddress
from functools import lru_cache

from gevent import Timeout, socket

TIMEOUT = 5.0  # seconds


def resolve(host: str | None) -> str:
    """The address of that host. A name that cannot be resolved comes back as it is."""
    if not host or "*" in host:
        return host or ""
    if is_address(host):
        return ipaddress.ip_address(host.split("%")[0]).compressed
    with Timeout(TIMEOUT, False):
        try:
            return _look_up(host)
        except (OSError, UnicodeError):
            return host
    return host


def is_address(host: str) -> bool:
    """Whether that is an address and no name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


@lru_cache(maxsize=4096)
def _look_up(host: str) -> str:
    """IPv4 before IPv6, as dispy does."""
    found = socket.getaddrinfo(host, None, 0, socket.SOCK_STREAM)
    best = min(found, key=lambda info: info[0] != socket.AF_INET)
    return str(best[4][0])
