"""Files on their way to a node, where it is our own disk that does not give them back."""

import os
import pickle
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gevent
import gevent.event
import pytest

from gsched.core.dispatch import Refusal
from gsched.core.model.lease import SetUpFailure
from gsched.core.scheduler import Scheduler
from gsched.net import files
from gsched.net.exchange import Exchange
from gsched.net.identity import Identity
from gsched.net.keeping.keeper import Forgetful
from gsched.net.nodes.sending import Sending
from gsched.net.nodes.setups import SetUpFailed, SetUps
from gsched.net.transport.greenlets import Greenlets
from gsched.store.disk import PLAIN, Disk, PlainFile
from gsched.store.spool import SpoolFile
from gsched.store.vault.files import SealedDisk
from gsched.store.vault.sealing import Key
from gsched.wire.filestat import StatResult
from gsched.wire.records import XferFile

ADDRESS = ("10.0.0.1", 51348)


class FakeNode:
    """Takes the place of `Caller`, and takes any file."""

    def __init__(self) -> None:
        self.received = -1

    def connect(self, _address: Any) -> Any:
        return self

    def __enter__(self) -> "FakeNode":
        return self

    def __exit__(self, *_error: object) -> None:
        pass

    def send(self, _payload: bytes, _code: bytes) -> None:
        self.received = 0

    def send_raw(self, data: bytes) -> None:
        self.received += len(data)

    def pass_on(self, _file: int, _size: int) -> int:
        return 0  # as with TLS

    def receive(self, _limit: int) -> bytes:
        return pickle.dumps(self.received)


def spooled(path: Path, size: int, disk: Disk = PLAIN) -> SpoolFile:
    """A file that should be there, with so many bytes."""
    stat = StatResult((0o644, 0, 0, 0, 0, 0, size, 0, 0, 0))
    record = XferFile(name="/x/data.txt", dest_path="", compute_id=1, stat_buf=stat, sep="/")
    share: Any = SimpleNamespace()
    return SpoolFile(path, record, size, 0.0, share, disk)


def send(file: SpoolFile) -> FakeNode:
    node = FakeNode()
    files.send(node, ADDRESS, b"", file)  # type: ignore[arg-type]
    return node


def test_a_file_arrives(tmp_path: Path) -> None:
    size = 2 * files.CHUNK + 7
    (tmp_path / "1").write_bytes(bytes(size))
    assert send(spooled(tmp_path / "1", size)).received == size


def test_one_that_is_gone(tmp_path: Path) -> None:
    with pytest.raises(files.DiskError) as error:
        send(spooled(tmp_path / "1", 10))
    assert str(error.value) == "file /x/data.txt cannot be read here: No such file or directory"


def test_one_that_the_disk_does_not_read(tmp_path: Path) -> None:
    """A folder can be opened as little; the system's own word is passed on."""
    with pytest.raises(files.DiskError, match=r"data\.txt cannot be read here: Is a directory"):
        send(spooled(tmp_path, 10))


def test_an_error_in_its_midst(tmp_path: Path) -> None:
    """This file can be opened, and reading it fails as it does on a broken disk: with EIO."""
    memory = Path(f"/proc/{os.getpid()}/mem")
    with pytest.raises(files.DiskError, match=r"data\.txt cannot be read here: Input/output error"):
        send(spooled(memory, 10))


def test_one_that_has_been_cut(tmp_path: Path) -> None:
    (tmp_path / "1").write_bytes(b"1234")
    with pytest.raises(files.DiskError, match=r"data\.txt has only 4 of its 10 bytes here"):
        send(spooled(tmp_path / "1", 10))


def test_a_sealed_one_that_was_changed(tmp_path: Path) -> None:
    """Nothing goes to the node that was not sealed like that."""
    disk, path, size = SealedDisk(Key(bytes(32)), tmp_path), tmp_path / "1", 3 * files.CHUNK
    with disk.create(path) as file:
        file.write(bytes(size))
        file.finish()
    assert send(spooled(path, size, disk)).received == size
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    node, last = FakeNode(), r"data\.txt cannot be read here: 1 is damaged: part 11 does not open"
    with pytest.raises(files.DiskError, match=last):
        files.send(node, ADDRESS, b"", spooled(path, size, disk))  # type: ignore[arg-type]
    assert node.received == 2 * files.CHUNK


IDENTITY = Identity(node_secret="", cluster_secret="", announced=("10.0.0.9",))
PLACE = SimpleNamespace(address=ADDRESS[0], port=ADDRESS[1], identity="1")


def test_a_job_s_file_is_not_the_node_s_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exchange, node = Exchange(Scheduler(), lambda: 1.0), FakeNode()
    arguments = SimpleNamespace(fetch=lambda *_: True)
    sending = Sending(exchange, IDENTITY, node, Forgetful(), arguments)  # type: ignore[arg-type]
    told: list[Any] = []
    monkeypatch.setattr(sending, "_refused", lambda _, why, reason: told.append((why, reason)))
    file = spooled(tmp_path / "1", 10)
    message = SimpleNamespace(files=[file], record=SimpleNamespace(xfer_files=[file.record]))
    job = SimpleNamespace(message=message, cluster=SimpleNamespace(tally=lambda _: None))
    sending._send(SimpleNamespace(node=PLACE, job=job, tries=1))  # type: ignore[arg-type]
    reason = "file /x/data.txt cannot be read here: No such file or directory"
    assert told == [(Refusal.UNREADABLE, reason)]


def test_nor_is_a_computation_s(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    exchange, node = Exchange(Scheduler(), lambda: 1.0), FakeNode()
    set_ups = SetUps(exchange, IDENTITY, 1, node, Forgetful())  # type: ignore[arg-type]
    monkeypatch.setattr(set_ups, "_compute", lambda _: 1)
    monkeypatch.setattr(set_ups, "_try_close", lambda _: None)
    file = spooled(tmp_path / "1", 10)
    spec = SimpleNamespace(
        record=SimpleNamespace(xfer_files=[file.record]),
        spool=SimpleNamespace(find=lambda _: file),
    )
    lease: Any = SimpleNamespace(
        node=PLACE, cluster=SimpleNamespace(spec=spec), allocation=SimpleNamespace(files=[])
    )
    with pytest.raises(SetUpFailed, match=r"data\.txt cannot be read here: No such") as failure:
        set_ups._try_set_up(lease)
    assert failure.value.why is SetUpFailure.BROKEN


def test_a_stop_does_not_wait_without_end_for_a_disk_that_hangs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """What the thread uses stays open until it is through, whenever that is."""
    monkeypatch.setattr(files, "PATIENCE", 0.01)
    source, into = os.pipe()  # what is read of it comes as late as from a disk that hangs
    group, ended = Greenlets(), gevent.event.Event()

    def call() -> None:
        with PlainFile(source) as file:
            try:
                files.in_thread(read, file)
            finally:
                ended.set()

    def read(file: PlainFile) -> bytes:
        return file.read(1)

    with gevent.Timeout(30):
        group.spawn("connection", call)
        gevent.sleep(0)
        group.kill()
        assert not ended.is_set() and os.fstat(source)
        assert f"connection is given up, as the disk hangs: {source}" in caplog.messages
        os.write(into, b"x")
        ended.wait()
    os.close(into)
