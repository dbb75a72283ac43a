"""What an earlier run has left in the journal and the spool, read back in one go."""

import logging
from pathlib import Path

from gsched.core.restoring import Saved, SavedCluster, SavedJob
from gsched.net import rows
from gsched.net.computation import Computation
from gsched.store.journal import Journal
from gsched.store.spool import SpoolFile, remove_others

log = logging.getLogger("gsched.journal")

Files = dict[int, SpoolFile]  # by number


def revive(journal: Journal, spools: Path) -> Saved:
    """All of it. Files in `spools` that nobody has a use for any more are removed.

    Raises JournalError, and PeerError if a row does not hold what this release has written.
    """
    clusters = [rows.saved_cluster(row, spools) for row in journal.rows("clusters")]
    files = {one.id: _computation(one).spool.found() for one in clusters}
    saved = Saved(
        nodes=[rows.saved_node(row) for row in journal.rows("nodes")],
        clusters=clusters,
        leases=[rows.saved_lease(row) for row in journal.rows("leases")],
        jobs=_jobs(journal, files),
    )
    for one in clusters:
        _release_older(_computation(one), files[one.id])
    _note_set_ups(saved)
    remove_others(spools, [_computation(one).spool.directory for one in clusters])
    return saved


def _jobs(journal: Journal, files: dict[int, Files]) -> list[SavedJob]:
    """Those of clusters that are there."""
    jobs = [rows.saved_job(row, files[row[1]]) for row in journal.rows("jobs") if row[1] in files]
    for job in jobs:
        job.message.hold()
    results = [rows.saved_result(row) for row in journal.rows("results") if row[1] in files]
    return jobs + results


def _release_older(computation: Computation, files: Files) -> None:
    """Versions of files that only a job still needs are removed with the job."""
    for file in files.values():
        if not computation.spool.is_newest(file):
            file.release()


def _note_set_ups(saved: Saved) -> None:
    """A node that may have a computation is asked before it is sent it again."""
    signs = {node.facts.address: node.facts.identity for node in saved.nodes}
    computations = {one.id: _computation(one) for one in saved.clusters}
    for lease in saved.leases:
        if lease.cluster in computations and lease.address in signs:
            computations[lease.cluster].sent_to.add(signs[lease.address])


def _computation(cluster: SavedCluster) -> Computation:
    computation: Computation = cluster.opening.spec
    return computation
