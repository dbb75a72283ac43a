"""A state with a secret in every place that has one, and what is found in it again."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gsched.store.history import ENDS, Ended, History
from gsched.store.journal import NAME, TABLES, Batch, Journal
from gsched.store.lookup import Lookup
from gsched.store.seal import ARGS
from gsched.store.spool import Spools
from gsched.store.vault.opening import Vault
from gsched.wire.filestat import StatResult
from gsched.wire.records import XferFile

SECRET = b"sEcReT"
SIZES = (0, 5000, 600_000)  # bytes of files
ENDED = 3  # jobs in the history


def secret(what: str) -> bytes:
    """What nobody is to find, told apart by what it is."""
    return SECRET + what.encode() * 3


@dataclass
class Writing:
    """What a server has open that keeps its state there."""

    journal: Journal
    history: History

    def close(self) -> None:
        self.journal.close()
        self.history.close()


def write(directory: Path, vault: Vault) -> Writing:
    """Some of everything, some of which is gone again."""
    journal = Journal(directory, power=False, seal=vault.seal)
    for batch in (_batch("gone", 5), _gone(5), _batch("kept", 3)):
        journal.write([batch])
    history = History(directory, 100, vault.seal)
    history.write([_ended(uid) for uid in range(ENDED)], [], [])
    _write_files(directory, vault)
    return Writing(journal, history)


def contents(directory: Path, vault: Vault) -> dict[str, Any]:
    """All that a server finds there."""
    with closing(Journal(directory, power=False, seal=vault.seal)) as journal:
        found: dict[str, Any] = {table: sorted(journal.rows(table)) for table in TABLES}
    with closing(sqlite3.connect(directory / NAME)) as file:
        rows = file.execute("SELECT uid, args, kwargs FROM jobs").fetchall()
    found["jobs"] = [row[:ARGS] + row[ARGS + 1 :] for row in found["jobs"]]  # but for their size
    found["arguments"] = {uid: vault.seal.opened_pair(uid, tuple(pair)) for uid, *pair in rows}
    with (
        closing(History(directory, 100, vault.seal)) as history,
        closing(Lookup(history)) as lookup,
    ):
        found["reasons"] = [(lookup.job(uid) or {})["reason"] for uid in range(ENDED)]
    spool = Spools(directory / "spool", disk=vault.files).at("cluster")
    found["files"] = {}
    for number, file in spool.found().items():
        with file.open() as opened:
            found["files"][number] = (file.record.name, file.size, opened.read())
    return found


def places(directory: Path, wanted: bytes = SECRET) -> list[str]:
    """Files that have it, in content or name."""
    paths = [path for path in directory.rglob("*") if path.is_file()]
    return [
        str(path.relative_to(directory))
        for path in paths
        if wanted in path.read_bytes() or wanted in str(path).encode()
    ]


def _batch(what: str, count: int) -> Batch:
    batch = Batch()
    for uid in range(count):
        of = f"{what}{uid}"
        batch.put("jobs", (uid,), *_job(of, b"x" * (20_000 if uid == 1 else 0)))
        batch.put("results", (uid,), *_result(of))
        batch.put("places", (uid,), "10.0.0.1", 1, True, False)
        batch.put("clusters", (uid,), secret(f"auth{of}"))
        batch.put("leases", (uid, "10.0.0.1"), secret(f"lease{of}"))
        batch.put("nodes", (f"10.0.0.{uid}",), secret(f"node{of}"))
    return batch


def _job(of: str, more: bytes) -> tuple[Any, ...]:
    words = [secret(f"{one}{of}") for one in ("hash", "code", "files", "extra", "warning")]
    return (1, 2.5, None, words[0], words[1], words[2], None, words[4], secret("args") + more, b"")


def _result(of: str) -> tuple[Any, ...]:
    return (1, 2.5, secret(f"hash{of}"), None, "Finished", b"", secret(f"reply{of}"))


def _gone(count: int) -> Batch:
    batch = Batch()
    for uid in range(count):
        for table in ("jobs", "results", "places", "clusters"):
            batch.drop(table, (uid,))
        batch.drop("leases", (uid, "10.0.0.1"))
        batch.drop("nodes", (f"10.0.0.{uid}",))
    return batch


def _ended(uid: int) -> Ended:
    reason = "" if uid == 0 else secret(f"reason{uid}").decode()
    cluster = ("handle", "name", "client")
    return Ended(uid, cluster, None, None, 1.0, None, 2.0, ENDS[0], 1, None, 5, 6, reason)


def _write_files(directory: Path, vault: Vault) -> None:
    """Whole ones, and one that was arriving when the server was killed."""
    spool = Spools(directory / "spool", disk=vault.files).at("cluster")
    spool.make_room()
    for number, size in enumerate(SIZES):
        path, content = spool.new_path(), (secret("file") * size)[:size]
        with spool.disk.create(path) as file:
            file.write(content)
            file.finish()
        spool.add(path, _record(f"/{secret('name').decode()}{number}", size), size)
    with spool.disk.create(spool.new_path()) as file:
        file.write(secret("part") * 60_000)


def _record(name: str, size: int) -> XferFile:
    stat = StatResult((0o644, 0, 0, 0, 0, 0, size, 1, 1, 1))
    return XferFile(name=name, dest_path="", compute_id=1, stat_buf=stat, sep="/")
