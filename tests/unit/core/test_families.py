"""Software that works together: a cluster is set up only on nodes of its own family."""

import pytest

from gsched.core.effects import FindNodes
from gsched.core.fleet import NodeFacts
from gsched.core.model.cluster import Cluster
from gsched.core.model.job import End
from gsched.core.model.lease import Allocation, SetUpFailure
from gsched.core.placement import MAX_BROKEN
from gsched.core.scheduler import Refused
from gsched.core.seen.snapshot import snapshot

from .world import PORT, World


def join(world: World, address: str, family: str, identity: str = "1") -> None:
    """A node says that it is free, and what it runs."""
    facts = NodeFacts(
        address=address,
        port=PORT,
        name="n",
        cpus=1,
        identity=identity,
        release=f"release of {family}",
        family=family,
    )
    world.do("node_joined", facts)


def cluster(world: World, family: str, *hosts: str) -> Cluster:
    """A computation of a client with that software, set up wherever it may be."""
    return world.cluster(*hosts, family=family, release=f"release of {family}")


def places(cluster: Cluster) -> set[str]:
    """Where it is."""
    return set(cluster.leases)


def note(world: World, cluster: Cluster) -> str:
    """What people are told of it."""
    rows = snapshot(world.scheduler, world.now)["clusters"]
    return next(str(row["note"]) for row in rows if row["id"] == cluster.handle)


def test_clusters_and_nodes_find_their_own(world: World) -> None:
    join(world, "10.0.0.1", "old")
    join(world, "10.0.0.2", "new")
    old, new = cluster(world, "old"), cluster(world, "new")
    join(world, "10.0.0.3", "old")
    world.set_up_all()
    assert places(old) == {"10.0.0.1", "10.0.0.3"}
    assert places(new) == {"10.0.0.2"}
    jobs = world.submit_some(new, 3)
    assert [(job, node.address) for job, node in world.sent_to()] == [(jobs[0], "10.0.0.2")]


def test_more_nodes_are_only_those_of_the_family(world: World) -> None:
    join(world, "10.0.0.1", "old")
    new = cluster(world, "new", "10.0.1.*")
    world.do("node_allocated", new, [Allocation("*")])
    assert world.take(FindNodes) == [FindNodes(new)]
    assert places(new) == set()


def test_job_for_a_node_of_another_family_is_refused(world: World) -> None:
    join(world, "10.0.0.1", "old")
    new = cluster(world, "new")
    with pytest.raises(Refused, match=r"node 10\.0\.0\.1 runs old, the client new"):
        world.offer(new, world.scheduler.nodes["10.0.0.1"])


def test_the_note_says_why_no_node_is_used(world: World) -> None:
    new = cluster(world, "new", "10.0.0.*", "10.0.1.1")
    assert note(world, new) == "no node found yet that matches 10.0.0.*, 10.0.1.1"
    for address in ("10.0.0.1", "10.0.1.1", "10.0.1.2"):
        join(world, address, "old")
    assert note(world, new).endswith("matches 10.0.0.*, 10.0.1.1 and runs new; 2 do not")


def test_a_node_that_comes_back_with_other_software(world: World) -> None:
    join(world, "10.0.0.1", "old", identity="1")
    old, new = cluster(world, "old"), cluster(world, "new")
    node = world.scheduler.nodes["10.0.0.1"]
    running, pinned = world.running(old), world.submit(old, pinned=node)
    offered = world.offer(old, pinned=node)
    join(world, "10.0.0.1", "new", identity="2")
    ends = dict(world.results())
    assert ends == {running: End.ABANDONED, pinned: End.ABANDONED}
    assert pinned.reason == "it is pinned to node 10.0.0.1, which runs new now"
    world.told()
    world.set_up_all()
    assert (places(old), places(new)) == (set(), {"10.0.0.1"})
    world.do("accepted", offered.uid)
    assert world.results() == [(offered, End.ABANDONED)]


def test_nodes_of_other_families_are_no_hope(world: World) -> None:
    new = cluster(world, "new")
    join(world, "10.0.0.2", "old")
    join(world, "10.0.0.1", "new")
    (lease,) = world.set_ups()
    job = world.submit(new)
    for _ in range(MAX_BROKEN - 1):
        world.fail(lease, SetUpFailure.BROKEN)
        world.wait(61.0)
        assert world.set_ups() == [lease]
    world.fail(lease, SetUpFailure.BROKEN)
    assert world.results() == [(job, End.ABANDONED)]
