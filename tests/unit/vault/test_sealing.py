"""What is sealed opens in its place, with its key, as it was, and in no other way."""

import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from Crypto.Cipher import AES

from gsched.store.seal import ARGS, NotOpened
from gsched.store.vault import files, keyfile, sealing
from gsched.store.vault.files import SealedDisk
from gsched.store.vault.rows import RowSeal
from gsched.store.vault.sealing import Key, Records

KEY, OTHER = Key(b"k" * 32), Key(b"o" * 32)
CHUNK = 100
SIZES = (0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 5 * CHUNK + 7)
JOB = (7, 1, 2.5, None, b"hash", b"code", None, b"", b"warning", b"args", b"kwargs")


def flipped(data: bytes) -> Iterator[bytes]:
    """Each time with another bit that is not as it was."""
    for bit in range(len(data) * 8):
        changed = bytearray(data)
        changed[bit // 8] ^= 1 << bit % 8
        yield bytes(changed)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of many chunks need not be large."""
    monkeypatch.setattr(files, "CHUNK", CHUNK)
    monkeypatch.setattr(files, "_SEALED", CHUNK + sealing.TAG_SIZE)


def written(folder: Path, content: bytes, name: str = "1") -> tuple[SealedDisk, Path]:
    disk, path = SealedDisk(KEY, folder), folder / "cluster" / name
    path.parent.mkdir(exist_ok=True)
    with disk.create(path) as file:
        for start in range(0, len(content), 33):
            file.write(content[start : start + 33])
        file.finish()
    return disk, path


def read(disk: SealedDisk, path: Path, size: int = -1) -> bytes:
    with disk.open(path) as file:
        return b"".join(iter(lambda: file.read(size), b""))


# -- nonces ----------------------------------------------------------------------------------------


def test_no_key_meets_a_nonce_twice(
    tmp_path: Path, small: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever is sealed: by several threads, runs and files, also once a key is worn out."""
    used: Counter[Any] = Counter()

    def noted(key: bytes, mode: int, *, nonce: bytes, mac_len: int) -> Any:
        used[key, nonce] += 1
        return AES.new(key, mode, nonce=nonce, mac_len=mac_len)

    for module in (sealing, keyfile):
        monkeypatch.setattr(module, "AES", SimpleNamespace(new=noted, MODE_GCM=AES.MODE_GCM))
    monkeypatch.setattr(sealing, "RECORDS_A_KEY", 50)
    for _ in range(2):
        records = Records(KEY)

        def seal(records: Records = records) -> None:
            for number in range(120):
                records.seal(b"same", b"%d" % number)

        threads = [threading.Thread(target=seal) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for name in ("1", "2"):
            written(tmp_path, bytes(CHUNK * 3 + 5), name)
        keyfile.lock(tmp_path, "k" * 64, keyfile.Held(b"a" * 32, b"b" * 32, changing=True))
    assert len(used) == 2 * (4 * 120 + 2 * 4 + 2)
    assert set(used.values()) == {1}
    assert {len(nonce) for _, nonce in used} == {12}
    assert all(key not in (KEY.secret, b"a" * 32) for key, _ in used)


def test_a_key_is_changed_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """And those before it open what they have sealed."""
    monkeypatch.setattr(sealing, "RECORDS_A_KEY", 5)
    records = Records(KEY)
    sealed = [records.seal(b"same", b"place") for _ in range(20)]
    assert Counter(one[1:17] for one in sealed).most_common()[0][1] == 5
    assert all(Records(KEY).open(one, b"place") == b"same" for one in sealed)


def test_keys_of_records_and_files_have_nothing_in_common() -> None:
    salt = bytes(16)
    derived = {KEY.derived(salt, b"records"), KEY.derived(salt, b"file"), KEY.of_records(salt)}
    assert len(derived) == 2 and KEY.id != OTHER.id


# -- records ---------------------------------------------------------------------------------------


def test_a_record_with_one_bit_changed_does_not_open() -> None:
    record = Records(KEY).seal(b"secret", b"place")
    assert Records(KEY).open(record, b"place") == b"secret"
    for changed in flipped(record):
        with pytest.raises(NotOpened):
            Records(KEY).open(changed, b"place")


@pytest.mark.parametrize("cut", [0, 1, 40, 46])
def test_a_record_that_is_cut_does_not_open(cut: int) -> None:
    with pytest.raises(NotOpened):
        Records(KEY).open(Records(KEY).seal(b"secret", b"place")[:cut], b"place")


def test_a_record_opens_with_its_key_and_in_its_place_only() -> None:
    record = Records(KEY).seal(b"secret", b"place")
    for key, place in ((OTHER, b"place"), (KEY, b"elsewhere"), (KEY, b"")):
        with pytest.raises(NotOpened):
            Records(key).open(record, place)


# -- rows ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "row"),
    [
        ("jobs", JOB),
        ("jobs", (*JOB[:ARGS], b"", b"")),
        ("results", (7, 1, 2.5, b"hash", "10.0.0.1", "Finished", b"", None)),
        ("places", (7, "10.0.0.1", 1, True, False)),
        ("nodes", ("10.0.0.1", b"body")),
        ("leases", (1, "fe80::1", b"")),
        ("usage", (b"name @ client", 1.5, 2.5)),
    ],
)
def test_a_row_is_found_again_as_it_was(table: str, row: Any) -> None:
    sealed = RowSeal(KEY).row(table, row)
    assert sealed[0] == row[0]  # by which it is found
    for plain, kept in zip(row[1:], sealed[1:], strict=True):
        if isinstance(plain, bytes):
            assert not plain or plain not in kept
        else:
            assert kept == plain
    assert RowSeal(KEY).opened(table, sealed) == row


def test_a_row_opens_where_it_belongs_only() -> None:
    seal = RowSeal(KEY)
    row = seal.row("jobs", JOB)
    elsewhere = [("jobs", (8, *row[1:])), ("jobs", (7, 2, *row[2:])), ("clusters", (7, row[4]))]
    parts = [("jobs", (*row[:4], row[ARGS], *row[5:])), ("jobs", (*row[:ARGS], row[4], b""))]
    for table, moved in elsewhere + parts:
        with pytest.raises(NotOpened):
            seal.opened(table, moved)


def test_arguments_alone_are_those_of_the_row() -> None:
    """Who reads them later need not read the rest."""
    seal = RowSeal(KEY)
    row = seal.row("jobs", JOB)
    assert seal.opened_pair(7, (row[ARGS], row[ARGS + 1])) == (b"args", b"kwargs")
    with pytest.raises(NotOpened):
        seal.opened_pair(8, (row[ARGS], row[ARGS + 1]))


# -- files -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES)
def test_files_are_found_again_as_they_were(tmp_path: Path, small: None, size: int) -> None:
    content = bytes(range(256)) * 3
    disk, path = written(tmp_path, content[:size])
    assert disk.size(path) == size
    for step in (-1, 1, 30, CHUNK, CHUNK + 1, 10 * CHUNK):
        assert read(disk, path, step) == content[:size]
    assert size < 20 or content[:20] not in path.read_bytes()


@pytest.mark.parametrize("size", [0, CHUNK + 1])
def test_a_file_with_one_bit_changed_does_not_open(tmp_path: Path, small: None, size: int) -> None:
    """What stands before the change may have been read by then."""
    content = b"c" * size
    disk, path = written(tmp_path, content)
    for changed in flipped(path.read_bytes()):
        path.write_bytes(changed)
        with pytest.raises(OSError, match=r"cluster/1 is (damaged|not of this vault)"):
            read(disk, path)


def test_chunks_stay_in_their_places(tmp_path: Path, small: None) -> None:
    disk, path = written(tmp_path, b"1" * CHUNK + b"2" * CHUNK + b"3" * CHUNK)
    whole, head = path.read_bytes(), files._HEAD
    chunks = [whole[head + n * files._SEALED :][: files._SEALED] for n in range(3)]
    _, other = written(tmp_path, b"4" * 3 * CHUNK, "2")
    foreign = other.read_bytes()[head:][: files._SEALED]
    for some in (
        [chunks[1], chunks[0], chunks[2]],
        chunks[:2],
        chunks[:1],
        [],
        [*chunks, chunks[2]],
        [foreign, *chunks[1:]],
        [*chunks[:2], chunks[2][:-1]],
    ):
        path.write_bytes(whole[:head] + b"".join(some))
        with pytest.raises(OSError, match="cluster/1 is damaged"):
            read(disk, path)


def test_a_file_in_the_place_of_another_one_does_not_open(tmp_path: Path) -> None:
    disk, path = written(tmp_path, b"content")
    moved = path.rename(path.with_name("2"))
    with pytest.raises(OSError, match="cluster/2 is damaged"):
        read(disk, moved)


def test_a_file_that_was_not_finished_does_not_open(tmp_path: Path, small: None) -> None:
    disk, path = SealedDisk(KEY, tmp_path), tmp_path / "1"
    with disk.create(path) as file:
        file.write(b"x" * 350)
    with pytest.raises(OSError, match="1 is damaged"):
        read(disk, path)
