"""Who may be connected, and what is held for them."""

from typing import Any

import gevent
import pytest
from gevent import socket

from gsched.net.transport import channel
from gsched.net.transport.channel import Channel
from gsched.net.transport.guests import HELD_FREELY, WAITING, Guest, Guests
from gsched.net.transport.sockets import Socket, Stream
from gsched.net.transport.tls import HELLO, Tls
from gsched.options.table import parse
from gsched.running import limits
from gsched.store.quota import Quota
from gsched.wire.errors import PeerError
from gsched.wire.frames import LENGTH

HERE, THERE = "192.0.2.1", "203.0.113.9"
TIMEOUT = 0.2  # seconds


class Sock:
    """A connection that can be ended."""

    ended = False

    def abort(self) -> None:
        self.ended = True


def enter(guests: Guests, address: str) -> Guest:
    sock: Any = Sock()
    return guests.enter(address, sock)


def ended(guest: Guest) -> bool:
    sock: Any = guest.connection
    return bool(sock.ended)


def test_the_silent_of_one_address_make_room_for_others_of_it() -> None:
    """Those that have been silent for longest; nobody elsewhere."""
    guests = Guests(100, 3, 1000)
    elsewhere = enter(guests, HERE)
    first, second, third, fourth = (enter(guests, THERE) for _ in range(4))
    assert [ended(x) for x in (elsewhere, first, second, third)] == [False, True, False, False]
    second.spoke()
    enter(guests, THERE)
    assert [ended(x) for x in (second, third, fourth)] == [False, True, False]
    assert (guests.refused, guests.refused_each, guests.turned_away) == (0, 2, 2)


def test_the_silent_make_room_for_all() -> None:
    guests = Guests(3, 3, 1000)
    busy, silent, _ = (enter(guests, x) for x in (THERE, THERE, "198.51.100.1"))
    busy.spoke()
    assert enter(guests, HERE)
    assert ended(silent) and not ended(busy)
    assert (guests.refused, guests.refused_each) == (1, 0)


def test_there_is_no_room_if_all_are_busy() -> None:
    guests = Guests(100, 2, 1000)
    busy = [enter(guests, THERE) for _ in range(2)]
    for one in busy:
        one.spoke()
    with pytest.raises(PeerError, match="too many connections"):
        enter(guests, THERE)
    assert enter(guests, HERE)
    guests.leave(busy[0])
    assert enter(guests, THERE)
    assert not any(ended(x) for x in busy)


def test_nothing_is_left_of_those_that_leave() -> None:
    guests = Guests(10, 2, 1 << 30)
    for number in range(1000):
        guest = enter(guests, f"192.0.2.{number % 5}")
        guest.hold(HELD_FREELY + number)
        if number % 2:
            guest.spoke()
        guests.leave(guest)
    assert guests.count == guests.held == 0
    assert not guests._each and not guests._silent and not guests._silent_at
    assert not guests._held_each


def test_as_many_may_wait_as_may_be_there() -> None:
    """A host that opens all of its connections at once loses none."""
    guests = Guests(100, 10, 1000)
    assert [guests.may_wait(others) for others in (0, 9, 10)] == [True, True, False]
    assert (guests.refused, guests.refused_each) == (0, 1)


def test_a_line_leaves_room_for_others() -> None:
    """It may be as long as what it leaves, so that one who has to line up, too, can."""
    guests = Guests(100, 100, 1000)
    guests.waiting = room = 100 // WAITING // 2
    assert not guests.may_wait(room)
    assert guests.may_wait(room - 1) and guests.may_wait(0)
    guests.waiting = 2 * room
    assert not guests.may_wait(0)
    assert (guests.refused, guests.refused_each) == (2, 0)


def test_half_of_the_descriptors_are_for_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    """The others are for calls of ours, and for files."""
    monkeypatch.setattr(limits.resource, "getrlimit", lambda _: (100, 200))
    monkeypatch.setattr(limits.resource, "setrlimit", lambda *_: None)
    guests = limits.Limits(parse([], {"HOME": "/home/x"}), Quota()).guests
    assert (guests.most, guests.most_each) == (100, 100)


