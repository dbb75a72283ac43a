"""A vault as a whole: who opens it, what others find, and what becomes of it when it is changed."""

import errno
import json
import os
import random
import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from gsched.store import journal
from gsched.store.vault import changing, keyfile, opening
from gsched.store.vault.opening import CLEAR, VaultError, WrongKey
from gsched.store.vault.rows import RowSeal

from .secret_state import SECRET, contents, places, write

KILLS = 8  # of more than a hundred moments
KEY, NEW, STRANGE = "a1" * 32, "b2" * 32, "c3" * 32  # no passphrases: these take half a second


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """In a vault, as a server that was killed has left it."""
    return killed(tmp_path / "state", lambda folder: opening.opened(folder, KEY))


@pytest.fixture
def clear(tmp_path: Path) -> Path:
    """The same in clear."""
    return killed(tmp_path / "clear", lambda _: CLEAR)


def killed(folder: Path, vault: Callable[[Path], Any]) -> Path:
    running = folder.with_name(f"{folder.name}-running")
    running.mkdir()
    writing = write(running, vault(running))
    shutil.copytree(running, folder)  # with logs that no one has brought into their files
    writing.close()
    return folder


def whole(folder: Path, key: str) -> Any:
    return contents(folder, opening.opened(folder, key))


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("expected")
    write(folder, CLEAR).close()
    return contents(folder, CLEAR)


# -- what is found ---------------------------------------------------------------------------------


def test_nothing_is_found_without_the_key(state: Path, clear: Path, expected: Any) -> None:
    """In no file: rows, pages that are free, logs, files, parts of files."""
    assert {"journal.sqlite-wal", "history.sqlite-wal", "spool/cluster/4"} <= set(places(clear))
    assert {path.name for path in state.iterdir()} >= {"journal.sqlite-wal", "history.sqlite-wal"}
    assert places(state) == []
    assert whole(state, KEY) == expected
    assert SECRET in repr(expected).encode()


def test_no_table_is_forgotten(state: Path) -> None:
    with sqlite3.connect(state / journal.NAME) as file:
        tables = {name for (name,) in file.execute("SELECT name FROM sqlite_schema")}
    assert {name for name in tables if not name.startswith("sqlite")} == {"meta", *journal.TABLES}


def test_what_was_in_clear_is_encrypted(clear: Path, expected: Any) -> None:
    vault = opening.opened(clear, KEY)
    assert places(clear) == []
    assert contents(clear, vault) == expected
    assert contents(clear, vault) == whole(clear, KEY)


def test_it_can_be_had_in_clear_again(state: Path, expected: Any) -> None:
    opening.take_off(state, KEY)
    assert not keyfile.exists(state)
    assert contents(state, CLEAR) == expected
    opening.opened(state, NEW)
    assert places(state) == []


# -- who opens it ----------------------------------------------------------------------------------


@pytest.mark.parametrize("key", [STRANGE, "a passphrase", KEY[:-1], KEY.replace("a", "A", 1)[1:]])
def test_another_key_does_not_open_it(state: Path, key: str) -> None:
    for call in (opening.opened, opening.take_off):
        with pytest.raises(WrongKey):
            call(state, key)
    with pytest.raises(WrongKey):
        opening.rekey(state, key, NEW)
    opening.opened(state, KEY)
    opening.rekey(state, STRANGE, KEY)  # as where it is done already
    opening.opened(state, KEY)


