"""The interface for programs: what changes something, and that it is noted who did so."""

import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from test_httpd_api import API, Site, check
from web_asked import Answer

from gsched.core import effects
from gsched.core.model.job import State
from gsched.core.model.order import Order
from gsched.httpd.access import roles
from gsched.httpd.api.acts import cancelling
from gsched.httpd.api.acts.orders import ORDERS, RESTART, STOP
from gsched.httpd.api.acts.stopping import WORDS
from gsched.httpd.api.operation import Operation
from gsched.store import audit
from gsched.store.audit import AuditError, AuditFile, Entry

ANNA = roles.Actor("anna", "admin", "10.1.1.1")


class Desk:
    """A site, and somebody who acts there."""

    def __init__(self, folder: Path) -> None:
        self.site = Site(folder)
        self.effects: list[Any] = []
        for kind in effects.Effect.__args__:
            self.site.exchange.perform(kind, self.effects.append)

    def ask(self, path: str, body: Any = None, method: str = "POST", **environ: Any) -> Answer:
        """The answer to a request with that body."""
        data = (
            body if isinstance(body, bytes) else json.dumps({} if body is None else body).encode()
        )
        sent = {"CONTENT_TYPE": "application/json", "CONTENT_LENGTH": str(len(data))}
        sent |= {"wsgi.input": io.BytesIO(data), "REMOTE_ADDR": "127.0.0.1"}
        return Answer(self.site.app, path, method, **(sent | environ))

    def do(self, path: str, method: str = "POST", schema: str = "Done", **body: Any) -> Any:
        """The answer, which is as that schema says; nothing is broken."""
        answer = self.ask(API + path, body, method)
        assert answer.status in (200, 202), answer.body
        check(answer.json, schema)
        self.site.world.scheduler.check()
        return answer.json

    def undo(self, done: Any) -> Any:
        """Take it back."""
        answer = self.ask(done["undo"]["path"], done["undo"]["body"], done["undo"]["method"])
        assert answer.status == 200, answer.body
        return answer.json

    def wrong(self, path: str, body: Any = None, method: str = "POST") -> tuple[int, str]:
        """Status and text of an error."""
        answer = self.ask(API + path, body, method)
        check(answer.json, "Error")
        return answer.status, answer.json["error"]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.site.app.close()
    made.site.audit.close()


# Clusters


def test_a_cluster_is_paused_and_resumed(desk: Desk) -> None:
    cluster = desk.site.cluster
    path = f"/clusters/{cluster.handle}"
    done = desk.do(f"{path}/pause", reason="too hot")
    assert done["outcome"] == f"cluster {cluster.label}: paused"
    assert cluster.paused == Order("paused", "local", "too hot", desk.site.world.now)
    shown = desk.site.get(path, schema="ClusterDetail")
    assert shown["why"].startswith("paused by local: too hot;")
    assert desk.undo(done)["outcome"].endswith("resumed")
    assert cluster.paused is None
    assert desk.do(f"{path}/resume")["undo"] is None


def test_to_resume_is_undone_with_the_reason_that_there_was(desk: Desk) -> None:
    path = f"/clusters/{desk.site.cluster.handle}"
    desk.do(f"{path}/pause", reason="too hot")
    desk.undo(desk.do(f"{path}/resume"))
    assert desk.site.cluster.paused is not None
    assert desk.site.cluster.paused.reason == "too hot"


def test_a_cluster_is_closed_and_then_terminated(desk: Desk) -> None:
    cluster = desk.site.cluster
    assert desk.do(f"/clusters/{cluster.handle}/close")["undo"] is None
    assert cluster.ending is not None and cluster.refusing and cluster.waiting
    desk.do(f"/clusters/{cluster.handle}/terminate", reason="wrong data")
    assert cluster.terminated and not cluster.waiting
    assert desk.do(f"/clusters/{cluster.handle}/close") and cluster.terminated


