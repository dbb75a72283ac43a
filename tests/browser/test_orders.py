"""Orders that are given in the browser, to one and to many; and who is offered them."""

from typing import Any

from pages import Browse, Site, cells, shows
from peers import wait_until

NODES = """
for number in range(4): play.node(number, 4, f"node{number}")
cluster = play.cluster("primes", hosts=["10.20.0.1"])
play.submit(cluster, 6)
answer = cluster.handle
"""


def states(site: Site) -> list[str]:
    """Of the nodes, in their order."""
    code = "answer = [row['state'] for row in play.snapshot()['nodes']]"
    return [str(state) for state in site.run(code)]


def test_who_may_not_order_is_not_offered_it(site: Site, browse: Browse) -> None:
    handle = site.run(NODES)
    own = ["Pause", "Allocate nodes…", "Close…", "Terminate…"]
    view = browse(site.url, f"clusters/{handle}")
    for role, buttons in {
        "viewer": [],
        "operator": [*own[:2], "Cancel all 6 jobs…", "Deallocate"],
        "admin": [*own, "Cancel all 6 jobs…", "Deallocate", "Close…"],
    }.items():
        site.run(f"play.role = {role!r}")
        view.reload()
        view.wait_for_selector(f"body[data-role={role}]")
        shows(view, "#places", "10.20.0.1")
        shows(view, "#jobs tbody tr", "queued")
        shown = [x.inner_text() for x in view.locator("main button").all() if x.is_visible()]
        assert [x for x in shown if x != "CSV"] == buttons
        assert view.locator(".pick:visible").count() == (0 if role == "viewer" else 7)


def test_several_nodes_are_ordered_at_once_and_taken_back(site: Site, browse: Browse) -> None:
    site.run(NODES)
    view = browse(site.url, "nodes")
    shows(view, "#nodes", "node3")
    assert not view.locator("#many").is_visible()
    view.get_by_label("Pick 10.20.0.1").check()
    view.get_by_label("Pick 10.20.0.3").click(modifiers=["Shift"])
    shows(view, "#many", "3 nodes picked")
    view.get_by_role("button", name="Drain", exact=True).click()
    shows(view, ".toast", "3 nodes drained")
    assert states(site) == ["drained", "drained", "drained", "ready"]
    shows(view, "#nodes", "drained")
    view.get_by_role("button", name="Undo").click()
    shows(view, ".toast", "3 nodes resumed")
    assert states(site) == ["ready"] * 4
    view.get_by_label("Pick all that are shown").check()
    view.get_by_role("button", name="Set CPUs…").click()
    view.locator("dialog input[name=cpus]").fill("1")
    view.get_by_role("button", name="Set", exact=True).click()
    shows(view, ".toast", "4 nodes CPUs set")
    wait_until(lambda: all("/ 1" in row[2] for row in cells(view, "nodes")), "one CPU each")
    view.get_by_role("button", name="Close…", exact=True).click()
    shows(view, "dialog", "All clusters leave them at once")
    assert view.evaluate("document.activeElement.textContent") == "Keep as it is"
    view.keyboard.press("Escape")
    assert states(site) == ["ready"] * 4


def test_nodes_are_given_to_a_cluster_and_taken(site: Site, browse: Browse) -> None:
    handle = site.run(NODES)
    view = browse(site.url, "nodes")
    shows(view, "#nodes", "node3")
    view.locator("label", has_text="Cluster").first.locator("select").select_option(handle)
    wait_until(lambda: [x[0].split()[0] for x in cells(view, "nodes")] == ["node0"], "its node")
    view.evaluate("() => { location.hash = '#/nodes?q=node2'; }")
    shows(view, "#nodes", "node2")
    view.get_by_label("Pick 10.20.0.3").check()
    view.get_by_label("For cluster").select_option(handle)
    view.get_by_role("button", name="Allocate", exact=True).click()
    shows(view, ".toast", "1 node allocated")
    view.evaluate("path => { location.hash = path; }", f"#/clusters/{handle}")
    shows(view, "#places", "10.20.0.3")
    view.locator("#places tr", has_text="10.20.0.3").get_by_role("button", name="Close…").click()
    view.get_by_role("button", name="Take it away").click()
    shows(view, ".toast", "leaves node 10.20.0.3")
    view.locator("#places tr", has_text="10.20.0.3").wait_for(state="detached")


def test_several_nodes_are_added_at_once(site: Site, browse: Browse) -> None:
    view: Any = browse(site.url, "nodes")
    view.get_by_role("button", name="Add nodes…").click()
    view.locator("dialog textarea").fill("127.0.0.7\n\n127.0.0.8 51350\n")
    view.get_by_role("button", name="Add", exact=True).click()
    shows(view, ".toast", "2 nodes looked for")
    outcome = site.run("answer = [str(x) for x in play.sought]")
    assert sorted(outcome) == ["('127.0.0.7', None)", "('127.0.0.8', 51350)"]


def test_an_order_that_is_refused_says_why(site: Site, context: Any, browse: Browse) -> None:
    context.complaints.allowed = "status of 4"
    handle = site.run(NODES)
    view = browse(site.url, f"clusters/{handle}")
    shows(view, "#cluster-why", "2 jobs waiting")
    site.run("play.clear()")
    view.get_by_role("button", name="Pause").click()
    shows(view, ".toast[data-tone=bad]", f"cluster {handle} is not known, or closed")
