"""The views of what was: the timeline, figures over time, jobs that have ended, events."""

import csv
import io
import re
from pathlib import Path
from typing import Any

import pytest
from pages import Browse, Site, cells, goes_to, shows

COLOURS = """() => {
    const canvas = document.querySelector('.stream canvas');
    const {data} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    const found = new Set();
    for (let at = 0; at < data.length; at += 4)
      if (data[at + 3] > 250) found.add(`${data[at]},${data[at + 1]},${data[at + 2]}`);
    const tones = [...document.querySelectorAll('.swatch')].map(x => x.style.background);
    return tones.filter(tone => found.has(tone.match(/\\d+/g).join(','))).length;
}"""


# Timeline


def test_the_timeline_shows_each_job_and_leads_to_it(
    site: Site, context: Any, browse: Browse
) -> None:
    context.complaints.allowed = "getImageData"  # the test does so, not the page
    site.run(
        """
        play.node(0, 2, "atlas")
        play.ended(play.job(uid, ago) for uid, ago in ((7, 10), (8, 30), (9, 50)))
        cluster = play.cluster()
        play.submit(cluster, 1)
        """
    )
    view = browse(site.url, "timeline")
    shows(view, "#timeline-words", "4 jobs on 1 node.")
    assert view.locator("#timeline-legend li").count() == 4
    view.wait_for_function(f"() => ({COLOURS})() === 4")
    canvas = view.locator(".stream canvas")
    canvas.focus()
    for words in ("Job 9 · past 0", "Job 8 · past 2", "Job 7 · past 1 @ 10.9.9.9 · atlas, CPU 1"):
        view.keyboard.press("ArrowRight")
        shows(view, ".bubble", words)
    shows(view, ".bubble", "finished after 2 s")
    with view.expect_response(lambda answer: "/timeline" in answer.url):
        pass  # what is pointed at stays so when the numbers come anew
    site.run("play.submit(cluster, 1)")
    shows(view, "#timeline-words", "5 jobs on 1 node.")
    shows(view, ".bubble", "Job 7")
    view.keyboard.press("ArrowLeft")
    view.keyboard.press("Enter")
    goes_to(view, "jobs/8")
    shows(view, "#job-why", "finished at")
    shows(view, "main .pill", "finished")
    shows(view, ".facts", re.compile(r"Ran for\s*2 s\s*Arguments\s*10 B\s*Result\s*20 B"))


def test_the_timeline_is_looked_at_closer_and_from_afar(site: Site, browse: Browse) -> None:
    site.run(
        """
        play.ended(play.job(x, 3 * x) for x in range(1, 60))
        """
    )
    view = browse(site.url, "timeline")
    shows(view, "#timeline-words", "59 jobs on 1 node.")
    view.wait_for_function("() => document.querySelector('.stream canvas').clientWidth > 600")
    box = view.locator(".stream canvas").bounding_box()
    y = box["y"] + 40
    view.mouse.move(box["x"] + box["width"] * 0.6, y)
    view.mouse.down()
    view.mouse.move(box["x"] + box["width"] * 0.8, y)
    view.mouse.up()
    view.wait_for_function("() => /from=[0-9.]+&to=[0-9.]+/.test(location.hash)")

    def span() -> float:
        return until() - float(asked("from"))

    def until() -> float:
        return float(asked("to"))

    def asked(name: str) -> str:
        code = "name => new URLSearchParams(location.hash.split('?')[1]).get(name)"
        return str(view.evaluate(code, name))

    closer = span()
    assert 40 < closer < 90  # a fifth of five minutes, less the names' margin
    shows(view, "#timeline-words", re.compile(r"^(1\d|2\d|3\d) jobs on 1 node"))
    view.locator(".stream canvas").focus()
    view.keyboard.press("-")
    assert span() == pytest.approx(1.4 * closer, abs=0.3)
    view.get_by_role("button", name="Zoom in").click()
    assert span() == pytest.approx(0.7 * closer, abs=0.3)
    last = until()
    view.get_by_role("button", name="Earlier").click()
    assert until() == pytest.approx(last - 0.35 * closer, abs=0.3)
    view.get_by_role("button", name="Now").click()
    goes_to(view, "timeline")
    view.get_by_label("The last").select_option("900")
    goes_to(view, "timeline?range=900")
    shows(view, "#timeline-words", "59 jobs on 1 node.")


def test_many_nodes_are_shown_by_how_busy_they_were(site: Site, browse: Browse) -> None:
    site.run(
        """
        play.ended(play.job(x, 9, node=f"10.50.{x // 250}.{x % 250}") for x in range(500))
        """
    )
    view = browse(site.url, "timeline")
    shows(view, "#timeline-words", "500 nodes, too many for single jobs")
    shows(view, "#timeline-words", "the 400 busiest are shown")
    view.evaluate("() => { location.hash = '#/timeline?node=10.50.1.7'; }")
    shows(view, "#timeline-words", "1 job on 1 node.")


# Figures


