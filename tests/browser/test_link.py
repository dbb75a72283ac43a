"""The link between page and scheduler: one for all tabs, and loud when it is lost."""

import re
from typing import Any

import pytest
from pages import Browse, Site, cells, shows
from peers import wait_until

HIDE = """hidden => {
    Object.defineProperty(document, 'hidden', {value: hidden, configurable: true});
    document.dispatchEvent(new Event('visibilitychange'));
}"""

# What happens in a tick of which nobody hears.
LOSE = """
play.node(1, name='borealis')
streams, page.publisher._streams = page.publisher._streams, set()
page.publisher._tick()
page.publisher._streams = streams
"""


def watched(site: Site) -> int:
    """Streams that the server feeds."""
    return int(site.run("answer = page.publisher.watched"))


def test_eight_tabs_are_live_by_one_stream(site: Site, browse: Browse) -> None:
    site.run("play.node(0, name='atlas')")
    tabs = [browse(site.url, "nodes") for _ in range(8)]
    wait_until(lambda: watched(site) == 1, "one stream")
    site.run("play.node(1, name='borealis')")
    for tab in tabs:
        shows(tab, "#nodes", "borealis")
    for tab in tabs[1:]:
        tab.close()
    site.run("play.node(2, name='dione')")
    shows(tabs[0], "#nodes", "dione")


def test_nobody_who_looks_costs_nothing(site: Site, browse: Browse) -> None:
    one, other = browse(site.url), browse(site.url)
    one.evaluate(HIDE, True)
    shows(one, "#live", "Paused")
    wait_until(lambda: watched(site) == 1, "one stream")
    other.evaluate(HIDE, True)
    wait_until(lambda: watched(site) == 0, "the stream is closed")
    one.evaluate(HIDE, False)
    one.locator("body[data-state=live]").wait_for()
    assert watched(site) == 1


def test_two_viewers_see_the_same(site: Site, browse: Browse, chromium: Any) -> None:
    second = chromium.new_context()
    try:
        tab = second.new_page()
        tab.goto(f"{site.url}#/nodes")
        view = browse(site.url, "nodes")
        tab.locator("body[data-state=live]").wait_for()
        wait_until(lambda: watched(site) == 2, "each has one")
        site.run("play.node(0, name='atlas'); play.node(1, name='borealis')")
        for one in (view, tab):
            shows(one, "#nodes", "borealis")
        assert [x[:9] for x in cells(view, "nodes")] == [x[:9] for x in cells(tab, "nodes")]
    finally:
        second.close()


def test_a_browser_without_shared_workers_has_a_stream_of_its_own(
    site: Site, context: Any, browse: Browse
) -> None:
    context.add_init_script("delete globalThis.SharedWorker")
    tabs = [browse(site.url, "nodes") for _ in range(2)]
    wait_until(lambda: watched(site) == 2, "each has one")
    tabs[0].evaluate(HIDE, True)
    wait_until(lambda: watched(site) == 1, "its stream is closed")
    tabs[0].evaluate(HIDE, False)
    site.run("play.node(0, name='atlas')")
    for tab in tabs:
        shows(tab, "#nodes", "atlas")


@pytest.mark.parametrize("shared", [True, False], ids=["one for all tabs", "one of its own"])
def test_who_has_missed_something_hears_the_whole_anew(
    site: Site, context: Any, browse: Browse, shared: bool
) -> None:
    if not shared:
        context.add_init_script("delete globalThis.SharedWorker")
    site.run("play.node(0, name='atlas')")
    view = browse(site.url, "nodes")
    site.run(LOSE)
    shows(view, "#nodes", "borealis")
    shows(view, "#live", "Live")
    site.run("play.node(2, name='dione')")
    shows(view, "#nodes", "dione")
    assert [row[0].split()[0] for row in cells(view, "nodes")] == ["atlas", "borealis", "dione"]


