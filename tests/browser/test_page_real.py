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
    shows(view, "#job-why", "finished at")
    view.evaluate("() => { location.hash = '#/finished'; }")
    shows(view, "#finished", rows[2][0])
    assert [row[1] for row in cells(view, "finished")] == ["finished"] * 3
    view.evaluate("() => { location.hash = '#/events'; }")
    shows(view, "#events", node.address)


def test_what_can_be_ordered_is_done_and_taken_back(
    stage: Stage, tmp_path: Path, browse: Browse
) -> None:
    gate, marks = tmp_path / "gate", tmp_path / "marks"
    marks.mkdir()
    gsched, [node] = stage.trio()
    stage.client("waits", gsched, gate=str(gate), marks=str(marks), jobs=5)
    gsched.wait_for_totals(running=1, waiting=4)
    view: Any = browse(gsched.page, "clusters")
    view.locator("#clusters tbody a").click()
    view.get_by_role("button", name="Pause", exact=True).click()
    shows(view, ".toast", "paused")
    shows(view, "main .pill", "paused")
    view.get_by_role("button", name="Undo").click()
    shows(view, "main .pill", "active")
    view.locator("#jobs tbody .pick").nth(4).check()
    view.locator("#jobs-picked").click()
    shows(view, "dialog", "1 job")
    assert view.evaluate("document.activeElement.textContent") == "Keep as it is"
    view.get_by_role("button", name="Cancel 1 job").click()
    gsched.wait_for_totals(waiting=3)
    view.get_by_label("State").select_option("queued")
    shows(view, "dialog, main section", "queued")
    view.locator("#jobs-all").click()
    shows(view, "dialog", "3 jobs")
    view.get_by_label("Reason").fill("the input was wrong")
    view.get_by_role("button", name="Cancel them").click()
    gsched.wait_for_totals(running=1, waiting=0)
    view.evaluate("address => { location.hash = `#/nodes/${address}`; }", node.address)
    view.get_by_role("button", name="Drain").click()
    shows(view, "main .pill", "draining")
    gsched.wait_for_nodes([node], "drained")
    view.get_by_role("button", name="Resume").click()
    gsched.wait_for_nodes([node])
    view.get_by_role("button", name="Set CPUs").click()
    view.locator("dialog input[name=cpus]").fill("0")
    view.get_by_role("button", name="Set", exact=True).click()
    gsched.wait_for(lambda now: now["nodes"][0]["cpus"] == 0, "no CPU may be used")
