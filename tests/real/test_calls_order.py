"""The order of what a client is told of jobs that end at once, and how often it is told of nodes.

No real node ends a job before it has confirmed it whenever a test wants that; so here the client
and the node are played, and only what lies between them is real.
"""

from pathlib import Path
from typing import Any

import gevent
import pytest

from gsched.core import effects
from gsched.core.fleet import NodeFacts
from gsched.core.model.cluster import Cluster
from gsched.core.model.job import End, Job
from gsched.core.model.lease import Allocation
from gsched.core.scheduler import Opening, Scheduler
from gsched.net.clients import news
from gsched.net.clients.delivery import Delivery
from gsched.net.computation import Computation, Message
from gsched.net.exchange import Exchange
from gsched.net.identity import Identity
from gsched.store.spool import Spool
from gsched.wire.pickles import loads
from gsched.wire.records import Compute, JobReply
from gsched.wire.records import Job as JobRecord

ADDRESS = "10.0.0.1"
AVAILABLE = 17
PATIENCE = 30.0


class PlayedClient:
    """Takes the place of `Caller`: notes what it is told, and says ACK."""

    timeout = 1.0

    def __init__(self) -> None:
        self.told: list[tuple[str, Any]] = []

    def ask(self, address: Any, code: bytes, payload: bytes, *limits: Any) -> bytes:
        self.tell(address, code, payload)
        return b"ACK"

    def tell(self, _address: Any, _code: bytes, payload: bytes) -> None:
        tag, _, data = payload.partition(b":")
        self.told.append((tag.decode(), loads(data)))

    def tags(self) -> list[str]:
        """Of all messages but those on nodes."""
        return [tag for tag, _ in self.told if tag != "NODE_STATUS"]

    def figures(self) -> list[tuple[int, int]]:
        """Bytes sent and received, each time it was told what a node has to spare."""
        statuses = [body for tag, body in self.told if tag == "NODE_STATUS"]
        return [(x["tx"], x["rx"]) for x in statuses if x["status"] == AVAILABLE]


class World:
    """A cluster on one node, and the delivery to its client."""

    def __init__(self, folder: Path) -> None:
        self.exchange = Exchange(Scheduler(), lambda: 1000.0)
        self.scheduler = self.exchange.scheduler
        self.client = PlayedClient()
        for kind in (effects.SetUp, effects.SendJob, effects.FindNodes, effects.Close):
            self.exchange.perform(kind, lambda effect: None)
        identity = Identity(node_secret="", cluster_secret="", announced=("10.0.0.9",))
        self.delivery = Delivery(self.exchange, identity, self.client)  # type: ignore[arg-type]
        self.cluster = self.open(folder)
        facts = NodeFacts(address=ADDRESS, port=1, name="n", cpus=9, identity="1")
        self.exchange.tell(self.scheduler.node_joined, facts)
        self.exchange.tell(self.scheduler.lease_ready, self.cluster.leases[ADDRESS], 9)

    def open(self, folder: Path) -> Cluster:
        compute = object.__new__(Compute)
        compute.__setstate__({"xfer_files": [], "setup_args_count": 0})
        computation = Computation(
            record=compute,
            client_auth="c",
            node_auth="n",
            source="10.9.9.9",
            reply_to=("10.9.9.9", 9700),
            spool=Spool(folder),
        )
        allocations = [Allocation("*")]
        opening = Opening(name="x", client="c", spec=computation, allocations=allocations)
        cluster = self.scheduler.cluster_opened(opening, 1000.0)
        self.scheduler.cluster_scheduled(cluster, 1000.0)  # that it is told so is another matter
        self.exchange.tell(self.scheduler.cluster_started, cluster)
        return cluster

    def submit(self) -> Job:
        record = JobRecord(
            uid=None, hash="h", compute_id=1, _args=b"", _kwargs=b"", xfer_files=[], code=""
        )
        job = self.scheduler.offered(self.cluster, None, Message(record, []), 1000.0)
        self.exchange.tell(self.scheduler.accepted, job.uid)
        return job

    def end(self, job: Job, end: End = End.FINISHED) -> None:
        reply = JobReply(uid=job.uid, hash="h", ip_addr=ADDRESS, status=11, result=b"N.")
        self.exchange.tell(self.scheduler.finished, job.uid, ADDRESS, end, reply, 1.0)


@pytest.fixture
def world(tmp_path: Path) -> Any:
    world = World(tmp_path)
    wait_for(lambda: world.client.told)  # of the node
    world.client.told.clear()
    yield world
    world.delivery.stop()


def wait_for(condition: Any) -> None:
    """Let the greenlets run until then."""
    with gevent.Timeout(PATIENCE):
        while not condition():
            gevent.sleep(0.001)


@pytest.mark.parametrize("confirmed", ["before", "after", "never"])
def test_clients_are_told_that_a_job_runs_before_it_ends(world: World, confirmed: str) -> None:
    """Else a dispy client counts one CPU less than it should as busy, for ever."""
    job = world.submit()
    if confirmed == "before":
        world.exchange.tell(world.scheduler.started, job.uid, job.tries)
    world.end(job)
    if confirmed == "after":
        world.exchange.tell(world.scheduler.started, job.uid, job.tries)
    wait_for(lambda: not world.scheduler.jobs)
    assert world.client.tags() == ["JOB_STATUS", "JOB_REPLY"]


def test_a_job_that_never_ran_is_only_answered(world: World) -> None:
    jobs = [world.submit() for _ in range(10)]  # of which the last one waits
    world.exchange.tell(world.scheduler.cancelled, jobs[-1].uid)
    wait_for(lambda: len(world.scheduler.jobs) == 9)
    assert world.client.tags() == ["JOB_REPLY"]


def test_news_of_nodes_are_gathered(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """While jobs go on they wait; when the last one has ended, the figures are right at once."""
    monkeypatch.setattr(news, "PAUSE", 2 * PATIENCE)
    first, *others, last = (world.submit() for _ in range(9))
    for job in (first, *others):
        world.end(job)
        wait_for(lambda: job.uid not in world.scheduler.jobs)  # noqa: B023
    assert world.client.figures() == []
    world.end(last)
    wait_for(world.client.figures)
    tally = world.cluster.tallies[ADDRESS]
    assert world.client.figures() == [(tally.sent, tally.received)]
    assert tally.jobs_done == 9 and tally.received > 0


def test_news_for_a_client_that_brings_one_job_after_the_other(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of its jobs is the last one: only when no more come it is told again."""
    monkeypatch.setattr(news, "PAUSE", 2 * PATIENCE)
    monkeypatch.setattr(news, "LULL", 2.0)
    for number in range(20):
        job = world.submit()
        world.end(job)
        wait_for(lambda: job.uid not in world.scheduler.jobs)  # noqa: B023
        if not number:
            wait_for(world.client.figures)
    assert len(world.client.figures()) == 1
    wait_for(lambda: len(world.client.figures()) > 1)
    tally = world.cluster.tallies[ADDRESS]
    assert world.client.figures()[1:] == [(tally.sent, tally.received)]