def test_nodes_of_a_cluster(desk: Desk) -> None:
    cluster, node = desk.site.other, desk.site.node
    path = f"/clusters/{cluster.handle}/nodes"
    desk.do(path, host=node.address, cpus=1)
    assert [one.host for one in cluster.allocations] == ["10.5.*", node.address]
    [lease] = [one.lease for one in desk.effects if isinstance(one, effects.SetUp)]
    desk.site.exchange.tell(desk.site.world.scheduler.lease_ready, lease, 0)
    undo = desk.do(f"{path}/{node.address}/deallocate")
    assert lease.state.value == "drained"
    desk.undo(undo)
    assert lease.state.value == "ready"
    desk.do(f"{path}/{node.address}/close", terminate=True, reason="so")
    assert lease.state.value == "closing" and node.address in cluster.shut
    assert desk.wrong(f"{path}/10.0.0.9/close") == (
        409,
        f"cluster {cluster.label} is not on node 10.0.0.9",
    )


def test_to_allocate_a_node_is_undone_where_it_had_none(desk: Desk) -> None:
    cluster, node = desk.site.other, desk.site.node
    path = f"/clusters/{cluster.handle}/nodes"
    done = desk.do(path, host=node.address)
    lease = cluster.leases[node.address]
    desk.site.exchange.tell(desk.site.world.scheduler.lease_ready, lease, 0)
    assert desk.do(path, host=node.address)["undo"] is None
    desk.undo(done)
    assert lease.state.value == "drained"
    assert desk.do(path, host="10.77.*")["undo"] is None


# Nodes


def test_a_node_is_drained_closed_and_resumed(desk: Desk) -> None:
    node, path = desk.site.node, f"/nodes/{desk.site.node.address}"
    done = desk.do(f"{path}/drain", reason="a new disk")
    assert desk.site.get(path, schema="NodeDetail")["state"] == "drained"
    desk.undo(done)
    assert node.drained is None
    desk.do(f"{path}/close", reason="smoke")
    assert desk.site.get(path, schema="NodeDetail")["state"] == "closed"
    resumed = desk.do(f"{path}/resume")
    assert node.drained is None
    desk.undo(resumed)
    assert node.drained is not None
    assert (node.drained.what, node.drained.reason) == ("closed", "smoke")


def test_cpus_of_a_node_are_set_and_given_back(desk: Desk) -> None:
    node, path = desk.site.node, f"/nodes/{desk.site.node.address}"
    first = desk.do(path, "PATCH", cpus=2)
    second = desk.do(path, "PATCH", cpus=-1, reason="so")
    assert (node.cpus, node.ceiling) == (2, -1)
    desk.undo(second)
    assert node.ceiling == 2
    desk.undo(first)
    assert node.ceiling is None and node.cpus == 3
    assert desk.wrong(path, {"cpus": -3}, "PATCH") == (
        409,
        "cpus: node 10.0.0.1 has 3 in all; for none, give 0",
    )


def test_a_node_is_added(desk: Desk) -> None:
    assert desk.do("/nodes", host="n1.example", port=51348)["outcome"] == (
        "node n1.example: is looked for"
    )
    assert effects.SeekNode("n1.example", 51348) in desk.effects


# Jobs


def test_jobs_are_cancelled_by_their_uids(desk: Desk) -> None:
    jobs = [desk.site.pinned, desk.site.sending, desk.site.done]
    uids = [str(job.uid) for job in jobs] + ["7"]
    wanted = {"jobs": 2, "at_nodes": 1, "over": 2}
    tried = desk.do("/jobs/cancel", schema="Cancelled", uids=uids, dry_run=True)
    assert {name: tried[name] for name in wanted} == wanted
    assert desk.site.pinned.state is State.QUEUED
    done = desk.do("/jobs/cancel", schema="Cancelled", uids=uids, reason="so")
    assert {name: done[name] for name in wanted} == wanted
    assert done["outcome"] == "2 jobs cancelled, 1 of them at nodes; 2 not known or over"
    assert desk.site.pinned.reason == "cancelled by local: so"
    assert desk.site.sending.cancelling


