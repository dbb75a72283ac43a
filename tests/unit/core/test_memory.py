"""Nothing is kept of what is gone, however long the scheduler runs."""

import gc
from collections import Counter

from gsched.core.choice.ready import Group
from gsched.core.model.cluster import Cluster
from gsched.core.model.job import Job
from gsched.core.model.lease import Lease
from gsched.core.model.node import Node

from .conftest import Make
from .world import World

KINDS = (Cluster, Group, Job, Lease, Node)


def alive(world: World) -> Counter[str]:
    """How many objects of each kind there are that belong to the scheduler."""
    world.recorder.forget()
    gc.collect()
    return Counter(type(thing).__name__ for thing in gc.get_objects() if isinstance(thing, KINDS))


def a_day(world: World, number: int) -> None:
    """Nodes and clusters come, work and go."""
    nodes = [world.node(cpus=2, address=f"10.{number}.0.{host}") for host in range(2)]
    clusters = [world.cluster(), world.cluster(f"10.{number}.0.1", reentrant=True)]
    world.submit_some(clusters[0], 5)
    world.run_all()
    world.submit_some(clusters[1], 5)
    world.run_all()
    world.submit_some(clusters[0], 3, pinned=nodes[0])
    world.run_all()
    for cluster in clusters:
        world.close(cluster)
        for lease in world.closes():
            world.closed(lease)
        world.gone(cluster)
    for node in nodes:
        world.do("node_lost", node.address, "evening")
    world.wait(101.0)


def test_what_is_gone_is_forgotten(make_world: Make) -> None:
    world = make_world(zombie_interval=100.0)
    for number in range(3):
        a_day(world, number)
    before = alive(world)
    for number in range(3, 50):
        a_day(world, number)
    assert not world.scheduler.nodes and not world.scheduler.jobs
    more = alive(world) - before
    assert sum(more.values()) < 20, more
