"""Results that a client asks for: one that has lost some, or that recovers the jobs of another."""

from collections.abc import Callable
from itertools import islice
from typing import Any

from gsched.core.model.cluster import Cluster
from gsched.net.clients.delivery import Delivery
from gsched.net.computation import message_of
from gsched.net.transport.channel import Channel
from gsched.wire import secrets
from gsched.wire.errors import PeerError
from gsched.wire.pickles import dumps

MOST_DONE = 51  # results that a client is told of at once, as dispy's scheduler does
ACK = b"ACK"
_SMALL = 1024

Body = dict[str, Any]


class Results:
    """`cluster` finds the one that a request is about, or raises PeerError. No request takes longer
    where there are more jobs.
    """

    def __init__(self, delivery: Delivery, cluster: Callable[[Body], Cluster]) -> None:
        self._delivery = delivery
        self._cluster = cluster
        self.handlers: dict[str, Callable[[Channel, Body], bytes | None]] = {
            "PENDING_JOBS": self._pending_jobs,
            "RETRIEVE_JOB": self._retrieve_job,
            "RESEND_JOB_RESULTS": self._resend_results,
        }

    def _pending_jobs(self, channel: Channel, body: Body) -> bytes:
        cluster = self._cluster(body)
        done = list(islice(cluster.untaken, MOST_DONE))
        return dumps({"done": done, "pending": cluster.waiting + cluster.running})

    def _retrieve_job(self, channel: Channel, body: Body) -> None:
        job = self._cluster(body).untaken.get(body["uid"])
        if job is not None and not secrets.same(message_of(job).hash, body["hash"]):
            raise PeerError(f"request for job {job.uid} with a wrong hash")
        payload = dumps(self._delivery.reply(job) if job else None)
        channel.send(payload)
        if channel.receive(_SMALL) == ACK and job is not None:
            self._delivery.taken(job, len(payload))

    def _resend_results(self, channel: Channel, body: Body) -> bytes:
        """The client is there again, as a new process at the same port that recovers jobs."""
        return dumps(self._delivery.recover(self._cluster(body)))
