"""What clients ask of results costs the same however many jobs they have."""

from types import SimpleNamespace
from typing import Any

import pytest

from gsched.core.admission import Opening
from gsched.core.model.job import Job
from gsched.core.scheduler import Scheduler
from gsched.net.clients.results import MOST_DONE, Results
from gsched.wire.errors import PeerError
from gsched.wire.pickles import loads

NOW = 1000.0
MANY = 2 * MOST_DONE


class Many(dict[int, Job]):
    """Jobs, which may be a million: nobody goes through all of them."""

    def _never(self, *_: Any) -> Any:
        raise AssertionError("all jobs are looked at")

    __iter__ = keys = values = items = copy = _never


class Client:
    """One with MANY jobs that are over, and as many that wait."""

    def __init__(self) -> None:
        self.scheduler = scheduler = Scheduler()
        opening = Opening(name="x", client="c", id=7)
        self.cluster = scheduler.cluster_opened(opening, NOW)
        scheduler.cluster_scheduled(self.cluster, NOW)
        self.jobs = [self._job() for _ in range(2 * MANY)]
        for job in self.jobs[MANY:]:  # those that came last are over
            scheduler.cancelled(job.uid, NOW)
        scheduler.book.jobs = Many(scheduler.book.jobs)
        self.cluster.jobs = Many(self.cluster.jobs)
        self.sent: list[Any] = []
        self.taken: list[Job] = []
        delivery: Any = SimpleNamespace(
            reply=lambda job: f"reply of {job.uid}", taken=lambda job, size: self.taken.append(job)
        )
        self._results = Results(delivery, lambda body: self.cluster)

    def _job(self) -> Job:
        message = SimpleNamespace(hash="h")
        job = self.scheduler.offered(self.cluster, None, message, NOW)
        self.scheduler.accepted(job.uid, NOW)
        return job

    def ask(self, name: str, answer: bytes = b"", **body: Any) -> Any:
        """What it is told."""
        channel: Any = SimpleNamespace(
            send=lambda payload: self.sent.append(payload), receive=lambda _: answer
        )
        reply = self._results.handlers[name](channel, body)
        return loads(reply or self.sent.pop())


@pytest.fixture
def client() -> Client:
    return Client()


def test_what_is_pending(client: Client) -> None:
    over = [job.uid for job in client.jobs[MANY:]]
    assert client.ask("PENDING_JOBS") == {"done": over[:MOST_DONE], "pending": MANY}
    client.scheduler.delivered(over[0], NOW)
    assert client.ask("PENDING_JOBS")["done"] == over[1 : MOST_DONE + 1]


@pytest.mark.parametrize("answer", [b"ACK", b"NAK"])
def test_a_result_that_is_fetched(client: Client, answer: bytes) -> None:
    """It counts as delivered once the client says that it has it."""
    over, waits = client.jobs[-1], client.jobs[0]
    assert client.ask("RETRIEVE_JOB", answer, uid=waits.uid, hash="h") is None
    assert client.ask("RETRIEVE_JOB", answer, uid="no uid", hash="h") is None
    assert not client.taken
    assert client.ask("RETRIEVE_JOB", answer, uid=over.uid, hash="h") == f"reply of {over.uid}"
    assert client.taken == ([over] if answer == b"ACK" else [])
    with pytest.raises(PeerError, match="wrong hash"):
        client.ask("RETRIEVE_JOB", uid=over.uid, hash="another")
