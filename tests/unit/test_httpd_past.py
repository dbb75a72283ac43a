"""What programs are told of the past: every answer is as the document says."""

import csv
import io
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from bottle import HTTPError
from past import CLUSTER, Side, ended
from test_httpd_api import Site
from web_asked import Answer

from gsched.core.effects import Remember
from gsched.history import timeline
from gsched.history.recorder import Recorder
from gsched.httpd.api.operation import MOST
from gsched.httpd.api.past.download import AT_ONCE, Downloads
from gsched.store.history import HistoryError


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = Site(tmp_path)
    yield made
    made.app.close()


def test_jobs_that_ended_are_told_page_after_page(site: Site) -> None:
    jobs = [ended(uid, 1000.25 + uid // 3) for uid in range(10)]
    site.past.history.write(jobs, [], [])
    told, after = [], ""
    while True:
        page = site.get("/history", f"limit=3{after}", "History")
        told += [job["uid"] for job in page["jobs"]]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert told == [str(uid) for uid in reversed(range(10))]
    assert (page["kept"], page["most"], page["oldest"], page["problem"]) == (10, 1000, 1000.25, "")


def table(site: Site, query: str = "") -> list[dict[str, str]]:
    """The rows of a download."""
    answer = Answer(site.app, "/api/v1/history.csv", QUERY_STRING=query)
    assert answer.status == 200, answer.body
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.headers["content-disposition"] == 'attachment; filename="gsched-jobs.csv"'
    return list(csv.DictReader(io.StringIO(answer.body.decode())))


def test_all_jobs_that_ended_are_downloaded(site: Site) -> None:
    assert table(site) == []
    jobs = [ended(uid, 1000.25 + uid // 3, lane=None) for uid in range(2 * MOST)]
    jobs[5] = jobs[5]._replace(end="abandoned", reason='"so", he said', node="10.0.0.7")
    site.past.history.write(jobs, [], [])
    rows = table(site)
    assert [row["uid"] for row in rows] == [str(job.uid) for job in reversed(jobs)]
    told = rows[-1] | {"cluster": "", "label": ""}
    assert told == {
        "uid": "0",
        "cluster": "",
        "label": "",
        "node": "10.0.0.1",
        "lane": "",
        "submitted": "1970-01-01T00:16:35.250Z",
        "started": "1970-01-01T00:16:38.250Z",
        "ended": "1970-01-01T00:16:40.250Z",
        "end": "finished",
        "tries": "1",
        "seconds": "2.0",
        "sent": "10",
        "received": "20",
        "reason": "",
    }
    [one] = table(site, "end=abandoned")
    assert (one["uid"], one["reason"]) == ("5", '"so", he said')
    assert [row["uid"] for row in table(site, "node=10.0.0.7")] == ["5"]


@pytest.mark.parametrize("first", "=+-@\t\r")
def test_a_spreadsheet_works_nothing_out(site: Site, first: str) -> None:
    site.past.history.write([ended(1, 10.0, reason=f"{first}cmd|' /C calc'!A0")], [], [])
    assert table(site)[0]["reason"].startswith(f"'{first}cmd|")


def test_downloads_have_places_and_give_them_back(site: Site) -> None:
    site.past.history.write([ended(uid, 10.0) for uid in range(MOST + 1)], [], [])
    downloads = Downloads()
    pages: Any = lambda after, limit: ([], (1.0, 1))  # noqa: E731
    begun = [downloads.lines(pages) for _ in range(AT_ONCE + 1)]
    for one in begun[:-1]:
        next(one)
    with pytest.raises(HTTPError, match="too many downloads at once"):
        next(begun[-1])
    begun[0].close()
    next(downloads.lines(pages))


def test_filters_of_the_history(site: Site) -> None:
    other = ("f" * 16, "other", "10.0.0.8")
    site.past.history.write(
        [
            ended(1, 10.0, node="10.0.0.7"),
            ended(2, 20.0, cluster=other),
            ended(3, 30.0, end="abandoned", reason="its node is lost"),
        ],
        [],
        [],
    )

    def uids(query: str) -> list[str]:
        return [job["uid"] for job in site.get("/history", query, "History")["jobs"]]

    assert uids("node=10.0.0.7") == ["1"]
    assert uids(f"cluster={other[0]}") == ["2"]
    assert uids("end=abandoned") == ["3"]
    assert uids("from=15&to=20.5") == ["2"]
    assert uids("end=cancelled") == []


@pytest.mark.parametrize(
    ("path", "query", "text"),
    [
        ("/history", "after=7", "after is the `next` of another page"),
        ("/history", "from=nan", "from is a time"),
        ("/history", f"to={'9' * 13}9", "to is a time"),
        ("/history", "end=gone", "end is one of finished, terminated, cancelled, abandoned"),
        ("/series", "range=9", "range is a number from 10 to 604800"),
        ("/series", "points=5000", "points is a number from 10 to 3600"),
        ("/timeline", "from=20&to=10", "from is before to"),
        ("/timeline", "bars=20001", "bars is a number from 1 to 20000"),
        ("/log", "level=debug", "level is one of info, warning, error"),
    ],
)
def test_mistakes_are_told(site: Site, path: str, query: str, text: str) -> None:
    status, error = site.wrong(path, query)
    assert status == 400
    assert error.startswith(text)


def test_a_job_that_is_gone_is_told_of_from_the_history(site: Site) -> None:
    reason = "ZeroDivisionError: division by zero"
    site.past.history.write([ended(7, 86400.0, end="terminated", reason=reason)], [], [])
    told = site.get("/jobs/7", schema="JobDetail")
    assert told["state"] == "gone"
    assert told["why"] == (
        f"terminated at 1970-01-02 00:00:00 UTC on node 10.0.0.1 after 2.0 s: {reason}"
    )
    assert [step["event"] for step in told["story"]] == ["accepted", "started", "ended"]
    assert told["history"]["cluster"] == CLUSTER[0]
    assert site.wrong("/jobs/8")[0] == 404


def test_figures(site: Site) -> None:
    for _ in range(3):
        site.world.wait(1.0)
        site.world.take(object)
        site.recorder.series.sample(site.world.scheduler.book, site.world.now)
    told = site.get("/series", "range=100", "Series")
    assert (told["step"], len(told["rows"])) == (1, 3)
    assert [share["cluster"] for share in told["shares"]] == [site.cluster.handle]
    week = site.get("/series", "range=604800", "Series")
    assert [share["cluster"] for share in week["shares"]] == [site.cluster.handle]


def test_a_timeline_has_jobs_that_run_and_jobs_that_ended(site: Site) -> None:
    now, running = site.world.now, site.running
    site.past.history.write([ended(7, now - 10), ended(8, now - 1000)], [], [])
    told = site.get("/timeline", schema="Timeline")
    bars = dict(zip(told["bars"]["uid"], told["bars"]["state"], strict=True))
    assert bars == {"7": "finished", str(running.uid): "running"}
    assert not told["truncated"]
    assert {one["address"]: one["lanes"] for one in told["nodes"]}[site.node.address] >= 1
    only = site.get("/timeline", "node=10.9.9.9", "Timeline")
    assert only["bars"]["uid"] == []


def test_a_timeline_says_that_there_is_more(site: Site) -> None:
    now = site.world.now
    site.past.history.write([ended(x, now - x) for x in range(1, 50)], [], [])
    told = site.get("/timeline", "bars=11", "Timeline")
    assert told["truncated"]
    assert len(told["bars"]["uid"]) == 11
    assert told["since"] == now - 11  # one runs, so ten that ended are shown


def test_a_timeline_of_many_nodes_tells_how_busy_they_were(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timeline, "MOST_LANED", 1)
    now = site.world.now
    both = [ended(x, now - 100, started=now - 200, node=f"10.1.0.{x}", lane=0) for x in (1, 2)]
    both.append(ended(3, now - 150, started=now - 200, node="10.1.0.2", lane=1))
    site.past.history.write(both, [], [])
    told = site.get("/timeline", f"from={now - 300}&to={now}", "Timeline")
    assert (told["mode"], told["bars"]["uid"]) == ("nodes", [])
    addresses = [one["address"] for one in told["nodes"]]
    step, busy = told["bins"]["step"], told["bins"]["busy"]
    assert round(sum(busy[addresses.index("10.1.0.1")]) * step) == 100
    row = busy[addresses.index("10.1.0.2")]
    assert round(sum(row) * step) == 150
    assert max(row) == 2 and row[0] == row[-1] == 0


def test_events(site: Site) -> None:
    happenings = site.past.happenings
    record = logging.LogRecord("gsched.core", logging.WARNING, "", 0, "node %s", ("x",), None)
    record.node = "10.0.0.1"
    for _ in range(2):
        happenings.handle(record)
    [event] = site.get("/log", schema="Log")["events"]
    assert (event["text"], event["kind"], event["count"]) == ("node x", "node", 2)
    assert site.get("/log", "after=2", "Log")["events"] == []
    assert site.get("/log", "after=1&level=warning", "Log")["events"] == [event]


def test_a_history_that_cannot_be_read_is_said_to_be(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ask(question: Any, nothing: Any) -> Any:
        raise HistoryError("disk broken")

    monkeypatch.setattr(site.recorder, "ask", ask)
    assert site.wrong("/history") == (503, "the history cannot be read: disk broken")
    assert site.wrong("/jobs/7")[0] == 404


def test_without_a_history_all_is_answered(site: Site) -> None:
    side: Any = Side(site.world.scheduler, lambda: site.world.now)
    site.past._recorder = Recorder(side, None, 0)
    told = site.get("/history", schema="History")
    assert (told["jobs"], told["most"]) == ([], 0)
    site.get("/series", "range=604800", "Series")
    site.get("/timeline", schema="Timeline")


def test_jobs_are_noted_and_written(site: Site) -> None:
    recorder, job = site.recorder, site.done
    job.message = None
    recorder._note(Remember(job, job.last, site.world.now - 2.5, 2.5))
    recorder._gather(([], []))
    assert recorder._write(site.past.history) is None
    [told] = site.get("/history", schema="History")["jobs"]
    assert (told["uid"], told["node"], told["seconds"]) == (str(job.uid), job.last.address, 2.5)
    assert (told["cluster"], told["end"]) == (site.cluster.handle, "finished")


def test_how_long_jobs_waited_and_ran_is_counted(site: Site) -> None:
    recorder, job = site.recorder, site.done
    job.message = None
    for started, seconds in ((job.story[0] + 3.0, 0.5), (None, None)):
        recorder._note(Remember(job, job.last, started, seconds))
    recorder._gather(([], []))
    waits, runs = dict(recorder.waits.shown()[0]), dict(recorder.runs.shown()[0])
    assert (waits["1.0"], waits["5.0"], waits["+Inf"]) == (0, 1, 1)
    assert (runs["0.1"], runs["0.5"], runs["+Inf"]) == (0, 1, 1)
    assert (recorder.waits.shown()[1], recorder.runs.shown()[1]) == (3.0, 0.5)
    taken = job.story[3] - job.story[0]  # both of them had been accepted by then
    assert recorder.confirms.shown()[0][-1] == ("+Inf", 2.0)
    assert recorder.confirms.shown()[1] == pytest.approx(2 * taken)


def test_a_disk_that_is_full_stops_the_history_alone(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder, history = site.recorder, site.past.history

    def full(*what: Any) -> None:
        raise HistoryError("disk full")

    site.done.message = None
    note = Remember(site.done, None, None, None)
    with monkeypatch.context() as patch:
        patch.setattr(history, "write", full)
        patch.setattr("gsched.history.recorder.MOST_WAITING", 1)
        for _ in range(2):
            recorder._note(note)
            recorder._gather(([], []))
            recorder._report(recorder._write(history))
        assert recorder.problem == "The history is not kept: disk full"
        assert site.get("/history")["problem"] == recorder.problem
    assert recorder._left_out == 1
    recorder._gather(([], []))
    recorder._report(recorder._write(history))
    assert (recorder.problem, recorder.kept) == ("", 1)
