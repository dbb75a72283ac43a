"""What is kept of a job that waits."""

import gc
import tracemalloc

from gsched.core.admission import Opening
from gsched.core.scheduler import Scheduler
from gsched.net.computation import Message
from gsched.wire.messages import Sender, build, parse
from gsched.wire.pickles import dumps, loads
from gsched.wire.records import Job

JOBS = 2_000
BUDGET = 1_000  # bytes of each, besides its arguments
ARGUMENTS = b"x" * 60


def a_job(number: int) -> Job:
    """As it comes from a client."""
    sent = Job(
        uid=None,
        hash=f"{number:040x}",
        compute_id=1,
        _args=ARGUMENTS,
        _kwargs=b"",
        xfer_files=[],
        code="",
    )
    payload = build("JOB", {"node": None, "job": sent, "auth": "a"})
    record: Job = parse(payload, Sender.CLIENT)[1]["job"]
    return record


def submit(scheduler: Scheduler, count: int) -> None:
    """Jobs that nobody can run now."""
    (cluster,) = scheduler.clusters.values()
    for number in range(count):
        message = Message(a_job(number), [])
        message.charge(None)
        now = 1_700_000_000.0 + number
        job = scheduler.offered(cluster, None, message, now)
        message.record.uid, message.record.compute_id = job.uid, cluster.id
        scheduler.accepted(job.uid, now + 0.5)


def test_a_job_that_waits_takes_little_memory() -> None:
    scheduler = Scheduler(first_id=1_700_000_000_000_000)
    cluster = scheduler.cluster_opened(Opening(name="c", client="10.0.0.1"), 0.0)
    scheduler.cluster_scheduled(cluster, 0.0)
    scheduler.cluster_started(cluster, 0.0)
    submit(scheduler, 100)
    gc.collect()
    tracemalloc.start()
    try:
        submit(scheduler, JOBS)
        gc.collect()
        taken = tracemalloc.get_traced_memory()[0] / JOBS - len(ARGUMENTS)
    finally:
        tracemalloc.stop()
    assert cluster.waiting == JOBS + 100
    assert 300 < taken < BUDGET


def test_jobs_that_share_what_says_that_nothing_is_there_stay_apart() -> None:
    strange, plain = a_job(1), a_job(2)
    strange.extra = {"later": 1}
    Message(strange, [])
    Message(plain, [])
    assert loads(dumps(strange)).extra == {"later": 1}
    assert (loads(dumps(plain)).extra, loads(dumps(plain)).xfer_files) == ({}, [])
