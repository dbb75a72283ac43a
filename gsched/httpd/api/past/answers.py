"""The past, for the page and programs: jobs that ended, figures, a timeline, events."""

from collections.abc import Callable, Iterator
from typing import Any

import bottle
from bottle import HTTPError, response

from gsched.core.book import Book
from gsched.history import series, timeline
from gsched.history.happenings import Happenings
from gsched.history.recorder import Recorder
from gsched.httpd.api.asking import Given, install
from gsched.httpd.api.operation import LIMIT
from gsched.httpd.api.past.download import Downloads
from gsched.httpd.api.past.operations import OPERATIONS
from gsched.store.history import HistoryError
from gsched.store.lookup import Place, Wanted

RANGE, POINTS = 900, 600  # seconds and points of a series, unless asked for
SPAN, BARS = 300.0, 5000  # seconds and bars of a timeline, unless asked for


class Past:
    """Answers from what was recorded."""

    def __init__(
        self, book: Book, now: Callable[[], float], recorder: Recorder, happenings: Happenings
    ) -> None:
        self._book, self._now = book, now
        self._recorder, self._happenings = recorder, happenings
        self._downloads = Downloads()

    def install(self, app: bottle.Bottle) -> None:
        """Add the routes."""
        handlers = {
            "/api/v1/history": self._history,
            "/api/v1/history.csv": self._download,
            "/api/v1/series": self._series,
            "/api/v1/timeline": self._timeline,
            "/api/v1/log": self._log,
        }
        install(app, [(one, handlers[one.path]) for one in OPERATIONS])

    def _history(self, given: Given) -> Any:
        wanted = _wanted(given)
        after, limit = given.get("after"), given.get("limit", LIMIT)
        place: Place | None = None
        jobs, place, oldest = self._ask(
            lambda file: (*file.page(wanted, after, limit), file.oldest()), ([], None, None)
        )
        recorder = self._recorder
        return {
            "jobs": jobs,
            "next": place and f"{place[0]!r}-{place[1]}",
            "kept": recorder.kept,
            "most": recorder.most,
            "oldest": oldest,
            "problem": recorder.problem,
        }

    def _download(self, given: Given) -> Iterator[bytes]:
        wanted = _wanted(given)
        attached = 'attachment; filename="gsched-jobs.csv"'
        response.set_header("Content-Disposition", attached)
        return self._downloads.lines(
            lambda after, limit: self._ask(lambda x: x.page(wanted, after, limit), ([], None))
        )

    def _series(self, given: Given) -> Any:
        now, span = self._now(), given.get("range", RANGE)
        figures = self._recorder.series
        step, rows = figures.rows(now, span, given.get("points", POINTS))
        used = figures.shares(now, span)
        if span > series.HOUR and self._recorder.most:
            sums = self._ask(lambda file: file.sums(now - span), [])
            used = series.merged([*sums, *figures.used_now()])
        return series.answer(now, span, step, rows, used)

    def _timeline(self, given: Given) -> Any:
        now = self._now()
        until = given.get("to", now)
        begin = given.get("from", until - SPAN)
        if begin >= until:
            raise HTTPError(400, "from is before to")
        node, most = given.get("node"), given.get("bars", BARS)
        over = self._ask(lambda file: file.bars(begin, until, node, most + 1), [])
        return timeline.answer(self._book, over, begin, until, now, node, most)

    def _log(self, given: Given) -> Any:
        limit = given.get("limit", LIMIT)
        wanted = {name: given[name] for name in ("level", "kind") if name in given}
        happenings = self._happenings
        if "after" in given:
            events, later = happenings.after(given["after"], limit, **wanted)
        else:
            events, later = happenings.latest(limit, **wanted), None
        ends = {"first": happenings.first, "last": happenings.last}
        return {"events": events, "next": later, **ends}

    def _ask(self, question: Callable[[Any], Any], nothing: Any) -> Any:
        try:
            return self._recorder.ask(question, nothing)
        except HistoryError as error:
            raise HTTPError(503, f"the history cannot be read: {error}") from error


def _wanted(given: Given) -> Wanted:
    return Wanted(*(given.get(name) for name in ("cluster", "node", "end", "from", "to")))
