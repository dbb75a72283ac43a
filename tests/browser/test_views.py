"""Each view, with nothing, with one and with very many; and what strangers call things."""

import re
from typing import Any

from pages import Browse, Site, cells, goes_to, shows

HOSTILE = "<img src=x onerror=alert(1)>\u202etxt.exe"
SHOWN = "<img src=x onerror=alert(1)>\ufffdtxt.exe"


def some(site: Site) -> list[str]:
    """A node that is full, a cluster with jobs; its handle and the uids."""
    found: list[str] = site.run(
        """
        play.node(0, 2, "atlas")
        cluster = play.cluster()
        answer = [cluster.handle, *play.submit(cluster, 5)]
        """
    )
    return found


# Nothing


def test_where_nothing_is_that_is_said(site: Site, browse: Browse) -> None:
    view = browse(site.url)
    for name, words in (
        ("overview", "No nodes yet"),
        ("overview", "No clusters yet"),
        ("clusters", "No clusters yet"),
        ("nodes", "No nodes yet"),
        ("jobs", "No job is here"),
        ("jobs/12345", "job 12345 is not known"),
        ("nodes/10.1.1.1", "node 10.1.1.1 is not known"),
        ("clusters/abc", "cluster abc is not known"),
        ("nonsense", "There is no such view"),
        ("timeline", "No job ran in this time."),
        ("finished", "No job has ended yet."),
        ("events", "No event matches."),
    ):
        view.evaluate("name => { location.hash = '#/' + name; }", name)
        shows(view, "main section", words)


def test_the_first_start_turns_into_the_overview_by_itself(site: Site, browse: Browse) -> None:
    view = browse(site.url)
    shows(view, "#nodes-empty", "dispynode.py --daemon")
    shows(view, "#clusters-empty", "dispy.SharedJobCluster(compute)")
    view.context.grant_permissions(["clipboard-read", "clipboard-write"])
    view.locator("#clusters-empty button").click()
    shows(view, "#clusters-empty button", "Copied")
    assert "SharedJobCluster" in view.evaluate("navigator.clipboard.readText()")
    some(site)
    shows(view, "#totals", "2 / 2")
    assert not view.locator("#nodes-empty").is_visible()
    assert not view.locator("#clusters-empty").is_visible()


def test_after_the_last_cluster_the_way_to_what_has_ended_is_shown(
    site: Site, browse: Browse
) -> None:
    some(site)
    site.run("for _ in range(3): play.finish(2)")
    site.run("play.do('cluster_closed', cluster, reason='over')")
    for name in ("overview", "clusters"):
        view = browse(site.url, name)
        shows(view, "#clusters-empty h2", "No cluster is open now")
        shows(view, "#clusters-empty", "dispy.SharedJobCluster(compute)")
        view.locator("#clusters-ended a").click()
        goes_to(view, "finished")


# One


def test_the_overview_tells_what_there_is(site: Site, browse: Browse) -> None:
    some(site)
    view = browse(site.url)
    shows(view, "#totals", "100 % in use")
    assert view.locator("#totals .value").all_inner_texts() == ["1", "2 / 2", "3", "2", "0"]
    shows(view, ".shares", "compute @ 10.9.9.9")
    shows(view, ".shares", re.compile(r"100 % · \d+ s · 2 running"))
    shows(view, ".track .legend", "waiting 3")
    shows(view, "#foot", "gsched 0.1.0 · clusters take turns · up for")
    site.run("play.finish(1)")
    shows(view, "#totals", re.compile(r"\b1\b.*per second", re.DOTALL))
    site.run("play.do('node_lost', '10.20.0.1', 'stopped')")
    shows(view, "#attention li", "1 node is lost: atlas (10.20.0.1).")
    site.run("play.node(1, name='atlas')")
    shows(view, "#totals .value", "1 of 2")
    shows(view, "#totals .sub", "1 lost, 1 ready")
    view.get_by_role("link", name="1 node is lost").click()
    goes_to(view, "nodes/10.20.0.1")