@pytest.mark.parametrize("at_once", [1, 3, 200])
def test_jobs_are_cancelled_by_a_filter(
    desk: Desk, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cancelling, "AT_ONCE", at_once)
    monkeypatch.setattr(cancelling, "LOOKS", 2)
    cluster, book = desk.site.cluster, desk.site.world.scheduler.book
    queued = [job for job in book.jobs.values() if job.state is State.QUEUED]
    assert queued
    only = {"cluster": cluster.handle, "state": "queued"}
    done = desk.do("/jobs/cancel", schema="Cancelled", filter=only)
    assert done["jobs"] == len(queued) and all(job.end for job in queued)
    assert desk.site.running.cancelling and not desk.site.sending.cancelling
    node = desk.site.sending.node
    assert node is not None
    done = desk.do("/jobs/cancel", schema="Cancelled", filter={"node": node.address})
    assert done["jobs"] == done["at_nodes"] == len(node.jobs)
    assert desk.site.sending.cancelling


# Mistakes


@pytest.mark.parametrize(
    ("path", "body", "text"),
    [
        ("/jobs/cancel", {}, "either uids or filter is wanted"),
        ("/jobs/cancel", {"uids": [], "filter": {}}, "either uids or filter is wanted"),
        ("/jobs/cancel", {"filter": {}}, "filter: a cluster, a node or a state is wanted"),
        ("/jobs/cancel", {"filter": 1}, "filter: an object in JSON is wanted"),
        ("/jobs/cancel", {"filter": {"sate": 1}}, "filter: 'sate' is no field; there are: cluster"),
        ("/jobs/cancel", {"filter": {"state": "done"}}, "filter: state is one of offered, queued"),
        ("/jobs/cancel", {"filter": {"state": ["x"]}}, "filter: state is one of offered, queued"),
        ("/jobs/cancel", {"uids": [1]}, "uids is a list of at most 10,000 uids, each as text"),
        ("/jobs/cancel", {"uids": ["1"] * 10_001}, "uids is a list of at most 10,000"),
        ("/jobs/cancel", {"uids": ["٣"]}, "uids is a list of at most 10,000"),
        ("/jobs/cancel", {"uids": [], "dry_run": 1}, "dry_run is true or false"),
        ("/nodes", {}, "host is missing"),
        ("/nodes", {"host": "a b"}, "host is the name or the address of a host"),
        ("/nodes", {"host": "a", "port": 0}, "port is a whole number from 1 to 65535"),
        ("/nodes", {"host": "a", "port": True}, "port is a whole number from 1 to 65535"),
        ("/nodes", {"host": "a", "reason": "x" * 201}, "reason is a text of one line and at most"),
        ("/nodes", {"host": "a", "reason": "x\nroot: all is well"}, "reason is a text of one line"),
        ("/nodes", {"host": "a", "reason": "\u202egnp"}, "reason is a text of one line"),
        ("/nodes", {"host": "a", "reason": "\ud800"}, "reason is a text of one line"),
        ("/nodes", [], "an object in JSON is wanted"),
        ("/nodes", b"{", "the body is no JSON"),
        ("/nodes", b"[" * 90_000, "the body is no JSON"),
        ("/nodes", b"\xff", "the body is no JSON"),
    ],
)
def test_mistakes_name_the_field(desk: Desk, path: str, body: Any, text: str) -> None:
    status, error = desk.wrong(path, body)
    assert (status, error[: len(text)]) == (400, text)


def test_cpus_have_to_be_given(desk: Desk) -> None:
    path = f"/nodes/{desk.site.node.address}"
    assert desk.wrong(path, {}, "PATCH") == (400, "cpus is missing")
    assert desk.wrong(path, {"cpus": "2"}, "PATCH")[1] == (
        "cpus is a whole number from -1000000 to 1000000, or null"
    )


