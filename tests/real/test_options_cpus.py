"""Clients that change how many CPUs of a node are used: who may, and for how long."""

from pathlib import Path

import pytest
from peers import Stage

pytestmark = pytest.mark.real

ALL, FEWER = 2, 1  # CPUs
ONLY_EXCLUSIVE = {"exclusive": True}


@pytest.mark.parametrize(
    ("options", "keywords", "during", "after"),
    [
        ([], {}, ALL, ALL),
        ([], ONLY_EXCLUSIVE, FEWER, ALL),
        (["--cooperative"], {}, FEWER, FEWER),
        (["--cooperative"], ONLY_EXCLUSIVE, FEWER, FEWER),
    ],
    ids=["may not", "exclusive", "cooperative", "both"],
)
@pytest.mark.parametrize("wish", ["allocate", "cpus"], ids=["allocation", "call"])
@pytest.mark.proves("--cooperative")
def test_cpus(
    stage: Stage,
    tmp_path: Path,
    options: list[str],
    keywords: dict[str, bool],
    during: int,
    after: int,
    wish: str,
) -> None:
    """By cpus= of NodeAllocate, and by set_node_cpus; without the right, both change nothing."""
    gsched, [node] = stage.trio(1, ALL, *options)
    gate = tmp_path / "gate"
    places = {"node": node.address, "gate": str(gate)}
    client = stage.client("cpus", gsched, cluster=keywords, **{wish: FEWER}, **places)
    refused = wish == "cpus" and during == ALL
    if refused:
        gsched.wait_for_text(r"only exclusive clusters may set CPUs, or all with --cooperative")
    gsched.wait_for(lambda now: [x["done"] for x in now["clusters"]] == [1], "its job is done")
    gsched.wait_for_totals(cpus=during)
    gate.touch()
    assert client.outcome() == {"code": {"allocate": None, "cpus": -1 if refused else FEWER}[wish]}
    gsched.wait_for_totals(clusters=0, cpus=after)
