"""Files that only pass through: from whom, and where to."""

import io
import random
from types import SimpleNamespace
from typing import Any

import pytest
from test_net_nodes import NODE, STRANGER, Running, World

from gsched.core.model.job import Job
from gsched.net.files import CHUNK
from gsched.net.relays import Relays, relay
from gsched.wire.errors import PeerError
from gsched.wire.filestat import StatResult
from gsched.wire.pickles import dumps, loads
from gsched.wire.records import JobReply, XferFile

CONTENT = b"content"
REFUSED = -1


class Line:
    """One end of a connection, at which all that the other says is known before."""

    def __init__(self, source: str, *heard: bytes) -> None:
        self.peer = (source, 1)
        self.heard = list(heard)
        self.told: list[bytes] = []
        self.send = self.told.append

    def receive(self, _limit: int) -> bytes:
        return self.heard.pop(0)

    def send_raw(self, data: memoryview) -> None:
        self.told.append(bytes(data))

    def receive_into(self, space: memoryview) -> None:
        space[:] = CONTENT[: len(space)]

    def __enter__(self) -> "Line":
        return self

    def __exit__(self, *_: object) -> None:
        pass


class Passing:
    """A job whose file is on its way to its client."""

    def __init__(self) -> None:
        world = World()
        self.job: Job = Running(world).job
        self.client = Line("client", dumps(0), dumps(len(CONTENT)))
        self.called: list[Any] = []
        self.job.cluster.spec = SimpleNamespace(reply_to=("192.0.2.9", 9700))
        nobody: Any = None
        clients: Any = SimpleNamespace(connect=self._connect)
        self.relays = Relays(world.scheduler, world.identity, nobody, clients)

    def _connect(self, address: Any) -> Line:
        self.called.append(address)
        return self.client

    def bring(self, source: str = NODE, *, hash_: str = "right", **other: Any) -> Line:
        """A file is brought; the end of whoever brings it."""
        stat = StatResult((0o644, 0, 0, 0, 0, 0, len(CONTENT), 0, 0, 0))
        fields = {"name": "/a", "dest_path": ".", "compute_id": None, "stat_buf": stat, "sep": "/"}
        about = JobReply(uid=self.job.uid, hash=hash_, ip_addr=NODE, status=6, result=None)
        source_: Any = Line(source, dumps(about))
        try:
            self.relays.from_job(source_, XferFile(**fields | other))
        finally:
            self.answers = [loads(one) for one in source_.told]
        return source_


def test_a_file_passes() -> None:
    passing = Passing()
    passing.bring()
    assert passing.answers == [0, len(CONTENT)]
    assert passing.called == [("192.0.2.9", 9700)] and CONTENT in passing.client.told


@pytest.mark.parametrize("kept", [1, CHUNK - 1, CHUNK, CHUNK + 300_000, 2 * CHUNK + 7])
def test_a_large_file_passes_in_pieces(kept: int) -> None:
    """Its source sends whole chunks, whatever the target wants of them."""
    size = 2 * CHUNK + 7
    content, counts = io.BytesIO(random.Random(kept).randbytes(size)), []
    there = [*range(0, kept, CHUNK), kept]
    target = Line("target", *map(dumps, there))
    source: Any = SimpleNamespace(send=counts.append, receive_into=content.readinto)
    target_: Any = target
    assert relay(source, target_, size, kept) == kept
    assert b"".join(target.told) == content.getvalue()[:kept]
    assert [loads(count) for count in counts] == there
    assert content.tell() == min(size, CHUNK * (len(there) - 1))


@pytest.mark.parametrize(
    "other",
    [
        {"dest_path": "/etc"},
        {"dest_path": "../.."},
        {"dest_path": "a/../../.ssh"},
        {"dest_path": "C:\\Windows"},
        {"dest_path": "a\0b"},
        {"dest_path": "xyetc", "sep": "xy"},
        {"name": "/home/u/.."},
        {"name": "/home/u/a\\..\\b"},
        {"name": "C:evil"},
        {"name": "/a\0"},
        {"name": "/etc/passwd", "sep": "x"},
    ],
    ids=str,
)
def test_files_that_lead_elsewhere_reach_no_client(other: dict[str, Any]) -> None:
    """A client writes them wherever they say."""
    passing = Passing()
    with pytest.raises(PeerError, match="leads out"):
        passing.bring(**other)
    assert passing.answers == [REFUSED] and not passing.called


@pytest.mark.parametrize("way", [{"source": STRANGER}, {"hash_": "wrong"}], ids=str)
def test_only_the_node_of_the_job_brings_its_files(way: dict[str, str]) -> None:
    passing = Passing()
    with pytest.raises(PeerError, match="file of job"):
        passing.bring(**way)
    assert passing.answers == [REFUSED] and not passing.called