def test_figures_are_of_the_time_that_is_wanted(site: Site, browse: Browse) -> None:
    site.run(
        """
        import time
        play.node(0, 2)
        figures, minute = play.recorder.series, int(time.time()) // 60 * 60
        old = [(minute - 60 * x, 5, 4, 3, 2, 1, 4, 8, 2) for x in range(600, 1, -1)]
        figures._minutes.extend(old)
        figures._shares.append((minute - 60, "a" * 16, "primes @ 10.9.9.9", 30.0))
        figures._shares.append((minute - 60, "b" * 16, "climate @ 10.9.9.8", 90.0))
        """
    )
    view = browse(site.url)
    shows(view, ".shares", "75 % · 1 min 30 s")
    assert view.locator(".shares li a").all_inner_texts() == [
        "climate @ 10.9.9.8",
        "primes @ 10.9.9.9",
    ]
    view.get_by_label("The last").select_option("86400")
    goes_to(view, "overview?range=86400")
    shows(view, ".legend", re.compile(r"waiting 0\s*running 0\s*$"))  # now, not in the mean
    shows(view, ".legend", re.compile(r"failed \S+\s*cancelled \S+\s*mean of 8 min$"))
    chart = view.get_by_label("Jobs ended per second")
    chart.focus()
    for _ in range(30):
        view.keyboard.press("ArrowLeft")
    shows(view, ".legend", re.compile(r"finished 3\s*failed 2\s*cancelled 1.*, mean of 8 min$"))


def test_clusters_of_one_name_and_client_are_told_apart(site: Site, browse: Browse) -> None:
    handles = [f"{x}{x}{x}{x}" + 12 * "0" for x in "3abf"]
    site.run(
        f"""
        import time
        minute = int(time.time()) // 60 * 60
        for number, handle in enumerate({handles!r}):
            namesake = dict(cluster=(handle, "compute", "127.0.0.1"))
            play.ended([play.job(number, 9 * number, **namesake)])
            play.recorder.series._shares.append((minute, handle, "compute @ 127.0.0.1", 30.0))
        play.node(0)
        """
    )
    wanted = [f"compute @ 127.0.0.1 · {handle[:4]}" for handle in handles]
    look = """([item, tone]) => [...document.querySelectorAll(item)].map(
        x => [x.querySelector('a').textContent, x.querySelector(tone).style.background])"""
    view = browse(site.url, "timeline")
    shows(view, "#timeline-legend", wanted[3])
    of_jobs = dict(view.evaluate(look, ["#timeline-legend li", ".swatch"]))
    view.evaluate("() => { location.hash = '#/overview'; }")
    shows(view, ".shares", wanted[3])
    of_shares = dict(view.evaluate(look, [".shares li", ".part"]))
    assert sorted(of_jobs) == wanted
    assert len(set(of_jobs.values())) == 4
    assert of_shares == of_jobs


# What has ended


def test_ended_jobs_are_turned_over_and_filtered(site: Site, browse: Browse) -> None:
    site.run(
        """
        ends = ["terminated", *["finished"] * 49]
        play.ended(play.job(x, x, end=ends[x % 50]) for x in range(1, 251))
        """
    )
    view = browse(site.url, "finished")
    shows(view, "main .hint", "250 of at most 20,000 kept")
    assert len(cells(view, "finished")) == 100
    for uid in ("101", "201"):
        view.keyboard.press("]")
        shows(view, "#finished tbody tr:first-child th", re.compile(f"^{uid}$"))
    assert len(cells(view, "finished")) == 50
    assert not view.get_by_role("button", name="Next page").is_visible()
    view.get_by_role("button", name="First page").click()
    shows(view, "#finished tbody tr:first-child th", re.compile("^1$"))
    site.run("play.ended([play.job(900, 0), play.job(901, 0)])")
    shows(view, "#finished-new", "Show 2 new")
    assert cells(view, "finished")[0][0] == "1"
    view.locator("#finished-new").click()
    assert {row[0] for row in cells(view, "finished")[:2]} == {"900", "901"}
    view.locator("label", has_text="End").locator("select").select_option("terminated")
    goes_to(view, "finished?end=terminated")
    view.wait_for_function("() => document.querySelectorAll('#finished tbody tr').length === 5")
    view.locator("#finished tbody a").first.click()
    shows(view, "#job-why", "terminated at")


def test_ended_jobs_are_saved_for_other_programs(site: Site, browse: Browse) -> None:
    site.run(
        """
        play.ended(play.job(x, x, seconds=1.5) for x in range(1, 700))
        play.ended([play.job(800, 1, end="terminated", reason='=cmd|"x",')])
        """
    )
    view = browse(site.url, "finished")
    shows(view, "main .hint", "700 of at most 20,000 kept")
    with view.expect_download() as saved:
        view.get_by_role("button", name="CSV").click()
    rows = list(csv.DictReader(io.StringIO(Path(saved.value.path()).read_text())))
    assert saved.value.suggested_filename == "finished.csv"
    assert len(rows) == 700
    assert sum(float(row["seconds"]) for row in rows) == pytest.approx(699 * 1.5 + 2)
    assert [row["reason"] for row in rows if row["end"] == "terminated"] == ['\'=cmd|"x",']


# Events


def test_events_lead_to_what_they_are_about(site: Site, browse: Browse) -> None:
    site.run("play.node(0, name='atlas'); play.node(1, name='borealis')")
    view = browse(site.url, "events")
    shows(view, "#events", "atlas")
    view.get_by_label("Words").fill("BOREALIS")
    view.wait_for_function("() => document.querySelectorAll('#events tbody tr').length === 1")
    site.run("play.do('node_lost', '10.20.0.2', 'does not answer')")
    view.evaluate("() => { location.hash = '#/events?level=warning'; }")
    shows(view, "#events tr", "lost")
    assert [row[1] for row in cells(view, "events")] == ["warning"]
    view.locator("#events tbody a").click()
    shows(view, "h1", "borealis")
