"""The scheduler is killed again and again, at any moment, under clients that go on."""

import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from account import ROUNDS, SEEDS, TIMEOUT, Account, check_nothing_is_left
from peers import Stage
from peers.stage import QUICK

pytestmark = [pytest.mark.real, pytest.mark.timeout(TIMEOUT)]


@pytest.mark.parametrize("seed", SEEDS)
def test_each_job_has_exactly_one_answer(
    stage: Stage, tmp_path: Path, tell: Callable[..., None], seed: int
) -> None:
    """Some kills come while the next run is still about to start."""
    dice, nodes = Random(seed), stage.nodes(3, 2)
    gsched = stage.gsched(*QUICK, nodes=nodes)
    account = Account(stage, tmp_path, nodes, seed)
    for reentrant in (False, True, False):
        account.client(gsched, reentrant=reentrant)
    account.wait_until_ready()
    for _ in range(ROUNDS):
        time.sleep(dice.choice([0.3, 1.0, 3.0]) * dice.random())  # the moment is the point
        gsched.kill()
        gsched = stage.again(gsched, *QUICK, ready=dice.random() < 0.7)
        gsched.allowed.append("is abandoned|Abandoned|abandoned")
    gsched.wait_until_ready()
    jobs = account.settle(TIMEOUT)
    ends = Counter(job["status"] for job in jobs.values())
    assert ends["Finished"] > len(jobs) / 2, ends
    tell(seed=seed, kills_of_the_scheduler=ROUNDS, jobs=len(jobs), **ends)
    check_nothing_is_left(stage, gsched, nodes)
