"""What people are shown: plain values, and for what does not go on, why."""

import json
from typing import Any

from gsched.core.dispatch import Refusal
from gsched.core.fleet import NodeFacts
from gsched.core.model.lease import SetUpFailure
from gsched.core.restoring import Saved, SavedNode
from gsched.core.seen.snapshot import snapshot

from .conftest import Make
from .world import World


def shown(world: World) -> dict[str, Any]:
    """The snapshot, once it is clear that it is plain values."""
    taken = snapshot(world.scheduler, world.now)
    assert json.loads(json.dumps(taken)) == taken
    return taken


def node_shown(world: World) -> dict[str, Any]:
    """The only node."""
    (row,) = shown(world)["nodes"]
    return row


def cluster_shown(world: World) -> dict[str, Any]:
    """The only cluster."""
    (row,) = shown(world)["clusters"]
    return row


def test_an_idle_scheduler(make_world: Make) -> None:
    taken = shown(make_world("fair"))
    assert taken["algorithm"] == "fair"
    assert set(taken["totals"].values()) == {0}
    assert taken["nodes"] == taken["clusters"] == []


def test_numbers_add_up(world: World) -> None:
    node = world.node(cpus=4)
    gone = world.node(cpus=5)
    world.do("node_lost", gone.address, "stopped")
    first, second = world.cluster(), world.cluster()
    world.finish(world.sending(first))
    world.running(first)
    world.sending(second)
    world.do("node_deallocated", second, node.address)
    world.submit_some(second, 3)
    assert shown(world)["totals"] == {
        "nodes": 1,
        "cpus": 4,
        "busy": 2,
        "clusters": 2,
        "waiting": 3,
        "running": 2,
        "done": 1,
    }


def test_a_node(world: World) -> None:
    node, cluster = world.node(cpus=4), world.cluster()
    world.finish(world.sending(cluster))
    world.running(cluster)
    world.do("node_heard", node.address, {"memory": 1})
    world.told()
    world.recorder.now += 2.5
    assert node_shown(world) == {
        "address": node.address,
        "port": 51348,
        "name": "n",
        "release": "",
        "state": "ready",
        "cpus": 4,
        "busy": 1,
        "jobs_done": 1,
        "cpu_time": 1.0,
        "sent": 0,
        "received": 0,
        "clusters": 1,
        "waiting": 0,
        "heard": 2.5,
        "heard_at": 1000.0,
        "total": 4,
        "ceiling": None,
        "limited": None,
        "drained": None,
        "avail": {"memory": 1},
        "note": "",
    }


def test_a_node_of_an_earlier_run_is_heard_once_it_answers(make_world: Make) -> None:
    world = make_world()
    facts = NodeFacts(address="10.0.0.1", port=1, name="n", cpus=1, identity="1")
    world.do("restored", Saved(nodes=[SavedNode(facts=facts)]))
    world.tick(5.0)
    row = node_shown(world)
    assert (row["state"], row["heard"], row["heard_at"]) == ("ready", None, None)
    (node,) = world.scheduler.nodes.values()
    assert node.heard == world.now - 5.0  # from then on its silence counts
    world.do("node_heard", facts.address, None)
    world.tick(2.0)
    row = node_shown(world)
    assert (row["heard"], row["heard_at"]) == (2.0, world.now - 2.0)


def test_jobs_that_wait_for_a_node_are_counted_there(world: World) -> None:
    node, cluster = world.node(cpus=1), world.cluster()
    world.running(cluster)
    for _ in range(3):
        world.submit(cluster, pinned=node)
    assert node_shown(world)["waiting"] == 3


def test_a_cluster_whose_nodes_offer_no_cpus_says_so(world: World) -> None:
    world.join("10.0.0.1", cpus=0)
    world.join("10.1.0.1", cpus=0)
    world.cluster("10.0.*")
    [row] = snapshot(world.scheduler, world.now)["clusters"]
    assert row["note"] == "its nodes offer no CPUs now: 10.0.0.1"


def test_a_node_that_is_not_used_says_why(world: World) -> None:
    node, cluster = world.node(), world.cluster()
    job = world.sending(cluster)
    world.refuse(job, Refusal.BUSY)
    assert node_shown(world)["state"] == "held"
    world.do("node_cpus", node.address, 0)
    world.told()
    world.wait(1.0)
    row = node_shown(world)
    assert (row["state"], row["note"]) == (
        "out of service",
        "offers no CPUs now: its owner or its service times say so",
    )
    world.do("node_lost", node.address, "stopped")
    world.told()
    row = node_shown(world)
    assert (row["state"], row["note"]) == ("lost", "stopped")


def test_a_failed_set_up_is_shown_at_the_node_and_at_the_cluster(world: World) -> None:
    world.cluster()
    world.join("10.0.0.1")
    (lease,) = world.set_ups()
    world.fail(lease, SetUpFailure.BROKEN, "no such file")
    label = "compute @ 10.9.9.9"
    assert node_shown(world)["note"] == f"set-up of {label} failed: no such file"
    assert cluster_shown(world)["note"] == "set-up failed on 1 nodes: no such file"


def test_a_cluster(world: World) -> None:
    world.node()
    cluster = world.cluster()
    world.running(cluster)
    world.submit(cluster)
    assert cluster_shown(world) == {
        "id": cluster.handle,
        "name": "compute",
        "client": "10.9.9.9",
        "release": "",
        "label": "compute @ 10.9.9.9",
        "state": "active",
        "waiting": 1,
        "running": 1,
        "done": 0,
        "nodes": 1,
        "exclusive": False,
        "rule": "",
        "paused": None,
        "ending": None,
        "note": "",
    }


def test_a_cluster_without_nodes_says_what_it_looks_for(world: World) -> None:
    world.node()
    world.cluster("10.5.*", "10.6.0.1")
    assert cluster_shown(world)["note"] == "no node found yet that matches 10.5.*, 10.6.0.1"


def test_a_cluster_that_waits_says_for_whom(world: World) -> None:
    world.cluster()
    world.asked(exclusive=True)
    notes = [row["note"] for row in shown(world)["clusters"]]
    assert notes == [
        "no node found yet that matches *",
        "is exclusive and waits for 1 other clusters to close",
    ]


def test_ids_of_clusters_are_not_shown(make_world: Make) -> None:
    """Whoever knows one may bring files for it."""
    world = make_world(first_id=2**60)
    first, second = world.cluster(), world.cluster()
    taken = json.dumps(shown(world))
    assert str(2**60)[:-2] not in taken
    assert first.handle in taken and second.handle in taken and first.handle != second.handle


def test_a_job_that_runs_far_longer_than_the_others_may_hang(world: World) -> None:
    node, cluster = world.node(2), world.cluster()
    quick, long = world.running(cluster), world.running(cluster)
    world.wait(3600.0)
    assert node_shown(world)["note"] == ""  # none has ended yet
    world.finish(quick)
    assert node_shown(world)["note"] == (
        f"job {long.uid} has run for 60 min, no other of compute @ 10.9.9.9 for more than 1 s:"
        " if it hangs, cancel it"
    )
    world.finish(long)
    soon = world.running(cluster)
    world.wait(600.0)
    assert node_shown(world)["note"] == "" and soon.node is node