def test_the_views_of_one_lead_to_each_other(site: Site, browse: Browse) -> None:
    handle, *uids = some(site)
    site.run("play.hours = play.hours._replace(stop=10**9, clients_done=1, clients_left=2)")
    view = browse(site.url, "nodes")
    shows(view, "#nodes", "atlas")
    site.run("node = play.scheduler.nodes['10.20.0.1']; node.restored_at = node.heard")
    shows(view, "#nodes td", "not since the start")
    site.run("node.restored_at = 0.0")
    shows(view, "#nodes td", re.compile("just now|ago"))
    row = cells(view, "nodes")[0]
    assert row[:6] == ["atlas 10.20.0.1:51348", "ready", "2 / 2", "0", "\u2013", "0 s"]
    assert row[6:13] == ["0 B", "0 B", "1", "71 %", "3 GiB", "100 %", "1 TiB"]
    view.locator("#nodes tbody a").click()
    shows(view, "h1", "atlas")
    shows(view, "#node-why", re.compile("."))
    shows(view, ".facts", "no new jobs after 2001-09-09 01:46:40")
    shows(view, ".facts", "1 served, 2 more before it quits")
    shows(view, "#places", "compute @ 10.9.9.9")
    view.locator("#jobs th a").first.click()
    shows(view, "h1", f"Job {uids[0]}")
    shows(view, "#job-story", "started")
    view.locator(".crumbs a", has_text="compute").click()
    shows(view, "h1", "compute")
    shows(view, "#cluster-why", "3 jobs waiting: the only usable node is full")
    goes_to(view, f"clusters/{handle}")
    view.wait_for_function("() => document.title === 'compute · gsched'")


def test_a_job_tells_why_it_waits(site: Site, browse: Browse) -> None:
    uid = some(site)[-1]
    view = browse(site.url, f"jobs/{uid}")
    shows(view, "#job-why", "position 3 in the queue of its cluster")
    site.run("play.finish(1)")
    shows(view, "#job-why", "position 2 in the queue of its cluster")
    site.run("play.finish(4)")
    shows(view, "main .pill", "running")
    site.run(f"play.end({uid!r})")
    shows(view, "#job-why", "finished at")
    shows(view, "main .pill", "finished")


# Loud states


def test_what_stops_everything_is_seen_in_every_view(site: Site, browse: Browse) -> None:
    view = browse(site.url, "connect")
    shows(view, "#limits", "3 of 2,048; 5 refused")
    shows(view, "#limits", "0 % of 10 %")
    assert not view.locator("#alarm").is_visible()
    site.run("cluster = play.cluster(); play.submit(cluster, 3)")
    shows(view, "#alarm", "3 jobs are waiting, and no node has joined yet.")
    site.run("play.node(0); play.exchange.tell(play.scheduler.actions.pause, cluster, 'ann', '')")
    shows(view, "#alarm", "The only cluster is paused: no job is given to a node.")
    shows(view, "nav .badge", "1")
    site.run("play.problem = 'The state cannot be kept: No space left on device'")
    shows(view, "#alarm", "The state cannot be kept: No space left on device. And 1 more.")
    view.locator("#alarm").click()
    goes_to(view, "overview")
    view.locator("#alarm").wait_for(state="hidden")
    shows(view, "#attention [data-tone=bad]", "No space left on device.")
    shows(view, "#totals", "in 1 cluster, 1 paused")


def test_nodes_that_are_drained_say_how_far_that_is(site: Site, browse: Browse) -> None:
    some(site)
    view = browse(site.url, "nodes")
    drain = "play.exchange.tell(play.scheduler.actions.drain, {}, 'ann', 'new disk')"
    site.run(drain.format("play.scheduler.nodes['10.20.0.1']"))
    shows(view, "#nodes tr", re.compile("draining.*drained by ann: new disk"))
    shows(view, "nav .badge", "1")
    view.evaluate("() => { location.hash = '#/overview'; }")
    shows(view, "#attention", "1 node is drained: atlas (10.20.0.1); 2 jobs still run there.")
    site.run("play.finish(2)")
    shows(view, "#attention", "1 node is drained: atlas (10.20.0.1).")
    view.get_by_role("link", name="1 node is drained").click()
    shows(view, "main .pill", "drained")


def test_what_is_to_be_copied_is_seen_as_a_whole(site: Site, browse: Browse) -> None:
    site.run("play.more = {'client_program': 'cluster = dispy.SharedJobCluster(' + 'x, ' * 200}")
    view = browse(site.url, "connect")
    shows(view, ".snippet", "SharedJobCluster(x, x,")
    assert view.evaluate(
        "() => [...document.querySelectorAll('.snippet pre')].every("
        "x => x.scrollWidth <= x.clientWidth)"
    )


