"""Names of hosts to addresses.

Peers name hosts, and those who answer for a name may take their time: so look-ups have threads of
their own, and never hold up files.
"""

import ipaddress
import re
import time
from functools import lru_cache
from socket import AF_INET, SOCK_STREAM
from typing import Any

from gevent import Timeout, monkey
from gevent.threadpool import ThreadPool

TIMEOUT = 5.0  # seconds
KEPT = 10.0  # seconds until a name is looked up again: hosts move
UNKNOWN_KEPT = 1.0  # seconds, where it has no address
LOOK_UPS = 16  # at the same time
_MOST_KEPT = 4096
_LONGEST = 255  # characters of a name, and of an address with its interface
_ZONE = re.compile(r"[\w.:-]*", re.ASCII)  # the interface

_getaddrinfo: Any = monkey.get_original("socket", "getaddrinfo")
_known: dict[str, tuple[str, float]] = {}  # of names: the address, and until when it is kept


def resolve(host: str | None) -> str:
    """The address of that host. A name that cannot be resolved comes back as it is.

    One that had an address before keeps it while nobody answers for the name.
    """
    if not host or "*" in host or len(host) > _LONGEST:
        return host or ""
    if usual := _usual(host):
        return usual
    address, until = _known.get(host, (host, 0.0))
    if time.monotonic() < until:
        return address
    found = _look_up(host) or address
    _keep(host, found, UNKNOWN_KEPT if found == host else KEPT)
    return found


def is_address(host: str) -> bool:
    """Whether that is an address and no name."""
    if len(host) > _LONGEST or not _ZONE.fullmatch(host.partition("%")[2]):
        return False
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


@lru_cache(maxsize=_MOST_KEPT)
def _usual(host: str) -> str:
    """An address in its usual form; empty if it is a name."""
    return ipaddress.ip_address(host.split("%")[0]).compressed if is_address(host) else ""


def _keep(host: str, address: str, seconds: float) -> None:
    if len(_known) >= _MOST_KEPT:
        _known.clear()
    _known[host] = address, time.monotonic() + seconds


def _look_up(host: str) -> str:
    """IPv4 before IPv6, as dispy does; empty if there is none."""
    found: list[Any] = []
    with Timeout(TIMEOUT, False):
        found = _threads().apply(_ask, (host,))
    if not found:
        return ""
    best = min(found, key=lambda info: info[0] != AF_INET)
    return str(best[4][0]).split("%")[0]


@lru_cache(maxsize=1)
def _threads() -> ThreadPool:
    return ThreadPool(LOOK_UPS)


def _ask(host: str) -> list[Any]:
    """Runs in a thread."""
    try:
        return list(_getaddrinfo(host, None, 0, SOCK_STREAM))
    except (OSError, UnicodeError):
        return []