def test_bytes_of_messages_are_bounded() -> None:
    """In all. Small ones do not count: there are only so many connections."""
    guests = Guests(100, 100, 20 * HELD_FREELY)
    small = [enter(guests, HERE) for _ in range(50)]
    for one in small:
        one.hold(HELD_FREELY)
    large = [enter(guests, f"203.0.113.{number}") for number in range(2)]
    for one in large:
        one.hold(9 * HELD_FREELY)
        one.hold(10 * HELD_FREELY)
    other = enter(guests, HERE)
    with pytest.raises(PeerError, match="large messages"):
        other.hold(2 * HELD_FREELY)
    guests.leave(other)
    assert guests.refused_messages == 1
    guests.leave(large[0])
    enter(guests, HERE).hold(2 * HELD_FREELY)


def test_one_address_has_half_of_the_room_for_messages() -> None:
    """By however many connections; others bring theirs all the same."""
    guests = Guests(100, 100, 20 * HELD_FREELY)
    first, second = enter(guests, THERE), enter(guests, THERE)
    first.hold(6 * HELD_FREELY)
    second.hold(4 * HELD_FREELY)
    with pytest.raises(PeerError, match="--max_message_memory"):
        second.hold(4 * HELD_FREELY + 1)
    enter(guests, HERE).hold(9 * HELD_FREELY)


def test_a_message_counts_until_it_is_done_with() -> None:
    """It may wait for its turn; what comes after it counts instead."""
    guests = Guests(100, 100, 20 * HELD_FREELY)
    guest = enter(guests, THERE)
    guest.hold(9 * HELD_FREELY)
    guest.spoke()
    with pytest.raises(PeerError, match="large messages"):
        enter(guests, THERE).hold(2 * HELD_FREELY)
    guest.hold(100)
    assert guests.held == 2 * HELD_FREELY + 100


def stream(sock: socket.socket) -> Stream:
    plain = Socket(fileno=sock.detach())
    plain.setblocking(False)
    return Stream(plain, TIMEOUT)


def dribble(sock: socket.socket, data: bytes, pause: float) -> None:
    try:
        for byte in data:
            sock.sendall(bytes((byte,)))
            gevent.sleep(pause)
    except OSError:
        pass


@pytest.mark.parametrize("what", ["code", "message", "file"])
def test_whoever_dribbles_is_not_waited_for(what: str) -> None:
    """Each byte comes in time, all of them never would."""
    ours, theirs = socket.socketpair()
    with Channel(stream(ours), (HERE, 1)) as waiting:
        greenlet = gevent.spawn(dribble, theirs, LENGTH.pack(1000) + b"x" * 100, TIMEOUT / 4)
        with pytest.raises(TimeoutError), gevent.Timeout(20 * TIMEOUT, AssertionError("waits on")):
            if what == "code":
                waiting.receive_code(40)
            elif what == "message":
                waiting.receive(1000)
            else:
                waiting.receive_into(memoryview(bytearray(1000)))
        greenlet.kill()
    theirs.close()


def test_a_hello_of_tls_is_no_message() -> None:
    """Where there is no TLS: it would be one of some hundred megabytes, which never come."""
    ours, theirs = socket.socketpair()
    with Channel(stream(ours), (HERE, 1), Tls("--node_certfile").refuse_hello) as waiting:
        theirs.sendall(HELLO + b"\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
        with pytest.raises(PeerError, match="see --node_certfile"):
            waiting.receive(1 << 30)
    theirs.close()


def test_large_messages_may_take_their_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """As long as they come at some pace."""
    monkeypatch.setattr(channel, "SLOWEST", 1000)
    ours, theirs = socket.socketpair()
    with Channel(stream(ours), (HERE, 1)) as waiting:

        def send() -> None:
            theirs.sendall(LENGTH.pack(2000))
            for _ in range(40):
                theirs.sendall(b"x" * 50)
                gevent.sleep(TIMEOUT / 10)

        greenlet = gevent.spawn(send)
        assert waiting.receive(2000) == b"x" * 2000
        greenlet.join()
    theirs.close()
