"""Names of hosts: when they are looked up, and what counts while nobody answers."""

import socket
import threading
from pathlib import Path
from typing import Any

import gevent
import pytest

from gsched.net import files
from gsched.net.transport import resolver

FOUR, SIX = "192.0.2.7", "2001:db8::7"


class Service:
    """Takes the place of the system's look-ups and of its clock."""

    def __init__(self) -> None:
        self.addresses = [FOUR]
        self.asked = 0
        self.now = 0.0

    def getaddrinfo(self, *_arguments: Any) -> list[Any]:
        """As the system's."""
        self.asked += 1
        if not self.addresses:
            raise socket.gaierror(-2, "Name or service not known")
        families = [socket.AF_INET6 if ":" in one else socket.AF_INET for one in self.addresses]
        found = zip(families, self.addresses, strict=True)
        return [(family, 1, 6, "", (address, 0)) for family, address in found]

    def monotonic(self) -> float:
        """As the system's."""
        return self.now


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Service:
    service = Service()
    monkeypatch.setattr(resolver, "_getaddrinfo", service.getaddrinfo)
    monkeypatch.setattr(resolver.time, "monotonic", service.monotonic)
    monkeypatch.setattr(resolver, "_known", {})
    return service


def test_a_name_is_looked_up_again_after_some_time(service: Service) -> None:
    assert [resolver.resolve("host") for _ in range(3)] == [FOUR] * 3
    assert service.asked == 1
    service.addresses = ["192.0.2.8"]
    service.now = resolver.KEPT - 0.1
    assert resolver.resolve("host") == FOUR
    service.now = resolver.KEPT
    assert resolver.resolve("host") == "192.0.2.8"


def test_a_name_keeps_its_address_while_nobody_answers(service: Service) -> None:
    resolver.resolve("host")
    service.addresses, service.now = [], resolver.KEPT
    assert [resolver.resolve("host") for _ in range(3)] == [FOUR] * 3
    assert service.asked == 2


def test_an_unknown_name_stays_a_name_and_is_asked_for_again(service: Service) -> None:
    service.addresses = []
    assert [resolver.resolve("host") for _ in range(2)] == ["host"] * 2
    assert service.asked == 1
    service.addresses, service.now = [FOUR], resolver.UNKNOWN_KEPT
    assert resolver.resolve("host") == FOUR


def test_slow_look_ups_hold_up_no_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Whoever names hosts may answer for them as well, and never does."""
    release = threading.Event()
    monkeypatch.setattr(resolver, "_known", {})
    monkeypatch.setattr(resolver, "_getaddrinfo", lambda *_: release.wait(60) and [])
    asking = [gevent.spawn(resolver.resolve, f"slow{n}") for n in range(50)]
    gevent.sleep(0)
    try:
        with gevent.Timeout(30):
            assert files.in_thread(Path.exists, tmp_path)
        assert not any(one.ready() for one in asking)
    finally:
        release.set()
    gevent.joinall(asking)


def test_ipv4_comes_before_ipv6(service: Service) -> None:
    service.addresses = [SIX, FOUR]
    assert resolver.resolve("both") == FOUR
    service.addresses = ["fe80::7%eth0"]
    assert resolver.resolve("six") == "fe80::7"


def test_addresses_and_patterns_are_not_looked_up(service: Service) -> None:
    expected = {"192.0.2.1": "192.0.2.1", "2001:DB8:0:0::1": "2001:db8::1", "10.*": "10.*"}
    assert {host: resolver.resolve(host) for host in expected} == expected
    assert resolver.resolve(None) == resolver.resolve("") == ""
    assert service.asked == 0


def test_no_more_names_are_kept_than_so_many(service: Service) -> None:
    for number in range(3 * resolver._MOST_KEPT):
        resolver.resolve(f"host{number}")
    assert len(resolver._known) <= resolver._MOST_KEPT


@pytest.mark.parametrize("host", ["x" * 256, "fe80::1%" + "x" * 250])
def test_what_is_no_name_is_not_kept(service: Service, host: str) -> None:
    """Peers may send megabytes of them."""
    before = resolver._usual.cache_info().currsize
    assert resolver.resolve(host) == host
    assert not service.asked and not resolver._known
    assert resolver._usual.cache_info().currsize == before
    assert not resolver.is_address(host)


def test_interfaces_of_addresses_are_names() -> None:
    """They are shown, logged and kept with the address."""
    assert all(map(resolver.is_address, ["::1", "fe80::1%eth0", "fe80::1%br-1.2:0", "192.0.2.1"]))
    for zone in ("a b", "\x1b[31m", "\n", "<b>", "\ud800", "é"):
        assert not resolver.is_address(f"fe80::1%{zone}")
