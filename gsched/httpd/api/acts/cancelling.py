"""Many jobs are cancelled: some at a time, so that everybody else has their turn in between."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

import gevent
from bottle import HTTPError

from gsched.core.book import Book
from gsched.core.dispatch import AT_NODE
from gsched.core.model.job import Job, State
from gsched.httpd.api.acts.done import settle
from gsched.httpd.api.acts.orders import OPEN
from gsched.httpd.api.asking import Given, Row, find_cluster, find_node
from gsched.net.exchange import Exchange
from gsched.net.keeping.keeper import Keeping

AT_ONCE = 200  # jobs that are cancelled before others have their turn
LOOKS = 5000  # jobs that are looked at before that


class Cancelling:
    """See the module's text."""

    def __init__(self, exchange: Exchange, keeper: Keeping) -> None:
        self._exchange, self._keeper = exchange, keeper
        self._book: Book = exchange.scheduler.book

    def cancel(self, given: Given, by: str) -> tuple[Row, str]:
        """The answer, and what it was about in words. Raises HTTPError."""
        uids, target = self._meant(given)
        done: Row = {"jobs": 0, "at_nodes": 0, "over": 0, "undo": None, "warning": ""}
        dry, reason = given.get("dry_run", False), given.get("reason", "")
        left = iter(uids)
        while some := list(islice(left, LOOKS if dry else AT_ONCE)):
            jobs = [job for uid in some if (job := self._open_job(uid)) is not None]
            done["jobs"] += len(jobs)
            done["over"] += len(some) - len(jobs)
            done["at_nodes"] += sum(job.state in AT_NODE for job in jobs)
            if not dry and jobs:
                told = ([job.uid for job in jobs], by, reason)
                self._exchange.tell(self._exchange.scheduler.actions.cancel, *told)
                # What is done is kept before more is done: no batch of the journal is large.
                done["warning"] = settle(self._keeper)
            gevent.sleep(0)
        return done | {"dry_run": dry, "outcome": _words(done, dry)}, target

    def _meant(self, given: Given) -> tuple[list[int], str]:
        wanted: dict[str, str] = given.get("filter", {})
        if ("uids" in given) == ("filter" in given):
            raise HTTPError(400, "either uids or filter is wanted")
        if "uids" in given:
            uids: list[int] = list(dict.fromkeys(given["uids"]))
            return uids, f"jobs {', '.join(map(str, uids[:5]))}{', ...' if uids[5:] else ''}"
        if not wanted:
            raise HTTPError(400, "filter: a cluster, a node or a state is wanted")
        return list(self._filtered(wanted)), f"jobs of {_told(wanted)}"

    def _filtered(self, wanted: dict[str, str]) -> Iterator[int]:
        """Those that are there now; to look at all of them takes some turns."""
        states = (State(wanted["state"]),) if "state" in wanted else OPEN
        cluster = find_cluster(self._book, wanted["cluster"]) if "cluster" in wanted else None
        node = find_node(self._book, wanted["node"]) if "node" in wanted else None
        among: dict[int, Job] = self._book.jobs
        if node is not None:
            among = node.jobs
        elif cluster is not None:
            among = cluster.jobs
        for number, job in enumerate(list(among.values())):
            if number % LOOKS == LOOKS - 1:
                gevent.sleep(0)
            if job.state in states and cluster in (None, job.cluster):
                yield job.uid

    def _open_job(self, uid: int) -> Job | None:
        job = self._book.jobs.get(uid)
        return job if job is not None and job.state in OPEN else None


def _words(done: dict[str, Any], dry: bool) -> str:
    would = "would be cancelled" if dry else "cancelled"
    at_nodes = f", {done['at_nodes']:,} of them at nodes" if done["at_nodes"] else ""
    over = f"; {done['over']:,} not known or over" if done["over"] else ""
    return f"{done['jobs']:,} jobs {would}{at_nodes}{over}"


def _told(wanted: dict[str, str]) -> str:
    return ", ".join(f"{name} {value}" for name, value in wanted.items())
