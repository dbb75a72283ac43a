"""Nodes drop what has had no result for long, an hour as a rule; here it is their shortest: 60 s.

They look every 60 s from their own start on, so that nothing of ours is dropped before 120 s.
"""

import re

import pytest
from peers import Stage, namespace
from peers.stage import QUICK, Gsched
from test_jobs import results

pytestmark = [pytest.mark.real, pytest.mark.timeout(400)]

NETWORK, OTHER_NETWORK = "10.78.0.", "10.79.0."  # not loopback, where nothing is broadcast
SECONDS = 130  # until after the second look of the node
PATIENCE = SECONDS + 60


def set_ups(gsched: Gsched) -> int:
    """How often a cluster was set up on a node."""
    return len(re.findall(r"is set up$", gsched.err, re.MULTILINE))


@pytest.mark.usefixtures("private_network")
def test_nodes_that_hear_us_drop_nothing(stage: Stage) -> None:
    namespace.add_address(f"{NETWORK}1")
    node = stage.node(2, "--zombie_interval", "1", address=f"{NETWORK}2")
    gsched = stage.gsched("--ping_interval", "0", address=f"{NETWORK}1", nodes=[node])
    client = stage.client("rests", gsched, seconds=SECONDS)
    assert [x[0] for x in results(client.outcome(PATIENCE))] == [1, 4, 2, 3]
    assert set_ups(gsched) == 2
    assert "is lost" not in gsched.err


def test_nodes_that_do_not_hear_us_are_set_up_anew(stage: Stage) -> None:
    """The idle cluster is dropped while the other one's job goes on, which is not to be lost."""
    node = stage.node(2, "--zombie_interval", "1")
    gsched = stage.gsched(*QUICK, nodes=[node])
    client = stage.client("rests", gsched, seconds=SECONDS)
    assert [x[0] for x in results(client.outcome(PATIENCE))] == [1, 4, 2, 3]
    # The other one is dropped when its job ends; whether it is set up anew before its client closes
    # it is a matter of milliseconds.
    assert set_ups(gsched) >= 3
    assert "is lost" not in gsched.err


@pytest.mark.usefixtures("private_network")
def test_jobs_whose_processes_die(stage: Stage) -> None:
    """Only the node can notice, and does so when it looks; the reason is ours."""
    namespace.add_address(f"{OTHER_NETWORK}1")
    node = stage.node(2, "--zombie_interval", "1", address=f"{OTHER_NETWORK}2")
    gsched = stage.gsched(*QUICK, address=f"{OTHER_NETWORK}1", nodes=[node])
    *died, last = stage.client("dies", gsched).outcome(PATIENCE)["jobs"]
    assert (last["status"], last["result"]) == ("Finished", "no")
    for job in died:
        assert job["status"] == "Terminated"
        assert job["exception"] == f"node {node.address} stopped it, or its process died there"
