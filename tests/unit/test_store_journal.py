"""The file that survives: whole batches, a disk that is full, files of other makers."""

import sqlite3
import stat
from pathlib import Path

import pytest

from gsched.store.journal import NAME, SCHEMA, Batch, Journal, JournalError

LARGE = 5_000_000  # bytes, more than the small disk of these tests takes


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path, power=False)


def node(address: str, body: bytes = b"body") -> Batch:
    batch = Batch()
    batch.put("nodes", (address,), body)
    return batch


def fill_disk(journal: Journal) -> None:
    """From now on it takes a few pages only."""
    journal._connection.execute("PRAGMA max_page_count = 60")


def test_what_was_written_is_there_after_a_crash(tmp_path: Path, journal: Journal) -> None:
    """It is not even closed: another connection sees what a new process would."""
    journal.write([node("a"), node("b")])
    journal.set_meta({"sign": "s"})
    other = Journal(tmp_path, power=True)
    assert sorted(other.rows("nodes")) == [("a", b"body"), ("b", b"body")]
    assert other.meta() == {"sign": "s"}


def test_the_last_word_on_a_row_counts(journal: Journal) -> None:
    batch = node("a", b"1")
    batch.put("nodes", ("a",), b"2")
    batch.put("nodes", ("b",), b"3")
    batch.drop("nodes", ("b",))
    assert len(batch) == 2
    later = Batch()
    later.put("leases", (1, "a"), b"")
    journal.write([node("b"), batch, later])
    assert journal.rows("nodes") == [("a", b"2")]
    last = Batch()
    last.drop("leases", (1, "a"))
    last.drop("nodes", ("never there",))
    journal.write([last])
    assert journal.rows("leases") == []


def test_jobs_come_with_their_places(journal: Journal) -> None:
    batch = Batch()
    for uid in (7, 8):
        batch.put("jobs", (uid,), 1, 2.0, None, b"h", b"", None, None, b"", b"args", b"kwargs")
    batch.put("places", (8,), "10.0.0.1", 3, True, False)
    journal.write([batch])
    assert [row[:2] + row[9:] for row in journal.rows("jobs")] == [
        (7, 1, 10, None, None, None, None),
        (8, 1, 10, "10.0.0.1", 3, 1, 0),
    ]


def test_a_batch_for_which_there_is_no_room_leaves_nothing(journal: Journal) -> None:
    journal.write([node("before")])
    fill_disk(journal)
    with pytest.raises(JournalError, match="full"):
        journal.write([node("small"), node("large", bytes(LARGE))])
    assert journal.rows("nodes") == [("before", b"body")]
    journal._connection.execute("PRAGMA max_page_count = 100000")
    journal.write([node("small"), node("large", bytes(LARGE))])
    assert len(journal.rows("nodes")) == 3


def test_only_its_owner_may_read_it(tmp_path: Path, journal: Journal) -> None:
    journal.write([node("a")])
    for path in tmp_path.glob(f"{NAME}*"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_one_of_a_newer_release_is_refused(tmp_path: Path, journal: Journal) -> None:
    journal._connection.execute(f"PRAGMA user_version = {SCHEMA + 1}")
    journal.close()
    with pytest.raises(JournalError, match="is of a newer gsched"):
        Journal(tmp_path, power=False)


@pytest.mark.parametrize("schema", range(1, SCHEMA))
def test_one_of_an_older_release_is_taken_up(tmp_path: Path, journal: Journal, schema: int) -> None:
    """From then on the older release refuses it: it would not do what people have ordered."""
    journal.write([node("a")])
    journal._connection.execute(f"PRAGMA user_version = {schema}")
    journal.close()
    again = Journal(tmp_path, power=False)
    assert again.rows("nodes") == [("a", b"body")]
    assert again._connection.execute("PRAGMA user_version").fetchone() == (SCHEMA,)


@pytest.mark.parametrize("content", [b"no database at all" * 100, b"SQLite format 3\0" * 300])
def test_what_is_no_journal_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / NAME).write_bytes(content)
    with pytest.raises(JournalError, match=NAME):
        Journal(tmp_path, power=False)
    assert (tmp_path / NAME).read_bytes() == content


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="No such file"):
        Journal(tmp_path / "missing", power=False)


@pytest.mark.parametrize(("power", "level"), [(False, 1), (True, 2)])
def test_how_sure_it_is(tmp_path: Path, power: bool, level: int) -> None:
    """1 is SQLite's NORMAL, which is safe from our end, 2 its FULL, safe from that of the host."""
    connection = Journal(tmp_path, power=power)._connection
    assert connection.execute("PRAGMA synchronous").fetchone() == (level,)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert isinstance(connection, sqlite3.Connection)
