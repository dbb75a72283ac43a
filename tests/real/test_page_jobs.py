"""The page shows the jobs of a cluster and why one waits: a real server, clients, a browser."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from peers import Stage, wait_until
from test_page import PATIENCE, Complaints, cells, chromium, shows  # noqa: F401 - a fixture

pytestmark = pytest.mark.real

FULL = "the only usable node is full, 1 of 1 CPU run this cluster's jobs"


@pytest.fixture
def browse(chromium: Any) -> Iterator[Any]:  # noqa: F811 - the fixture
    """Opens a page that must not complain."""
    context = chromium.new_context(viewport={"width": 1280, "height": 1200})
    context.set_default_timeout(PATIENCE * 1000)
    complaints = []

    def browse(url: str) -> Any:
        view = context.new_page()
        complaints.append(Complaints(view))
        view.goto(url)
        view.wait_for_selector("body[data-state=live]")
        return view

    yield browse
    context.close()
    # A cluster may close just when its jobs are asked for; the browser notes the 404 by itself.
    assert [one for some in complaints for one in some if "status of 404" not in one] == []


def test_jobs_of_a_cluster_and_why_one_waits(stage: Stage, tmp_path: Path, browse: Any) -> None:
    gate, marks = tmp_path / "gate", tmp_path / "marks"
    marks.mkdir()
    gsched, [node] = stage.trio()
    client = stage.client("waits", gsched, gate=str(gate), marks=str(marks), jobs=3)
    gsched.wait_for_totals(running=1, waiting=2)
    view = browse(gsched.page)
    assert not view.locator("#jobs-section").is_visible()
    view.locator("#clusters tbody button").click()
    shows(view, "#jobs-title", f"Jobs of {gsched.status()['clusters'][0]['label']}")
    shows(view, "#jobs-why", f"2 jobs waiting: {FULL}")
    shows(view, "#jobs tbody tr", "running")
    rows = cells(view, "jobs")
    assert [row[1] for row in rows] == ["running", "queued", "queued"]
    assert [row[3] for row in rows] == [node.address, "", ""]
    view.locator("#jobs tbody button").nth(2).click()
    shows(view, "#job-title", f"Job {rows[2][0]}")
    shows(view, "#job-why", f"{FULL}; position 2 in the queue of its cluster")
    assert [x.split(" ", 1)[1] for x in view.locator("#job-story li").all_inner_texts()] == [
        *("offered", "accepted")
    ]
    view.screenshot(path=str(tmp_path / "jobs.png"), full_page=True)
    view.locator("#jobs-state").select_option("queued")
    wait_until(lambda: view.locator("#jobs tbody tr").count() == 2, "two wait")
    view.locator("#jobs-state").select_option("done")
    shows(view, "#jobs-none", "None here.")
    shows(view, "#job-why", "not in this list any more")
    gate.touch()
    client.outcome()
    view.locator("#jobs-section").wait_for(state="hidden")


def test_many_jobs_are_turned_over_page_by_page(stage: Stage, tmp_path: Path, browse: Any) -> None:
    gate, marks = tmp_path / "gate", tmp_path / "marks"
    marks.mkdir()
    gsched = stage.gsched()
    stage.client("waits", gsched, gate=str(gate), marks=str(marks), jobs=130)
    gsched.wait_for_totals(waiting=130)
    view = browse(gsched.page)
    view.locator("#clusters tbody button").click()
    shows(view, "#jobs-why", "130 jobs waiting: no node is known yet")
    rows = view.locator("#jobs tbody tr")
    wait_until(lambda: rows.count() == 100, "100 rows")
    first = cells(view, "jobs")[0][0]
    view.get_by_role("button", name="Next page").click()
    wait_until(lambda: rows.count() == 30, "30 rows")
    assert not view.locator("#jobs-more").is_visible()
    view.get_by_role("button", name="First page").click()
    wait_until(lambda: rows.count() == 100, "100 rows")
    assert cells(view, "jobs")[0][0] == first
    view.set_viewport_size({"width": 360, "height": 740})
    assert view.evaluate("document.documentElement.scrollWidth") <= 360
    view.get_by_role("button", name="Close").click()
    assert not view.locator("#jobs-section").is_visible()
