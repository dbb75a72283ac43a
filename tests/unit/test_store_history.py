"""Jobs that have ended, in their file: pages, filters, bounds, and what a failing disk leaves."""

import sqlite3
from pathlib import Path

import pytest
from past import CLUSTER, ended

from gsched.store import history as store
from gsched.store import lookup
from gsched.store.history import History, HistoryError
from gsched.store.lookup import Lookup, Wanted

OTHER = ("0" * 15 + "2", "other", "10.0.0.8")
ENDS = ("finished", "terminated", "cancelled", "abandoned")


def filled(folder: Path, number: int, most: int = 10_000) -> Lookup:
    """So many jobs, two of which end at the same time, of two clusters at three nodes."""
    history = History(folder, most)
    jobs = [
        ended(
            uid,
            1000.0 + uid // 2,
            cluster=(CLUSTER, OTHER)[uid % 3 == 0],
            node=f"10.0.0.{uid % 3}" if uid % 7 else None,
            end=ENDS[uid % 4 if uid % 5 == 0 else 0],
        )
        for uid in range(number)
    ]
    history.write(jobs, [], [])
    return Lookup(history)


def pages(file: Lookup, wanted: Wanted, limit: int) -> list[list[str]]:
    """Uids, page after page."""
    found, place = [], None
    while True:
        jobs, place = file.page(wanted, place, limit)
        found.append([job["uid"] for job in jobs])
        if place is None:
            return found


def test_any_text_of_peers_is_written(tmp_path: Path) -> None:
    """Else one client that chooses such a name ends the history of all."""
    history = History(tmp_path, 10)
    job = ended(1, 1000.0, cluster=(CLUSTER[0], "\ud800", "10.0.0.8"), reason="\udfff\0\n")
    history.write([job], [], [])
    [found], _ = Lookup(history).page(Wanted(), None, 10)
    assert (found["name"], found["reason"]) == ("\\ud800", "\\udfff\0\n")


@pytest.mark.parametrize("limit", [1, 3, 50, 500])
@pytest.mark.parametrize("looked_at", [7, 2000])
@pytest.mark.parametrize(
    "wanted",
    [
        Wanted(),
        Wanted(cluster=OTHER[0]),
        Wanted(node="10.0.0.1"),
        Wanted(end="finished"),
        Wanted(end="cancelled"),
        Wanted(cluster=CLUSTER[0], node="10.0.0.2"),
        Wanted(cluster=CLUSTER[0], end="terminated"),
        Wanted(node="10.0.0.1", end="terminated"),
        Wanted(node="10.0.0.1", end="finished", begin=1010.0, until=1030.0),
        Wanted(cluster=OTHER[0], node="10.0.0.0", end="finished", until=1040.0),
        Wanted(begin=1010.5, until=1020.0),
        Wanted(node="10.9.9.9"),
        Wanted(cluster="nobody"),
        Wanted(cluster=CLUSTER[0], node="10.9.9.9"),
    ],
)
def test_pages_make_up_what_is_wanted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wanted: Wanted, looked_at: int, limit: int
) -> None:
    monkeypatch.setattr(lookup, "LOOKED_AT", looked_at)
    file = filled(tmp_path, 120)
    [whole] = pages(file, Wanted(), 500)
    assert whole == [str(uid) for uid in reversed(range(120))]

    def fits(uid: str) -> bool:
        job = file.job(int(uid))
        assert job is not None
        return (
            wanted.cluster in (None, job["cluster"])
            and wanted.node in (None, job["node"])
            and wanted.end in (None, job["end"])
            and (wanted.begin or 0.0) <= job["ended"] <= (wanted.until or 1e9)
        )

    found = pages(file, wanted, limit)
    assert [uid for page in found for uid in page] == [uid for uid in whole if fits(uid)]
    assert all(len(page) <= limit for page in found)


def test_all_of_a_job_comes_back(tmp_path: Path) -> None:
    history = History(tmp_path, 10)
    job = ended(7, 1000.5, lane=3, end="abandoned", reason="lost", tries=4, node="::1")
    history.write([job], [], [])
    found = Lookup(history).job(7)
    named = dict(zip(("cluster", "name", "client"), CLUSTER, strict=True))
    label = {"label": f"{CLUSTER[1]} @ {CLUSTER[2]}"}
    assert found == job._asdict() | named | label | {"uid": "7"}
    assert Lookup(history).job(8) is None
    assert Lookup(history).job(2**64) is None


