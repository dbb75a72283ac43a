"""Which address is found out when none is given."""

import logging
from types import SimpleNamespace

import pytest
from gevent import socket

from gsched.net.transport import addresses
from gsched.net.transport.mistakes import Mistake

LINKS = {
    "lo": ["127.0.0.1", "::1"],
    "eth0": ["fe80::5%eth0", "2001:db8::5", "10.0.0.5"],
    "down0": ["192.0.2.5"],
}


class Machine:
    """What the system says of a host."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.links = {name: list(found) for name, found in LINKS.items()}
        self.routed = ""
        self.named = "127.0.1.1"
        patch.setattr(addresses, "_routed", lambda: self.routed)
        patch.setattr(addresses, "resolve", lambda host: self.named)
        patch.setattr(addresses.psutil, "net_if_addrs", self._addresses)
        patch.setattr(addresses.psutil, "net_if_stats", self._stats)

    def _addresses(self) -> dict[str, list[SimpleNamespace]]:
        return {name: [_link(one) for one in found] for name, found in self.links.items()}

    def _stats(self) -> dict[str, SimpleNamespace]:
        return {name: SimpleNamespace(isup=name != "down0") for name in self.links}


def _link(address: str) -> SimpleNamespace:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return SimpleNamespace(family=family, address=address)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(monkeypatch)


def test_the_order_in_which_an_address_is_found(machine: Machine) -> None:
    machine.named, machine.routed = "192.0.2.1", "192.0.2.2"
    assert addresses.default_address() == "192.0.2.1"
    machine.named = "vm.example"  # has no address
    assert addresses.default_address() == "192.0.2.2"
    machine.routed = ""
    assert addresses.default_address() == "10.0.0.5"
    machine.links["eth0"].pop()
    assert addresses.default_address() == "2001:db8::5"


def test_a_host_without_a_network(machine: Machine, caplog: pytest.LogCaptureFixture) -> None:
    """An address that only counts on one interface is none."""
    machine.links["eth0"] = ["fe80::5%eth0"]
    with caplog.at_level(logging.WARNING):
        assert addresses.default_address() == "127.0.0.1"
    assert "only programs on this host can use gsched" in caplog.text


def test_what_is_listened_at_and_announced(machine: Machine) -> None:
    machine.named = "10.0.0.5"
    [own] = addresses.own_addresses(((None, None),))
    assert own == addresses.Own("0.0.0.0", "10.0.0.5", "10.0.0.5")
    machine.named = "2001:db8::5"
    [own] = addresses.own_addresses(((None, None),))
    assert own == addresses.Own("::", "2001:db8::5", "2001:db8::5") and own.is_ipv6


def test_given_addresses_are_paired() -> None:
    pairs = (("127.0.0.1", "198.51.100.1"), ("127.0.0.2", None), ("127.0.0.3", "2001:db8::1"))
    found = addresses.own_addresses(pairs)
    assert [one.announced for one in found] == ["198.51.100.1", "127.0.0.2", "2001:db8::1"]
    assert [one.bind for one in found] == [one.use for one in found]
    assert [one.use for one in found] == ["127.0.0.1", "127.0.0.2", "127.0.0.3"]


@pytest.mark.parametrize(
    ("pair", "said"),
    [
        (("no.such.host.invalid", None), "--ip_addr no.such.host.invalid: this name"),
        (("127.0.0.1", "no.such.host.invalid"), "--ext_ip_addr no.such.host.invalid: this name"),
        (("192.0.2.200", None), "--ip_addr 192.0.2.200: not an address of this host"),
        (("0.0.0.0", None), "--ip_addr 0.0.0.0: nobody can be told"),
        (("0:0::0", None), "--ip_addr 0:0::0: nobody can be told"),
    ],
)
def test_wrong_addresses(pair: tuple[str, str | None], said: str) -> None:
    with pytest.raises(Mistake, match=said):
        addresses.own_addresses((pair,))


def test_an_address_that_is_given_twice() -> None:
    with pytest.raises(Mistake, match="--ip_addr localhost: given twice"):
        addresses.own_addresses((("127.0.0.1", None), ("127.0.0.2", None), ("localhost", None)))
