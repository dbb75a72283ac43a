"""Options about addresses: several interfaces, names of hosts, multicast, repeated greetings."""

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest
from peers import Node, Stage
from peers.networks import Host
from peers.process import PATIENCE

pytestmark = [pytest.mark.real, pytest.mark.usefixtures("private_network")]


@pytest.fixture
def new_host() -> Iterator[Callable[[], Host]]:
    """Makes hosts with networks of their own."""
    with ExitStack() as stack:

        def make() -> Host:
            host = Host()
            stack.callback(host.close)
            return host

        yield make


@contextmanager
def looked_for(stage: Stage, nodes: list[Node]) -> Iterator[None]:
    """Wait until the nodes started in here have looked for a scheduler: they do so only once."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(PATIENCE)
        sock.bind(("", stage.base))
        yield
        missing = {node.address for node in nodes}
        while missing:
            missing.discard(sock.recvfrom(4096)[1][0])


def test_two_interfaces(stage: Stage, new_host: Callable[[], Host]) -> None:
    """Nodes on both hear our broadcasts, and clients on both are served."""
    hosts, nodes = {}, []
    for number in (81, 82):
        hosts[number] = new_host()
        hosts[number].link(f"two{number}", f"10.{number}.0.1/24", f"10.{number}.0.2/24")
    with looked_for(stage, nodes):
        for number, host in hosts.items():
            with host:
                nodes.append(stage.node(address=f"10.{number}.0.2"))
    gsched = stage.gsched("-i", "10.82.0.1", address="10.81.0.1")
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