def test_the_oldest_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = filled(tmp_path, 100, most=10)
    assert pages(file, Wanted(), 500) == [[str(uid) for uid in reversed(range(90, 100))]]
    assert file.oldest() == 1045.0
    monkeypatch.setattr(store, "CHUNK", 2)
    smaller = History(tmp_path, 5)  # not all at once: others wait for the file
    smaller.write([], [], [])
    assert smaller.count == 8
    smaller.write([], [], [])
    smaller.write([], [], [])
    assert smaller.count == 5
    file.close()
    monkeypatch.setattr(store, "CHUNK", 100)
    again = History(tmp_path, 5)
    names = again._connection.execute("SELECT name FROM clusters ORDER BY name").fetchall()
    assert names == [("compute",), ("other",)]
    again.write([ended(200 + uid, 3000.0) for uid in range(5)], [], [])
    again.close()
    last = History(tmp_path, 5)
    last.write([], [], [])
    assert last.count == 5
    assert last._connection.execute("SELECT name FROM clusters").fetchall() == [("compute",)]


def test_a_job_is_kept_once(tmp_path: Path) -> None:
    history = History(tmp_path, 10)
    history.write([ended(1, 10.0)], [], [])
    history.write([ended(1, 20.0), ended(2, 20.0)], [], [])
    assert history.count == 2
    found = Lookup(history).job(1)
    assert found is not None and found["ended"] == 10.0


def test_a_batch_is_written_wholly_or_not_at_all(tmp_path: Path) -> None:
    history = History(tmp_path, 10)
    history.write([ended(1, 10.0)], [], [])
    (limit,) = history._connection.execute("PRAGMA page_count").fetchone()
    history._connection.execute(f"PRAGMA max_page_count = {limit}")  # as a disk that is full
    many = [ended(uid, 20.0, cluster=OTHER, reason="x" * 300) for uid in range(2, 500)]
    with pytest.raises(HistoryError, match="full") as error:
        history.write(many, [], [])
    assert not error.value.damaged
    assert history.count == 1
    history._connection.execute("PRAGMA max_page_count = 100000")
    history.write(many[:3], [], [])
    assert history.count == 4
    found = Lookup(history).job(2)
    assert found is not None and found["name"] == "other"


def test_bars_are_those_that_were_there(tmp_path: Path) -> None:
    history = History(tmp_path, 100)
    jobs = [ended(uid, 1000.0 + 10 * uid, started=995.0 + 10 * uid) for uid in range(10)]
    jobs += [ended(20, 1042.0, started=None), ended(21, 1500.0, started=1001.0, node="10.0.0.2")]
    history.write(jobs, [], [])
    file = Lookup(history)
    assert [row[0] for row in file.bars(1020.0, 1046.0, None, 100)] == [21, 5, 4, 3, 2]
    assert [row[0] for row in file.bars(1020.0, 1046.0, None, 2)] == [21, 5]
    assert [row[0] for row in file.bars(1020.0, 1046.0, "10.0.0.1", 100)] == [5, 4, 3, 2]
    assert file.bars(1020.0, 1046.0, "10.9.9.9", 100) == []


def test_figures_are_kept_for_a_week(tmp_path: Path) -> None:
    history = History(tmp_path, 100)
    week, point = store.FIGURES, [1.0] * 8
    history.write([], [(60, *point)], [(60, "a", "a @ x", 5.0)])
    history.write([], [(week, *point)], [(week, "a", "a @ x", 7.0), (week, "b", "b @ x", 1.0)])
    file = Lookup(history)
    assert [row[0] for row in file.points(0)] == [60, week]
    assert file.sums(0) == [("a", "a @ x", 12.0), ("b", "b @ x", 1.0)]
    history.write([], [(week + 120, *point)], [])
    assert [row[0] for row in file.points(0)] == [week, week + 120]
    assert [row[0] for row in file.shares(0)] == [week, week]


def test_one_of_a_newer_gsched_is_refused_and_left_alone(tmp_path: Path) -> None:
    History(tmp_path, 10).close()
    with sqlite3.connect(tmp_path / store.NAME) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(HistoryError, match="of a newer gsched") as error:
        History(tmp_path, 10)
    assert error.value.damaged


def test_what_is_no_history_is_refused(tmp_path: Path) -> None:
    (tmp_path / store.NAME).write_bytes(b"no history" * 1000)
    with pytest.raises(HistoryError, match="not a database") as error:
        History(tmp_path, 10)
    assert error.value.damaged
