"""Jobs that cannot be read from the disk when they are to be sent: they wait, and hold no CPU."""

from gsched.core.model.job import End, Job, State
from gsched.core.seen import why

from .world import World

BAD = "its arguments cannot be read: bad disk"


def unread(world: World, job: Job) -> None:
    """It was not sent, for it could not be read."""
    world.do("unreadable", job.uid, job.tries, BAD)


def test_its_cpu_is_for_others_meanwhile(world: World) -> None:
    world.node()
    cluster = world.cluster()
    first, second = world.sending(cluster), world.submit(cluster)
    unread(world, first)
    assert first.state is State.QUEUED and cluster.waiting == 1
    assert world.sent() == [second]


def test_it_goes_back_to_its_place_in_the_queue(world: World) -> None:
    world.node()
    cluster = world.cluster()
    first, second, third = world.sending(cluster), world.submit(cluster), world.submit(cluster)
    unread(world, first)
    assert world.sent() == [second]
    world.do("readable", first.uid)
    world.started(second)
    world.finish(second)
    assert world.sent() == [first]
    assert third.state is State.QUEUED


def test_the_node_is_not_blamed(world: World) -> None:
    node = world.node()
    job = world.sending(world.cluster())
    for _ in range(30):
        unread(world, job)
        assert not node.held_until and not job.refusals
        world.do("readable", job.uid)
        assert world.sent() == [job]


def test_the_word_on_an_earlier_try_has_no_effect(world: World) -> None:
    world.node()
    job = world.sending(world.cluster())
    world.do("unreadable", job.uid, job.tries - 1, BAD)
    assert job.state is State.SENDING


def test_it_can_be_cancelled(world: World) -> None:
    world.node()
    job = world.sending(world.cluster())
    unread(world, job)
    world.do("cancelled", job.uid)
    assert world.results() == [(job, End.CANCELLED)]
    world.do("readable", job.uid)
    assert not world.scheduler.book.aside


def test_one_that_was_cancelled_on_its_way_ends(world: World) -> None:
    world.node()
    job = world.sending(world.cluster())
    world.do("cancelled", job.uid)
    unread(world, job)
    assert world.results() == [(job, End.CANCELLED)]
    assert not world.scheduler.book.aside


def test_one_that_is_spoiled_for_good_ends(world: World) -> None:
    """And nobody else does: not an earlier try, not the node, not the job behind it."""
    node = world.node()
    cluster = world.cluster()
    job, other = world.sending(cluster), world.submit(cluster)
    world.do("spoiled", job.uid, job.tries - 1, BAD)
    assert job.state is State.SENDING
    world.do("spoiled", job.uid, job.tries, BAD)
    assert world.results() == [(job, End.ABANDONED)] and job.reason == BAD
    assert world.sent() == [other] and not node.held_until


def test_it_ends_with_its_cluster(world: World) -> None:
    world.node()
    cluster = world.cluster()
    job = world.sending(cluster)
    unread(world, job)
    world.close(cluster)
    (lease,) = world.closes()
    assert job.end is End.TERMINATED
    world.closed(lease)
    world.gone(cluster)


def test_pinned_to_a_node_that_its_client_gives_away_meanwhile(world: World) -> None:
    node = world.node()
    cluster = world.cluster()
    job = world.sending(cluster, node)
    unread(world, job)
    world.do("node_given_back", cluster, node.address, True)
    (lease,) = world.closes()
    world.do("readable", job.uid)
    assert world.results() == [(job, End.ABANDONED)]
    world.closed(lease)
    assert world.told() == [("closed", node)]


def test_people_are_told(world: World) -> None:
    world.node()
    cluster = world.cluster()
    job = world.sending(cluster)
    unread(world, job)
    told = why.of_job(job, world.scheduler.book, world.now)
    assert told == f"{BAD}; that is tried again and again"
    told = why.of_cluster(cluster, world.scheduler.book, world.now)
    assert told == "1 job waiting: 1 job of them cannot be read from the disk"
