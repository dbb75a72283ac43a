"""Figures of seconds and minutes, with a clock of our own."""

from itertools import pairwise

from core.world import World

from gsched.core.model.job import End
from gsched.history import series
from gsched.history.series import COLUMNS, HOUR, OTHERS, Series, merged

BEGIN = 6000.0  # a full minute


def column(rows, name):
    """Its values."""
    return [row[COLUMNS.index(name)] for row in rows]


def busy_world() -> World:
    """A node of two CPUs, one of which is busy; nothing waits."""
    world = World()
    world.node(cpus=2)
    world.running(world.cluster())
    world.take(object)
    return world


def test_seconds_are_told_as_they_were():
    world, figures = busy_world(), Series()
    book = world.scheduler.book
    for second in range(5):
        book.ends[End.FINISHED] += 2 * second
        book.ends[End.ABANDONED] += 1
        figures.sample(book, BEGIN + second)
    step, rows = figures.rows(BEGIN + 4, 900, 600)
    assert step == 2
    step, rows = figures.rows(BEGIN + 4, 100, 600)
    assert step == 1
    assert column(rows, "time") == [BEGIN + second for second in range(5)]
    assert column(rows, "finished") == [0, 2, 4, 6, 8]
    assert column(rows, "failed") == [0, 1, 1, 1, 1]
    assert column(rows, "running") == column(rows, "busy") == [1] * 5
    assert column(rows, "cpus") == [2] * 5
    assert figures.last == rows[-1]


def test_there_are_no_more_points_than_wanted():
    world, figures = busy_world(), Series()
    for second in range(1000):
        figures.sample(world.scheduler.book, BEGIN + second)
    step, rows = figures.rows(BEGIN + 999, 900, 60)
    assert step == 15
    assert len(rows) == 60
    assert column(rows, "busy") == [1] * 60
    times = column(rows, "time")
    assert {round(b - a) for a, b in pairwise(times)} == {15}


def test_minutes_are_handed_out_when_they_are_over_and_come_back():
    world, figures = busy_world(), Series()
    kept, used = [], []
    for second in range(200):
        minutes, shares = figures.sample(world.scheduler.book, BEGIN + second)
        kept += minutes
        used += shares
    assert column(kept, "time") == [BEGIN, BEGIN + 60, BEGIN + 120]
    assert column(kept, "busy") == [1, 1, 1]
    [cluster] = world.scheduler.clusters.values()
    assert [one[:3] for one in used] == [
        (BEGIN + x, cluster.handle, cluster.label) for x in (0, 60, 120)
    ]
    assert [round(one[3]) for one in used] == [60, 60, 60]
    later = Series()
    later.restore(kept, used)
    now = BEGIN + 300
    step, rows = later.rows(now, 2 * HOUR, 600)
    assert (step, column(rows, "time")) == (60, [BEGIN, BEGIN + 60, BEGIN + 120])
    [(handle, _, seconds)] = later.shares(now, 2 * HOUR)
    assert (handle, round(seconds)) == (cluster.handle, 180)
    [(_, _, seconds)] = later.shares(now, 241)
    assert round(seconds) == 120


def test_a_pause_is_a_gap_and_nobody_is_said_to_have_used_it():
    world, figures = busy_world(), Series()
    figures.sample(world.scheduler.book, BEGIN)
    figures.sample(world.scheduler.book, BEGIN + 1000)
    _, rows = figures.rows(BEGIN + 1000, 2000, 600)
    assert column(rows, "time") == [BEGIN, BEGIN + 1000]
    [(_, _, seconds)] = figures.shares(BEGIN + 1000, 2000)
    assert seconds <= 11


def test_shares_of_many_clusters_are_put_together():
    many = [(f"{number:03}", "x", float(number)) for number in range(1, 101)]
    rows = merged([*many, ("", OTHERS, 5.0)])
    assert len(rows) == series.MOST_CLUSTERS + 1
    assert [row[2] for row in rows[:3]] == [100.0, 99.0, 98.0]
    assert rows[-1] == ("", OTHERS, 5.0 + sum(range(1, 51)))
