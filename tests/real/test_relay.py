"""A real dispynetrelay between two networks: broadcasts do not cross, all else is routed.

The scheduler is in 10.93.0.0/24, the nodes are in 10.94.0.0/24, the relay is in both.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from peers import Node, Process, Stage
from peers.networks import Host, add_address, add_route, forward

pytestmark = [pytest.mark.real, pytest.mark.usefixtures("private_network")]

OURS, THEIRS = "10.93.0.2", "10.94.0.1"  # addresses of the relay
SCHEDULER = "10.93.0.1"


@dataclass
class Site:
    """Two networks with a relay's host between them."""

    stage: Stage
    middle: Host
    beyond: Host

    def node(self, number: int, *options: str) -> Node:
        """A node beyond the relay."""
        address = f"10.94.0.{number}"
        with self.beyond:
            add_address("beyond", f"{address}/24")
            return self.stage.node(1, *options, address=address)

    def relay(self, *options: str) -> Process:
        """A relay on both networks."""
        base = self.stage.base
        ports = ["-p", base, "--relay_port", base + 1, "--scheduler_port", base]
        command = [sys.executable, "-m", "dispy.dispynetrelay", "--daemon", *map(str, ports)]
        command += ["-i", OURS, "-i", THEIRS, *options]
        with self.middle:
            relay = Process(self.stage.name("relay"), command, self.stage.folder)
        self.stage.processes.append(relay)
        relay.wait_for_text(r"version: 4\.")
        return relay


@pytest.fixture
def site(stage: Stage, new_host: Callable[[], Host]) -> Site:
    middle = new_host()
    middle.link("middle", f"{SCHEDULER}/24", f"{OURS}/24")
    add_route("10.94.0.0/24", OURS)
    with middle:
        forward()
        beyond = new_host()
        beyond.link("beyond", f"{THEIRS}/24", "10.94.0.254/24")
    with beyond:
        add_route("10.93.0.0/24", THEIRS)
    return Site(stage, middle, beyond)


def test_greetings_in_both_directions(stage: Stage, site: Site) -> None:
    """Ours reach nodes that are there, theirs reach us."""
    early = site.node(2)
    site.relay()
    gsched = stage.gsched(address=SCHEDULER)
    gsched.wait_for_nodes([early])
    late = site.node(3)
    gsched.wait_for_nodes([early, late])
    outcome = stage.client("squares", gsched, jobs=20).outcome()
    assert outcome["wrong"] == []
    assert set(outcome["nodes"]) == {early.address, late.address}


def test_relay_that_names_the_scheduler(stage: Stage, site: Site) -> None:
    """It comes by itself, with no sign of ours that it could prove a secret with; nodes do that."""
    secret = ("-s", "pears")
    friend, stranger = site.node(2, *secret), site.node(3)
    quiet = ("--ping_interval", "3600")  # so that the relay does not hear us
    gsched = stage.gsched("--node_secret", "pears", *quiet, address=SCHEDULER)
    site.relay("--scheduler_node", SCHEDULER, *secret)
    gsched.wait_for_nodes([friend])
    gsched.wait_for_text("node with another secret: its --secret must equal --node_secret")
    assert [x["address"] for x in gsched.status()["nodes"]] == [friend.address]
    assert stranger.running


def test_relay_that_is_named(stage: Stage, site: Site) -> None:
    """As a node is, for a scheduler that it does not hear."""
    node = site.node(2)
    site.relay()
    gsched = stage.gsched("-n", THEIRS, address=SCHEDULER)
    gsched.wait_for_nodes([node])
    assert stage.client("squares", gsched, jobs=5).outcome()["nodes"] == {node.address: 5}


def test_relay_with_another_secret(stage: Stage, site: Site) -> None:
    """It is told apart from one that says nothing: what is wrong stands in the log, once."""
    node = site.node(2)
    relay = site.relay("-s", "plums")
    gsched = stage.gsched("-n", THEIRS, "--ping_interval", "1", address=SCHEDULER)
    words = "relay with another secret: its --secret must equal --node_secret here"
    gsched.wait_for_text(rf"{OURS}: {words}")
    assert gsched.status()["nodes"] == []
    relay.terminate()
    site.relay()
    gsched.wait_for_nodes([node])
    assert gsched.err.count(words) == 1
