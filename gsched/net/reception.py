"""Who comes in: peers of releases that are served. The others are turned away, and people see it.

It also remembers which releases were met: nodes are greeted in their versions, and a client says
its own only in the first of its requests.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from gsched.net.introductions import Introductions
from gsched.wire.releases import Dialect, Release, Unserved, find

log = logging.getLogger("gsched.net")

MOST_REFUSED = 100  # rows for people; the oldest are dropped
KEPT = 24 * 3600.0  # seconds that a row is shown after the peer was last heard of
MOST_MET = 8  # versions: each is one more greeting that goes to all nodes
_MOST_CLIENTS = 10_000


@dataclass(slots=True)
class Refused:
    """A peer that was turned away. `role` is client, node or relay."""

    address: str
    role: str
    version: str
    reason: str
    time: float  # seconds since 1970, when it last tried


class Watch:
    """What `Reception.watch` gives: a generator would cost each message three times as much."""

    __slots__ = ("_address", "_reception", "_role")

    def __init__(self, reception: "Reception", role: str, address: str) -> None:
        self._reception, self._role, self._address = reception, role, address

    def __enter__(self) -> None:
        """Nothing is known yet."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        if not isinstance(error, Unserved):
            return False
        self._reception.turn_away(*(error.peer or (self._role, self._address)), error)
        return True


class Reception:
    """See the module's text."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._now = clock
        self.introductions = Introductions(clock)
        self._refused: dict[tuple[str, str, str], Refused] = {}
        self._met: dict[str, None] = {}
        self._clients: dict[tuple[str, Dialect], Release] = {}

    def admit(self, role: str, address: str, version: str) -> Release:
        """The peer's release. Raises Unserved, for `watch`."""
        try:
            release = find(version)
        except Unserved as error:
            error.peer = role, address
            raise
        _keep(self._met, version, None, MOST_MET)
        if role == "node":
            self._forgive(address)
        elif role == "client":
            _keep(self._clients, (address, release.dialect), release, _MOST_CLIENTS)
        return release

    def watch(self, role: str, address: str) -> "Watch":
        """Go on after this if the peer turns out to be one that is not served; tell people."""
        return Watch(self, role, address)

    def release_of(self, address: str, dialect: Dialect) -> str:
        """The version that a client there gave last; empty if none did that speaks so."""
        release = self._clients.get((address, dialect))
        return release.version if release else ""

    @property
    def met(self) -> tuple[str, ...]:
        """Versions of peers that were here, the latest first."""
        return tuple(reversed(self._met))

    def refused(self) -> list[dict[str, Any]]:
        """Those that were turned away, for people: the earliest first."""
        now = self._now()
        fresh = [one for one in self._refused.values() if now - one.time < KEPT]
        return [{name: getattr(one, name) for name in one.__slots__} for one in fresh]

    def turn_away(self, role: str, address: str, error: Unserved) -> None:
        """A peer is not served, for that reason."""
        key = (role, address, error.version)
        if key not in self._refused:
            log.warning("%s %s is refused: %s", role, address, error)
        refused = Refused(address, role, error.version, str(error), self._now())
        _keep(self._refused, key, refused, MOST_REFUSED)

    def _forgive(self, address: str) -> None:
        """A node that is served now: there is only one at an address."""
        for key in [key for key in self._refused if key[:2] == ("node", address)]:
            del self._refused[key]


def _keep(kept: dict[Any, Any], key: Any, value: Any, most: int) -> None:
    """Put it in as the latest, and drop the oldest if there are too many."""
    kept.pop(key, None)
    kept[key] = value
    if len(kept) > most:
        del kept[next(iter(kept))]
