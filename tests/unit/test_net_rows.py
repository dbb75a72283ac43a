"""What is kept is all that a restart needs, at every moment."""

from collections.abc import Callable
from pathlib import Path

import pytest
from kept import ADDRESSES, NOW, Kept, essence, is_set_up, over

from gsched.core import sweeping
from gsched.core.model.account import Account
from gsched.core.model.cluster import Cluster, ClusterState
from gsched.core.model.job import State
from gsched.core.model.lease import Allocation, Lease, LeaseState
from gsched.core.restoring import SavedUsage
from gsched.core.scheduler import Scheduler
from gsched.net.computation import computation_of, message_of
from gsched.net.keeping.revival import revive
from gsched.net.keeping.rows import batch as batch_of
from gsched.store.journal import Batch, Journal
from gsched.store.seal import PLAIN
from gsched.store.spool import Spools
from gsched.store.vault.rows import RowSeal
from gsched.store.vault.sealing import Key
from gsched.wire.pickles import MAX_CLASSES, MAX_OPCODES, dumps, loads
from gsched.wire.standins import stand_in
from gsched.wire.weights import MAX_NUMBERS


@pytest.mark.parametrize("seed", range(30))
def test_a_restart_at_any_moment_finds_all(tmp_path: Path, seed: int) -> None:
    """Whether it is kept in clear or, with some of the dice, in a vault."""
    kept = Kept(tmp_path, seed, RowSeal(Key(bytes(32))) if seed % 5 == 0 else PLAIN)
    for _ in range(120):
        kept.step()
        end, restored = over(kept.scheduler), kept.restored()
        assert essence(restored, end) == essence(kept.scheduler, end)
        assert half_done(kept.scheduler) <= half_done(restored)


@pytest.mark.parametrize("terminate", [False, True])
def test_what_runs_on_a_node_that_its_client_gives_back(tmp_path: Path, terminate: bool) -> None:
    """The client has said whether it is to be stopped there."""
    kept = at_work(tmp_path)
    lease = busy(kept.scheduler)
    assert lease is not None
    cluster, address = lease.cluster, lease.node.address
    kept.scheduler.demands.node_given_back(cluster, address, terminate, now=kept.now)
    kept.keep()
    restored = kept.restored().clusters[cluster.id].leases[address]
    assert (restored.state, restored.terminate) == (LeaseState.CLOSING, terminate)
    kept.scheduler.demands.node_given_back(cluster, address, True, now=kept.now)
    kept.keep()
    assert kept.restored().clusters[cluster.id].leases[address].terminate


def test_what_an_older_gsched_has_kept_bears_no_orders(tmp_path: Path) -> None:
    kept = Kept(tmp_path, 3)
    while not (kept.scheduler.nodes and kept.journal.rows("clusters")):
        kept.step()
    for table, fresh in (("nodes", "limited drained ceiling"), ("clusters", "paused ending")):
        batch = Batch()
        for key, body in kept.journal.rows(table):
            known = loads(body, max_opcodes=10**6)
            for name in fresh.split():
                del known[name]
            batch.put(table, (key,), dumps(known))
        kept.journal.write([batch])
    restored = kept.restored()
    assert restored.nodes.keys() == kept.scheduler.nodes.keys()
    assert not any(node.drained or node.limited for node in restored.nodes.values())
    assert restored.clusters and not any(x.paused or x.ending for x in restored.clusters.values())