# Stable rows


def test_rows_are_updated_in_place(site: Site, browse: Browse) -> None:
    some(site)
    view = browse(site.url, "nodes")
    shows(view, "#nodes", "atlas")
    view.evaluate("document.querySelector('#nodes tbody tr').dataset.mark = 'same'")
    site.run("play.node(1, name='borealis'); play.do('node_lost', '10.20.0.1', 'stopped')")
    shows(view, "#nodes tbody tr", "borealis")
    shows(view, "#nodes tbody tr[data-mark=same]", "lost")


def test_jobs_do_not_jump(site: Site, browse: Browse) -> None:
    uids = some(site)[1:]
    view = browse(site.url, "jobs")
    shows(view, "#jobs", uids[0])
    site.run("play.finish(2); play.submit(cluster, 3)")
    shows(view, "#jobs-new", "Show 3 new")
    assert [row[0] for row in cells(view, "jobs")] == uids
    assert [row[1] for row in cells(view, "jobs")] == [
        "gone",
        "gone",
        "running",
        "running",
        "queued",
    ]
    view.locator("#jobs-new").click()
    assert len(cells(view, "jobs")) == 6
    assert not view.locator("#jobs-new").is_visible()


def test_filters_of_jobs_stand_in_the_address(site: Site, browse: Browse) -> None:
    handle, *uids = some(site)
    view = browse(site.url, "jobs?state=running")
    shows(view, "#jobs", uids[0])
    assert len(cells(view, "jobs")) == 2
    view.get_by_label("State").select_option("queued")
    shows(view, "#jobs", uids[2])
    goes_to(view, "jobs?state=queued")
    view.locator("label", has_text="Cluster").locator("select").select_option(handle)
    goes_to(view, f"jobs?state=queued&cluster={handle}")
    view.get_by_label("State").select_option("done")
    shows(view, "#jobs-none", "No job matches.")


# Very many


def test_many_jobs_are_turned_over_page_by_page(site: Site, browse: Browse) -> None:
    uids = site.run("answer = play.submit(play.cluster(), 230)")
    view = browse(site.url, "jobs")
    shows(view, "#jobs", uids[99])
    assert len(cells(view, "jobs")) == 100
    for _ in range(2):
        view.get_by_role("button", name="Next page").click()
        view.locator("#jobs", has_text=uids[0]).wait_for(state="detached")
    shows(view, "#jobs", uids[229])
    assert len(cells(view, "jobs")) == 30
    assert not view.get_by_role("button", name="Next page").is_visible()
    view.get_by_role("button", name="First page").click()
    shows(view, "#jobs", uids[0])


def test_ten_thousand_nodes_are_usable(site: Site, context: Any, browse: Browse) -> None:
    context.complaints.allowed = "getImageData"  # the test does so, not the page
    site.run(
        """
        for number in range(10_000): play.node(number, 1 + number % 8)
        play.do("node_lost", play.node(4321).address, "stopped")
        """
    )
    view = browse(site.url, "nodes")
    shows(view, "main .count", "10,000")
    shows(view, ".sums", "10,000 nodes · 0 of ")
    assert len(cells(view, "nodes")) == 100
    view.get_by_role("button", name="Next").click()
    shows(view, ".pager", "101\u2013200 of 10,000")
    # Red crosses can only be of the one that is lost.
    red = """() => {
        const canvas = document.querySelector('.heat canvas');
        const {data} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
        let found = 0;
        for (let at = 0; at < data.length; at += 4)
          found += data[at] > 150 && data[at + 1] < 80 && data[at + 2] < 90 && data[at + 3] > 90;
        return found;
    }"""
    assert view.evaluate(red) > 0
    view.get_by_label("State").select_option("lost")
    shows(view, "#nodes", "node4321")
    assert len(cells(view, "nodes")) == 1
    site.run("play.clear(); play.node(1)")
    shows(view, "main .count", re.compile("^1$"))
    view.get_by_role("link", name="Show all").click()
    shows(view, "#nodes", "node1")
    view.wait_for_function(f"() => ({red})() === 0")


