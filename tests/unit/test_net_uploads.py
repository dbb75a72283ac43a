"""Files from clients: a client is told that we have one once a crash cannot lose it."""

import errno
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gsched.net import uploads
from gsched.net.uploads import Limit
from gsched.store.spool import Spool
from gsched.wire.pickles import loads
from gsched.wire.records import StatResult, XferFile

CONTENT = b"content"
REFUSED = -1


def offered(size: int = len(CONTENT), mtime: int = 1) -> XferFile:
    stat = StatResult((0o644, 0, 0, 0, 0, 0, size, mtime, mtime, mtime))
    return XferFile(name="/a", dest_path="", compute_id=1, stat_buf=stat, sep="/")


class Client:
    """A channel to one that sends the content, and notes what a crash would leave just then."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.told: list[int] = []
        self.left: list[list[bytes]] = []  # contents that the next run would find, each time

    def send(self, payload: bytes) -> None:
        self.told.append(loads(payload))
        found = Spool(self._directory).found()
        self.left.append([file.path.read_bytes() for file in found.values()])

    def receive_all(self, size: int, take: Callable[[bytes], None]) -> None:
        take(CONTENT[:size])


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "spool" / "cluster")


def receive(spool: Spool) -> tuple[str, Client]:
    client = Client(spool.directory)
    channel: Any = client
    return uploads.receive_into(spool, channel, offered(), Limit(), tell=False), client


def test_it_is_kept_before_that_is_confirmed(spool: Spool) -> None:
    problem, client = receive(spool)
    assert (problem, client.told) == ("", [0, len(CONTENT)])
    assert client.left == [[], [CONTENT]]


@pytest.mark.parametrize("call", ["mkdir", "open", "write_bytes"])
def test_a_full_disk_is_told_to_client_and_people(
    spool: Spool, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    """Whether it has no room for a folder, for the file, or for what is said of it."""

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, call, full)
        problem, client = receive(spool)
    assert "file /a cannot be kept: [Errno 28] No space left" in problem
    assert client.told[-1] == REFUSED
    assert spool.find(offered()) is None
    assert not spool.directory.exists() or list(spool.directory.iterdir()) == []


def test_a_file_that_a_crash_of_the_host_has_cut_is_none(spool: Spool) -> None:
    receive(spool)
    [file] = Spool(spool.directory).found().values()
    file.path.write_bytes(CONTENT[:3])
    assert Spool(spool.directory).found() == {}
