"""What an earlier run has left in the journal and the spool, read back in one go."""

import logging
from collections import defaultdict
from collections.abc import Callable
from typing import Any, TypeVar

from gsched.core.restoring import Saved, SavedCluster, SavedJob
from gsched.net.computation import Computation
from gsched.net.keeping import rows
from gsched.store.journal import Journal, JournalError, Row
from gsched.store.spool import SpoolFile, Spools, remove_others
from gsched.wire.errors import PeerError

log = logging.getLogger("gsched.journal")

Files = dict[int, SpoolFile]  # by number
T = TypeVar("T")


def revive(journal: Journal, spools: Spools) -> Saved:
    """All of it. Files in `spools` that nobody has a use for any more are removed.

    Raises JournalError.
    """
    parts: defaultdict[int, dict[int, Any]] = defaultdict(dict)
    for cluster, number, part in _read(journal, "parts", rows.saved_part):
        parts[cluster][number] = part
    clusters = _read(
        journal, "clusters", lambda row: rows.saved_cluster(row, parts[row[0]], spools)
    )
    files = {one.id: _computation(one).spool.found() for one in clusters}
    saved = Saved(
        nodes=_read(journal, "nodes", rows.saved_node),
        clusters=clusters,
        leases=_read(journal, "leases", rows.saved_lease),
        jobs=_jobs(journal, files),
        usage=_read(journal, "usage", rows.saved_usage),
    )
    for one in clusters:
        _release_older(_computation(one), files[one.id])
    _note_set_ups(saved)
    remove_others(spools.root, [_computation(one).spool.directory for one in clusters])
    return saved


def _jobs(journal: Journal, files: dict[int, Files]) -> list[SavedJob]:
    """Those of clusters that are there."""
    jobs = _read(journal, "jobs", lambda row: rows.saved_job(row, files[row[1]]), files)
    for job in jobs:
        job.message.hold()
    return jobs + _read(journal, "results", rows.saved_result, files)


def _read(
    journal: Journal, table: str, restore: Callable[[Row], T], files: dict[int, Files] | None = None
) -> list[T]:
    """All rows of a table, with `files` those of clusters that are there. Raises JournalError."""
    found = [row for row in journal.rows(table) if files is None or row[1] in files]
    try:
        return [restore(row) for row in found]
    except (PeerError, LookupError, TypeError, ValueError, AttributeError) as error:
        text = f"its table of {table} does not hold what was written ({error})"
        raise JournalError(text, damaged=True) from error


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