def test_nodes_can_be_sorted_and_found(site: Site, browse: Browse) -> None:
    site.run("play.node(0, 4, 'zeta'); play.node(1, 4, 'alpha'); play.node(2, 8, 'mu')")
    view = browse(site.url, "nodes")

    def names() -> list[str]:
        return [row[0].split()[0] for row in cells(view, "nodes")]

    shows(view, "#nodes", "mu")
    assert names() == ["zeta", "alpha", "mu"]
    view.locator("#nodes th button").first.click()
    goes_to(view, "nodes?sort=name")
    assert names() == ["alpha", "mu", "zeta"]
    assert view.locator("th[aria-sort=ascending]").inner_text().startswith("Node")
    view.locator("#nodes th button").first.click()
    assert names() == ["zeta", "mu", "alpha"]
    view.get_by_label("Name or address").fill("ALPH")
    goes_to(view, "nodes?sort=-name&q=ALPH")
    assert names() == ["alpha"]
    view.get_by_label("Name or address").fill("nobody")
    shows(view, ".hint", "No node matches.")


def test_the_grid_is_reached_by_keys_and_pointer(site: Site, browse: Browse) -> None:
    site.run("play.node(0, 4, 'atlas'); play.node(1, 4, 'borealis')")
    view = browse(site.url, "nodes")
    view.locator(".heat canvas").focus()
    shows(view, ".tip", "atlas · 10.20.0.1 · ready · 0 of 4 CPUs busy")
    view.keyboard.press("ArrowRight")
    shows(view, ".tip", "borealis")
    view.mouse.move(0, 0)
    view.locator(".heat canvas").hover(position={"x": 8, "y": 8})
    shows(view, ".tip", "atlas")
    view.keyboard.press("ArrowRight")
    view.keyboard.press("Enter")
    shows(view, "h1", "borealis")


# Strangers


def test_strangers_text_stays_text(site: Site, browse: Browse) -> None:
    handle, *uids = some(site)
    site.run(
        f"""
        import logging
        hostile = {HOSTILE!r}
        cluster.name = cluster.client = cluster.release = cluster.note = cluster.warning = hostile
        node = play.scheduler.nodes["10.20.0.1"]
        node.name = node.note = node.release = node.doubt = hostile
        for job in play.scheduler.jobs.values():
            job.reason, job.story = hostile, (*job.story[:-1], hostile)
        for lease in cluster.leases.values(): lease.reason = hostile
        play.problem = hostile
        old = dict(cluster=("c" * 16, hostile, hostile), node=hostile, reason=hostile)
        play.ended([play.job(7, 5, end="terminated", **old)])
        logging.getLogger("gsched.net").warning(hostile)
        play.happenings.add(dict(time=play.exchange.now(), level="error", kind="peer", text=hostile,
            node=hostile, cluster=hostile, job=hostile, by=hostile))
        play.more = dict(version=hostile, listens=[hostile], client_program=hostile,
            node_command=hostile, algorithm=hostile, limits={{hostile: [1, 2, 3]}},
            refused=[dict(role=hostile, address=hostile, reason=hostile, version="", time=0)])
        """
    )
    view: Any = None
    places = {
        "overview": "#attention",
        "nodes": "#nodes",
        "clusters": "#clusters",
        "jobs": "#jobs",
        f"jobs/{uids[4]}": "#job-story",
        "nodes/10.20.0.1": "h1",
        f"clusters/{handle}": "h1",
        "finished": "#finished",
        "events": "#events",
        "timeline": "#timeline-legend",
        "jobs/7": "#job-why",
        "connect": ".snippet",
    }
    for name, place in places.items():
        view = view or browse(site.url, name)
        view.evaluate("name => { location.hash = '#/' + name; }", name)
        shows(view, place, "<img src=x onerror=alert(1)>")
        assert view.locator("img[onerror]").count() == 0
        if name != "connect":  # what is to be copied stays as it is
            shows(view, place, SHOWN)
    assert "<img" in view.locator("#foot").inner_text()


def test_the_search_finds_each_kind(site: Site, browse: Browse) -> None:
    handle, *uids = some(site)
    view = browse(site.url)
    for words, address in {
        uids[0]: f"jobs/{uids[0]}",
        "atlas": "nodes/10.20.0.1",
        "10.20.0.1": "nodes/10.20.0.1",
        "COMP": f"clusters/{handle}",
        "nobody": "nodes?q=nobody",
    }.items():
        view.keyboard.press("/")
        view.keyboard.type(words)
        view.keyboard.press("Enter")
        goes_to(view, address)
