"""The directory of a scheduler at its start: what is wrong with it is said in one line."""

import random
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pytest
from kept import Kept

from gsched.net.transport.mistakes import Mistake
from gsched.options.settings import Settings
from gsched.options.table import parse
from gsched.running.state import State
from gsched.store import history
from gsched.store.journal import NAME, SCHEMA

TABLES = ("nodes", "clusters", "leases", "jobs", "results")


def settings(folder: Path, *options: str) -> Settings:
    return parse(["--dest_path_prefix", str(folder), *options], {})


@contextmanager
def opened(settings: Settings) -> Iterator[State]:
    state = State(settings)
    try:
        yield state
    finally:
        state.close()


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state with some of everything: it takes a while until the dice have made it."""
    folder = tmp_path_factory.mktemp("original")
    kept = Kept(folder, 3)
    while not all(kept.journal.rows(table) for table in TABLES):
        kept.step()
    kept.journal.close()
    with opened(settings(folder)):
        pass  # it has an identity now
    return folder


@pytest.fixture
def used(original: Path, tmp_path: Path) -> Path:
    """One with some of everything."""
    return Path(shutil.copytree(original, tmp_path / "used"))


def start(folder: Path, *options: str) -> None:
    with opened(settings(folder, *options)) as state:
        state.saved()


@pytest.mark.parametrize("seed", range(40))
def test_damage_is_told_in_one_line(used: Path, seed: int) -> None:
    """Where it shows at all: nobody can tell one argument of a job from another."""
    dice, path = random.Random(seed), used / NAME
    content = bytearray(path.read_bytes())
    for _ in range(dice.choice([1, 100, 2000])):
        content[dice.randrange(len(content))] = dice.randrange(256)
    path.write_bytes(content)
    try:
        start(used)
    except Mistake as mistake:
        assert f"--dest_path_prefix {used}" in str(mistake)
        assert "\n" not in str(mistake)
        assert "start with --clean" in str(mistake) or "nothing is lost yet" in str(mistake)
    start(used, "--clean")
    start(used)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE nodes SET body = x'80'",
        "UPDATE clusters SET body = x'80044e2e'",  # None, pickled
        "UPDATE leases SET body = x'80047d2e'",  # an empty dict
        "UPDATE results SET end = 'never'",
        "UPDATE results SET reply = x'ff'",
        "UPDATE meta SET value = 'x' WHERE name = 'ids'",
        "DROP TABLE places",
        f"PRAGMA user_version = {SCHEMA + 1}",
    ],
)
def test_what_another_program_has_written(used: Path, statement: str) -> None:
    connection = sqlite3.connect(used / NAME)
    connection.execute(statement)
    connection.commit()
    connection.close()
    with pytest.raises(Mistake, match=r"start with --clean|nothing is lost yet"):
        start(used)
    start(used, "--clean")


def test_a_full_disk_is_no_reason_to_forget_all(
    used: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr("gsched.store.journal.Journal._many", full)
    with pytest.raises(Mistake, match="disk is full; see to the disk and who may use it"):
        start(used)


def test_ids_are_never_used_twice_whatever_the_clock_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    firsts = []
    for now in (2_000_000_000.0, 1_000_000_000.0, 1_000_000_001.0):
        monkeypatch.setattr("gsched.running.state.time.time", lambda now=now: now)
        with opened(settings(tmp_path)) as state:
            firsts.append(state.first_id)
    assert firsts == sorted(set(firsts))
    assert min(b - a for a, b in pairwise(firsts)) >= 10**9


def test_files_of_a_forgetful_run_that_was_killed_are_removed(tmp_path: Path) -> None:
    (tmp_path / "spool" / "cluster").mkdir(parents=True)
    start(tmp_path, "--durability", "off")
    assert not (tmp_path / "spool").exists()


def test_a_forgetful_run_leaves_what_a_durable_one_has_kept(used: Path) -> None:
    with opened(settings(used)) as state:
        before = len(state.saved().jobs)
    start(used, "--durability", "off")
    with opened(settings(used)) as state:
        assert len(state.saved().jobs) == before


def test_a_history_that_is_none_or_of_a_newer_gsched_is_a_mistake(tmp_path: Path) -> None:
    (tmp_path / history.NAME).write_bytes(b"no history" * 1000)
    with pytest.raises(Mistake, match=r"not a database; move it away, or give --history 0"):
        State(settings(tmp_path))
    with opened(settings(tmp_path, "--history", "0")) as state:
        assert state.history is None
    with opened(settings(tmp_path, "--clean")) as state:
        assert state.history is not None and state.history.count == 0
    with sqlite3.connect(tmp_path / history.NAME) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(Mistake, match=r"of a newer gsched \(schema 99"):
        State(settings(tmp_path))
