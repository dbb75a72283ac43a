"""Several clusters at once: whose job is next, and clusters that want all for themselves."""

from pathlib import Path

import pytest
from peers import Stage, wait_until
from test_jobs import results

pytestmark = pytest.mark.real

SUBMITTED = ["A1", "A2", "B1", "A3", "C1", "B2", "C2", "B3", "C3"]
STARTED = {  # A has had a job before all of these
    "": SUBMITTED,
    "--fair_cluster_scheduler": ["B1", "C1", "A1", "B2", "C2", "A2", "B3", "C3", "A3"],
    "--weighted_cluster_scheduler": ["B1", "C1"],  # then by how long each has really run
    "--early_cluster_scheduler": ["A1", "A2", "A3", "B1", "B2", "B3", "C1", "C2", "C3"],
}


@pytest.mark.proves(*filter(None, STARTED))
def test_order_of_each_algorithm(stage: Stage, tmp_path: Path) -> None:
    nodes = stage.nodes(len(STARTED))
    clients = {}
    for option, node in zip(STARTED, nodes, strict=True):
        gsched = stage.gsched(*filter(None, [option]), nodes=[node])
        gate = tmp_path / f"gate{option}"
        clients[option] = stage.client("order", gsched, submitted=SUBMITTED, gate=str(gate))
        gsched.wait_for_totals(running=1, waiting=len(SUBMITTED))
        gsched.wait_for(lambda now: [x["nodes"] for x in now["clusters"]] == [1] * 3, "all set up")
        gate.touch()
    for option, client in clients.items():
        outcome, due = client.outcome(), STARTED[option]
        known = len(due) if option.startswith("--weighted") else len(SUBMITTED)
        assert outcome["started"][:known] == due, option
        assert sorted(outcome["started"]) == sorted(SUBMITTED), option
        assert outcome["status"] == ["Finished"], option


@pytest.mark.proves("exclusive=")
def test_exclusive_clusters_wait_and_are_waited_for(stage: Stage, tmp_path: Path) -> None:
    gates = [tmp_path / f"gate{number}" for number in range(3)]
    gsched, _ = stage.trio(1, 2)
    clients = []
    for number, gate in enumerate(gates):
        folder = tmp_path / f"marks{number}"
        folder.mkdir()
        exclusive = {"exclusive": number == 1}
        clients.append(
            stage.client("waits", gsched, cluster=exclusive, gate=str(gate), marks=str(folder))
        )
        wanted = ["active", *["waiting"] * number]
        gsched.wait_for(lambda now: [x["state"] for x in now["clusters"]] == wanted, f"{wanted}")  # noqa: B023
    notes = [x["note"] for x in gsched.status()["clusters"]]
    assert notes[1] == "is exclusive and waits for 1 other clusters to close"
    ends = []
    for number, (gate, client) in enumerate(zip(gates, clients, strict=True)):
        gsched.wait_for_totals(running=1, clusters=3 - number)
        wait_until(lambda: marks(tmp_path)[number], "the job leaves its mark")  # noqa: B023
        assert marks(tmp_path) == [int(x <= number) for x in range(3)]
        gate.touch()
        ends += results(client.outcome())
    assert ends == [0, 0, 0]


def marks(folder: Path) -> list[int]:
    """How many jobs of each cluster have begun."""
    return [len(list(folder.glob(f"marks{number}/*"))) for number in range(3)]
