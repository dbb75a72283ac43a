"""Where clients may have us call: else they could look for open ports through us.

A client names the address at which it listens. That is the one that it comes from, or, where
both are of this host, any of its addresses; or one that our user allows.
"""

import ipaddress

from gsched.net.transport.addresses import is_ours
from gsched.net.transport.resolver import is_address, resolve


class Callbacks:
    """`allowed` are networks, such as 10.0.0.0/8."""

    def __init__(self, allowed: tuple[str, ...] = ()) -> None:
        self._allowed = [ipaddress.ip_network(one) for one in allowed]

    def address(self, host: str, source: str) -> str:
        """The host's address, if a client that comes from `source` may be there; else empty."""
        address, source = resolve(host), resolve(source)
        if address == source or (is_ours(address) and is_ours(source)):
            return address
        if is_address(address) and any(_holds(one, address) for one in self._allowed):
            return address
        return ""


def _holds(network: ipaddress.IPv4Network | ipaddress.IPv6Network, address: str) -> bool:
    found = ipaddress.ip_address(address)
    return found.version == network.version and found in network
