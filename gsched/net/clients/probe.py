"""Is it the client that answers at its port, or another program on its host?

A client that could not bind its port does not notice. One that knows a computation cannot be told
from another without starting it; so the process is asked for its sign instead, which all dispy
clients tell in answer to RELAY_INFO of their own version; they make nothing else of it.
"""

from gsched.net.computation import Computation
from gsched.net.identity import Identity
from gsched.net.transport.channel import Caller, Closed
from gsched.wire.errors import PeerError
from gsched.wire.messages import build
from gsched.wire.pickles import loads
from gsched.wire.releases import Release

_TIMEOUT = 2.0  # seconds, of ten that the client waits for the answer to its request
_SMALL = 1024


class Probe:
    """Asks ports of clients."""

    def __init__(self, identity: Identity, caller: Caller) -> None:
        self._identity = identity
        self._caller = caller

    def finds_client_of(self, computation: Computation) -> bool:
        """Whether its client answers there. Raises OSError if nothing can be reached."""
        releases = {one.release for one in computation.senders}
        if not releases or not all(release.tells_its_sign for release in releases):
            self._caller.connect(computation.reply_to).close()
            return True
        codes = {one.code for one in computation.senders}
        return any(self._code_of(computation, release) in codes for release in releases)

    def _code_of(self, computation: Computation, release: Release) -> bytes:
        """What a client of that release at that port introduces itself with; empty: no client."""
        about = {"version": release.version, "scheduler_ip_addr": self._identity.announced[0]}
        payload, timeout = build("RELAY_INFO", about), min(self._caller.timeout, _TIMEOUT)
        try:
            reply = self._caller.ask(computation.reply_to, b"", payload, _SMALL, timeout)
            found = loads(reply, plain=True)
        except (Closed, PeerError):
            return b""
        sign = found.get("sign") if isinstance(found, dict) else None
        return self._identity.client_code_of(sign) if isinstance(sign, str) else b""


def knows_sign(computation: Computation) -> bool:
    """Whether its client tells its sign, and nobody else is taken for it by that.

    Two clients of one host that have introduced themselves at the same time may be.
    """
    return len(computation.senders) == 1 and all(
        one.release.tells_its_sign for one in computation.senders
    )
