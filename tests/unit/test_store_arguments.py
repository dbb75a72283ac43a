"""Arguments on disk: in the journal, or in a file that has no name."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gsched.store.arguments import SCRATCH, Arguments, Scratch
from gsched.store.journal import NAME, Batch, Journal, JournalError
from gsched.store.vault.rows import RowSeal
from gsched.store.vault.sealing import Key

LARGE = 1 << 20
SECRET = b"a secret that must not be in clear"


@pytest.fixture
def scratch(tmp_path: Path) -> Iterator[Scratch]:
    scratch = Scratch(tmp_path)
    yield scratch
    scratch.close()


def kept(journal: Journal, uid: int, args: object, kwargs: object = b"k") -> None:
    """A job in the journal."""
    batch = Batch()
    batch.put("jobs", (uid,), 1, 2.0, None, b"h", b"", None, None, b"", args, kwargs)
    journal.write([batch])


def test_read_from_the_journal_while_it_is_written_to(tmp_path: Path) -> None:
    journal = Journal(tmp_path, power=False)
    arguments = Arguments(tmp_path)
    for uid in range(1, 4):
        kept(journal, uid, b"%d" % uid)
        assert arguments.read([uid, 99]) == {uid: (b"%d" % uid, b"k")}
    assert arguments.read([3, 1]) == {1: (b"1", b"k"), 3: (b"3", b"k")}
    arguments.close()
    journal.close()


@pytest.mark.parametrize("value", [None, "text", 7, 1.5])
def test_what_nobody_has_written_is_an_error(tmp_path: Path, value: object) -> None:
    journal = Journal(tmp_path, power=False)
    journal._connection.execute("PRAGMA ignore_check_constraints = 1")
    kept(journal, 1, b"" if value is None else value)
    if value is None:
        journal._connection.execute("DROP TABLE jobs")
    with pytest.raises(JournalError, match=NAME):
        Arguments(tmp_path).read([1])


def test_without_a_journal_they_are_written_and_read(scratch: Scratch) -> None:
    assert scratch.read([1]) == {}
    for uid in range(1, 5):
        scratch.write(uid % 2, uid, (b"a%d" % uid, bytes(LARGE)))
    assert scratch.read([2, 4, 9]) == {2: (b"a2", bytes(LARGE)), 4: (b"a4", bytes(LARGE))}
    scratch.drop([2])
    scratch.drop_cluster(1)
    assert scratch.read([1, 2, 3, 4]).keys() == {4}


def test_what_is_sealed_is_not_read_in_clear(tmp_path: Path) -> None:
    journal = Journal(tmp_path, power=False, seal=RowSeal(Key(b"k" * 32)))
    kept(journal, 1, SECRET)
    kept(journal, 2, SECRET)
    scratch = Scratch(tmp_path, RowSeal(Key(b"k" * 32)))
    scratch.write(1, 1, (SECRET, b"k"))
    for arguments in (Arguments(tmp_path, RowSeal(Key(b"k" * 32))), scratch):
        assert arguments.read([1]) == {1: (SECRET, b"k")}
        assert not any(SECRET in bytes(one) for row in rows(arguments) for one in row[-2:])
    journal._connection.execute("UPDATE jobs SET args = (SELECT args FROM jobs WHERE uid = 2)")
    with pytest.raises(JournalError, match="does not open") as error:
        Arguments(tmp_path, RowSeal(Key(b"k" * 32))).read([1])
    assert error.value.damaged


def rows(arguments: Arguments) -> list[tuple[bytes, ...]]:
    """As they are in the file."""
    found: list[tuple[bytes, ...]] = arguments._connection.execute("SELECT * FROM jobs").fetchall()
    return found


def test_the_file_has_no_name(tmp_path: Path, scratch: Scratch) -> None:
    scratch.write(1, 1, (b"a", b"k"))
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_in_its_way_is_removed(tmp_path: Path, scratch: Scratch) -> None:
    (tmp_path / "other").write_text("precious")
    (tmp_path / SCRATCH).symlink_to(tmp_path / "other")
    scratch.write(1, 1, (b"a", b"k"))
    assert (tmp_path / "other").read_text() == "precious"


def test_room_is_used_again(tmp_path: Path, scratch: Scratch) -> None:
    for uid in range(100):
        scratch.write(1, uid, (bytes(LARGE), b""))
        scratch.drop([uid])
    ((pages,),) = scratch._connection.execute("PRAGMA page_count")
    assert pages * 4096 < 3 * LARGE


def test_a_full_disk_leaves_what_is_there(scratch: Scratch) -> None:
    scratch.write(1, 1, (b"a", b"k"))
    scratch._connection.execute("PRAGMA max_page_count = 20")
    with pytest.raises(JournalError, match="full"):
        scratch.write(1, 2, (bytes(LARGE), b"k"))
    assert scratch.read([1, 2]) == {1: (b"a", b"k")}
    scratch.write(1, 3, (b"small", b"k"))
    assert scratch.read([3])


def test_a_folder_that_is_gone_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match=SCRATCH):
        Scratch(tmp_path / "gone").write(1, 1, (b"a", b"k"))
    with pytest.raises(JournalError):
        Arguments(tmp_path / "gone").read([1])
