"""Names of hosts to addresses."""

import ipaddress
from functools import lru_cache

from gevent import Timeout, socket

TIMEOUT = 5.0  # seconds


def resolve(host: str | None) -> str:
    """The address of that host. A name that cannot be resolved comes back as it is."""
    if not host or is_address(host) or "*" in host:
        return host or ""
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
    found = socket.getaddrinfo(host, None, socket.AF_INET, socket.SOCK_STREAM)
    return str(found[0][4][0])
