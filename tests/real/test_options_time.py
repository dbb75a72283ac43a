"""Options about time: greetings again and again, peers that say nothing, peers that vanish."""

import pickle
import re
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from peers import Gsched, Node, Stage, wait_until
from peers.lookout import heard, looked_for
from peers.networks import Host, add_address, pull_plug, push_plug
from peers.played import SilentNode, is_open
from peers.played_client import PlayedClient
from peers.stage import Row

pytestmark = pytest.mark.real

MINUTE = 60.0  # seconds: the shortest --zombie_interval
QUIET_PORT = 9701  # greeted too, but no node listens there


@pytest.mark.usefixtures("private_network")
@pytest.mark.proves("--ping_interval")
def test_greetings_are_repeated(new_host: Callable[[], Host], stage: Stage) -> None:
    """The first ones of two schedulers are lost, and the node has looked for one before."""
    often, never, node = "10.89.0.1", "10.89.0.9", "10.89.0.2"
    host = new_host()
    host.link("again", f"{often}/24", f"{node}/24")
    add_address("again", f"{never}/24")
    with host:
        nodes: list[Node] = []
        with looked_for(nodes):
            nodes.append(stage.node(address=node))
        pull_plug("again")
    schedulers = [
        stage.gsched("--ping_interval", seconds, "-d", address=address)
        for seconds, address in (("1", often), ("0", never))
    ]
    for gsched in schedulers:
        gsched.wait_for_text("all nodes are greeted")
    with host, heard(QUIET_PORT) as ear:
        push_plug("again")
        ear.wait_for(often, 3)
        assert ear.counts[never] == 0
    schedulers[0].wait_for_nodes(nodes)
    assert schedulers[1].status()["nodes"] == []


@pytest.mark.parametrize(("interval", "pauses"), [("60", [1, 2, 4]), ("2", [1, 2, 2])])
def test_named_nodes_are_greeted_at_growing_intervals(
    stage: Stage, interval: str, pauses: list[int]
) -> None:
    """Until they are there: this one comes late, and listens at a port of its own."""
    place = next(stage.addresses)
    gsched = stage.gsched("-n", f"{place}:30001", "--ping_interval", interval, "-d")
    wait_until(lambda: told_pauses(gsched, place)[: len(pauses)] == pauses, "it is greeted")
    gsched.wait_for_nodes([stage.node(1, "-p", "30000", address=place)])


def told_pauses(gsched: Gsched, place: str) -> list[int]:
    """Seconds between greetings, by the log."""
    return [int(one) for one in re.findall(rf"node {place}: .*; again in (\d+) s", gsched.err)]


@pytest.mark.proves("--msg_timeout")
def test_clients_that_say_nothing(stage: Stage) -> None:
    """They are dropped, some one after the other while one elsewhere may still be silent."""
    patient, strict = (stage.gsched("--msg_timeout", seconds) for seconds in ("20", "1"))
    with connected(patient, stage) as kept:
        for _ in range(3):
            with connected(strict, stage) as dropped:
                assert dropped.recv(1) == b""
        assert is_open(kept)


def connected(gsched: Gsched, stage: Stage) -> socket.socket:
    """As a client."""
    return socket.create_connection((gsched.address, stage.base + 2), timeout=MINUTE)


def test_nodes_that_say_nothing(stage: Stage) -> None:
    """They are dropped too; jobs run on the others."""
    places = [next(stage.addresses) for _ in range(2)]
    with SilentNode(places[0], stage.base + 1) as one, SilentNode(places[1], stage.base + 1) as two:
        patient = stage.gsched("--msg_timeout", "15", "-n", one.address)
        patient.allowed = ["not told to its client"]  # which still waits when the test is over
        real = stage.node()
        strict = stage.gsched("--msg_timeout", "1", "-n", two.address, nodes=[real])
        connections = []
        for gsched, node in ((patient, one), (strict, two)):
            gsched.wait_for(lambda now, node=node: node.address in places_of(now), "it is known")
            client = stage.client("squares", gsched, jobs=10)
            connections.append(node.request("COMPUTE"))
        assert connections[1].recv(1) == b""
        assert is_open(connections[0])
        assert client.outcome()["nodes"] == {real.address: 10}


def places_of(status: Row) -> list[str]:
    return [node["address"] for node in status["nodes"]]


@pytest.mark.timeout(400)
@pytest.mark.proves("--zombie_interval")
def test_zombies(stage: Stage, tmp_path: Path) -> None:
    """A client that has vanished is given up, one that only waits for its turn is not.

    A node that has vanished is forgotten, but found again: it has been named.
    """
    gate = tmp_path / "gate"
    busy, idle = stage.node(2), next(stage.addresses)
    options = ("--zombie_interval", "1", "--pulse_interval", "1", "-n", idle)
    gsched = stage.gsched(*options, nodes=[busy])
    vanished = stage.client("waits", gsched, gate=str(tmp_path / "never"), marks=str(tmp_path))
    there = stage.client("waits", gsched, gate=str(gate), marks=str(tmp_path))
    gsched.wait_for_totals(running=2)
    node = stage.node(address=idle)
    gsched.wait_for_nodes([node])
    waiting = stage.client("squares", gsched, cluster={"exclusive": True}, jobs=5)
    gsched.wait_for_totals(clusters=3)
    vanished.kill()
    node.kill()
    wait_until(lambda: gsched.status()["totals"]["clusters"] < 3, "it is given up", 2 * MINUTE)
    text = gsched.wait_for_text(r"wait @ \S+ closes: nothing heard of its client for (\d+) s")
    assert int(text[1]) >= MINUTE
    gsched.wait_for_totals(clusters=2, running=1)
    wait_until(lambda: idle not in places_of(gsched.status()), "it is forgotten", 2 * MINUTE)
    gsched.wait_for_nodes([stage.node(address=idle)])
    gate.touch()
    assert len(there.outcome()["jobs"]) == 1
    outcome = waiting.outcome()
    assert (outcome["jobs"], outcome["wrong"]) == (5, [])
    assert not gsched.complaints()


def test_a_client_that_stands_still_when_it_has_a_uid(stage: Stage) -> None:
    """It will wait for the job when it goes on, whether or not it could say so in time."""
    node = stage.played_node()
    gsched = stage.gsched("--msg_timeout", "1", nodes=[node])
    place = (gsched.address, stage.base + 2)
    client = PlayedClient(gsched.address, place, reentrant=False)
    try:
        with client.offer(7) as (_, stream):
            uid = client.uid(stream)
            client.wait_for("JOB_REPLY")
        assert pickle.loads(client.finals[uid].result) == 7
    finally:
        client.close()
        client.stop()
