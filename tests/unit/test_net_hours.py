"""When a node serves: what is asked, and what is made of the answer."""

from typing import Any

import pytest
from core.world import World

from gsched.core.model.node import Node
from gsched.net.identity import Identity
from gsched.net.nodes.hours import AskHours, Hours
from gsched.wire.pickles import dumps

SIGN = "5" * 40
LOCKED = "the node tells that only to who has its --admin_secret"


class Caller:
    """A node's end."""

    def __init__(self, reply: Any) -> None:
        self.reply, self.asked = reply, b""

    def ask(self, address: Any, code: bytes, payload: bytes, limit: int, timeout: float) -> bytes:
        self.asked = payload
        if isinstance(self.reply, Exception):
            raise self.reply
        return self.reply if isinstance(self.reply, bytes) else dumps(self.reply)


def node() -> Node:
    made = World().node()
    made.identity = SIGN
    return made


def asked(reply: Any, of: Node | None = None) -> Hours:
    identity = Identity(node_secret="", cluster_secret="", announced=(), sign="7" * 40)
    return AskHours(identity, Caller(reply))(of or node())  # type: ignore[arg-type]


TOLD = {"service_start": None, "service_stop": 1700000000, "service_end": 1700003600}
TOLD |= {"busy": 0, "clients_done": 4, "name": "n"}


@pytest.mark.parametrize(("serve", "left"), [(-1, None), (0, 0), (3, 3), (None, None), ("x", None)])
def test_what_a_node_says_of_itself(serve: Any, left: int | None) -> None:
    assert asked(TOLD | {"serve": serve}) == Hours(None, 1700000000, 1700003600, left, 4)


@pytest.mark.parametrize("odd", ["13:00", 2**60, True, [1]])
def test_odd_values_are_none(odd: Any) -> None:
    assert asked(TOLD | {"service_stop": odd}).stop is None


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (SIGN.encode(), LOCKED),
        (-1, LOCKED),
        ({"busy": 0}, LOCKED),
        (b"no pickle", "the node does not answer: "),
        (OSError("timed out"), "the node does not answer: timed out"),
    ],
)
def test_a_node_that_does_not_say_so(reply: Any, why: str) -> None:
    assert asked(reply).why.startswith(why)


def test_a_lost_node_is_not_asked() -> None:
    world = World()
    lost = world.node()
    world.lose(lost)
    assert asked(AssertionError("asked"), lost).why == "the node is lost"
