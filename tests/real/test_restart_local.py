"""A scheduler that starts again together with its own node."""

import pytest
from peers import Stage

pytestmark = pytest.mark.real


def test_jobs_that_wait_outlive_a_local_node(stage: Stage) -> None:
    """It is known before it listens, so the first jobs do not reach it: they wait again."""
    gsched = stage.gsched("--local_node", "2", "--grace_period", "60")
    client = stage.client("squares", gsched, jobs=8, seconds=1.0)
    gsched.wait_for_totals(running=2)
    assert gsched.terminate() == 0
    stage.again(gsched, "--local_node", "2")
    assert client.outcome()["wrong"] == []