def test_what_is_not_there(desk: Desk) -> None:
    assert desk.wrong("/clusters/7/pause") == (404, "cluster 7 is not known, or closed")
    assert desk.wrong("/nodes/10.9.9.9/drain") == (404, "node 10.9.9.9 is not known")


def test_only_json_is_read(desk: Desk) -> None:
    answer = desk.ask(f"{API}/nodes", {"host": "a"}, CONTENT_TYPE="text/plain")
    assert answer.status == 415 and not desk.effects


def test_each_role_may_do_its_own() -> None:
    """Whoever watches changes nothing; who operates destroys nothing."""
    roles = {one.path.removeprefix(API): one.role for one in ORDERS}
    for_admins = {path for path, role in roles.items() if role == "admin"}
    assert set(roles.values()) == {"operator", "admin"}
    assert for_admins == {
        "/clusters/{id}/close",
        "/clusters/{id}/terminate",
        "/clusters/{id}/nodes/{address}/close",
        "/nodes",
        "/nodes/{address}/close",
        "/nodes/add",
        "/nodes/close",
        "/clusters/{id}/nodes/close",
    }


# The scheduler


@pytest.mark.parametrize("how", WORDS)
def test_it_is_stopped_and_that_is_noted(desk: Desk, how: str) -> None:
    done = desk.do("/stop", after=how, reason="a new disk")
    assert desk.site.ended == [how]
    assert done["outcome"] == f"gsched: {WORDS[how]}" and done["undo"] is None
    [entry] = desk.site.get("/audit", schema="Audit")["audit"]
    assert (entry["action"], entry["target"], entry["reason"]) == ("stop", "gsched", "a new disk")
    assert desk.wrong("/stop", {})[0] == desk.wrong("/stop", {"after": "soon"})[0] == 400
    assert desk.site.ended == [how]


def test_it_restarts_unless_jobs_would_be_lost(desk: Desk) -> None:
    assert desk.do("/restart", reason="upgrade")["outcome"] == "gsched: restarts"
    desk.site.no_restart = "with --durability off all jobs would be lost"
    assert desk.wrong("/restart") == (409, f"no restart: {desk.site.no_restart}")
    noted = [row["outcome"] for row in desk.site.get("/audit", schema="Audit")["audit"]]
    assert noted == [f"no restart: {desk.site.no_restart}", "restarts"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/nodes", {"host": "n1.example"}),
        ("/nodes/add", {"nodes": [{"host": "n1.example"}]}),
        ("/clusters/ID/close", {}),
        ("/clusters/ID/terminate", {}),
        ("/stop", {"after": "all"}),
        ("/restart", {}),
    ],
)
def test_what_goes_on_after_the_answer_is_accepted(desk: Desk, path: str, body: Any) -> None:
    path = path.replace("ID", desk.site.cluster.handle)
    assert desk.ask(API + path, body).status == 202
    assert desk.ask(f"{API}/nodes/{desk.site.node.address}/drain").status == 200


# The audit


def test_all_is_noted(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "gsched.audit")
    node, cluster = desk.site.node, desk.site.cluster
    desk.do(f"/nodes/{node.address}/drain", reason="a new disk")
    desk.wrong(f"/nodes/{node.address}", {"cpus": -3, "reason": "so"}, "PATCH")
    desk.do("/jobs/cancel", schema="Cancelled", filter={"cluster": cluster.handle}, dry_run=True)
    desk.do("/jobs/cancel", schema="Cancelled", uids=["7"])
    page = desk.site.get("/audit", schema="Audit")
    mine = {"time": desk.site.world.now, "who": "local", "role": "admin", "address": "127.0.0.1"}
    refused = "refused: cpus: node 10.0.0.1 has 3 in all; for none, give 0"
    told = [
        ("cancel", "jobs 7", "", "0 jobs cancelled; 1 not known or over"),
        ("set CPUs", "node 10.0.0.1", "so", refused),
        ("drain", "node 10.0.0.1", "a new disk", "drained"),
    ]
    names = ("action", "target", "reason", "outcome")
    expected = [mine | dict(zip(names, one, strict=True)) for one in told]
    assert [{k: v for k, v in row.items() if k != "id"} for row in page["audit"]] == expected
    assert page["next"] is None
    first = "local (admin, 127.0.0.1): drain node 10.0.0.1 (a new disk): drained"
    assert caplog.messages[0] == first and len(caplog.messages) == 3


