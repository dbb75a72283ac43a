"""Options about ports: nodes and clients that are told the same find their scheduler.

Each scheduler greets once, so nodes that come early are found by that, and late ones because they
look for it themselves.
"""

import socket
from collections.abc import Iterable
from contextlib import ExitStack

import pytest
from peers import Gsched, Node, Stage, namespace
from peers.lookout import looked_for

pytestmark = [pytest.mark.real, pytest.mark.usefixtures("private_network")]

NETWORK = "10.79.0."  # not loopback, where nothing is broadcast
OURS = f"{NETWORK}1"
ONE_GREETING = ("--ping_interval", "0")


@pytest.fixture(autouse=True)
def network(private_network: None) -> None:
    namespace.add_address(OURS)


def node(stage: Stage, number: int, base: int) -> Node:
    """A node that is told that its ports begin there."""
    return stage.node(1, "-p", str(base), address=f"{NETWORK}{number}")


def early_nodes(stage: Stage, bases: Iterable[int]) -> dict[int, Node]:
    """One of each base; they have looked for a scheduler in vain."""
    found: dict[int, list[Node]] = {base: [] for base in bases}
    with ExitStack() as stack:
        for number, (base, nodes) in enumerate(found.items()):
            stack.enter_context(looked_for(nodes, base))
            nodes.append(node(stage, 2 + number, base))
    return {base: nodes[0] for base, nodes in found.items()}


def check_jobs(stage: Stage, gsched: Gsched, base: int, nodes: Iterable[Node]) -> None:
    """A client that is told so runs jobs on these nodes, all of them and no others."""
    client = stage.client("squares", gsched, cluster={"dispy_port": base}, jobs=30)
    outcome = client.outcome()
    assert outcome["wrong"] == []
    assert set(outcome["nodes"]) == {node.address for node in nodes}


def check_refused(stage: Stage, gsched: Gsched, base: int) -> None:
    """Nobody is there for a client that is told so."""
    client = stage.client("squares", gsched, cluster={"dispy_port": base})
    assert "ConnectionRefusedError" in client.failure()


@pytest.mark.proves("--dispy_port")
def test_all_three_at_once(stage: Stage) -> None:
    early = early_nodes(stage, [20000])[20000]
    gsched = stage.gsched("--dispy_port", "20000", *ONE_GREETING, address=OURS)
    gsched.wait_for_nodes([early])
    late = node(stage, 3, 20000)
    gsched.wait_for_nodes([late])
    check_jobs(stage, gsched, 20000, [early, late])
    check_refused(stage, gsched, stage.base)


@pytest.mark.proves("--port", "--scheduler_port", "--node_port")
def test_each_by_itself(stage: Stage) -> None:
    """One node listens where we greet, the other looks where we listen; a client has its own."""
    greeted = early_nodes(stage, [20600])[20600]
    apart = ("--port", "20500", "--node_port", "20601", "--scheduler_port", "20702")
    gsched = stage.gsched(*apart, *ONE_GREETING, address=OURS)
    gsched.wait_for_nodes([greeted])
    looking = node(stage, 3, 20500)
    gsched.wait_for_nodes([looking])
    check_jobs(stage, gsched, 20700, [greeted, looking])
    for base in (20500, 20600, stage.base):
        check_refused(stage, gsched, base)


@pytest.mark.parametrize(
    ("options", "served"),
    [
        ((), {61590, 9700}),
        (("--other_ports", "30000"), {30000}),
        (("--other_ports", "30000", "--other_ports", "9700"), {30000, 9700}),
        (("--other_ports", "none"), set()),
    ],
)
@pytest.mark.proves("--other_ports")
def test_other_ports(stage: Stage, options: tuple[str, ...], served: set[int]) -> None:
    """Nodes and clients of other bases are served if ours is told so, besides the usual ones.

    At 61591 only the releases are greeted whose nodes listen there by themselves, so not ours.
    """
    bases = {61590, 9700, 30000}
    early = early_nodes(stage, [9700, 30000, stage.base])
    gsched = stage.gsched(*options, *ONE_GREETING, address=OURS)
    found = [early[base] for base in early if base in served or base == stage.base]
    gsched.wait_for_nodes(found)
    late = [node(stage, 6 + number, base) for number, base in enumerate(sorted(served))]
    gsched.wait_for_nodes(late)
    for base in (*served, stage.base):
        check_jobs(stage, gsched, base, [*found, *late])
    for base in bases - served:
        check_refused(stage, gsched, base)


def test_other_port_that_is_taken(stage: Stage) -> None:
    """One line says so; all the rest works."""
    with socket.create_server((OURS, 9702)):
        gsched = stage.gsched(address=OURS)
        gsched.wait_for_text(r"WARNING .*--other_ports 9702: cannot listen at \S+:9702")
        usual = node(stage, 2, stage.base)
        gsched.wait_for_nodes([usual])
        check_jobs(stage, gsched, 61590, [usual])
