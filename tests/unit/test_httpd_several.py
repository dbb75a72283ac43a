"""The interface for programs: orders about several nodes at once."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from test_httpd_acting import Desk

from gsched.core import effects
from gsched.core.fleet import NodeFacts
from gsched.httpd.api.acts import several
from gsched.httpd.api.operation import MOST_AT_ONCE


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.site.app.close()
    made.site.audit.close()


def order(desk: Desk, path: str, **body: Any) -> Any:
    """The answer, as documented."""
    return desk.do(path, schema="DoneMany", **body)


def drained(desk: Desk) -> dict[str, str]:
    """What is ordered of nodes, and why."""
    nodes = desk.site.world.scheduler.nodes.values()
    return {x.address: f"{x.drained.what}: {x.drained.reason}" for x in nodes if x.drained}


def test_nodes_are_drained_and_what_was_so_before_stays_so(desk: Desk) -> None:
    first, second = desk.site.node.address, desk.site.small.address
    desk.do(f"/nodes/{first}/drain", reason="before")
    done = order(desk, "/nodes/drain", addresses=[first, second, "10.9.9.9"], reason="heat")
    assert done["outcome"] == "2 nodes drained, 1 not: node 10.9.9.9 is not known"
    assert [row["error"] for row in done["nodes"]] == ["", "", "node 10.9.9.9 is not known"]
    assert drained(desk) == {first: "drained: heat", second: "drained: heat"}
    desk.undo(done)
    assert drained(desk) == {first: "drained: heat"}


@pytest.mark.parametrize("kind", ["drain", "close"])
def test_to_resume_them_is_undone_with_the_reason_that_there_was(desk: Desk, kind: str) -> None:
    addresses = [desk.site.node.address, desk.site.small.address]
    order(desk, f"/nodes/{kind}", addresses=addresses, reason="heat")
    before = drained(desk)
    resumed = order(desk, "/nodes/resume", addresses=addresses)
    assert drained(desk) == {} and len(before) == 2
    desk.undo(resumed)
    assert drained(desk) == before
    assert order(desk, "/nodes/resume", addresses=addresses)["undo"]
    assert order(desk, "/nodes/resume", addresses=addresses)["undo"] is None


def test_what_was_ordered_in_two_ways_is_not_taken_back_in_one(desk: Desk) -> None:
    one, other = desk.site.node.address, desk.site.small.address
    order(desk, "/nodes/drain", addresses=[one])
    order(desk, "/nodes/close", addresses=[other])
    assert order(desk, "/nodes/resume", addresses=[one, other])["undo"] is None


def test_each_gets_its_own_cpus_and_gets_back_what_it_had(desk: Desk) -> None:
    one, other = desk.site.node, desk.site.small
    desk.do(f"/nodes/{one.address}", "PATCH", cpus=2)
    wanted = [{"address": one.address, "cpus": 1}, {"address": other.address, "cpus": 0}]
    done = order(desk, "/nodes/cpus", nodes=[*wanted, {"address": "10.9.9.9", "cpus": None}])
    assert (one.ceiling, other.ceiling) == (1, 0)
    desk.undo(done)
    assert (one.ceiling, other.ceiling) == (2, None)


def test_several_hosts_are_looked_for(desk: Desk) -> None:
    done = order(desk, "/nodes/add", nodes=[{"host": "n1.example"}, {"host": "n2", "port": 51348}])
    assert done["outcome"] == "2 nodes looked for" and done["undo"] is None
    sought = [one for one in desk.effects if isinstance(one, effects.SeekNode)]
    assert sought == [effects.SeekNode("n1.example", None), effects.SeekNode("n2", 51348)]


def test_a_cluster_gets_nodes_and_loses_them(desk: Desk) -> None:
    cluster, addresses = desk.site.other, [desk.site.node.address, desk.site.small.address]
    path = f"/clusters/{cluster.handle}/nodes"
    order(desk, f"{path}/allocate", nodes=[{"host": one, "cpus": 1} for one in addresses])
    for lease in cluster.leases.values():
        desk.site.exchange.tell(desk.site.world.scheduler.lease_ready, lease, 0)
    undo = order(desk, f"{path}/deallocate", addresses=addresses)
    assert {x.state.value for x in cluster.leases.values()} == {"drained"}
    desk.undo(undo)
    assert {x.state.value for x in cluster.leases.values()} == {"ready"}
    done = order(desk, f"{path}/close", addresses=[*addresses, "10.9.9.9"], terminate=True)
    assert {x.state.value for x in cluster.leases.values()} == {"closing"}
    label = cluster.label
    assert done["nodes"][2]["error"] == f"cluster {label} is not on node 10.9.9.9"


def test_all_clusters_are_meant_by_a_star(desk: Desk) -> None:
    address, clusters = desk.site.node.address, desk.site.world.scheduler.clusters.values()
    order(desk, "/clusters/*/nodes/allocate", nodes=[{"host": address}])
    there = [one for one in clusters if address in one.leases]
    assert len(there) >= 3
    done = order(desk, "/clusters/*/nodes/deallocate", addresses=[address, desk.site.small.address])
    assert done["undo"] is None
    assert not any(one.leases[address].state.value == "ready" for one in there)
    assert desk.wrong("/clusters/7/nodes/deallocate", {"addresses": [address]})[0] == 404


def test_where_nothing_can_be_done_it_is_refused_and_noted(desk: Desk) -> None:
    told = "0 nodes drained, 2 not: node a is not known; node b is not known"
    assert desk.wrong("/nodes/drain", {"addresses": ["a", "b"], "reason": "so"}) == (409, told)
    [entry] = desk.site.get("/audit", schema="Audit")["audit"]
    assert (entry["action"], entry["target"], entry["outcome"]) == ("drain", "nodes a, b", told)
    assert desk.wrong("/clusters/*/nodes/deallocate", {"addresses": ["a"]})[0] == 409


def test_very_many_are_told_in_few_words_and_let_others_run(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    addresses = [f"10.7.{x // 200}.{x % 200}" for x in range(MOST_AT_ONCE)]
    for address in addresses:
        facts = NodeFacts(address=address, port=51348, name="n", cpus=1, identity="1")
        desk.site.exchange.tell(desk.site.world.scheduler.node_joined, facts)
    turns: list[float] = []
    monkeypatch.setattr(several.gevent, "sleep", turns.append)
    done = order(desk, "/nodes/drain", addresses=addresses)
    assert done["outcome"] == "1,000 nodes drained" and len(done["nodes"]) == MOST_AT_ONCE
    assert len(turns) == MOST_AT_ONCE // several.AT_ONCE
    [entry] = desk.site.get("/audit")["audit"]
    assert entry["target"] == f"nodes {', '.join(addresses[:5])}, ..."


@pytest.mark.parametrize(
    ("path", "body", "text"),
    [
        ("/nodes/drain", {}, "addresses is missing"),
        ("/nodes/drain", {"addresses": []}, "addresses is a list of 1 to 1,000"),
        ("/nodes/drain", {"addresses": "10.0.0.1"}, "addresses is a list of 1 to 1,000"),
        ("/nodes/drain", {"addresses": ["a"] * 1001}, "addresses is a list of 1 to 1,000"),
        ("/nodes/drain", {"addresses": [7]}, "addresses is a text of one line and at most 200"),
        ("/nodes/cpus", {"nodes": [{"address": "a"}]}, "nodes: cpus is missing"),
        ("/nodes/cpus", {"nodes": [{"address": "a", "cpus": "2"}]}, "nodes: cpus is a whole"),
        ("/nodes/add", {"nodes": [{"host": "a b"}]}, "nodes: host is the name or the address"),
    ],
)
def test_mistakes_name_the_field(desk: Desk, path: str, body: Any, text: str) -> None:
    status, words = desk.wrong(path, body)
    assert status == 400 and words.startswith(text)
    assert not drained(desk)