def test_its_reader_may_hold_it(site: Site, browse: Browse) -> None:
    view = browse(site.url, "nodes")
    view.keyboard.press("p")
    shows(view, "#live", "Paused")
    assert view.title() == "Nodes · gsched (paused)"
    site.run("play.node(0, name='atlas')")
    view.keyboard.press("p")
    shows(view, "#nodes", "atlas")
    shows(view, "#live", "Live")


def test_a_dead_server_is_told_and_a_new_one_found(site: Site, browse: Browse) -> None:
    site.run("play.node(0, name='atlas')")
    view = browse(site.url, "nodes")
    site.kill()
    shows(view, "#banner-text", re.compile(r"^Stale since \d\d:\d\d:\d\d\. "))
    assert re.fullmatch(r"Stale since \d\d:\d\d:\d\d", view.locator("#live").inner_text())
    assert view.title() == "Nodes · gsched (stale)"
    assert cells(view, "nodes")[0][0].startswith("atlas")
    site.again("second")
    site.run("play.node(1, name='dione')")
    view.locator("#retry").click()
    view.locator("body[data-state=live]").wait_for()
    shows(view, "#nodes tbody tr", "dione")
    shows(view, "#notice", "The scheduler restarted at")
    assert not view.locator("#banner").is_visible()
    assert [row[0].split()[0] for row in cells(view, "nodes")] == ["dione"]


def test_every_view_says_that_it_is_old_and_comes_back(site: Site, browse: Browse) -> None:
    code = """
        play.node(0, name='atlas')
        cluster = play.cluster()
        answer = [cluster.handle, *play.submit(cluster, 5)]
        """
    handle, *uids = site.run(code)
    names = ["overview", "clusters", "nodes", "jobs", "finished", "events", "connect"]
    names += [f"clusters/{handle}", "nodes/10.20.0.1", f"jobs/{uids[-1]}"]
    view = browse(site.url, names[0])

    def visit(name: str) -> None:
        view.evaluate("name => { location.hash = '#/' + name; }", name)
        view.wait_for_selector(f"body[data-view={name.partition('/')[0]}] main section")

    for name in names:
        visit(name)
    site.kill()
    shows(view, "#banner-text", "Stale since")
    for name in reversed(names):
        visit(name)
        assert view.locator("body.old").count() == 1
        assert view.locator("#banner").is_visible()
    view.evaluate("() => { location.hash = '#/timeline'; }")  # where nobody has been
    shows(view, "main", "Timeline is loaded as soon as the server answers.")
    site.again("second")
    view.locator("#retry").click()
    shows(view, "#timeline-none", "No job ran in this time.")
    for name in names[:7]:
        visit(name)
        assert view.locator("body.old").count() == 0
    visit(names[-1])
    shows(view, "#job-why", f"job {uids[-1]} is not known")


def test_a_server_that_stops_says_so(site: Site, browse: Browse) -> None:
    view = browse(site.url)
    site.stop()
    shows(view, "#banner-text", "The scheduler has stopped")
    shows(view, "#live", "Stopped at")


def test_a_state_that_cannot_be_had_is_told_and_passes(site: Site, browse: Browse) -> None:
    view = browse(site.url)
    site.run("play.trouble = True")
    shows(view, "#banner-text", "The scheduler cannot report its state; its log says why.")
    site.run("play.trouble = False")
    view.locator("body[data-state=live]").wait_for()
    assert not view.locator("#banner").is_visible()


def test_who_is_logged_out_is_told(site: Site, context: Any, browse: Browse) -> None:
    view = browse(site.url)
    context.complaints.allowed = "status of 401"
    site.run("play.role = None")
    site.run("[stream.end() for stream in list(page.publisher._streams)]")
    view.locator("#retry").click()
    shows(view, "#banner-text", "You are logged out.")
    shows(view, "#live", "Logged out")
    site.run("play.role = 'admin'")
    view.locator("#retry").click()
    view.locator("body[data-state=live]").wait_for()
