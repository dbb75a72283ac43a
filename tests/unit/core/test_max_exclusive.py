"""How long clusters wait behind an exclusive one: --max_exclusive."""

from gsched.core.effects import TellScheduled
from gsched.core.model.cluster import ClusterState
from gsched.core.seen import why

from .conftest import Make
from .world import World


def patient(make_world: Make) -> World:
    """Where nobody waits for longer than a minute."""
    return make_world(max_exclusive=60.0, zombie_interval=None)


def test_a_cluster_starts_beside_an_exclusive_one_after_a_while(make_world: Make) -> None:
    world = patient(make_world)
    world.node(cpus=2)
    alone, book = world.cluster(exclusive=True), world.scheduler.book
    other = world.asked()
    world.wait(50.0)
    words = f"waits for the exclusive cluster {alone.label} to close"
    limit = ", for 10 s more at the most (--max_exclusive)"
    assert why.of_cluster(other, book, world.now) == f"{words}{limit}"
    world.wait(10.0)
    assert f"{other.label} {words} no longer: 60 s" in world.log
    world.start(other)
    world.set_up_all()
    job = world.sending(other)
    assert world.sending(alone).node is job.node


def test_one_that_waits_behind_an_exclusive_one_which_waits_itself(make_world: Make) -> None:
    world = patient(make_world)
    world.node(cpus=2)
    first = world.cluster()
    alone = world.asked(exclusive=True)
    world.wait(30.0)
    third = world.asked()
    world.wait(40.0)
    world.quiet()
    world.wait(20.0)
    world.start(third)
    world.set_up_all()
    assert alone.state is ClusterState.WAITING  # it goes on to wait until it is alone
    for cluster in (first, third):
        world.close(cluster)
        for lease in world.closes():
            world._also("lease_closed", lease)
        world.told()
        world.take(object)
    assert alone.state is ClusterState.STARTING


def test_without_the_option_it_waits_without_end(world: World) -> None:
    world.cluster(exclusive=True)
    other = world.asked()
    for _ in range(10):
        world.wait(1000.0)
    assert not world.take(TellScheduled)
    assert "at the most" not in why.of_cluster(other, world.scheduler.book, world.now)
