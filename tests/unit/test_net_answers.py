"""What nodes answer: texts for people, and results that were asked for."""

from types import SimpleNamespace
from typing import Any

import pytest

from gsched.net.identity import Identity
from gsched.net.nodes.inquiry import ACK, Inquiry
from gsched.net.nodes.setups import _unwilling
from gsched.wire.pickles import dumps
from gsched.wire.records import FINISHED, JobReply


def test_an_endless_answer_is_not_written_out() -> None:
    """A list of the same list of the same list ... is short as a message, and endless as a text."""
    endless: list[Any] = []
    for _ in range(100):
        endless = [endless, endless]
    assert len(_unwilling(endless)) < 300
    assert _unwilling({"cpus": 1}) == "node answers \"{'cpus': 1}\""
    assert _unwilling("none of yours") == "node answers 'none of yours'"


class FakeNode:
    """Takes the place of `Caller` and of a channel."""

    def __init__(self, reply: JobReply) -> None:
        self.reply = reply
        self.told: list[bytes] = []

    def connect(self, _address: Any) -> "FakeNode":
        return self

    def __enter__(self) -> "FakeNode":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def send(self, payload: bytes, *_: bytes) -> None:
        self.told.append(payload)

    def receive(self, _limit: int) -> bytes:
        return dumps(self.reply)


@pytest.mark.parametrize(("uid", "hash_", "is_taken"), [(7, "h", 1), (8, "h", 0), (7, "i", 0)])
def test_only_the_result_that_was_asked_for_is_taken(uid: int, hash_: str, is_taken: int) -> None:
    """A node may hold results of other jobs, and must not give one of these for it."""
    reply = JobReply(uid=uid, hash=hash_, ip_addr="10.0.0.1", status=FINISHED, result=b"N.")
    node, taken = FakeNode(reply), []
    nodes = SimpleNamespace(take=lambda job, _: taken.append(job) or True)
    identity = Identity(node_secret="", cluster_secret="", announced=("10.0.0.9",))
    none: Any = None
    inquiry = Inquiry(none, identity, node, none, none, nodes)  # type: ignore[arg-type]
    cluster = SimpleNamespace(id=1, spec=SimpleNamespace(node_auth="b"))
    job = SimpleNamespace(uid=7, cluster=cluster, message=SimpleNamespace(hash="h"))
    inquiry._retrieve(SimpleNamespace(address="10.0.0.1", port=1, identity="1"), job)  # type: ignore[arg-type]
    assert len(taken) == is_taken and (ACK in node.told) == bool(is_taken)
