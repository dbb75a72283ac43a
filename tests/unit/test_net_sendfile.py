"""Files that the system sends by itself, over real connections, and what may come between."""

import os
import random
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import gevent
import pytest
from gevent import socket as green
from test_net_files import spooled

from gsched.net import files
from gsched.net.files import CHUNK
from gsched.net.transport.channel import Caller
from gsched.net.transport.sockets import Stream
from gsched.store.disk import PlainFile
from gsched.wire.frames import LENGTH, frame
from gsched.wire.pickles import dumps

PATIENCE = 30.0
TIMEOUT = 5.0
SIZE = 2 * CHUNK + 7


class Node:
    """Takes one file as a node does. `told` is called with what is there, before each count."""

    def __init__(self, size: int, told: Callable[[int], object] = lambda _: None) -> None:
        self.content = b""
        self._size, self._told = size, told
        self._server = green.socket()
        self._server.bind(("127.0.0.1", 0))
        self._server.listen()
        self.address: tuple[str, int] = self._server.getsockname()[:2]
        self.greenlet = gevent.spawn(self._serve)

    def close(self) -> None:
        self.greenlet.kill()
        self._server.close()

    def _serve(self) -> None:
        link, _ = self._server.accept()
        with link:
            self._take(link, LENGTH.unpack(self._take(link, LENGTH.size))[0])
            while True:
                count = self._told(len(self.content))
                link.sendall(frame(dumps(len(self.content) if count is None else count)))
                if len(self.content) == self._size:
                    return
                self._take_content(link)

    def _take_content(self, link: Any) -> None:
        self.content += self._take(link, min(CHUNK, self._size - len(self.content)))

    def _take(self, link: Any, size: int) -> bytes:
        """All of it: no node says a number in the middle of a chunk."""
        data = b""
        while len(data) < size:
            more = link.recv(min(size - len(data), 50_000))
            if not more:
                raise EOFError
            data += more
            gevent.sleep(0)
        return data


@pytest.fixture(autouse=True)
def patience() -> Iterator[None]:
    files.in_thread(os.getpid().__add__, 1)  # the first call opens what stays open
    with gevent.Timeout(PATIENCE):
        yield


@pytest.fixture
def started() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def content(path: Path, size: int = SIZE) -> bytes:
    data = random.Random(size).randbytes(size)
    path.write_bytes(data)
    return data


def node(started: ExitStack, size: int = SIZE, told: Any = lambda _: None) -> Node:
    made = Node(size, told)
    started.callback(made.close)
    return made


def send(to: Node, path: Path, size: int = SIZE, timeout: float = TIMEOUT) -> None:
    files.send(Caller(timeout), to.address, b"", spooled(path, size))


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, SIZE])
def test_a_file_goes_without_a_copy(
    tmp_path: Path, started: ExitStack, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(PlainFile, "read", None)
    data, there = content(tmp_path / "1", size), node(started, size)
    send(there, tmp_path / "1", size)
    there.greenlet.get()
    assert there.content == data


def test_what_the_system_cannot_send_is_copied(
    tmp_path: Path, started: ExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the place on at which it has stopped."""
    real = os.sendfile
    asked: list[int] = []

    def fails(out: int, file: int, offset: None, size: int) -> int:
        asked.append(size)
        if len(asked) > 1:
            raise OSError("not here")
        return real(out, file, offset, 1000)

    monkeypatch.setattr(os, "sendfile", fails)
    data, there = content(tmp_path / "1"), node(started)
    send(there, tmp_path / "1")
    there.greenlet.get()
    assert there.content == data and asked == [CHUNK, CHUNK - 1000, CHUNK - 1000]


def test_one_that_shrinks_meanwhile(tmp_path: Path, started: ExitStack) -> None:
    content(tmp_path / "1")
    there = node(started, told=lambda size: os.truncate(tmp_path / "1", CHUNK + 5) if size else 0)
    with pytest.raises(files.DiskError, match=rf"has only {CHUNK + 5} of its {SIZE} bytes here"):
        send(there, tmp_path / "1")


def test_one_that_grows_meanwhile(tmp_path: Path, started: ExitStack) -> None:
    """A node gets what it was told of."""
    data = content(tmp_path / "1")
    there = node(started, told=lambda _: (tmp_path / "1").write_bytes(data + b"more") and None)
    send(there, tmp_path / "1")
    there.greenlet.get()
    assert there.content == data


def test_a_node_that_leaves_in_the_middle(tmp_path: Path, started: ExitStack) -> None:
    content(tmp_path / "1")

    def leave(size: int) -> None:
        if size:
            raise gevent.GreenletExit

    before = descriptors()
    with pytest.raises(ConnectionError):
        send(node(started, told=leave), tmp_path / "1")
    started.close()
    assert descriptors() == before


def test_a_node_that_does_not_want_it(tmp_path: Path, started: ExitStack) -> None:
    content(tmp_path / "1")
    there = node(started, told=lambda _: files.REFUSED)
    with pytest.raises(files.FileRefused) as refused:
        send(there, tmp_path / "1")
    assert refused.value.outright and not there.content


def test_a_node_that_has_no_room_later(tmp_path: Path, started: ExitStack) -> None:
    content(tmp_path / "1")
    there = node(started, told=lambda size: files.REFUSED if size else None)
    with pytest.raises(files.FileRefused, match="too large for the node"):
        send(there, tmp_path / "1")
    assert len(there.content) == CHUNK


@pytest.fixture
def turns(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Bytes of each turn of a thread, while connections hold few."""
    real, seen = Stream.pass_on, list[int]()

    def narrow(stream: Stream, file: int, size: int) -> int:
        stream.option(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 16)
        seen.append(real(stream, file, size))
        return seen[-1]

    monkeypatch.setattr(Stream, "pass_on", narrow)
    return seen


def test_a_slow_node_gets_all_of_it(tmp_path: Path, started: ExitStack, turns: list[int]) -> None:
    """In many turns: between them no thread is taken up by it."""
    data, there = content(tmp_path / "1"), node(started)
    send(there, tmp_path / "1")
    there.greenlet.get()
    assert there.content == data
    assert sum(turns) == SIZE and len(turns) > 4 and min(turns) > 0


def test_a_node_that_stands_still_is_given_up(
    tmp_path: Path, started: ExitStack, turns: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    content(tmp_path / "1")
    there = node(started)
    monkeypatch.setattr(there, "_take_content", lambda *_: gevent.sleep(PATIENCE))
    with pytest.raises(TimeoutError):
        send(there, tmp_path / "1", timeout=0.3)
    assert 0 < sum(turns) < CHUNK and 0 not in turns


def test_whoever_is_killed_waits_for_the_thread(
    tmp_path: Path, started: ExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the thread would go on with a number that may be another connection's by now."""
    content(tmp_path / "1")
    there, before = node(started), descriptors()
    wait, go_on = os.pipe()
    used: list[int] = []

    def sendfile(*numbers: Any) -> int:
        used.extend(numbers[:2])
        os.read(wait, 1)
        return 0

    monkeypatch.setattr(os, "sendfile", sendfile)
    sender = gevent.spawn(send, there, tmp_path / "1")
    while not used:
        gevent.sleep(0.001)
    sender.kill(block=False)
    gevent.sleep(0.01)
    assert not sender.ready() and all(os.fstat(number) for number in used)
    os.write(go_on, b"x")
    sender.join()
    assert isinstance(sender.value, gevent.GreenletExit)
    for number in (wait, go_on):
        os.close(number)
    there.greenlet.join()
    assert descriptors() == before
