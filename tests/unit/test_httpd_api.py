"""The interface for programs: every answer is as the OpenAPI document says, page after page."""

import copy
import gzip
import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from core.world import World
from jsonschema import Draft202012Validator, ValidationError
from past import past
from web_asked import Answer

from gsched.core.dispatch import Refusal
from gsched.core.effects import TerminateJob
from gsched.core.model.lease import SetUpFailure
from gsched.core.seen import listing
from gsched.httpd import app as page
from gsched.httpd.access.login import Login
from gsched.httpd.api.acts.acting import Acting
from gsched.httpd.api.acts.audit import Audit
from gsched.httpd.api.acts.stopping import WORDS, Stopping
from gsched.httpd.api.hours import ServiceHours
from gsched.httpd.api.openapi import OPERATIONS, document
from gsched.httpd.api.policy.answers import Policing
from gsched.httpd.api.reading import Api
from gsched.net.exchange import Exchange
from gsched.net.keeping.keeper import Forgetful
from gsched.net.nodes.hours import Hours
from gsched.running.policy import Policy
from gsched.store.audit import AuditFile

API = "/api/v1"


def strict(schema: Any) -> Any:
    """The schema, where an object may have nothing that is not named."""
    if isinstance(schema, list):
        return [strict(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    made = {name: strict(value) for name, value in schema.items()}
    if "properties" in schema and schema.get("type") == "object":
        made["additionalProperties"] = False
    return made


DOCUMENT = strict(document())


def check(answer: Any, name: str) -> None:
    """Fails where the answer is not as the schema of that name says."""
    wanted = {"$ref": f"#/components/schemas/{name}", "components": DOCUMENT["components"]}
    Draft202012Validator(wanted).validate(answer)


class Site:
    """A scheduler with much going on, and its interface."""

    def __init__(self, folder: Path) -> None:
        self.world = world = World(first_id=2**60)
        self.problem = ""
        self.past = past(folder, world.scheduler, self.now)
        self.recorder = self.past.recorder
        self.audit = Audit(AuditFile(folder), self.now)
        self.exchange = Exchange(world.scheduler, self.now)
        self.policy = Policy(self.exchange)
        self.ended: list[str] = []
        self.hours = Hours(why="nobody has asked")
        self.no_restart = ""
        ends = {how: partial(self.ended.append, how) for how in WORDS}
        self.parts = (
            Login(None),
            Stopping(ends, lambda: self.no_restart, self.audit),
            ServiceHours(world.scheduler.book, lambda node: self.hours),
            Api(world.scheduler.book, self.now, lambda: self.problem, self.recorder.job),
            self.past,
            Acting(self.exchange, Forgetful(), self.audit),
            self.audit,
            Policing(self.policy, self.exchange, self.audit),
        )
        self.app = page.build(dict, parts=self.parts)
        self.node, self.small = world.node(cpus=3), world.node()
        world.do("node_heard", self.node.address, {"cpu": 71.0, "memory": 2**40})
        self.cluster = world.cluster()
        world.told()
        self.running, self.done = world.running(self.cluster), world.running(self.cluster)
        world.over(self.done)
        world.results()
        self.sending = world.sending(self.cluster)
        self.refused = world.sending(self.cluster)
        world.refuse(self.refused, Refusal.BUSY)
        self.offered = world.offer(self.cluster)
        self.pinned = world.submit(self.cluster, pinned=self.small)
        world.take(object)
        world.do("cancelled", self.running.uid)
        assert world.take(TerminateJob)
        lost = world.node()
        world.take(object)
        world.lose(lost)
        world.take(object)
        self.other = world.cluster("10.5.*")
        self.failing = world.cluster("10.6.0.1", cpus=2)
        self.late = world.asked(exclusive=True)

    def now(self) -> float:
        """The time."""
        return self.world.now

    def get(self, path: str, query: str = "", schema: str = "") -> Any:
        """The answer, which is as that schema says."""
        answer = Answer(self.app, API + path, QUERY_STRING=query)
        assert answer.status == 200, answer.body
        if schema:
            check(answer.json, schema)
        return answer.json

    def wrong(self, path: str, query: str = "") -> tuple[int, str]:
        """Status and text of an error."""
        answer = Answer(self.app, API + path, QUERY_STRING=query)
        check(answer.json, "Error")
        assert answer.status == answer.json["status"]
        return answer.status, answer.json["error"]

    def uids(self, query: str = "") -> list[str]:
        """Of jobs of one page."""
        return [row["uid"] for row in self.get("/jobs", query, "Jobs")["jobs"]]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = Site(tmp_path)
    yield made
    made.app.close()
    made.audit.close()


# The document


def test_the_document_is_served_and_its_schemas_are_schemas(site: Site) -> None:
    assert site.get("/openapi.json") == json.loads(json.dumps(document()))
    for schema in document()["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_each_route_for_programs_is_in_the_document_and_the_other_way_round(site: Site) -> None:
    named = {path for path in document()["paths"] if path.startswith(API)}
    served = {route.rule.replace("<", "{").replace(">", "}") for route in site.app.routes}
    assert {path for path in served if path.startswith(API)} == named


def test_the_document_is_not_sent_again_to_who_holds_it(site: Site) -> None:
    path = f"{API}/openapi.json"
    first = Answer(site.app, path)
    again = Answer(site.app, path, HTTP_IF_NONE_MATCH=first.headers["etag"])
    assert (again.status, again.body) == (304, b"")
    packed = Answer(site.app, path, HTTP_ACCEPT_ENCODING="gzip")
    assert gzip.decompress(packed.body) == first.body


def test_a_check_can_fail() -> None:
    for wrong in ({"host": "*", "port": "1", "cpus": 0}, {"host": "*", "port": 1}):
        with pytest.raises(ValidationError, match=r"is not of type|is a required"):
            check(wrong, "Allocation")
    with pytest.raises(ValidationError, match="Additional properties"):
        check({"host": "*", "port": None, "cpus": 0, "surprise": 1}, "Allocation")


# One thing


def test_all_jobs_are_told_of(site: Site) -> None:
    book = site.world.scheduler.book
    assert site.uids() == [str(uid) for uid in sorted(book.jobs)]
    states = set()
    for uid in site.uids():
        told = site.get(f"/jobs/{uid}", schema="JobDetail")
        assert told["uid"] == uid
        assert len(told["story"]) == told["steps"] > 0
        states.add(told["state"])
    assert states == {"offered", "queued", "sending", "running", "done"}


def test_a_job_has_its_story_and_why(site: Site) -> None:
    told = site.get(f"/jobs/{site.done.uid}", schema="JobDetail")
    assert [step["event"] for step in told["story"]] == [
        *("offered", "accepted", "chosen", "started", "ended")
    ]
    assert told["story"][2] == {"time": site.world.now, "event": "chosen", "note": told["node"]}
    assert (told["end"], told["started"]) == ("finished", site.world.now)
    assert told["why"].startswith("finished 0 s ago; its client, last heard of ")
    waits = site.get(f"/jobs/{site.pinned.uid}", schema="JobDetail")
    assert waits["pinned"] == site.small.address
    assert waits["why"].startswith(f"pinned to node {site.small.address}: ")


def test_a_long_story_is_told_from_its_end(site: Site) -> None:
    for _ in range(listing.MOST_STEPS):
        site.running.story += (site.world.now, "restored", "")
    told = site.get(f"/jobs/{site.running.uid}", schema="JobDetail")
    assert (len(told["story"]), told["steps"]) == (200, 205)


def test_a_job_that_cannot_be_kept_says_so(site: Site) -> None:
    site.problem = "no space left on device"
    assert site.get(f"/jobs/{site.offered.uid}")["why"] == "no space left on device"


def test_clusters(site: Site) -> None:
    rows = site.get("/clusters", schema="Clusters")["clusters"]
    clusters = [site.cluster, site.other, site.failing, site.late]
    assert [row["id"] for row in rows] == [cluster.handle for cluster in clusters]
    told = [site.get(f"/clusters/{row['id']}", schema="ClusterDetail") for row in rows]
    assert [row["label"] for row in told] == [row["label"] for row in rows]
    assert {place["node"] for place in told[0]["places"]} == {
        site.node.address,
        site.small.address,
    }
    assert told[1]["allocations"] == [{"host": "10.5.*", "port": None, "cpus": 0}]
    assert told[3]["why"].startswith("is exclusive and waits for ")


def test_a_set_up_that_failed_is_told_at_the_cluster_and_at_the_node(site: Site) -> None:
    world = site.world
    node = world.join("10.6.0.1")
    for lease in world.set_ups():
        world.fail(lease, SetUpFailure.BROKEN, "no module named numpy")
        world.take(object)
    place = site.get(f"/clusters/{site.failing.handle}", schema="ClusterDetail")["places"][0]
    expected = {"state": "failed", "reason": "no module named numpy", "retry_in": 5.0}
    expected |= {"jobs_done": 0, "cpu_time": 0.0, "sent": 0, "received": 0}
    assert place == {"node": node.address, **expected}
    places = site.get(f"/nodes/{node.address}", schema="NodeDetail")["places"]
    mine = {"cluster": site.failing.handle, "label": site.failing.label}
    assert {**mine, **expected} in places


def test_nodes(site: Site) -> None:
    rows = site.get("/nodes", schema="Nodes")["nodes"]
    assert [row["address"] for row in rows] == ["10.0.0.1", "10.0.0.2", "10.0.0.3"]
    told = [site.get(f"/nodes/{row['address']}", schema="NodeDetail") for row in rows]
    assert told[0]["jobs"] == [str(uid) for uid in site.node.jobs]
    assert told[0]["avail"] == {"cpu": 71.0, "memory": 2**40}
    assert told[2]["why"] == "lost (stopped)"


def test_a_node_by_its_name(site: Site) -> None:
    site.node.name = "atlas"
    assert site.get("/nodes/atlas", schema="NodeDetail")["address"] == site.node.address
    site.small.name = "atlas"
    told = (404, "node atlas is the name of 2 nodes: give an address")
    assert site.wrong("/nodes/atlas") == told


def test_bytes_of_a_node_are_told_in_all_and_for_each_cluster(site: Site) -> None:
    site.cluster.sent(site.node, 500)
    site.cluster.received(site.node, 70)
    site.other.sent(site.node, 1)
    about = site.get(f"/nodes/{site.node.address}", schema="NodeDetail")
    assert (about["sent"], about["received"]) == (501, 70)
    [place] = [x for x in about["places"] if x["cluster"] == site.cluster.handle]
    assert (place["sent"], place["received"]) == (500, 70)


def test_when_a_node_serves(site: Site) -> None:
    path = f"/nodes/{site.node.address}/service"
    assert site.get(path, schema="Service")["why"] == "nobody has asked"
    site.hours = Hours(start=10, end=20, clients_left=3, clients_done=1)
    told = {"start": 10, "stop": None, "end": 20, "clients_left": 3, "clients_done": 1, "why": ""}
    assert site.get(path, schema="Service") == told
    assert site.wrong("/nodes/10.9.9.9/service")[0] == 404


# Pages and filters


def pages(site: Site, path: str, query: str = "") -> list[dict[str, Any]]:
    """All pages, one after the other."""
    found = [site.get(path, query)]
    while after := found[-1]["next"]:
        found.append(site.get(path, f"{query}&after={after}"))
    return found


@pytest.mark.parametrize("kind", ["jobs", "clusters", "nodes"])
@pytest.mark.parametrize("limit", [1, 2, 3, 4, 100])
def test_pages_make_up_the_whole(site: Site, kind: str, limit: int) -> None:
    whole = site.get(f"/{kind}")[kind]
    found = pages(site, f"/{kind}", f"limit={limit}")
    assert [row for one in found for row in one[kind]] == whole
    assert len(found) == -(-len(whole) // limit)


def test_what_goes_and_comes_between_pages_moves_nothing(site: Site) -> None:
    whole = site.uids()
    first = site.get("/jobs", "limit=2")
    site.world.do("withdrawn", site.offered.uid, reason="its client does not answer")
    newcomer = site.world.offer(site.cluster)
    rest = [str(row["uid"]) for row in site.get("/jobs", f"after={first['next']}")["jobs"]]
    expected = [uid for uid in whole[2:] if uid != str(site.offered.uid)]
    assert rest == [*expected, str(newcomer.uid)]


def test_jobs_of_a_state_a_cluster_a_node(site: Site) -> None:
    mine = site.world.offer(site.other)
    assert site.uids("state=running") == [str(site.running.uid)]
    assert site.uids(f"cluster={site.other.handle}") == [str(mine.uid)]
    assert site.uids(f"cluster={site.other.handle}&state=queued") == []
    at_node = sorted(str(uid) for uid in site.node.jobs)
    assert site.uids(f"node={site.node.address}") == at_node
    assert site.uids(f"node={site.node.address}&cluster={site.other.handle}") == []


def test_nodes_of_a_cluster(site: Site) -> None:
    there = site.get("/nodes", f"cluster={site.cluster.handle}", "Nodes")["nodes"]
    assert {row["address"] for row in there} == set(site.cluster.leases) != set()
    assert site.get("/nodes", f"cluster={site.other.handle}")["nodes"] == []
    assert site.wrong("/nodes", "cluster=7")[0] == 404


def test_a_state_that_is_rare_is_not_looked_for_without_end(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "MOST_LOOKED_AT", 2)
    found = pages(site, "/jobs", "state=sending")
    assert [[row["uid"] for row in one["jobs"]] for one in found].count([]) >= 1
    rows = [row["uid"] for one in found for row in one["jobs"]]
    assert rows == [str(site.sending.uid)]


@pytest.mark.parametrize("most_sorted", [0, 1000])
def test_many_jobs_come_and_go(
    site: Site, monkeypatch: pytest.MonkeyPatch, most_sorted: int
) -> None:
    monkeypatch.setattr(listing, "MOST_SORTED", most_sorted)
    jobs, other = site.world.scheduler.jobs, site.other

    def shown(query: str) -> list[str]:
        return [row["uid"] for one in pages(site, "/jobs", query) for row in one["jobs"]]

    for round_ in range(6):
        fresh = [site.world.offer(other) for _ in range(20)]
        assert shown("limit=7") == [str(uid) for uid in jobs]
        assert shown(f"limit=7&cluster={other.handle}") == [str(uid) for uid in other.jobs]
        for job in fresh[round_:]:
            site.world.do("withdrawn", job.uid, reason="its client does not answer")
        assert shown("limit=7") == [str(uid) for uid in jobs]
        assert shown(f"limit=7&cluster={other.handle}") == [str(uid) for uid in other.jobs]


@pytest.mark.parametrize(
    ("path", "query", "text"),
    [
        ("/jobs", "limit=0", "limit is a number from 1 to 500"),
        ("/jobs", "limit=501", "limit is a number from 1 to 500"),
        ("/jobs", "limit=-1", "limit is a number"),
        ("/jobs", "limit=", "limit is a number"),
        ("/jobs", f"after={'9' * 5000}", "after is a number"),
        ("/jobs", "after=%D9%A1", "after is a number"),
        ("/jobs", "state=gone", "state is one of offered, queued, sending, running, done"),
        ("/jobs", "sate=done", "'sate' is no parameter; there are: after, cluster, limit"),
        ("/jobs", "&".join("a=1" for _ in range(50)), "Max number of fields exceeded"),
        ("/jobs/one", "", "uid is a number"),
        ("/jobs/1", "uid=2", "'uid' is no parameter; there are: none"),
        ("/nodes", f"after={'x' * 300}", "after has at most 200 characters"),
    ],
)
def test_mistakes_are_told(site: Site, path: str, query: str, text: str) -> None:
    status, error = site.wrong(path, query)
    assert status == 400
    assert error.startswith(text)


@pytest.mark.parametrize(
    ("path", "query", "text"),
    [
        ("/jobs/7", "", "job 7 is not known: never here, or older than --history keeps"),
        ("/jobs", "cluster=7", "cluster 7 is not known, or closed"),
        ("/jobs", "node=10.0.0.9", "node 10.0.0.9 is not known"),
        ("/clusters/7", "", "cluster 7 is not known, or closed"),
        ("/nodes/%ff<b>", "", "node %ff<b> is not known"),
    ],
)
def test_what_is_not_there_is_told(site: Site, path: str, query: str, text: str) -> None:
    assert site.wrong(path, query) == (404, text)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_it_only_reads(site: Site, method: str) -> None:
    before = copy.copy(site.world.scheduler.jobs)
    for one in OPERATIONS:
        path = one.path.replace("{uid}", str(site.running.uid))
        if method.lower() not in document()["paths"][one.path]:
            assert Answer(site.app, path, method).status == 405
    assert site.world.scheduler.jobs == before