HOW = {
    "/jobs/cancel": {"uids": ["7"]},
    "/clusters/{id}/nodes": {"host": "10.0.0.1"},
    "/nodes": {"host": "n1.example"},
    "/nodes/{address}": {"cpus": 1},
    "/nodes/cpus": {"nodes": [{"address": "10.0.0.1", "cpus": 1}]},
    "/nodes/add": {"nodes": [{"host": "n1.example"}]},
    "/clusters/{id}/nodes/allocate": {"nodes": [{"host": "10.0.0.1"}]},
    "/stop": {"after": "running"},
}
SEVERAL = {"addresses": ["10.0.0.1"]}
CHANGES = (*ORDERS, STOP, RESTART)


@pytest.mark.parametrize("one", CHANGES, ids=lambda one: f"{one.method} {one.path}")
def test_each_order_is_noted_and_tells_how_it_is_taken_back(desk: Desk, one: Operation) -> None:
    path = one.path.removeprefix(API)
    needed = {field.name for field in one.body if field.required}
    body = HOW.get(path, SEVERAL if "addresses" in needed else {}) | {"reason": "so"}
    place = path.replace("{id}", desk.site.cluster.handle).replace("{address}", "10.0.0.1")
    answer = desk.ask(API + place, body, one.method)
    assert answer.status == one.status, answer.body
    assert {"outcome", "undo", "warning"} <= answer.json.keys()
    [entry] = desk.site.get("/audit", schema="Audit")["audit"]
    mine = {"who": "local", "role": "admin", "address": "127.0.0.1", "reason": "so"}
    assert entry | mine == entry
    assert entry["action"] and entry["target"] and entry["outcome"]


def test_the_audit_in_pages(desk: Desk) -> None:
    for _ in range(5):
        desk.do(f"/nodes/{desk.site.node.address}/drain")
    ids = [row["id"] for row in desk.site.get("/audit", schema="Audit")["audit"]]
    found, after = [], ""
    while after is not None:
        page = desk.site.get("/audit", f"limit=2{after}")
        found += [row["id"] for row in page["audit"]]
        after = page["next"] and f"&before={page['next']}"
    assert found == ids and len(ids) == 5


def test_an_action_is_done_and_logged_where_it_cannot_be_noted(
    desk: Desk, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / audit.NAME).mkdir()
    desk.do(f"/nodes/{desk.site.node.address}/drain")
    assert desk.site.node.drained is not None
    assert "not kept: " in caplog.text
    assert Answer(desk.site.app, f"{API}/audit").status == 503


def entry(number: int) -> Entry:
    return Entry(1.0, "anna", "admin", "-", "drain", f"node {number}", "\ud800", "drained")


def test_the_audit_outlives_a_restart_and_has_bounds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "MOST", 3)
    for start in (0, 3):
        file = AuditFile(tmp_path)
        for number in range(start, start + 3):
            file.add(entry(number))
        file.close()
    again = AuditFile(tmp_path)
    targets = [found.target for _, found in again.page(10**9, 10)]
    assert targets == ["node 5", "node 4", "node 3"]
    assert again.page(10**9, 1)[0][1].reason == "\\ud800"
    again.close()


def test_a_damaged_audit_is_told(tmp_path: Path) -> None:
    (tmp_path / audit.NAME).write_bytes(b"no database at all" * 100)
    with pytest.raises(AuditError, match="not a database"):
        AuditFile(tmp_path).add(entry(1))
