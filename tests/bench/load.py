"""Scenarios of steady work: throughput, growth, queues, latency, a long run."""

import statistics
import time

from bench import lag
from bench.messages import NO_HASH
from bench.rig import Rig, Span

Figures = dict[str, float]
_WARM = 300  # jobs before anything is measured
_UNREAD = 200  # results that a slow client does not take
CHAINS = 8  # submissions that go on at the same time, of all clients together


def _per_job(span: Span, jobs: int) -> Figures:
    return {
        "cpu": span.cpu / jobs * 1e3,
        "own": span.own / jobs * 1e3,
        "rate": jobs / span.seconds,
        "starved": span.starved / span.seconds,
    }


def throughput(rig: Rig, nodes: int, cpus: int, clients: int, jobs: int) -> Figures:
    """Jobs that end at once; twice as many are on their way as there are CPUs, up to 128."""
    rig.furnish(nodes, cpus, clients)
    window = max(1, min(2 * nodes * cpus, 128) // clients)
    chains = max(1, CHAINS // clients)
    rig.work(max(_WARM, clients), window, chains)
    before = rig.scheduler.lag()
    with rig.span() as span:
        rig.work(jobs, window, chains)
    after = rig.scheduler.lag()
    figures = {"lag": lag.p99(before, after) * 1e3} if after else {}
    return figures | _per_job(span, jobs)


def slow_reader(rig: Rig, jobs: int) -> Figures:
    """Two clients, one of which takes no results any more: what becomes of the other."""
    other, slow = rig.furnish(4, 8, clients=2)

    def work() -> Figures:
        goal = other.done + jobs
        with rig.span() as span:
            other.submit(jobs, 64, CHAINS)
            rig.wait(lambda: other.done >= goal, "results")
        return _per_job(span, jobs)

    rig.work(_WARM, 32, CHAINS // 2)
    alone = work()
    slow.mute, goal = True, rig.nodes.started + _UNREAD
    slow.submit(_UNREAD, _UNREAD, CHAINS)
    rig.wait(lambda: rig.nodes.started >= goal, "jobs of the slow one end")
    beside = work()
    return {
        "kept_rate": beside["rate"] / alone["rate"],
        "kept_cpu": beside["cpu"] / alone["cpu"],
        "read": slow.done - _WARM // 2,
    }


def depth(rig: Rig, queued: int, jobs: int) -> Figures:
    """A queue is filled while all CPUs are busy; then some of it is worked off."""
    (client,) = rig.furnish(4, 8)
    rig.work(_WARM, 64, CHAINS)
    figures = fill(rig, queued)
    goal, before = client.done + jobs, (client.done, rig.nodes.started)
    rig.nodes.hold = False
    with rig.span() as span:
        rig.nodes.release()
        rig.wait(lambda: client.done >= goal, "results")
    # A scheduler may bring many more jobs to nodes than results home meanwhile.
    done, started = client.done - before[0], rig.nodes.started - before[1]
    return figures | _per_job(span, (done + started) // 2) | {"undelivered": max(0, started - done)}


def fill(rig: Rig, queued: int) -> Figures:
    """So many jobs wait in the queue of the only client."""
    (client,) = rig.clients.all
    assert client.template
    arguments = len(client.template.args) + len(client.template.kwargs)
    goal, before = client.taken + queued, rig.scheduler.memory()
    rig.nodes.hold = True
    with rig.span() as span:
        client.submit(queued, 1 << 30, CHAINS)
        rig.wait(lambda: client.taken + client.refused >= goal, "a full queue", 600.0)
    rig.loop.pause(0.5)
    return {
        "memory": (rig.scheduler.memory() - before) / queued - arguments,
        "submit_rate": queued / span.seconds,
        "submit_cpu": span.cpu / queued * 1e3,
    }


def arguments(rig: Rig, queued: int, size: int) -> Figures:
    """Large arguments, of each job other ones: all are submitted, then all are run."""
    copies = size // len(NO_HASH)
    (client,) = rig.furnish(4, 8, args=(NO_HASH * copies,))
    rig.work(_WARM, 64, CHAINS)
    rig.nodes.hashes, done, began = copies + 1, client.done, rig.scheduler.memory()
    filled = fill(rig, queued)
    full = rig.scheduler.memory() - began
    rig.nodes.hold = False
    with rig.span() as span:
        rig.nodes.release()
        rig.wait(lambda: client.done >= done + queued, "results", 600.0)
    return {
        "full": full / 1e6,
        "most": (rig.scheduler.most_memory() - began) / 1e6,
        "wrong": rig.nodes.wrong,
        "submit_rate": filled["submit_rate"],
        "submit_cpu": filled["submit_cpu"],
        **_per_job(span, queued),
    }


def latency(rig: Rig, jobs: int) -> Figures:
    """One job after the other, with pauses: nothing else goes on."""
    rig.furnish(1, 4)
    rig.work(50, 1, 1)
    del rig.clients.latencies[:]
    for _ in range(jobs):
        rig.work(1, 1, 1)
        rig.loop.pause(0.002)
    found = rig.clients.latencies
    return {
        "p50": statistics.median(found) * 1e3,
        "p99": statistics.quantiles(found, n=100)[98] * 1e3,
    }


def soak(rig: Rig, seconds: float) -> Figures:
    """As many jobs as it can do, for a while."""
    (client,) = rig.furnish(4, 8)
    client.submit(1 << 30, 64, CHAINS)
    rig.loop.pause(1.0)
    before = rig.scheduler.memory()
    tenths, began = [], time.monotonic()
    for tenth in range(1, 11):
        done = client.done
        with rig.span() as span:
            left = began + seconds * tenth / 10 - time.monotonic()
            rig.loop.pause(left)
        tenths.append(_per_job(span, max(1, client.done - done)))
    growth = rig.scheduler.memory() - before
    client.wanted = client.sent
    first, last = tenths[0], tenths[-1]
    return {
        "first_rate": first["rate"],
        "last_rate": last["rate"],
        "kept_rate": last["rate"] / first["rate"],
        "kept_cpu": last["cpu"] / first["cpu"],
        "memory": growth / 1e6,
    }
