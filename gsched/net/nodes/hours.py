"""When a node serves, and how many clients: only it knows, so it is asked when somebody looks."""

from typing import Any, NamedTuple

from gsched.core.model.node import Node, NodeState
from gsched.net.identity import Identity
from gsched.net.transport.channel import Caller
from gsched.wire.errors import PeerError
from gsched.wire.messages import SMALL, build
from gsched.wire.pickles import loads

TIMEOUT = 5.0  # seconds


class Hours(NamedTuple):
    """Times in seconds since 1970; None: there is none, or `why` says that it is not known."""

    start: float | None = None  # it takes no jobs before that
    stop: float | None = None  # it takes none after that
    end: float | None = None  # then those that run are ended
    clients_left: int | None = None  # that it serves before it quits; None: as many as there are
    clients_done: int | None = None
    why: str = ""  # it does not say so


class AskHours:
    """Asks a node."""

    def __init__(self, identity: Identity, caller: Caller) -> None:
        self._identity, self._caller = identity, caller

    def __call__(self, node: Node) -> Hours:
        """What it says, in TIMEOUT or so."""
        if node.state is not NodeState.UP:
            return Hours(why="the node is lost")
        code = self._identity.node_code(node.identity)
        message = build("NODE_INFO", {"sign": node.identity})
        address = (node.address, node.port)
        try:
            reply = self._caller.ask(address, code, message, SMALL, TIMEOUT)
            told = {} if reply == node.identity.encode() else loads(reply)
        except (OSError, PeerError) as error:
            return Hours(why=f"the node does not answer: {error}")
        if not isinstance(told, dict) or "service_start" not in told:
            return Hours(why="the node tells that only to who has its --admin_secret")
        serve = _whole(told.get("serve"))
        return Hours(
            start=_whole(told["service_start"]),
            stop=_whole(told.get("service_stop")),
            end=_whole(told.get("service_end")),
            clients_left=serve if serve is not None and serve >= 0 else None,
            clients_done=_whole(told.get("clients_done")),
        )


def _whole(value: Any) -> int | None:
    """Whatever the node has sent."""
    known = isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**53
    return value if known else None