def test_what_came_bit_by_bit_is_found_as_a_whole(tmp_path: Path) -> None:
    """Each message was within its limits; what is kept of all of them together need not be."""
    kept = at_work(tmp_path)
    lease = busy(kept.scheduler)
    assert lease is not None
    for number in range(3):
        classes = [stand_in("m", f"c{number}-{n}") for n in range(MAX_CLASSES - 100)]
        large = (dict.fromkeys(range(MAX_NUMBERS - 1000)), *classes)
        allocation = Allocation(f"10.1.0.{number}", setup_args=large)
        kept.scheduler.demands.node_allocated(lease.cluster, [allocation], kept.now)
    job = next(iter(lease.cluster.jobs.values()))
    message_of(job).record.extra = {"more": [[] for _ in range(MAX_OPCODES // 2)]}
    kept.scheduler.book.keep(job)
    kept.keep()
    again = kept.restored()
    found = next(x for x in again.clusters[lease.cluster.id].allocations if x.host == "10.1.0.2")
    assert len(found.setup_args[0]) == MAX_NUMBERS - 1000


def closes(kept: Kept, cluster: Cluster) -> None:
    kept.scheduler.cluster_closed(cluster, kept.now, "over")


def loses_its_node_and_closes(kept: Kept, cluster: Cluster) -> None:
    kept.scheduler.node_lost(ADDRESSES[0], "silent", kept.now)
    closes(kept, cluster)


def is_terminated(kept: Kept, cluster: Cluster) -> None:
    kept.scheduler.actions.terminate(cluster, "anna", "", kept.now)


def gives_its_node_back(kept: Kept, cluster: Cluster) -> None:
    kept.scheduler.demands.node_given_back(cluster, ADDRESSES[0], True, now=kept.now)


@pytest.mark.parametrize("turns", [0, 1])
@pytest.mark.parametrize(
    "event", [closes, loses_its_node_and_closes, is_terminated, gives_its_node_back]
)
def test_jobs_that_end_bit_by_bit_go_on_to_after_a_restart(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    event: Callable[[Kept, Cluster], None],
    turns: int,
) -> None:
    monkeypatch.setattr(sweeping, "AT_ONCE", 2)
    kept = Kept(tmp_path, 0)
    cluster = kept.furnish()
    jobs = [kept.submit(cluster, ADDRESSES[0]) for _ in range(10)]  # one of them is at the node
    event(kept, cluster)
    for _ in range(turns):
        kept.scheduler.swept(kept.now)
    kept.keep()
    left = [job.uid for job in jobs if job.state is State.QUEUED]
    assert left, "all have ended in time"
    scheduler = Scheduler(durable=True, first_id=10**6)
    restored = revive(kept.journal, Spools(kept.folder / "spool"))
    effects = scheduler.restored(restored, kept.now)
    assert sum(job.state is State.QUEUED for job in scheduler.jobs.values()) >= len(left) - 2
    ended = kept.go_on(scheduler, effects)
    assert not any(uid in scheduler.jobs for uid in left)
    assert event in (closes, loses_its_node_and_closes) or {*left} <= ended


def test_what_a_cluster_is_made_of_is_written_once(tmp_path: Path) -> None:
    """It may be megabytes, and a client may ask for one node after the other."""
    kept = at_work(tmp_path)
    lease = busy(kept.scheduler)
    assert lease is not None
    cluster, id_ = lease.cluster, lease.cluster.id
    for number in range(3):
        wanted = [Allocation(f"10.1.{number}.{n}", setup_args=("x" * 1000,)) for n in range(50)]
        kept.scheduler.demands.node_allocated(cluster, wanted, kept.now)
        batch = batch_of(kept.scheduler.take_changes())
        assert list(batch.tables["parts"]) == [(id_, len(cluster.allocations))]
        assert len(batch.tables["clusters"][id_,][1]) < 1000
        kept.journal.write([batch])
    found = kept.restored().clusters[id_]
    assert [x.host for x in found.allocations] == [x.host for x in cluster.allocations]
    kept.scheduler.cluster_closed(cluster, kept.now, "its client said so")
    while cluster.state is not ClusterState.CLOSED:
        kept.step()
    assert id_ not in {row[0] for row in kept.journal.rows("parts")}


def test_a_new_cluster_and_its_first_state_in_one_batch(tmp_path: Path) -> None:
    """Nothing was kept of it while it was new, and what is kept then stays."""
    cluster = busy(at_work(tmp_path).scheduler).cluster
    later, cluster.state, computation_of(cluster).kept = cluster.state, ClusterState.NEW, None
    batch = batch_of([cluster])
    cluster.state = later
    (tmp_path / "after").mkdir()
    journal = Journal(tmp_path / "after", power=False)
    journal.write([batch.followed_by(batch_of([cluster]))])
    assert {row[0] for row in journal.rows("parts")} == {row[0] for row in journal.rows("clusters")}
    assert journal.rows("parts")
    cluster.state = ClusterState.CLOSED
    journal.write([batch_of([cluster])])
    assert not journal.rows("parts") and not journal.rows("clusters")


def test_what_an_older_gsched_has_kept_as_one(tmp_path: Path) -> None:
    """It is found, and kept in parts from then on."""
    kept = at_work(tmp_path)
    older, all_ = Batch(), kept.journal.rows("parts")
    for id_, body in kept.journal.rows("clusters"):
        parts = {number: loads(part) for cluster, number, part in all_ if cluster == id_}
        allocations = [one for number in sorted(parts) if number for one in parts[number]]
        known = loads(body) | {"record": parts[0], "allocations": allocations}
        older.drop("parts", (id_,))
        older.put("clusters", (id_,), dumps(known))
    kept.journal.write([older])
    assert not kept.journal.rows("parts")
    again, end = kept.restored(), over(kept.scheduler)
    assert essence(again, end) == essence(kept.scheduler, end)
    for cluster in again.clusters.values():
        again.book.keep(cluster)
    kept.journal.write([batch_of(again.take_changes())])
    assert len(kept.journal.rows("parts")) == 2 * len(again.clusters)
    assert essence(kept.restored(), end) == essence(kept.scheduler, end)


def test_since_when_a_job_runs_is_kept(tmp_path: Path) -> None:
    kept = at_work(tmp_path)
    started = {job.uid: job.started_at for job in kept.scheduler.jobs.values()}
    saved = revive(kept.journal, Spools(kept.folder / "spool")).jobs
    assert any(one.started for one in saved)
    for one in saved:
        assert one.started_at == (started[one.uid] if one.started else 0.0)


def test_what_was_used_is_kept(tmp_path: Path) -> None:
    kept = Kept(tmp_path, 0)
    much, gone = Account("x @ \ud800", NOW), Account("y @ z", NOW)
    much.kept, gone.kept = (5.5, NOW), (1.0, NOW)
    kept.journal.write([batch_of([much, gone])])
    gone.kept = None
    kept.journal.write([batch_of([gone])])
    usage = revive(kept.journal, Spools(tmp_path / "spool")).usage
    assert usage == [SavedUsage(label=much.label, seconds=5.5, at=NOW)]


def at_work(folder: Path) -> Kept:
    """One with a job that runs: with some seeds an exclusive cluster is in the way for ever."""
    for seed in range(50):
        (folder / f"{seed}").mkdir()
        kept = Kept(folder / f"{seed}", seed)
        for _ in range(300):
            kept.step()
            if busy(kept.scheduler):
                return kept
    raise AssertionError("no job ever runs")


def busy(scheduler: Scheduler) -> Lease | None:
    """A lease with a job that runs."""
    jobs = [job for job in scheduler.jobs.values() if job.state is State.RUNNING and job.node]
    leases = [job.node.leases.get(job.cluster.id) for job in jobs if job.node]
    return next((x for x in leases if x and x.state is LeaseState.READY), None)


def half_done(scheduler: Scheduler) -> set[tuple[int, str]]:
    """Nodes that are, or may be, about to be set up, or left."""
    leases = [x for node in scheduler.nodes.values() for x in node.leases.values()]
    return {(x.cluster.id, x.node.address) for x in leases if not is_set_up(x)}
