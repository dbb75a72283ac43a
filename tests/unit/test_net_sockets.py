"""Streams over real sockets on loopback: what comes at once, late, in pieces, or never."""

import _socket
import errno
import resource
import socket
import time
from collections.abc import Iterator
from typing import Any

import gevent
import pytest
from gevent.event import Event

from gsched.net.transport import sockets
from gsched.net.transport.sockets import Ear, Stream, new_stream

PATIENCE = 30.0
LARGE = 5_000_000  # bytes, more than two sockets hold


@pytest.fixture(autouse=True)
def patience() -> Iterator[None]:
    with gevent.Timeout(PATIENCE):
        yield


@pytest.fixture
def pair() -> Iterator[tuple[Stream, Stream]]:
    """The two ends of a connection."""
    heard: list[Any] = []
    came = Event()

    def hear(sock: Any, peer: Any) -> None:
        heard.append(sock)
        came.set()

    ear = Ear(("127.0.0.1", 0), 5, hear)
    ear.open()
    here = new_stream(ear.address, 5.0)
    here.connect(ear.address)
    came.wait()
    there = Stream(heard[0], 5.0)
    yield here, there
    for part in (here, there, ear):
        part.close()


def test_what_is_sent_arrives(pair: tuple[Stream, Stream]) -> None:
    here, there = pair
    here.send(b"hello")
    assert there.receive(100) == b"hello"
    there.send(b"12345")
    assert here.receive(2) + here.receive(100) == b"12345"
    here.close()
    assert there.receive(100) == b""


@pytest.mark.parametrize("size", [1, LARGE])
def test_what_is_sent_last_leaves_with_the_end(pair: tuple[Stream, Stream], size: int) -> None:
    here, there = pair

    def speak() -> None:
        here.send(bytes(size), last=True)
        here.close()

    speaker = gevent.spawn(speak)
    received = b""
    while data := there.receive(1 << 16):
        received += data
    speaker.get()
    assert received == bytes(size)


def test_a_reader_waits_for_what_comes_later(pair: tuple[Stream, Stream]) -> None:
    here, there = pair
    reader = gevent.spawn(there.receive, 100)
    gevent.sleep(0.01)
    assert not reader.ready()
    here.send(b"late")
    assert reader.get() == b"late"


def test_a_writer_waits_for_a_slow_reader(pair: tuple[Stream, Stream]) -> None:
    here, there = pair
    data = bytes(range(256)) * (LARGE // 256)
    writer = gevent.spawn(here.send, data)
    gevent.sleep(0.01)
    assert not writer.ready()
    received = b""
    while len(received) < len(data):
        received += there.receive(1 << 16)
    writer.get()
    assert received == data


def test_waits_take_no_longer_than_they_may(pair: tuple[Stream, Stream]) -> None:
    here, there = pair
    here.timeout = there.timeout = 0.1
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        there.receive(1)
    with pytest.raises(TimeoutError):
        here.send(bytes(LARGE))
    assert time.monotonic() - began >= 0.2
    there.timeout = 5.0
    assert len(there.receive(10)) == 10  # it can be used on


def test_many_wait_and_only_one_is_out_of_time(pair: tuple[Stream, Stream]) -> None:
    here, there = pair
    here.timeout, there.timeout = 0.1, None
    impatient, patient = gevent.spawn(here.receive, 1), gevent.spawn(there.receive, 1)
    with pytest.raises(TimeoutError):
        impatient.get()
    assert not patient.ready()
    here.send(b"x")
    assert patient.get() == b"x"


def test_a_stopped_wait_leaves_nothing_behind(pair: tuple[Stream, Stream]) -> None:
    here, there = pair
    reader = gevent.spawn(there.receive, 1)
    gevent.sleep(0.01)
    reader.kill()
    here.send(b"x")
    assert there.receive(1) == b"x"


def test_nobody_listens() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        stream = new_stream(taken.getsockname(), 5.0)
        with pytest.raises(OSError) as refused:
            stream.connect(taken.getsockname())
        assert refused.value.errno == errno.ECONNREFUSED
        stream.close()


class Far(_socket.socket):
    """Its peer takes a while to answer, or so it says."""

    def __init__(self) -> None:
        super().__init__(type=socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        self.codes = [errno.EALREADY, errno.EINPROGRESS]

    def connect_ex(self, address: Any, /) -> int:
        super().connect_ex(address)
        return self.codes.pop()


def test_a_far_peer_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[Any] = []
    monkeypatch.setattr(sockets._waits, "wait", lambda *wait: waited.append(wait))
    with socket.create_server(("127.0.0.1", 0)) as server:
        near, far = new_stream(server.getsockname(), 5.0), Stream(Far(), 5.0)
        near.connect(server.getsockname())
        assert not waited
        far.connect(server.getsockname())
        assert len(waited) == 1
    for one in (near, far):
        one.close()


def test_a_port_that_is_taken() -> None:
    ear = Ear(("127.0.0.1", 0), 5, print)
    with pytest.raises(OSError) as taken:
        Ear(ear.address, 5, print)
    assert taken.value.errno == errno.EADDRINUSE
    ear.close()


def test_connections_wait_while_nobody_hears() -> None:
    heard: list[Any] = []
    ear = Ear(("127.0.0.1", 0), 50, lambda sock, peer: heard.append((sock, peer)))
    ear.open()
    ear.pause()
    peers = [socket.create_connection(ear.address) for _ in range(5)]
    gevent.sleep(0.01)
    assert not heard
    ear.open()
    while len(heard) < 5:
        gevent.sleep(0.001)
    assert {peer for _, peer in heard} == {one.getsockname() for one in peers}
    for one in [*peers, *(sock for sock, _ in heard), ear]:
        one.close()


def test_without_descriptors_connections_wait(caplog: pytest.LogCaptureFixture) -> None:
    heard: list[Any] = []
    ear = Ear(("127.0.0.1", 0), 50, lambda sock, peer: heard.append(sock))
    ear.open()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    peer = socket.create_connection(ear.address)
    resource.setrlimit(resource.RLIMIT_NOFILE, (peer.fileno() + 1, hard))
    try:
        while "no connection can be accepted" not in caplog.text:
            gevent.sleep(0.001)
        assert not heard
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    while not heard:
        gevent.sleep(0.001)
    for one in (peer, heard[0], ear):
        one.close()


def test_each_connection_is_waited_for_anew() -> None:
    """Also one whose descriptor was another's just before: what watched that one watches it."""
    descriptors = set()
    for number in range(20):
        near, far = _socket.socketpair()
        near.setblocking(False)
        descriptors.add(near.fileno())
        stream = Stream(near, 5.0)
        gevent.get_hub().loop.run_callback(far.send, b"%d" % number)
        stream.wait_readable()
        assert stream.receive(10) == b"%d" % number
        stream.close()
        far.close()
    assert len(descriptors) == 1
