"""Options about addresses: several interfaces, names of hosts, multicast, repeated greetings."""

import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from peers import Node, Stage
from peers.lookout import GROUP_4, GROUP_6, looked_for
from peers.names import Names
from peers.networks import Host, add_address, add_route

pytestmark = [pytest.mark.real, pytest.mark.usefixtures("private_network")]

ONE_GREETING = ("--ping_interval", "0")  # to all nodes, when starting


@pytest.mark.proves("--ip_addr")
def test_two_interfaces(stage: Stage, new_host: Callable[[], Host]) -> None:
    """Nodes on both hear our broadcasts, and clients on both are served."""
    hosts, nodes = {}, []
    for number in (81, 82):
        hosts[number] = new_host()
        hosts[number].link(f"two{number}", f"10.{number}.0.1/24", f"10.{number}.0.2/24")
    with looked_for(nodes):
        for number, host in hosts.items():
            with host:
                nodes.append(stage.node(address=f"10.{number}.0.2"))
    gsched = stage.gsched("-i", "10.82.0.1", *ONE_GREETING, address="10.81.0.1")
    gsched.wait_for_nodes(nodes)
    clients = []
    for number, host in hosts.items():
        keywords = {"scheduler_host": f"10.{number}.0.1"}
        keywords |= {"ip_addr": f"10.{number}.0.2", "ext_host": f"10.{number}.0.2"}
        with host:
            clients.append(stage.client("squares", gsched, cluster=keywords, jobs=30))
    for client in clients:
        outcome = client.outcome()
        assert outcome["wrong"] == []
        assert set(outcome["nodes"]) == {node.address for node in nodes}


@pytest.mark.proves("--ip_addr", "--nodes")
def test_names_of_hosts(stage: Stage, names: Names, tmp_path: Path) -> None:
    """For our own address, for nodes, and in all calls of clients."""
    own, *places = (next(stage.addresses) for _ in range(3))
    names.write({"boss.example": own, "one.example": places[0], "two.example": places[1]})
    nodes = [stage.node(2, address=place) for place in places]
    options = ["-n", "one.example", "-n", f"two.example:{stage.base + 1}", "--cooperative"]
    gsched = stage.gsched("-i", "boss.example", *options, interface=False, address=own)
    gsched.wait_for_nodes(nodes)
    assert f"{own}:{stage.base + 2} clients" in gsched.out
    calls = {"one": "one.example", "other": "two.example", "gate": str(tmp_path / "gate")}
    wanted = {"scheduler_host": "boss.example"}
    found = stage.client("by_name", gsched, cluster=wanted, **calls).outcome()
    assert found == {
        "node_jobs": 1,
        "set_node_cpus": 1,
        "send_file": [0, 0],
        "deallocate_node": 0,
        "allocate_node": 0,
        "results": [places[0], places[1], places[1]],
        "close_node": [0, 0],
    }


def test_name_that_moves(stage: Stage, names: Names) -> None:
    """A node that comes with another address is greeted there."""
    before, after = next(stage.addresses), next(stage.addresses)
    names.write({"nomad.example": before})
    gsched = stage.gsched("-n", "nomad.example", "-d")
    gsched.wait_for_text("node nomad.example: .*; again in 2 s")
    names.write({"nomad.example": after})
    gsched.wait_for_nodes([stage.node(address=after)])


def test_ipv6(stage: Stage, new_host: Callable[[], Host]) -> None:
    """Node and scheduler find each other by multicast, each as the later one."""
    host, nodes = new_host(), []
    host.link("six", "fd83::1/64", "fd83::2/64")
    with host:
        add_address("six", "fd83::3/64")
        with looked_for(nodes, group=GROUP_6):
            nodes.append(stage.node(address="fd83::2"))
    options = ("--allow_callback", "fd83::/64")  # it comes from another address than its own
    gsched = stage.gsched(*ONE_GREETING, *options, address="fd83::1")
    gsched.wait_for_nodes(nodes)
    with host:
        nodes.append(stage.node(address="fd83::3"))
    gsched.wait_for_nodes(nodes)
    keywords = {"ip_addr": "fd83::2", "ext_host": "fd83::2"}
    with host:
        client = stage.client("squares", gsched, cluster=keywords, jobs=20)
        sender = stage.client("sends", gsched, cluster=keywords)
    outcome = client.outcome()
    assert outcome["wrong"] == []
    assert set(outcome["nodes"]) == {node.address for node in nodes}
    assert sender.outcome()["files"] == ["made by the job 0", "made by the job 1"]


