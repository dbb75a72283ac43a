"""Changes that gather, are written together, and wait for a disk that fails."""

import time
from collections.abc import Iterator
from pathlib import Path

import gevent
import pytest
from kept import Kept

from gsched.core.fleet import NodeFacts
from gsched.net.keeping.keeper import Forgetful, Keeper, NotKept
from gsched.store.journal import Batch, Journal, JournalError

PATIENCE = 30.0


class Disk(Journal):
    """A journal on a disk that may be full, and which counts how often it is written to."""

    full = slow = False
    writes = 0

    def write(self, batches: list[Batch]) -> None:
        """As Journal.write."""
        self.writes += 1
        if self.slow:
            time.sleep(0.1)
        if self.full:
            raise JournalError("disk full")
        super().write(batches)


class World(Kept):
    """A scheduler whose changes a keeper keeps."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, 0)
        self.journal.close()
        self.disk = self.journal = Disk(folder, power=False)
        self.keeper = Keeper(self.scheduler, self.disk)

    def join(self, address: str, cpus: int = 1) -> None:
        """Something that has to be kept."""
        facts = NodeFacts(address=address, port=1, name="n", cpus=cpus, identity="i")
        self.scheduler.node_joined(facts, self.now)

    def nodes(self) -> list[str]:
        """Addresses of those that are kept."""
        return [row[0] for row in self.disk.rows("nodes")]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    with gevent.Timeout(PATIENCE):
        yield world
        world.disk.full = False
        world.keeper.stop()


def test_what_was_waited_for_is_kept(world: World) -> None:
    world.keeper.start()
    world.join("a")
    world.keeper.settled()
    assert world.nodes() == ["a"]


def test_many_that_wait_share_one_write(world: World) -> None:
    world.keeper.start()
    settlers = []
    for number in range(50):
        world.join(f"{number}")
        settlers.append(gevent.spawn(world.keeper.settled))
    gevent.joinall(settlers, raise_error=True)
    assert len(world.nodes()) == 50
    assert world.disk.writes <= 2


def test_changes_of_a_busy_moment_share_one_write(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They come one after the other, as long as something is going on."""
    monkeypatch.setattr("gsched.net.keeping.keeper.GATHERING", PATIENCE)
    world.keeper.start()

    def join(number: int) -> None:
        for _ in range(number):
            gevent.sleep(0)
        world.join(f"{number}")
        world.keeper.settled()

    gevent.joinall([gevent.spawn(join, number) for number in range(20)], raise_error=True)
    assert len(world.nodes()) == 20
    assert world.disk.writes == 1


def test_a_hub_that_is_never_idle_is_not_waited_for(world: World) -> None:
    world.keeper.start()

    def go_on() -> None:
        while not world.nodes():
            gevent.sleep(0)

    busy = gevent.spawn(go_on)
    world.join("a")
    world.keeper.settled()
    busy.get()


def test_who_comes_during_a_write_waits_for_the_next(world: World) -> None:
    world.disk.slow = True
    world.keeper.start()
    for number in range(3):
        world.join(f"{number}")
        first, writes = gevent.spawn(world.keeper.settled), world.disk.writes
        while world.disk.writes == writes:
            gevent.sleep(0)
        world.join(f"{number} later")
        world.keeper.settled()
        assert f"{number} later" in world.nodes()
        first.get()


def test_changes_that_nobody_waits_for_are_kept_soon(world: World) -> None:
    world.keeper.start()
    world.join("a")
    while not world.disk.writes:
        gevent.sleep(0.01)
    world.keeper.settled()
    assert world.nodes() == ["a"]


def test_a_disk_that_fails_is_told_at_once_and_recovers_by_itself(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gsched.net.keeping.keeper.RETRY_PAUSE", 0.01)
    world.keeper.start()
    world.disk.full = True
    world.join("a")
    with pytest.raises(NotKept, match="disk full"):
        world.keeper.settled()
    assert "so no new jobs are taken: disk full" in world.keeper.problem
    world.join("b")
    with pytest.raises(NotKept, match="disk full"):
        world.keeper.settled()
    patient = gevent.spawn(world.keeper.settled_at_last)
    world.disk.full = False
    patient.get()
    assert world.keeper.problem == ""
    assert sorted(world.nodes()) == ["a", "b"]


def test_while_a_disk_fails_nothing_piles_up(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of each thing only what is true now is still to be written."""
    monkeypatch.setattr("gsched.net.keeping.keeper.RETRY_PAUSE", 0.001)
    world.keeper.start()
    world.disk.full = True
    for cpus in range(50):
        world.join("a", cpus)
        writes = world.disk.writes
        while world.disk.writes < writes + 2:
            gevent.sleep(0.001)
    assert len(world.keeper._unwritten) == 1
    world.disk.full = False
    world.keeper.settled_at_last()
    assert world.nodes() == ["a"]


def test_a_stop_during_a_write_loses_nothing(world: World) -> None:
    world.disk.slow = True
    world.keeper.start()
    world.join("a")
    waiting = gevent.spawn(world.keeper.settled)
    while not world.disk.writes:
        gevent.sleep(0.001)
    world.join("b")
    waiting.kill()
    world.keeper.stop()
    left = Journal(world.folder, power=False)
    assert sorted(row[0] for row in left.rows("nodes")) == ["a", "b"]


def test_what_is_left_is_written_at_the_end(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.join("a")
    world.keeper.stop()
    assert Journal(tmp_path, power=False).rows("nodes")[0][0] == "a"


def test_without_durability_nobody_waits() -> None:
    keeper = Forgetful()
    keeper.start()
    keeper.settled()
    keeper.settled_at_last()
    keeper.stop()
    assert keeper.problem == ""
