"""The sharing policy with real peers: who is refused, who is stopped, and a file read again."""

import signal
from pathlib import Path

import pytest
from peers import Stage

pytestmark = pytest.mark.real

FEW = "rules:\n  - name: few\n    clusters: wait\n    max_queued_jobs: 1\n"


@pytest.mark.proves("--policy_file")
def test_a_policy_in_action(stage: Stage, tmp_path: Path) -> None:
    """One job runs, one waits, one is refused; then a new rule stops the first two in turn."""
    policy = tmp_path / "policy.yaml"
    policy.write_text(FEW)
    [node] = stage.nodes(1)
    gsched = stage.gsched("--policy_file", str(policy), nodes=[node])
    gsched.allowed = [
        "job refused: 1 of its jobs wait",
        "the policy that is used stays",
        "ran longer",
    ]
    client = stage.client("limited", gsched)
    gsched.wait_for_totals(running=1, waiting=1)
    gsched.wait_for_text(r"job refused: 1 of its jobs wait, rule 'few' allows no more")

    policy.write_text(FEW + "    hard_time_limit: soon\n")
    gsched.send(signal.SIGHUP)
    gsched.wait_for_text(
        r"the policy that is used stays: \S+policy.yaml, line 5: rule 'few': hard_time_limit: "
        r"'soon' is not allowed, give a time"
    )
    policy.write_text(FEW + "    hard_time_limit: 1 s\n")
    gsched.send(signal.SIGHUP)
    gsched.wait_for_text("ran longer than 1 s, the hard_time_limit of rule 'few'")
    found = client.outcome()
    assert found["refused"] == "None"
    for job in found["jobs"]:
        assert job["status"] == "Terminated"
        assert job["exception"] == "ran longer than 1 s, the hard_time_limit of rule 'few'"
    assert "refused by gsched: 1 of its jobs wait, rule 'few' allows no more" in client.story()
