"""The page for everybody: keys, screen readers, phones, paper, dark rooms and slow lines."""

import re
from pathlib import Path
from typing import Any

import pytest
from pages import Browse, Site, goes_to, shows

axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed")

SERIOUS = ("serious", "critical")
PAST = {
    "overview": (".track .legend", re.compile("waiting [1-9]")),
    "timeline": ("#timeline-words", re.compile("jobs on")),
    "finished": ("#finished", "xxx"),
    "events": ("#events", "lost"),
}


@pytest.fixture
def views(site: Site) -> list[str]:
    """All views of a scheduler with something of everything."""
    handle, uid = site.run(
        """
        for number in range(5): play.node(number)
        cluster, other = play.cluster("primes"), play.cluster("climate", hosts=("10.77.*",))
        uids = play.submit(cluster, 24)
        play.submit(other, 2)
        play.finish(7)
        play.do("node_lost", "10.20.0.3", "does not answer")
        play.ended(play.job(x, 5 * x, reason="x" * 90, lane=x % 4) for x in range(1, 9))
        answer = [cluster.handle, uids[-1]]
        """
    )
    names = ["overview", "clusters", "nodes", "jobs", "timeline", "finished", "events", "connect"]
    return [*names, f"clusters/{handle}", "nodes/10.20.0.1", f"jobs/{uid}"]


def visit(view: Any, name: str) -> None:
    """Go to another view and wait until it has its numbers."""
    view.evaluate("name => { location.hash = '#/' + name; }", name)
    view.wait_for_selector(f"body[data-view={name.partition('/')[0]}] main section")
    if "/" in name:
        shows(view, "main .why", re.compile("."))
    elif name in PAST:
        shows(view, *PAST[name])


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(
    site: Site, browse: Browse, views: list[str], scheme: str, tmp_path: Path
) -> None:
    view = browse(site.url)
    view.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    options: dict[str, Any] = {"resultTypes": ["violations"]}
    if scheme == "dark":  # only the colours are others
        options["runOnly"] = ["color-contrast"]
    found = []
    for name in views:
        visit(view, name)
        view.screenshot(path=str(tmp_path / f"{scheme}-{name.replace('/', '-')}.png"))
        for one in axe.Axe().run(view, options=options).response["violations"]:
            if one["impact"] in SERIOUS:
                found.append((name, one["id"], [node["target"] for node in one["nodes"]][:3]))
    assert found == []


def test_a_phone_needs_no_sideways_scrolling(
    site: Site, browse: Browse, views: list[str], tmp_path: Path
) -> None:
    site.run("play.scheduler.nodes['10.20.0.1'].name = 'a-long-name.' * 9")
    site.run("play.scheduler.nodes['10.20.0.1'].note = 'x' * 150; cluster.name = 'y' * 90")
    view = browse(site.url)
    view.set_viewport_size({"width": 360, "height": 740})
    for name in views:
        visit(view, name)
        view.screenshot(path=str(tmp_path / f"phone-{name.replace('/', '-')}.png"))
        assert view.evaluate("document.documentElement.scrollWidth") <= 360, name


def test_the_keys_lead_everywhere(site: Site, browse: Browse, views: list[str]) -> None:
    view = browse(site.url)
    for key, name in {
        "c": "clusters",
        "n": "nodes",
        "t": "timeline",
        "f": "finished",
        "x": "connect",
    }.items():
        view.keyboard.press("g")
        view.keyboard.press(key)
        goes_to(view, name)
        view.wait_for_selector(f"body[data-view={name}] main section")
    visit(view, "nodes")
    view.keyboard.press("j")
    view.keyboard.press("j")
    assert view.evaluate("document.activeElement.textContent") == "node1"
    view.keyboard.press("k")
    view.keyboard.press("Enter")
    shows(view, "h1", "node0")
    view.keyboard.press("?")
    shows(view, "dialog", "next row, previous row")
    view.get_by_label("Single keys do this").uncheck()
    view.keyboard.press("Escape")
    view.locator("dialog").wait_for(state="detached")
    view.keyboard.press("?")
    assert view.locator("dialog").count() == 0


def test_the_colours_can_be_chosen_and_are_kept(site: Site, browse: Browse) -> None:
    view = browse(site.url)
    view.locator("#theme").click()
    back = "getComputedStyle(document.body).backgroundColor"
    assert view.evaluate(back) == "rgb(14, 18, 24)"
    view.reload()
    view.locator("body[data-state=live]").wait_for()
    assert view.evaluate(back) == "rgb(14, 18, 24)"


def test_paper_has_no_controls(site: Site, browse: Browse, views: list[str]) -> None:
    view = browse(site.url, "nodes")
    shows(view, "#nodes", "node0")
    view.emulate_media(media="print")
    assert not view.locator(".head").is_visible()
    assert view.locator("#nodes").is_visible()


def test_the_tables_say_what_they_are(site: Site, browse: Browse, views: list[str]) -> None:
    view = browse(site.url, "nodes")
    shows(view, "#nodes", "node0")
    view.set_viewport_size({"width": 360, "height": 740})
    tree = view.locator("#main").aria_snapshot()
    assert 'table "Nodes: the machines that run jobs' in tree
    assert 'rowheader "Pick 10.20.0.1 node0 10.20.0.1:51348"' in tree


def test_the_first_load_is_small(site: Site, context: Any) -> None:
    view, sizes = context.new_page(), {}
    view.on("response", lambda answer: sizes.setdefault(answer.url, answer))
    view.goto(site.url)
    view.wait_for_selector("body[data-state=live] main section")
    loaded = [one for url, one in sizes.items() if "/api/" not in url]
    total = sum(one.request.sizes()["responseBodySize"] for one in loaded)  # as it is sent
    assert len(loaded) > 10
    assert total < 100_000
