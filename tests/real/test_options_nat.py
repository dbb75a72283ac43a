"""--ext_ip_addr: a scheduler, and a node, that others reach only by way of a gateway."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from peers import Stage
from peers.nat import Gateway
from peers.networks import Host, add_address, add_route, send_as_is
from peers.stage import Row

pytestmark = [pytest.mark.real, pytest.mark.usefixtures("private_network")]

QUICK_END = ("--msg_timeout", "1")  # a dispynode's, for answers to where our messages come from


class Site:
    """A gateway with the test behind it, and a host on its other side. Two of them differ in all.

    Behind it the test is 10.9x.0.2 and the gateway 10.9x.0.1; outside are 192.0.2.2 and more.
    """

    def __init__(self, number: int, new_host: Callable[[], Host]) -> None:
        self.inner, self.near = f"10.9{number}.0.2", f"10.9{number}.0.1"
        self.outer, far = f"192.0.{1 + number}.2", f"192.0.{1 + number}.1"
        self.announced, self.used = f"198.51.100.{number}", f"198.51.100.{number + 100}"
        self.gateway, self.outside = new_host(), new_host()
        inside, out = f"in{number}", f"out{number}"
        self.interface = out
        self.gateway.link(inside, f"{self.inner}/24", f"{self.near}/24")
        send_as_is(inside)
        add_route(f"192.0.{1 + number}.0/24", self.near)
        with self.gateway:
            self.outside.link(out, f"{far}/24", f"{self.outer}/24")
            with self.outside:
                send_as_is(out)
                for place in (self.announced, self.used):
                    add_route(f"{place}/32", far)

    def translation(self) -> Gateway:
        """Of all that goes through the gateway."""
        return Gateway(self.gateway, self.inner, self.announced, self.used)


@pytest.fixture
def new_site(new_host: Callable[[], Host]) -> Iterator[Callable[[int], Site]]:
    """Makes sites. To be asked for before `stage`, whose peers say goodbye through gateways."""
    with ExitStack() as stack:

        def make(number: int) -> Site:
            site = Site(number, new_host)
            stack.enter_context(site.translation())
            return site

        yield make


def keywords(announced: str, own: str) -> dict[str, str]:
    """Of a client outside."""
    return {"scheduler_host": announced, "ip_addr": own, "ext_host": own}


@pytest.mark.proves("--ext_ip_addr")
def test_scheduler_behind_nat(new_site: Callable[[int], Site], stage: Stage) -> None:
    """Nodes outside know only what is announced: one is greeted, one looks for us; one is inside.

    The node on the gateway answers to where our greeting comes from.
    """
    site = new_site(1)
    with site.outside:
        add_address(site.interface, "192.0.2.3/24")
        greeted = stage.node(1, *QUICK_END, address="192.0.2.2")
    with site.gateway:
        inside = stage.node(address=site.near)
    options = ("-n", greeted.address, "--ext_ip_addr", site.announced)
    gsched = stage.gsched(*options, address=site.inner)
    gsched.wait_for_nodes([greeted, inside])
    with site.outside:
        announced = ("--scheduler_host", site.announced)
        looking = stage.node(1, *announced, *QUICK_END, address="192.0.2.3")
    gsched.wait_for_nodes([looking])
    with site.outside:
        wanted = keywords(site.announced, site.outer)
        client = stage.client("squares", gsched, cluster=wanted, jobs=30)
    outcome = client.outcome()
    assert outcome["wrong"] == []
    assert set(outcome["nodes"]) == {greeted.address, looking.address, inside.address}


def test_two_interfaces_behind_two_gateways(new_site: Callable[[int], Site], stage: Stage) -> None:
    """Each announced address is of use only on its side; the second belongs to the second -i."""
    one, two = new_site(1), new_site(2)
    nodes = []
    for site in (one, two):
        with site.outside:
            nodes.append(stage.node(1, *QUICK_END, address=site.outer))
    pairs = ["--ext_ip_addr", one.announced, "-i", two.inner, "--ext_ip_addr", two.announced]
    gsched = stage.gsched(*pairs, nodes=nodes, address=one.inner)
    for site in (one, two):
        wanted = keywords(site.announced, site.outer)
        with site.outside:
            client = stage.client("squares", gsched, cluster=wanted, jobs=20)
        outcome = client.outcome()
        assert outcome["wrong"] == []
        assert set(outcome["nodes"]) == {node.address for node in nodes}


def test_node_behind_nat(new_site: Callable[[int], Site], stage: Stage) -> None:
    """It is known by the address that it announces, and all that is for it goes there."""
    site = new_site(1)
    stage.node(2, "--ext_host", site.announced, address=site.inner)
    with site.outside:
        gsched = stage.gsched("-n", site.announced, address=site.outer)
        gsched.wait_for(lambda now: _places(now) == [site.announced], "the node is known")
        client = stage.client("squares", gsched, jobs=10)
        assert client.outcome()["nodes"] == {site.announced: 10}
        files = stage.client("sends", gsched).outcome()["files"]
        assert files == ["made by the job 0", "made by the job 1"]


def test_large_results_of_a_node_behind_nat(
    new_site: Callable[[int], Site], stage: Stage, tmp_path: Path
) -> None:
    site, gate = new_site(1), str(tmp_path / "gate")
    stage.node(2, "--ext_host", site.announced, address=site.inner)
    with site.outside:
        gsched = stage.gsched("-n", site.announced, address=site.outer)
        gsched.wait_for(lambda now: _places(now) == [site.announced], "the node is known")
        stage.client("figures", gsched, node=site.announced, gate=gate).outcome()


def _places(status: Row) -> list[str]:
    return [node["address"] for node in status["nodes"]]


def test_node_behind_nat_after_a_restart(
    new_site: Callable[[int], Site], stage: Stage, tmp_path: Path
) -> None:
    """Where its messages come from is not where it is."""
    site, gate = new_site(1), tmp_path / "gate"
    stage.node(1, "--ext_host", site.announced, address=site.inner)
    with site.outside:
        gsched = stage.gsched("-n", site.announced, address=site.outer)
        client = stage.client("large", gsched, gate=str(gate))
        gsched.wait_for_totals(running=1)
        folder = str(gsched.state_folder)
        gsched.kill()
        gsched = stage.gsched("--dest_path_prefix", folder, address=site.outer)
        gsched.allowed.append("abandoned")
        gsched.wait_for_totals(running=1)
        gate.touch()
        assert client.outcome() == {"status": "Finished", "size": 100_000}
