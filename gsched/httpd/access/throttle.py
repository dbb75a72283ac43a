"""Guesses of passwords are slowed down, and nobody is locked out: whoever guesses too fast waits.

Attempts have places in time, one after the other, some at once and then one each `PAUSE` seconds:
for each address, and for all together. Who would have to wait too long is asked to come back.
"""

import ipaddress
from collections.abc import Callable

AT_ONCE, PAUSE = 5, 12.0  # of one address: five, then five a minute
ALL_AT_ONCE, ALL_PAUSE = 60, 1.0  # of all
LONGEST_WAIT = 20.0  # seconds
MOST_ADDRESSES = 10_000
_REST = "(others)"  # an address, where there are too many


class TooManyAttemptsError(Exception):
    """Come back after that many seconds."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"too many attempts; try again in {seconds:.0f} seconds")
        self.seconds = seconds


class Throttle:
    """`now` gives seconds of a clock that never goes back."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._next: dict[str, float] = {}  # address -> when a further attempt is due
        self._next_of_all = 0.0

    def wait(self, address: str) -> float:
        """Takes the next place: the seconds until it. Raises TooManyAttemptsError."""
        now, network = self._now(), self._network(address)
        own = max(self._next.get(network, 0.0), now)
        of_all = max(self._next_of_all, now)
        wait = (
            max(own - AT_ONCE * PAUSE + PAUSE, of_all - ALL_AT_ONCE * ALL_PAUSE + ALL_PAUSE) - now
        )
        if wait > LONGEST_WAIT:
            raise TooManyAttemptsError(wait)
        self._next[network], self._next_of_all = own + PAUSE, of_all + ALL_PAUSE
        return max(wait, 0.0)

    def succeeded(self, address: str) -> None:
        """That attempt was no guess: its place is given back."""
        network = self._network(address)
        if network in self._next:
            self._next[network] -= PAUSE

    def _network(self, address: str) -> str:
        """What is counted as one: of IPv6, a network, all of whose addresses one host may have."""
        try:
            found = ipaddress.ip_address(address.partition("%")[0])
        except ValueError:
            return _REST
        if found.version == 6:
            mapped = found.ipv4_mapped
            found = mapped or ipaddress.ip_network((int(found) >> 64 << 64, 64)).network_address
        return self._known(str(found))

    def _known(self, network: str) -> str:
        """That one, unless there is no room for it."""
        if network not in self._next and len(self._next) >= MOST_ADDRESSES:
            now = self._now()
            self._next = {name: due for name, due in self._next.items() if due > now}
        full = network not in self._next and len(self._next) >= MOST_ADDRESSES
        return _REST if full else network
