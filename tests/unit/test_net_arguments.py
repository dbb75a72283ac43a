"""Arguments of jobs that memory has no room for: on disk, and there again when they are needed."""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import gevent
import pytest
from kept import computation

from gsched.core import effects
from gsched.core.dispatch import Refusal
from gsched.core.effects import SendJob
from gsched.core.fleet import NodeFacts
from gsched.core.model.cluster import Cluster
from gsched.core.model.job import End, Job, State
from gsched.core.model.lease import Allocation
from gsched.core.scheduler import Opening, Scheduler
from gsched.net.computation import Message, message_of
from gsched.net.exchange import Exchange
from gsched.net.keeping import arguments as module
from gsched.net.keeping.arguments import Arguments
from gsched.net.keeping.keeper import Forgetful, Keeper, NotKept
from gsched.net.keeping.revival import revive
from gsched.store.arguments import Arguments as Stored
from gsched.store.arguments import Scratch
from gsched.store.journal import Journal, JournalError
from gsched.store.seal import Pair
from gsched.store.spool import Spools
from gsched.wire.records import Job as JobRecord

PATIENCE = 30.0
SIZE = 1000  # bytes of a job's arguments
MOST = 40 * SIZE
ADDRESS = "10.0.0.1"
DONE = "reply"


class World:
    """A scheduler with a node, whose jobs' arguments are partly on disk."""

    def __init__(self, folder: Path, journal: bool, most: int = MOST) -> None:
        self.folder = folder
        self.journal = Journal(folder, power=False) if journal else None
        self.scheduler = Scheduler(durable=journal)
        self.exchange = Exchange(self.scheduler, lambda: 1000.0)
        self.sent: list[SendJob] = []
        for kind in vars(effects).values():
            if isinstance(kind, type) and kind.__module__ == effects.__name__:
                self.exchange.perform(kind, lambda effect: None)
        self.exchange.perform(SendJob, self.sent.append)
        self.exchange.perform(effects.SendResult, lambda effect: message_of(effect.job).release())
        self.keeper = Keeper(self.scheduler, self.journal) if self.journal else Forgetful()
        self.arguments = Arguments(
            self.exchange, self.keeper, (Stored if journal else Scratch)(folder), most
        )

    def start(self) -> None:
        """Serve, with what an earlier run has left."""
        if self.journal:
            saved = revive(self.journal, Spools(self.folder / "spool"))
            self.exchange.tell(self.scheduler.restored, saved)
        self.arguments.start()
        self.keeper.start()

    def stop(self) -> None:
        """The end."""
        self.arguments.stop()
        self.keeper.stop()

    def cluster(self, reentrant: bool = True) -> Cluster:
        """A computation that may use all nodes."""
        opening = Opening(
            name="x",
            client="c",
            spec=computation(self.folder),
            reentrant=reentrant,
            allocations=[Allocation("*")],
        )
        cluster = self.scheduler.cluster_opened(opening, 1000.0)
        self.exchange.tell(self.scheduler.cluster_scheduled, cluster)
        self.exchange.tell(self.scheduler.cluster_started, cluster)
        return cluster

    def node(self, cpus: int, address: str = ADDRESS) -> None:
        """A node for all clusters."""
        facts = NodeFacts(address=address, port=1, name="n", cpus=cpus, identity="i")
        self.exchange.tell(self.scheduler.node_joined, facts)
        for lease in list(self.scheduler.nodes[address].leases.values()):
            self.exchange.tell(self.scheduler.lease_ready, lease, cpus)

    def submit(self, cluster: Cluster, size: int = SIZE, pinned: str | None = None) -> Job:
        """A job that its client has confirmed."""
        job = self.offer(cluster, size, pinned)
        self.exchange.tell(self.scheduler.accepted, job.uid)
        return job

    def offer(self, cluster: Cluster, size: int = SIZE, pinned: str | None = None) -> Job:
        """A job that is safe."""
        record = JobRecord(
            uid=None, hash="h", compute_id=1, _args=b"", _kwargs=b"kw", xfer_files=[], code=""
        )
        job = self.scheduler.offered(cluster, pinned, Message(record, []), 1000.0)
        record.uid = job.uid
        record._args = b"%d" % job.uid * (size // len(str(job.uid)))
        self.arguments.settled(job)
        return job

    def fetch(self, effect: SendJob) -> bool:
        """What is done first to send a job."""
        return self.arguments.fetch(effect.job, effect.tries)

    def run(self, effect: SendJob) -> None:
        """Send it, and have it end."""
        assert self.fetch(effect)
        assert is_whole(effect.job)
        job = effect.job
        self.exchange.tell(self.scheduler.leaving, job.uid, effect.tries)
        self.exchange.tell(self.scheduler.started, job.uid, effect.tries)
        self.arguments.at_node(job)
        node = effect.node.address
        self.exchange.tell(self.scheduler.finished, job.uid, node, End.FINISHED, DONE, 1.0)
        self.exchange.tell(self.scheduler.delivered, job.uid)

    def run_all(self) -> None:
        """Jobs are sent until none is left to be."""
        while self.sent:
            self.run(self.sent.pop(0))

    @property
    def memory(self) -> int:
        """Bytes in memory, counted anew."""
        jobs = self.scheduler.jobs.values()
        held, spilled = (
            sum(len(x._args) + len(x._kwargs) for x in (message_of(job).record for job in jobs)),
            sum(message_of(job).spilled for job in jobs),
        )
        shown = self.arguments.shown()
        assert (shown["memory"], shown["disk"]) == (held, spilled)
        return held

    @property
    def disk(self) -> int:
        """Bytes that are there alone."""
        return self.arguments.shown()["disk"]


def is_whole(job: Job) -> bool:
    """Whether its arguments are in memory, and its own."""
    record = message_of(job).record
    own = b"%d" % job.uid
    return bool(record._args) and not record._args.replace(own, b"") and record._kwargs == b"kw"


@pytest.fixture(params=[True, False], ids=["journal", "scratch"])
def world(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[World]:
    world = World(tmp_path, request.param)
    world.start()
    with gevent.Timeout(PATIENCE):
        yield world
        world.stop()


def eventually(condition: Callable[[], object]) -> None:
    """Wait until that is so; the fixture's timeout ends it otherwise."""
    while not condition():
        gevent.sleep(0.001)


def test_memory_is_bounded_and_all_jobs_get_their_own(world: World) -> None:
    cluster = world.cluster()
    for _ in range(300):
        world.submit(cluster)
        assert world.memory <= MOST
    assert world.disk > 200 * SIZE
    world.node(4)
    done = 0
    while world.sent:
        world.run(world.sent.pop(0))
        done += 1
        assert world.memory <= MOST + 4 * SIZE  # what is being sent has to be there
        gevent.sleep(0)
    assert done == 300
    assert world.memory == world.disk == 0


def test_the_next_ones_are_in_memory_before_they_are_sent(world: World) -> None:
    """Jobs of several clusters, and those pinned to a node that is away, do not hinder others."""
    stuck, cluster, other = world.cluster(), world.cluster(), world.cluster()
    world.node(0, "10.0.0.9")
    for _ in range(100):
        world.submit(stuck, pinned="10.0.0.9")
    for _ in range(100):
        world.submit(cluster), world.submit(other)
    queues = (cluster.queue, other.queue)

    def heads_are_there() -> bool:
        return all(is_whole(head) for queue in queues if (head := queue.head()))

    eventually(heads_are_there)
    world.node(1)
    for _ in range(200):
        (effect,) = world.sent
        assert is_whole(effect.job)  # nobody has asked for it
        world.sent.clear()
        eventually(heads_are_there)
        world.run(effect)
    assert not cluster.jobs and not other.jobs
    assert world.memory <= MOST


def test_without_a_limit_all_are_in_memory(tmp_path: Path) -> None:
    world = World(tmp_path, journal=True, most=0)
    world.start()
    jobs = [world.submit(world.cluster()) for _ in range(100)]
    assert all(map(is_whole, jobs)) and world.disk == 0
    assert world.arguments.shown()["most"] == 0
    world.stop()


def test_a_job_that_is_larger_than_the_limit_runs(world: World) -> None:
    cluster = world.cluster()
    jobs = [world.submit(cluster, 2 * MOST) for _ in range(3)]
    assert world.memory == 0
    world.node(1)
    world.run_all()
    assert [job.state for job in jobs] == [State.GONE] * 3
    assert world.memory == world.disk == 0


def test_spilled_jobs_that_are_cancelled_or_withdrawn_are_forgotten(world: World) -> None:
    cluster = world.cluster()
    jobs = [world.submit(cluster) for _ in range(100)]
    late = world.offer(cluster)
    assert message_of(late).spilled
    message_of(late).release()
    world.exchange.tell(lambda now: world.scheduler.withdrawn(late.uid, now, "no"))
    for job in jobs:
        world.exchange.tell(world.scheduler.cancelled, job.uid)
        world.exchange.tell(world.scheduler.delivered, job.uid)
    assert world.memory == world.disk == 0
    again = world.submit(cluster)
    world.node(1)
    world.run_all()
    assert again.state is State.GONE


def test_a_cluster_that_is_closed_takes_nothing_any_more(world: World) -> None:
    cluster, other = world.cluster(), world.cluster()
    for _ in range(100):
        world.submit(cluster)
    kept = [world.submit(other) for _ in range(10)]
    world.exchange.tell(
        lambda now: world.scheduler.cluster_closed(cluster, now, reason="over", terminate=True)
    )
    assert cluster.id not in world.scheduler.clusters
    eventually(lambda: is_whole(kept[3]))
    assert world.memory <= 10 * SIZE


def test_a_job_that_runs_again_gets_them_again(world: World) -> None:
    cluster = world.cluster()
    for _ in range(100):
        world.submit(cluster)
    world.node(1)
    for _ in range(60):
        world.run(world.sent.pop(0))
    effect = world.sent.pop(0)
    assert world.fetch(effect)
    world.exchange.tell(world.scheduler.started, effect.job.uid, effect.tries)
    message_of(effect.job).spill()  # as under pressure
    world.exchange.tell(lambda now: world.scheduler.node_lost(ADDRESS, "gone", now))
    assert effect.job.state is State.QUEUED
    world.node(1)
    (again,) = world.sent
    assert again.job is effect.job
    world.run_all()
    assert world.memory == world.disk == 0


def test_what_runs_gives_its_memory_to_others(tmp_path: Path) -> None:
    """With many CPUs, and a journal."""
    world = World(tmp_path, journal=True)
    world.start()
    cluster = world.cluster()
    for _ in range(200):
        world.submit(cluster)
    world.node(150)
    for effect in world.sent:
        assert world.fetch(effect)
        world.exchange.tell(world.scheduler.started, effect.job.uid, effect.tries)
        world.arguments.at_node(effect.job)
        assert world.memory <= MOST + SIZE
    world.stop()


def test_a_job_that_is_refused_is_sent_again(world: World) -> None:
    cluster = world.cluster()
    for _ in range(60):
        world.submit(cluster)
    world.node(1)
    for _ in range(50):
        world.run(world.sent.pop(0))
    effect = world.sent.pop(0)
    assert world.fetch(effect)
    refused = world.scheduler.refused
    world.exchange.tell(refused, effect.job.uid, effect.tries, Refusal.UNKNOWN, "no")
    world.keeper.settled()
    world.node(1)
    assert world.sent[0].job is effect.job
    world.run_all()
    assert not world.scheduler.jobs


def test_a_restart_reads_no_more_than_there_is_room_for(tmp_path: Path) -> None:
    first = World(tmp_path, journal=True)
    first.start()
    cluster = first.cluster()
    uids = [first.submit(cluster).uid for _ in range(100)]
    first.stop()
    second = World(tmp_path, journal=True)
    second.start()
    assert second.memory == 0 and second.disk > 100 * SIZE // 2
    assert list(second.scheduler.jobs) == uids
    eventually(lambda: second.memory)
    assert second.memory <= MOST
    second.node(2)
    second.run_all()
    assert not second.scheduler.jobs and second.memory == second.disk == 0
    second.stop()


class BadDisk:
    """What is read of some jobs is an error, or is not there."""

    def __init__(
        self, world: World, bad: set[int], gone: Iterable[int] = (), *, damaged: bool = False
    ) -> None:
        self.bad, self.gone, self._damaged = bad, set(gone), damaged
        self._read = world.arguments._stored.read
        world.arguments._stored.read = self.read  # type: ignore[method-assign]

    def read(self, uids: Sequence[int]) -> dict[int, Pair]:
        """As Arguments.read."""
        if self.bad & set(uids):
            raise JournalError("disk I/O error", damaged=self._damaged)
        return self._read([uid for uid in uids if uid not in self.gone])


def spilled(world: World, cluster: Cluster, count: int) -> list[Job]:
    """So many jobs with their arguments on disk, all of them first in their queue."""
    for _ in range(60):
        world.submit(cluster)
    jobs = [world.submit(cluster) for _ in range(count)]
    assert all(message_of(job).spilled for job in jobs)
    return jobs


def test_what_cannot_be_read_waits_and_others_go_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "RETRY_PAUSE", 0.01)
    bad, gone, good = spilled(world, world.cluster(), 3)
    disk = BadDisk(world, {bad.uid}, [gone.uid])
    world.node(1)
    while world.sent:
        effect = world.sent.pop(0)
        if effect.job in (bad, gone):
            assert not world.fetch(effect)
        else:
            world.run(effect)
    assert good.state is State.GONE
    assert bad.state is gone.state is State.QUEUED
    assert "2 jobs wait for arguments that cannot be read: " in world.arguments.problem
    disk.bad = set()
    eventually(lambda: world.sent)
    world.run_all()
    assert bad.state is State.GONE
    disk.gone = set()
    eventually(lambda: world.sent)
    world.run_all()
    assert not world.scheduler.jobs and not world.arguments.problem
    assert world.memory == world.disk == 0


def test_what_is_not_as_it_was_written_ends(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """At once, or if that turns out later: it would never be read. Its client is told why."""
    monkeypatch.setattr(module, "RETRY_PAUSE", 0.01)
    bad, gone, good = spilled(world, world.cluster(), 3)
    disk = BadDisk(world, {bad.uid}, [gone.uid], damaged=True)
    world.node(1)
    while world.sent:
        effect = world.sent.pop(0)
        if effect.job in (bad, gone):
            assert not world.fetch(effect)
        else:
            world.run(effect)
    assert good.state is State.GONE and gone.state is State.QUEUED
    assert bad.end is End.ABANDONED
    assert bad.reason == "its arguments cannot be read: disk I/O error"
    disk.bad, disk.gone = {gone.uid}, set()
    eventually(lambda: world.sent)
    assert not world.fetch(world.sent.pop())
    assert gone.end is End.ABANDONED and not world.arguments.problem


def test_what_cannot_be_read_can_be_cancelled(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "RETRY_PAUSE", 0.01)
    (bad,) = spilled(world, world.cluster(), 1)
    BadDisk(world, {bad.uid})
    world.node(1)
    while world.sent:
        effect = world.sent.pop(0)
        if effect.job is bad:
            assert not world.fetch(effect)
        else:
            world.run(effect)
    assert world.arguments.problem
    world.exchange.tell(world.scheduler.cancelled, bad.uid)
    assert bad.end is End.CANCELLED
    eventually(lambda: not world.arguments.problem)
    assert not world.scheduler.book.aside


def test_jobs_are_refused_while_there_is_no_room_on_disk(tmp_path: Path) -> None:
    world = World(tmp_path, journal=False)
    world.start()
    cluster = world.cluster()
    spilled(world, cluster, 1)
    scratch = world.arguments._scratch
    assert scratch is not None
    limit = "PRAGMA max_page_count = {}".format
    ((pages,),) = scratch._connection.execute("PRAGMA page_count")
    scratch._connection.execute(limit(pages))
    with pytest.raises(NotKept, match="full"):
        world.offer(cluster, 2 * MOST)
    assert "no jobs are taken" in world.arguments.problem
    scratch._connection.execute(limit(1 << 20))
    world.offer(cluster, 2 * MOST)
    assert not world.arguments.problem
    world.stop()


def test_room_on_disk_is_given_back(tmp_path: Path) -> None:
    world = World(tmp_path, journal=False)
    world.start()
    cluster = world.cluster()
    world.node(1)
    scratch = world.arguments._scratch
    assert scratch is not None

    def rows() -> int:
        found: sqlite3.Cursor = scratch._connection.execute("SELECT count(*) FROM jobs")
        count: int = found.fetchone()[0]
        return count

    for _ in range(300):
        world.submit(cluster)
    world.run_all()
    eventually(lambda: rows() < 100)
    for _ in range(300):
        world.submit(cluster)
    assert rows() > 200
    world.exchange.tell(
        lambda now: world.scheduler.cluster_closed(cluster, now, reason="over", terminate=True)
    )
    for lease in list(cluster.leases.values()):
        world.exchange.tell(world.scheduler.lease_closed, lease)
    eventually(lambda: rows() < 100)
    world.stop()


def test_too_much_at_once_has_to_wait(world: World) -> None:
    arguments = world.arguments
    arguments.wait_for_calm()
    arguments._arrive(MOST)
    waiting = gevent.spawn(arguments.wait_for_calm)
    gevent.sleep(0.01)
    assert not waiting.ready()
    arguments._arrive(-MOST)
    waiting.get()
