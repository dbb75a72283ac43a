"""What results take of their client's share while they wait for it."""

from typing import Any

import gevent
import pytest
from test_net_nodes import Running, World, limited, reply

from gsched.core import effects
from gsched.net.clients.delivery import Delivery
from gsched.net.computation import Message
from gsched.wire.messages import Sender, parse


class Client:
    """Takes the place of `Caller`: a client that answers once it is let."""

    timeout = 1.0

    def __init__(self) -> None:
        self.gate = gevent.event.Event()
        self.told: list[bytes] = []

    def ask(self, _address: Any, _code: bytes, payload: bytes, _limit: int) -> bytes:
        self.gate.wait()
        self.told.append(payload)
        return b"ACK"

    tell = ask


@pytest.fixture
def running() -> Running:
    return limited(World(), 1 << 20)


def provisional(running: Running, size: int) -> effects.SendProvisional:
    payload = reply(running.job, status=7, result=b"x" * size)
    return effects.SendProvisional(running.job, parse(payload, Sender.NODE)[1])


def settle() -> None:
    for _ in range(20):
        gevent.sleep(0)


@pytest.mark.parametrize("recovers", [False, True])
def test_provisional_results_count_until_they_are_there(running: Running, recovers: bool) -> None:
    """Or are of no use any more: a client that recovers its jobs takes each for the last one."""
    world, client = running.world, Client()
    caller: Any = client
    delivery = Delivery(world.exchange, world.identity, caller)
    running.job.cluster.spec.reply_to = ("192.0.2.9", 9700)
    message: Message = running.job.message
    assert message.account
    before = message.account._size
    for _ in range(5):
        delivery._provisional(provisional(running, 10_000))
    settle()
    assert 50_000 < message.account._size - before < 55_000
    if recovers:
        delivery.recover(running.job.cluster)
    client.gate.set()
    settle()
    assert len(client.told) == (1 if recovers else 5)
    assert message.account._size == before
    delivery.stop()
