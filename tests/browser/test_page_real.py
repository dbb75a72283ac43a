"""The page beside a real server with a real client and node: why a job waits, and its story."""

from pathlib import Path
from typing import Any

import pytest
from pages import Browse, cells, shows
from peers import Stage, wait_until

pytestmark = pytest.mark.real

FULL = "the only usable node is full, 1 of 1 CPU run this cluster's jobs"


def test_jobs_of_a_cluster_and_why_one_waits(stage: Stage, tmp_path: Path, browse: Browse) -> None:
    gate, marks = tmp_path / "gate", tmp_path / "marks"
    marks.mkdir()
    gsched, [node] = stage.trio()
    client = stage.client("waits", gsched, gate=str(gate), marks=str(marks), jobs=3)
    gsched.wait_for_totals(running=1, waiting=2)
    view: Any = browse(gsched.page, "clusters")
    view.locator("#clusters tbody a").click()
    shows(view, "#cluster-why", f"2 jobs waiting: {FULL}")
    wait_until(lambda: len(cells(view, "jobs")) == 3, "three jobs")
    rows = cells(view, "jobs")
    assert [row[1] for row in rows] == ["running", "queued", "queued"]
    assert [row[4] for row in rows] == [node.address, "", ""]
    view.locator("#jobs tbody th a").nth(2).click()
    shows(view, "h1", f"Job {rows[2][0]}")
    shows(view, "#job-why", f"{FULL}; position 2 in the queue of its cluster")
    assert [x.split(" ")[-1] for x in view.locator("#job-story li").all_inner_texts()] == [
        *("offered", "accepted")
    ]
    gate.touch()
    client.outcome()
    shows(view, "#job-why", "its client has its answer")