def test_both_families(stage: Stage, new_host: Callable[[], Host]) -> None:
    """The node on IPv6 listens where nobody looks, so it has to be named."""
    host = new_host()
    host.link("both", "10.84.0.1/24", "10.84.0.2/24")
    add_address("both", "fd84::1/64")
    with host:
        add_address("both", "fd84::2/64")
        four, six = stage.node(address="10.84.0.2"), stage.node(1, "-p", "20000", address="fd84::2")
    gsched = stage.gsched("-i", "fd84::1", "-n", "[fd84::2]:20001", address="10.84.0.1")
    gsched.wait_for_nodes([four, six])
    for own, ours in (("10.84.0.2", "10.84.0.1"), ("fd84::2", "fd84::1")):
        keywords = {"scheduler_host": ours, "ip_addr": own, "ext_host": own}
        with host:
            client = stage.client("squares", gsched, cluster=keywords, jobs=20)
        outcome = client.outcome()
        assert outcome["wrong"] == []
        assert set(outcome["nodes"]) == {four.address, six.address}


@pytest.mark.proves("--ipv4_udp_multicast")
def test_multicast_instead_of_broadcast(stage: Stage, new_host: Callable[[], Host]) -> None:
    """Nodes that were started as the scheduler are found, early and late ones; others are not."""
    host, broadcasting, early = new_host(), [], []
    host.link("cast", "10.85.0.1/24", "10.85.0.2/24")
    with host:
        for number in (3, 4, 5):
            add_address("cast", f"10.85.0.{number}/24")
        with looked_for(broadcasting):
            broadcasting.append(stage.node(address="10.85.0.2"))
        with looked_for(early, group=GROUP_4):
            early.append(multicast_node(stage, "10.85.0.3"))
    gsched = stage.gsched("--ipv4_udp_multicast", *ONE_GREETING, address="10.85.0.1")
    gsched.wait_for_nodes(early)
    with host:
        late = multicast_node(stage, "10.85.0.4")
    gsched.wait_for_nodes([late])
    keywords = {"ip_addr": "10.85.0.2", "ext_host": "10.85.0.2"}
    with host:
        outcome = stage.client("squares", gsched, cluster=keywords, jobs=20).outcome()
    assert set(outcome["nodes"]) == {early[0].address, late.address}
    assert gsched.terminate() == 0
    gsched = stage.gsched(*ONE_GREETING, address="10.85.0.1")
    with host:
        later = stage.node(address="10.85.0.5")
    gsched.wait_for_nodes([*broadcasting, later])
    with host:
        outcome = stage.client("squares", gsched, cluster=keywords, jobs=20).outcome()
    assert set(outcome["nodes"]) == {broadcasting[0].address, later.address}


def multicast_node(stage: Stage, address: str) -> Node:
    return stage.node(1, "--ipv4_udp_multicast", address=address)


def test_address_that_is_found_out(
    stage: Stage, new_host: Callable[[], Host], names: Names
) -> None:
    """The host's name has only a loopback address: it is that of the way out which counts."""
    outside = new_host()
    outside.link("way", "10.86.0.1/24", "10.86.0.2/24")
    add_route("0.0.0.0/0", "10.86.0.2")
    names.write({socket.gethostname(): "127.0.1.1"})
    check_that_it_is_reached(stage, outside, "10.86.0.1", "10.86.0.2")


def test_address_of_the_hosts_name(
    stage: Stage, new_host: Callable[[], Host], names: Names
) -> None:
    outside = new_host()
    outside.link("way", "10.87.0.1/24", "10.87.0.2/24")
    add_address("way", "10.87.0.9/24")
    names.write({socket.gethostname(): "10.87.0.9"})
    check_that_it_is_reached(stage, outside, "10.87.0.9", "10.87.0.2")


def test_host_that_has_only_ipv6(stage: Stage, new_host: Callable[[], Host], names: Names) -> None:
    outside = new_host()
    outside.link("way", "fd88::1/64", "fd88::2/64")
    add_route("::/0", "fd88::2")
    names.write({})
    check_that_it_is_reached(stage, outside, "fd88::1", "fd88::2")


def check_that_it_is_reached(stage: Stage, outside: Host, ours: str, theirs: str) -> None:
    """Without -i, the scheduler has that address, and serves peers from outside."""
    with outside:
        node = stage.node(address=theirs)
    gsched = stage.gsched(interface=False, address=ours, nodes=[node])
    assert f'scheduler_host="{ours}"' in gsched.out
    with outside:
        wanted = {"ip_addr": theirs, "ext_host": theirs}
        client = stage.client("squares", gsched, cluster=wanted, jobs=5)
    assert client.outcome()["nodes"] == {node.address: 5}


@pytest.mark.parametrize("address", ["192.0.2.200", "2001:db8::200", "0.0.0.0", "::"])
def test_address_that_cannot_be_ours(stage: Stage, address: str) -> None:
    gsched = stage.gsched(address=address, ready=False)
    assert gsched.wait() == 2
    assert f"--ip_addr {address}: " in gsched.err
