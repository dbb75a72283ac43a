"""Which job goes first, and where: the three algorithms, load, pins and jobs that come back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gsched.core.dispatch import Refusal

from .conftest import Make
from .profiles import VALUES
from .world import World

ALGORITHMS = ["submitted", "fair", "early"]
SUBMISSIONS = "bbaab"  # by which cluster; a was created first
ORDERS = {"submitted": "bbaab", "fair": "babab", "early": "aabbb"}


def expected(algorithm: str, submissions: list[int]) -> list[int]:
    """Positions in `submissions` in the order in which one CPU takes them, by definition."""
    left, order, turns = list(range(len(submissions))), [], {}
    while left:
        if algorithm == "submitted":
            first = min(left)
        elif algorithm == "early":
            first = min(left, key=lambda at: (submissions[at], at))
        else:
            first = min(left, key=lambda at: (turns.get(submissions[at], -1), at))
        turns[submissions[first]] = len(order)
        order.append(first)
        left.remove(first)
    return order


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_one_cpu_takes_jobs_in_the_order_of_the_algorithm(make_world: Make, algorithm: str) -> None:
    world = make_world(algorithm)
    a, b = world.cluster(), world.cluster()
    node = world.node(cpus=1)
    world.offer_cpus(node, 0)
    jobs = [world.submit({"a": a, "b": b}[letter]) for letter in SUBMISSIONS]
    world.offer_cpus(node, 1)
    order = world.run_all()
    assert "".join("a" if job.cluster is a else "b" for job in order) == ORDERS[algorithm]
    for cluster in (a, b):  # within a cluster always as submitted
        mine = [job for job in order if job.cluster is cluster]
        assert mine == [job for job in jobs if job.cluster is cluster]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_jobs_that_are_confirmed_late_keep_their_place(make_world: Make, algorithm: str) -> None:
    """Confirmations of jobs submitted one right after the other may be seen in any order."""
    world = make_world(algorithm)
    cluster, node = world.cluster(), world.node(cpus=1)
    world.offer_cpus(node, 0)
    jobs = [world.offer(cluster) for _ in range(3)]
    for number in (2, 0, 1):
        world.do("accepted", jobs[number].uid)
    world.offer_cpus(node, 1)
    assert world.run_all() == jobs


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@given(submissions=st.lists(st.integers(0, 3), max_size=12))
@VALUES
def test_one_cpu_keeps_to_the_definition(algorithm: str, submissions: list[int]) -> None:
    world = World(algorithm)
    clusters = [world.cluster() for _ in range(4)]
    node = world.node(cpus=1)
    world.offer_cpus(node, 0)
    jobs = [world.submit(clusters[number]) for number in submissions]
    world.offer_cpus(node, 1)
    assert world.run_all() == [jobs[at] for at in expected(algorithm, submissions)]


def test_fair_gives_a_newcomer_the_next_turn(make_world: Make) -> None:
    world = make_world("fair")
    old = world.cluster()
    world.node(cpus=1)
    running = world.sending(old)
    second, third = world.submit(old), world.submit(old)
    newcomer = world.cluster()
    first_of_new = world.submit(newcomer)
    world.finish(running)
    assert world.run_all() == [first_of_new, second, third]


def test_fair_counts_pinned_jobs_as_turns_too(make_world: Make) -> None:
    world = make_world("fair")
    a, b = world.cluster(), world.cluster()
    node = world.node(cpus=1)
    world.finish(world.sending(b))
    running = world.sending(a, pinned=node)
    of_a, of_b = world.submit(a), world.submit(b)
    world.finish(running)
    assert world.run_all() == [of_b, of_a]


def test_early_lets_the_older_cluster_overtake(make_world: Make) -> None:
    world = make_world("early")
    older, younger = world.cluster(), world.cluster()
    world.node(cpus=1)
    running, waiting = world.sending(younger), world.submit(younger)
    late = world.submit(older)
    world.finish(running)
    assert world.run_all() == [late, waiting]


def test_the_least_loaded_node_is_next_and_of_equals_the_one_known_longest(world: World) -> None:
    big, small = world.node(cpus=4), world.node(cpus=2)
    cluster = world.cluster()
    nodes = []
    for _ in range(6):
        nodes.append(world.sending(cluster).node)
    # loads before: 0/4 0/2, 1/4 0/2, 1/4 1/2, 2/4 1/2, 3/4 1/2, 3/4 2/2
    assert nodes == [big, small, big, big, small, big]


def test_a_node_that_was_lost_is_still_known_longest(world: World) -> None:
    nodes = [world.node(address=address) for address in ("10.0.0.9", "10.0.0.1", "10.0.0.5")]
    world.do("node_lost", "10.0.0.9", "stopped")
    world.node(address="10.0.0.9")
    cluster = world.cluster()
    assert [world.sending(cluster).node for _ in nodes] == nodes


def test_a_node_that_may_not_run_what_waits_is_passed_over(world: World) -> None:
    world.node(cpus=8, address="10.0.0.1")
    only = world.node(cpus=1, address="10.0.0.2")
    cluster = world.cluster("10.0.0.2")
    first, second = world.submit_some(cluster, 2)
    assert world.sent_to() == [(first, only)]
    world.finish(first)
    assert world.sent_to() == [(second, only)]


def test_load_is_counted_by_the_cpus_in_use(world: World) -> None:
    small, big = world.node(cpus=4), world.node(cpus=4)
    cluster = world.cluster(exclusive=True)
    world.do("cpus_limited", cluster, small.address, 2)
    world.told()
    assert [world.sending(cluster).node for _ in range(4)] == [small, big, big, small]


@pytest.mark.parametrize("pinned_to_first", [True, False])
def test_of_two_nodes_that_get_room_at_once_the_first_goes_first_pins_or_not(
    world: World, pinned_to_first: bool
) -> None:
    first, second = world.node(), world.node()
    at_first, at_second = world.cluster(first.address), world.cluster(second.address)
    jobs = [
        world.sending(at_first, first if pinned_to_first else None),
        world.sending(at_second, None if pinned_to_first else second),
    ]
    for job in jobs:
        world.refuse(job, Refusal.BUSY)
    world.wait(31.0)
    assert world.sent_to() == [(jobs[0], first), (jobs[1], second)]


# -- pins -------------------------------------------------------------------------------------


def test_a_pinned_job_waits_for_its_node_though_others_are_idle(world: World) -> None:
    node, idle = world.node(), world.node()
    cluster = world.cluster()
    first = world.running(cluster, pinned=node)
    second = world.submit(cluster, pinned=node)
    assert not idle.jobs
    world.finish(first)
    assert world.sent_to() == [(second, node)]


@pytest.mark.parametrize(
    ("algorithm", "order"),
    [("submitted", [0, 1, 2, 3]), ("fair", [2, 0, 1, 3]), ("early", [0, 1, 3, 2])],
)
def test_pinned_jobs_compete_by_the_same_key(
    make_world: Make, algorithm: str, order: list[int]
) -> None:
    world = make_world(algorithm)
    node = world.node(cpus=1)
    a, b = world.cluster(), world.cluster()
    blocker = world.sending(a)  # the last turn was a's
    jobs = [
        world.submit(a, pinned=node),
        world.submit(a),
        world.submit(b, pinned=node),
        world.submit(a, pinned=node),
    ]
    world.finish(blocker)
    assert world.run_all() == [jobs[at] for at in order]


def test_a_free_job_goes_elsewhere_before_it_waits_behind_pinned_ones(world: World) -> None:
    pinned_to, other = world.node(), world.node()
    cluster = world.cluster()
    running = world.running(cluster, pinned=pinned_to)
    waits = world.submit(cluster, pinned=pinned_to)
    free = world.submit(cluster)
    assert world.sent_to() == [(free, other)]
    world.finish(running)
    assert world.sent_to() == [(waits, pinned_to)]


# -- jobs that come back ----------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_rescheduled_job_goes_to_the_front(make_world: Make, algorithm: str) -> None:
    world = make_world(algorithm)
    node = world.node()
    cluster = world.cluster(reentrant=True)
    first = world.running(cluster)
    rest = [world.submit(cluster) for _ in range(2)]
    place = first.seq
    world.do("node_lost", node.address, "stopped")
    world.told()
    assert first.seq == place
    world.node(address=node.address)
    assert world.run_all() == [first, *rest]


def test_refused_jobs_keep_their_places_whatever_the_order_of_the_refusals(world: World) -> None:
    world.node(cpus=3)
    cluster = world.cluster()
    jobs = [world.sending(cluster) for _ in range(3)]
    last = world.submit(cluster)
    for job in (jobs[1], jobs[2], jobs[0]):
        world.refuse(job, Refusal.BUSY)
    world.wait(31.0)
    assert world.run_all() == [*jobs, last]


def test_a_rescheduled_job_does_not_overtake_earlier_ones_of_others(world: World) -> None:
    world.node(cpus=2)
    a, b = world.cluster(), world.cluster()
    early, late = world.sending(a), world.sending(b)
    world.refuse(late, Refusal.BUSY)
    world.refuse(early, Refusal.BUSY)
    world.wait(31.0)
    assert world.sent() == [early, late]
