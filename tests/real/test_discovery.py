"""Nodes that are found by broadcasts, in a network that has nothing but this test."""

import pytest
from peers import Stage, namespace

pytestmark = [pytest.mark.real, pytest.mark.usefixtures("private_network")]

NETWORK = "10.77.0."  # not loopback, where nothing is broadcast
DISPY_BASE = 9700  # of dispy 4.15


def test_nodes_and_schedulers_find_each_other(stage: Stage) -> None:
    namespace.add_address(f"{NETWORK}1")
    early = stage.node(address=f"{NETWORK}2")
    gsched = stage.gsched(address=f"{NETWORK}1")
    gsched.wait_for_nodes([early])
    late = stage.node(address=f"{NETWORK}3")
    usual = stage.node(1, "-p", str(DISPY_BASE), address=f"{NETWORK}4")
    gsched.wait_for_nodes([early, late, usual])
    outcome = stage.client("squares", gsched, jobs=30).outcome()
    assert outcome["wrong"] == []
    assert set(outcome["nodes"]) == {early.address, late.address, usual.address}
    assert late.terminate() == 0  # it says goodbye
    gsched.wait_for_nodes([late], "lost")
    late = stage.node(address=late.address)
    gsched.wait_for_nodes([early, late, usual])
    stage.client("squares", gsched, jobs=30).outcome()
