"""Jobs with several CPUs, and clusters that may have only some of each node's."""

import pytest

from gsched.core.model.cluster import Cluster
from gsched.core.model.job import Job
from gsched.core.model.sharing import Rule, Sharing
from gsched.core.seen import why
from gsched.core.seen.snapshot import node_row

from .world import World


def clusters(world: World, *rules: Rule) -> list[Cluster]:
    """A cluster for each rule."""
    named = [
        Rule(**{**vars(x), "clusters": (f"c{n}",), "name": f"r{n}"}) for n, x in enumerate(rules)
    ]
    world.do("share", Sharing(tuple(named)), "anna", "")
    return [world.cluster(name=f"c{number}") for number in range(len(rules))]


def about(job: Job, world: World) -> str:
    """Why it waits."""
    return why.of_job(job, world.scheduler.book, world.now)


def test_a_job_has_its_cpus_to_itself(world: World) -> None:
    node = world.node(cpus=5)
    wide, narrow = clusters(world, Rule(cpus_per_job=2), Rule())
    first, second = world.submit_some(wide, 2)
    assert world.sent() == [first, second]
    assert node_row(node, world.now)["busy"] == 4 == wide.used
    assert world.sending(narrow).node is node
    assert node_row(node, world.now)["busy"] == 5
    third = world.submit(wide)
    world.finish(first)
    assert world.sent() == [third]
    assert "4 of 5 CPUs run this cluster's jobs" in about(world.submit(wide), world)


def test_the_limit_of_a_cluster_counts_cpus(world: World) -> None:
    world.node(cpus=9)
    (wide,) = clusters(world, Rule(cpus_per_job=2, max_cpus=5))
    jobs = world.submit_some(wide, 4)
    assert world.sent() == jobs[:2]
    assert about(jobs[2], world).startswith("cluster at its limit of 5 CPUs by rule 'r0'")


def test_a_wide_job_is_not_overtaken_for_ever(world: World) -> None:
    """Its turn comes: then CPUs that get free are kept for it."""
    node = world.node(cpus=3)
    wide, narrow = clusters(world, Rule(cpus_per_job=3), Rule())
    busy = [world.running(narrow) for _ in range(3)]
    waits = world.submit(wide)
    later = world.submit_some(narrow, 3)
    world.finish(busy[0])
    assert "kept for a job that needs more CPUs than are free" in about(later[0], world)
    assert "without 3 free CPUs" in about(waits, world)
    world.finish(busy[1])
    world.quiet()
    world.finish(busy[2])
    assert world.sent_to() == [(waits, node)]
    world.finish(waits)
    assert world.sent() == later


def test_one_node_at_a_time_is_kept(world: World) -> None:
    first, second = world.node(cpus=2), world.node(cpus=2)
    wide, narrow = clusters(world, Rule(cpus_per_job=2), Rule())
    busy = [world.running(narrow) for _ in range(4)]
    waits = world.submit(wide)
    later = world.submit_some(narrow, 2)
    mine = [job for job in busy if job.node is first]
    others = [job for job in busy if job.node is second]
    world.finish(mine[0])
    world.quiet()
    world.finish(others[0])
    assert world.sent_to() == [(later[0], second)]
    world.finish(mine[1])
    assert world.sent_to() == [(waits, first)]


def test_what_was_kept_is_given_out_if_nobody_needs_it(world: World) -> None:
    world.node(cpus=2)
    wide, narrow = clusters(world, Rule(cpus_per_job=2), Rule())
    busy = [world.running(narrow) for _ in range(2)]
    waits = world.submit(wide)
    later = world.submit(narrow)
    world.finish(busy[0])
    world.quiet()
    world.do("cancelled", waits.uid)
    world.results()
    world.finish(busy[1])
    assert world.sent() == [later]


def test_a_pinned_wide_job_is_not_overtaken_either(world: World) -> None:
    node = world.node(cpus=2)
    wide, narrow = clusters(world, Rule(cpus_per_job=2), Rule())
    busy = [world.running(narrow) for _ in range(2)]
    waits = world.submit(wide, node)
    later = world.submit_some(narrow, 2)
    world.finish(busy[0])
    world.quiet()
    world.finish(busy[1])
    assert world.sent() == [waits]
    world.finish(waits)
    assert world.sent() == later


def test_a_job_that_no_node_is_large_enough_for_says_so(world: World) -> None:
    world.node(cpus=2)
    wide, narrow = clusters(world, Rule(cpus_per_job=3), Rule())
    waits = world.submit(wide)
    assert "is of no use now: too small for jobs with 3 CPUs (2)" in about(waits, world)
    assert world.sending(narrow)
    large = world.node(cpus=3)
    assert world.sent_to() == [(waits, large)]


def test_a_cluster_has_no_more_of_a_node_than_its_rule_allows(world: World) -> None:
    first, second = world.node(cpus=4), world.node(cpus=2)
    few, other = clusters(world, Rule(max_cpus_per_node=1), Rule())
    jobs = world.submit_some(few, 4)
    assert world.sent_to() == [(jobs[0], first), (jobs[1], second)]
    assert "2 at its limit of 1 CPUs there by rule 'r0'" in about(jobs[2], world)
    rest = [world.sending(other) for _ in range(4)]
    assert [job.node for job in rest].count(first) == 3
    world.finish(jobs[1])
    assert world.sent_to() == [(jobs[2], second)]


def test_a_node_that_suited_nobody_is_found_by_who_comes_later(world: World) -> None:
    nodes = [world.node(cpus=2) for _ in range(3)]
    few, other = clusters(world, Rule(max_cpus_per_node=1), Rule(max_cpus_per_node=1))
    world.submit_some(few, 5)
    assert {node for _, node in world.sent_to()} == set(nodes)
    second = world.submit_some(other, 2)
    assert [job for job, _ in world.sent_to()] == second
    third = world.submit_some(other, 2)
    assert world.sent() == third[:1]


@pytest.mark.parametrize("pinned", [False, True])
def test_new_rules_count_at_once(world: World, pinned: bool) -> None:
    node = world.node(cpus=4)
    (few,) = clusters(world, Rule(max_cpus_per_node=1))
    jobs = world.submit_some(few, 3, node if pinned else None)
    assert world.sent() == jobs[:1]
    world.do("share", Sharing((Rule(cpus_per_job=3),)), "anna", "")
    assert world.sent() == [jobs[1]]
    assert (jobs[0].cpus, jobs[1].cpus, few.used, node.busy) == (1, 3, 4, 4)
    world.finish(jobs[0])
    world.finish(jobs[1])
    assert world.sent() == [jobs[2]]


def test_a_node_that_suited_nobody_goes_before_one_with_more_load(world: World) -> None:
    large, small = world.node(cpus=8), world.node(cpus=2)
    few, other = clusters(world, Rule(max_cpus_per_node=1), Rule())
    busy = world.running(other, pinned=small)
    assert {world.sending(few).node for _ in range(2)} == {large, small}
    waits = world.submit(few)  # while it does, the large one is of use to nobody
    world.do("cancelled", waits.uid)
    world.results()
    world.finish(busy)  # from here on the small one may be of use
    assert world.sending(other).node is large, "1 of 8 CPUs is less load than 1 of 2"
