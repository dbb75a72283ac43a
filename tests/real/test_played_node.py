"""The played node, which other tests rely on, speaks as recorded dispynodes do."""

import socket
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from types import SimpleNamespace
from typing import Any

import pytest
from peers.played_node import PlayedNode, Record, message

from gsched.wire.frames import LENGTH, frame
from gsched.wire.pickles import loads
from gsched.wire.records import Record as Decoded

GOLDEN = Path(__file__).parents[1] / "wire/golden/4.15.2"
SPOKEN = ("PONG", "PULSE", "NODE_CPUS", "PING", "JOB_REPLY", "JOB_REPLY.terminated")


def golden(name: str) -> bytes:
    """A message that a dispynode sent to a scheduler."""
    data = (GOLDEN / f"node-scheduler.{name}.bin").read_bytes()
    return data if name.endswith(".udp") else data[LENGTH.size :]


def revived(value: Any) -> Any:
    """What was decoded, as the played node would have said it."""
    if isinstance(value, Decoded):
        fields = {name: revived(part) for name, part in value.items().items()}
        return Record(value.GLOBAL[1], fields)
    if isinstance(value, dict):
        return {name: revived(part) for name, part in value.items()}
    return value


@pytest.mark.parametrize("name", [*SPOKEN, "TERMINATED.udp"])
def test_bytes(name: str) -> None:
    data = golden(name)
    tag, _, body = data.partition(b":")
    assert message(tag.decode(), revived(loads(body))) == data


class Ear:
    """Takes the place of a scheduler, and keeps what it is told."""

    def __init__(self, node: PlayedNode) -> None:
        self.sock = socket.create_server(("127.0.0.1", 0))
        node.scheduler = self.sock.getsockname()

    def hear(self) -> bytes:
        peer, _ = self.sock.accept()
        with peer, peer.makefile("rb") as stream:
            payload = stream.read(int.from_bytes(stream.read(LENGTH.size), "big"))
            peer.sendall(frame(b"ACK"))
            return payload


@pytest.fixture
def node() -> Iterator[PlayedNode]:
    node = PlayedNode("127.0.0.1", 0)
    yield node
    node.stop()


SPEECHES = {
    "PONG": lambda node: node.pong("s" * 40),
    "NODE_CPUS": lambda node: node.set_cpus(0),
    "PING": lambda node: node.ping(),
    "PULSE": lambda node: node.pulse(),
    "JOB_REPLY": lambda node: node.end(SimpleNamespace(uid=7, hash="h"), 11, 49),
}


@pytest.mark.parametrize("name", SPEECHES)
def test_fields(node: PlayedNode, name: str) -> None:
    """The same as in the recorded message, in the same order, of the same types."""
    ear = Ear(node)
    Thread(target=SPEECHES[name], args=[node], daemon=True).start()
    assert shape(ear.hear()) == shape(golden(name))


def shape(payload: bytes) -> Any:
    tag, _, body = payload.partition(b":")
    fields = dict(loads(body).items())
    return tag, [(name, type(value)) for name, value in fields.items()]
