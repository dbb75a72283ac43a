"""Nodes and clients are killed or stand still, and the scheduler too."""

import signal
import time
from collections import Counter
from pathlib import Path
from random import Random

import pytest
from account import SEEDS, TIMEOUT, Account, check_nothing_is_left
from peers import Node, Stage
from peers.stage import QUICK

pytestmark = [pytest.mark.real, pytest.mark.timeout(TIMEOUT)]

SILENCE = 7.0  # seconds after which a node that stands still is taken for lost
EXPECTED = "abandoned|is lost"


@pytest.mark.parametrize("seed", SEEDS)
def test_nodes_are_killed_and_stand_still(stage: Stage, tmp_path: Path, seed: int) -> None:
    """Jobs that ran there run again if they may, else their client is told; none starts twice."""
    dice, nodes = Random(seed), stage.nodes(4, 2)
    gsched = stage.gsched(*QUICK, nodes=nodes)
    gsched.allowed.append(EXPECTED)
    account = Account(stage, tmp_path, nodes, seed)
    for reentrant in (False, True):
        account.client(gsched, reentrant=reentrant)
    account.wait_until_ready()
    for number in range(2):  # of each node; more often, and it would be left alone for a minute
        for place in dice.sample(range(1, len(nodes)), 2):
            nodes[place] = killed(stage, nodes[place], dice)
        stand_still(nodes[0], dice.uniform(0.5, 2.0) if number else SILENCE)
        gsched.kill()
        gsched = stage.again(gsched, *QUICK)
        gsched.allowed.append(EXPECTED)
    jobs = account.settle(TIMEOUT)
    ends = Counter(job["status"] for job in jobs.values())
    assert ends["Finished"] > len(jobs) / 2, ends
    check_nothing_is_left(stage, gsched, nodes)


def killed(stage: Stage, node: Node, dice: Random) -> Node:
    """The same node, started anew after a while."""
    time.sleep(dice.random())
    node.kill()
    time.sleep(dice.random())
    return stage.node(2, address=node.address)


def stand_still(node: Node, seconds: float) -> None:
    """Its jobs go on, and nobody hears of them."""
    node.send(signal.SIGSTOP)
    time.sleep(seconds)
    node.send(signal.SIGCONT)


@pytest.mark.parametrize("seed", SEEDS)
def test_clients_are_killed(stage: Stage, tmp_path: Path, seed: int) -> None:
    """Nodes are free again a minute later at the most; other clients do not notice."""
    options = (*QUICK, "--zombie_interval", "1")
    dice, nodes = Random(seed), stage.nodes(2, 2)
    gsched = stage.gsched(*options, nodes=nodes)
    account, doomed = (
        Account(stage, tmp_path, nodes, seed),
        Account(stage, tmp_path / "2", nodes, 0),
    )
    account.client(gsched, reentrant=False)
    for reentrant in (False, True):
        doomed.client(gsched, reentrant=reentrant)
    account.wait_until_ready()
    doomed.wait_until_ready()
    for client in doomed.clients:
        time.sleep(2 * dice.random())
        client.kill()
        gsched.kill()
        gsched = stage.again(gsched, *options)
        gsched.allowed.append(EXPECTED)
    account.settle(TIMEOUT)
    gsched.wait_for(lambda now: not now["totals"]["clusters"], "the dead are given up", 100)
    assert gsched.err.count("closes: nothing heard of its client") == len(doomed.clients)
    assert max(doomed.starts()[name] for name in doomed.starts() if name.startswith("once")) == 1
    check_nothing_is_left(stage, gsched, nodes)