def test_a_passphrase_opens_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its cost is in the file, so that it can be raised."""
    phrase = "correct horse \udcff"
    opening.opened(tmp_path, phrase)
    terms = json.loads((tmp_path / keyfile.NAME).read_text())
    assert (terms["key"], terms["n"], terms["r"], terms["p"]) == ("scrypt", 2**17, 8, 1)
    monkeypatch.setattr(keyfile, "COST", 2)
    keyfile.lock(tmp_path, phrase, keyfile.Held(b"k" * 32))
    assert keyfile.unlock(tmp_path, phrase) == keyfile.Held(b"k" * 32)
    with pytest.raises(WrongKey):
        opening.opened(tmp_path, phrase + "!")


def test_a_change_of_the_key_file_is_noticed(tmp_path: Path, monkeypatch: Any) -> None:
    """It opens as before, or not at all, whichever bit it is."""
    monkeypatch.setattr(keyfile, "COST", 2)
    path = tmp_path / keyfile.NAME
    for key, step in ((KEY, 7), ("a passphrase", 41)):
        held = keyfile.Held(b"n" * 32, b"b" * 32, changing=True)
        keyfile.lock(tmp_path, key, held)
        content = path.read_bytes()
        for bit in range(0, len(content) * 8, step):
            changed = bytearray(content)
            changed[bit // 8] ^= 1 << bit % 8
            path.write_bytes(changed)
            try:
                found = keyfile.unlock(tmp_path, key)
            except VaultError as error:
                assert "\n" not in str(error)
            else:
                assert found == held  # capitals in hexadecimal digits


@pytest.mark.parametrize("terms", ["[]", "7", "{}", "[" * 100_000, '{"format": 2, "now": ""}', ""])
def test_what_is_no_key_file(tmp_path: Path, terms: str) -> None:
    (tmp_path / keyfile.NAME).write_text(terms)
    with pytest.raises(VaultError, match=r"is damaged|of a newer gsched"):
        opening.opened(tmp_path, KEY)


@pytest.mark.parametrize(
    "other", [{"n": 1 << 40}, {"n": 1}, {"r": 1 << 20}, {"p": 1 << 20}], ids=str
)
def test_terms_that_would_take_too_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, other: dict[str, int]
) -> None:
    """Whoever can write to the disk would else keep a start from ever coming to its end."""
    monkeypatch.setattr(keyfile, "scrypt", lambda *_: pytest.fail("it reckons"))
    terms = {"format": 1, "salt": "00" * 32, "key": "scrypt", "n": 1 << 17, "r": 8, "p": 1}
    (tmp_path / keyfile.NAME).write_text(json.dumps(terms | {"now": "00" * 60} | other))
    with pytest.raises(VaultError, match="is damaged"):
        keyfile.unlock(tmp_path, "a passphrase")


def test_without_its_key_file_a_state_does_not_open(state: Path) -> None:
    (state / keyfile.NAME).unlink()
    with pytest.raises(VaultError, match="sealed with a key that is not here"):
        opening.opened(state, KEY)
    assert not keyfile.exists(state)
    with pytest.raises(journal.JournalError, match="sealed with a key that is not here"):
        contents(state, CLEAR)


def test_a_journal_of_another_vault_does_not_open(state: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    write(other, opening.opened(_made(other), NEW)).close()
    for name in ("journal.sqlite-wal", "journal.sqlite-shm"):
        (state / name).unlink()
    shutil.copy(other / journal.NAME, state)
    with pytest.raises(journal.JournalError, match="sealed with a key that is not here"):
        whole(state, KEY)


@pytest.mark.parametrize("table", ["jobs", "results", "clusters", "leases", "nodes"])
def test_a_changed_row_is_noticed(state: Path, table: str) -> None:
    column = {"jobs": "hash", "results": "hash"}.get(table, "body")
    with sqlite3.connect(state / journal.NAME) as file:
        where = f"FROM {table} ORDER BY 1 LIMIT 1"
        ((content,),) = file.execute(f"SELECT {column} {where}")
        changed = content[:-1] + bytes([content[-1] ^ 1])
        file.execute(f"UPDATE {table} SET {column} = ? WHERE {column} = ?", (changed, content))
    with pytest.raises(journal.JournalError, match=f"a row of {table} does not open") as error:
        whole(state, KEY)
    assert error.value.damaged
    with pytest.raises(VaultError, match="holds what does not open"):
        opening.rekey(state, KEY, NEW)
    with pytest.raises(VaultError, match="holds what does not open"):
        opening.take_off(state, KEY)
    with pytest.raises(journal.JournalError):  # nothing was begun
        whole(state, KEY)


# -- another key -----------------------------------------------------------------------------------


def test_a_new_key_leaves_nothing_of_the_old_one(state: Path, expected: Any) -> None:
    old = salts(state)
    assert all(places(state, salt) for salt in old)
    opening.rekey(state, KEY, NEW)
    assert whole(state, NEW) == expected
    assert [place for salt in old for place in places(state, salt)] == []
    with pytest.raises(WrongKey):
        opening.opened(state, KEY)


def salts(state: Path) -> set[bytes]:
    """Of all that is sealed there."""
    with sqlite3.connect(state / journal.NAME) as file:
        found = {row[0][1:17] for row in file.execute("SELECT args FROM jobs")}
    return found | {path.read_bytes()[16:48] for path in (state / "spool" / "cluster").iterdir()}


def test_a_file_that_does_not_open_does_not_hold_up_a_new_key(state: Path, expected: Any) -> None:
    path = state / "spool" / "cluster" / "2"
    path.write_bytes(path.read_bytes()[:-1])
    opening.rekey(state, KEY, NEW)
    assert whole(state, NEW)["files"].keys() == expected["files"].keys() - {2}


@pytest.mark.parametrize("where", ["journal", "file"])
def test_a_disk_that_is_full_is_told_and_nothing_is_lost(
    state: Path, expected: Any, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    def full(*_: object) -> None:
        if where == "file":
            raise OSError(errno.ENOSPC, "No space left on device")
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patch:
        if where == "file":
            patch.setattr(changing, "write_all", full)
        else:
            patch.setattr(RowSeal, "row", full)
        with pytest.raises((VaultError, OSError), match=r"disk is full|No space left"):
            opening.rekey(state, KEY, NEW)
    assert whole(state, NEW) == expected
    with pytest.raises(WrongKey):
        opening.opened(state, KEY)


STEPS: dict[str, tuple[str, Callable[[Path], object], list[str]]] = {
    "rekey": (KEY, lambda folder: opening.rekey(folder, KEY, NEW), [KEY, NEW]),
    "on": ("", lambda folder: opening.opened(folder, KEY), ["", KEY]),
    "off": (KEY, lambda folder: opening.take_off(folder, KEY), [KEY, ""]),
}


@pytest.mark.parametrize("what", STEPS)
def test_it_may_be_killed_at_any_moment(
    state: Path, clear: Path, tmp_path: Path, expected: Any, what: str
) -> None:
    """It opens then with the key before or with the new one; and the same command goes on."""
    begin, change, keys = STEPS[what]
    source = state if begin else clear
    lines = run_until(lambda: change(copied(source, tmp_path)), None)
    kills = min(lines, int(os.environ.get("KILLS", KILLS)))
    for line in random.Random(what).sample(range(lines), kills):
        folder = copied(source, tmp_path)
        run_until(lambda folder=folder: change(folder), line)
        again = copied(folder, tmp_path)
        key = next(key for key in keys if opens(folder, key))
        found = contents(folder, CLEAR if not key else opening.opened(folder, key))
        assert found == expected
        assert not key or places(folder) == []
        if keyfile.exists(again) or what != "off":
            change(again)
        assert opens(again, keys[1])


def opens(folder: Path, key: str) -> bool:
    """Whether a server starts with that key, or none."""
    if not key:
        return not keyfile.exists(folder)
    try:
        opening.opened(folder, key)
    except WrongKey:
        return False
    return True


def copied(source: Path, folder: Path) -> Path:
    numbers: Iterator[int] = iter(range(10**6))
    free = next(n for n in numbers if not (folder / f"copy{n}").exists())
    return Path(shutil.copytree(source, folder / f"copy{free}"))


def run_until(call: Callable[[], object], line: int | None) -> int:
    """In a process that is gone when it comes to that line of the vault's, counted as they come.

    How many there are, if it comes to its end.
    """
    receiving, sending = os.pipe()
    child = os.fork()
    if not child:
        code = 1
        try:
            count = traced(call, line)
            os.write(sending, b"%d" % count)
            code = 0
        finally:
            os._exit(code)
    os.close(sending)
    with open(receiving, "rb") as pipe:
        told = pipe.read()
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == (0 if line is None else 9)
    return int(told or 0)


def traced(call: Callable[[], object], line: int | None) -> int:
    room = os.path.dirname(keyfile.__file__)
    seen: set[tuple[str, int]] = set()

    def trace(frame: FrameType, event: str, _: object) -> Any:
        if not frame.f_code.co_filename.startswith(room):
            return None
        if event == "line":
            seen.add((frame.f_code.co_filename, frame.f_lineno))
            if len(seen) - 1 == line:
                os._exit(9)
        return trace

    sys.settrace(trace)
    try:
        call()
    finally:
        sys.settrace(None)
    return len(seen)


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder
