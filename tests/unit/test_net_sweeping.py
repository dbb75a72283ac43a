"""Very many jobs that end: each bit is kept before the next one, and others have their turn."""

import gevent
import pytest
from gevent.event import Event

from gsched.core.admission import Opening
from gsched.core.effects import Forget, TellScheduled
from gsched.core.scheduler import Scheduler
from gsched.core.sweeping import AT_ONCE
from gsched.net.clients.sweeping import Sweeping
from gsched.net.exchange import Exchange
from gsched.net.keeping.keeper import Forgetful

NOW = 1000.0
TURNS = 3


class Disk(Forgetful):
    """It takes what it is to keep once it may."""

    def __init__(self) -> None:
        self.may = Event()
        self.asked = 0

    def settled_at_last(self) -> None:
        self.asked += 1
        self.may.wait()


@pytest.fixture
def scheduler() -> Scheduler:
    """With a cluster that has so many jobs that they end in several turns."""
    scheduler = Scheduler()
    cluster = scheduler.cluster_opened(Opening(name="x", client="c"), NOW)
    scheduler.cluster_scheduled(cluster, NOW)
    for _ in range(TURNS * AT_ONCE):
        job = scheduler.offered(cluster, None, None, NOW)
        scheduler.accepted(job.uid, NOW)
    return scheduler


def test_each_bit_is_kept_before_the_next(scheduler: Scheduler) -> None:
    exchange, disk = Exchange(scheduler, lambda: NOW), Disk()
    sweeping, forgotten = Sweeping(exchange, disk), list[object]()
    exchange.perform(Forget, forgotten.append)
    exchange.perform(TellScheduled, forgotten.append)
    left = list[int]()

    def other() -> None:
        while scheduler.jobs:
            left.append(len(scheduler.jobs))
            gevent.sleep(0)

    [cluster] = scheduler.clusters.values()
    exchange.tell(lambda now: scheduler.cluster_closed(cluster, now, "over"))
    gevent.sleep(0)
    gevent.sleep(0)
    assert (disk.asked, len(scheduler.jobs)) == (1, (TURNS - 1) * AT_ONCE)
    disk.may.set()
    with gevent.Timeout(30.0):
        gevent.spawn(other).join()
    assert disk.asked == TURNS - 1
    assert {*left} == {turn * AT_ONCE for turn in range(1, TURNS)}
    assert [type(one) for one in forgotten] == [Forget]
    sweeping.stop()
