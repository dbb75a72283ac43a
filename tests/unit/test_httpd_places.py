"""Connections of the page: who has to go where there are too many."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import gevent
import pytest
from gevent import socket

from gsched.httpd.places import SPARE, Places
from gsched.httpd.server import Handler, Server

PLACES = 24
PATIENCE = 30.0  # seconds
REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
BEGUN = (
    b"",
    b"GET / HT",
    b"GET / HTTP/1.1\r\nHost: ",
    b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\n",
)


class Site:
    """A server that answers "/" at once, and all else when the test says so."""

    def __init__(self) -> None:
        self.places = Places(PLACES)
        self.gate = gevent.event.Event()
        application: Any = self._answer
        self.server = Server(("127.0.0.1", 0), application, places=self.places)
        self.server.start()

    def connect(self, data: bytes = b"") -> socket.socket:
        sock = socket.create_connection(("127.0.0.1", self.server.server_port), PATIENCE)
        sock.sendall(data)
        return sock

    def ask(self) -> bytes:
        """The answer to one who comes late."""
        with self.connect(REQUEST) as sock:
            return bytes(sock.recv(65536))

    def _answer(self, environ: Any, start: Any) -> list[bytes]:
        if environ["PATH_INFO"] != "/":
            self.gate.wait()
        start("200 OK", [("Content-Length", "4")])
        return [b"well"]


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    for name in ("idle_timeout", "head_timeout", "body_timeout", "handshake_timeout", "io_timeout"):
        monkeypatch.setattr(Handler, name, 1000.0)  # nobody has to go since his time is over
    site = Site()
    yield site
    site.gate.set()
    site.server.stop(0.1)


def wait_until(done: Any) -> None:
    with gevent.Timeout(PATIENCE):
        while not done():
            gevent.sleep(0.001)


@pytest.mark.parametrize("begun", BEGUN)
def test_the_silent_make_room(site: Site, begun: bytes) -> None:
    """Whether they say nothing, or begin and do not end."""
    silent = [site.connect(begun) for _ in range(4 * PLACES)]
    assert site.ask().endswith(b"well")
    assert site.places.taken <= PLACES
    assert site.places.refused >= 3 * PLACES
    for sock in silent:
        sock.close()
    wait_until(lambda: not site.places.taken)
    assert not site.places._silent


def test_those_that_were_answered_and_stay_make_room_as_well(site: Site) -> None:
    stay = []
    for _ in range(2 * PLACES):
        stay.append(site.connect(REQUEST))
        assert stay[-1].recv(65536).endswith(b"well")
    assert site.ask().endswith(b"well")
    for sock in stay:
        sock.close()


def test_those_that_are_answered_do_not_have_to_go(site: Site) -> None:
    """More wait for a place then."""
    busy = [site.connect(REQUEST.replace(b"/ ", b"/slow ", 1)) for _ in range(PLACES)]
    wait_until(lambda: site.places.taken == PLACES and not site.places._silent)
    late = gevent.spawn(site.ask)
    gevent.sleep(0.01)
    assert not late.ready()
    site.gate.set()
    for sock in busy:
        assert sock.recv(65536).endswith(b"well")
        sock.close()
    assert late.get(timeout=PATIENCE).endswith(b"well")
    assert not site.places.refused


def test_some_places_are_kept_free(site: Site) -> None:
    silent = [site.connect() for _ in range(PLACES)]
    wait_until(lambda: site.places.refused)
    wait_until(lambda: site.places.taken <= PLACES - PLACES // SPARE)
    for sock in silent:
        sock.close()


def test_a_handshake_has_its_time_as_a_whole() -> None:
    """Each of its bytes may come in time, and all of them never."""
    ended: list[bool] = []
    secure = SimpleNamespace(
        do_handshake=lambda: gevent.sleep(5),
        settimeout=lambda _: None,
        close=lambda: ended.append(True),
    )
    served: Any = SimpleNamespace(
        tls=SimpleNamespace(accepting=SimpleNamespace(wrap_socket=lambda *_, **__: secure)),
        handler_class=SimpleNamespace(handshake_timeout=0.05, io_timeout=1.0),
        places=SimpleNamespace(listen=lambda _: None, forget=lambda _: None),
    )
    sock = SimpleNamespace(settimeout=lambda _: None)
    with pytest.raises(TimeoutError, match="no handshake"), Server._shaken(served, sock):
        pass
    assert ended
