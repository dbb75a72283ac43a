"""How jobs of an honest client fare while somebody wants the service for himself, or for nobody.

The attacker is a process of its own at another address. It is paced where it could do more than a
scheduler can be asked to bear: the rates are those of the table's titles.
"""

import contextlib
import itertools
import multiprocessing
import os
import pickle
import resource
import socket
import statistics
import struct
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from bench import messages
from bench.rig import Rig

Figures = dict[str, float]
ATTACKER = "127.66.66.66"
HALF_OPEN = 2000  # connections
PACE = 0.005  # seconds of the attacker between two bursts
_FORK = multiprocessing.get_context("fork")
_STRANGER = b"x" * 40
_REST = 0.002  # seconds between two jobs


@dataclass
class Target:
    """What is attacked: its address, ports of nodes and clients, and the code of clients."""

    host: str
    nodes: int
    clients: int
    code: bytes

    def connect(self, port: int) -> socket.socket:
        """A connection from the attacker's address."""
        return socket.create_connection((self.host, port), 5.0, (ATTACKER, 0))


Step = Callable[[], None]


def half_open(target: Target) -> Step:
    """Two thousand that have said two bytes, and 200 more each second in place of the oldest."""
    there: deque[socket.socket] = deque()
    ports = itertools.cycle((target.nodes, target.clients))

    def step() -> None:
        while len(there) >= HALF_OPEN:  # the oldest are those that have been closed
            there.popleft().close()
        there.append(target.connect(next(ports)))
        there[-1].sendall(b"\0\0")

    return step


def connections(target: Target) -> Step:
    """One after the other, with a message that is none: 200 a second."""

    def step() -> None:
        with target.connect(target.clients) as sock:
            sock.sendall(_STRANGER + _framed(b"CLIENT:" + os.urandom(20)))
            sock.recv(1)

    return step


def giants(target: Target) -> Step:
    """Messages of 4 GiB to 64 KiB are announced, and a megabyte of each comes."""
    kinds = itertools.cycle(itertools.product((b"", target.code), (0xFFFFFFFF, 1 << 30, 1 << 16)))

    def step() -> None:
        code, size = next(kinds)
        with target.connect(target.clients if code else target.nodes) as sock:
            sock.settimeout(0.1)
            with contextlib.suppress(OSError):
                sock.sendall(code + struct.pack(">I", size) + b"x" * (1 << 20))
                sock.recv(1)

    return step


def datagrams(target: Target) -> Step:
    """20,000 a second: greetings in the name of somebody else, goodbyes, noise."""
    ping = {"ip_addr": "127.66.66.67", "port": 9, "sign": "s", "version": "4.15.2"}
    kinds = (b"PING:" + pickle.dumps(ping), b"TERMINATED:" + pickle.dumps(ping), b"x" * 1400, b"")
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((ATTACKER, 0))

    def step() -> None:
        for kind in kinds * 25:
            sock.sendto(kind, (target.host, target.nodes))

    return step


def log_lines(target: Target) -> Step:
    """Answers for jobs that nobody knows: 200 a second, each worth a line."""
    uids = itertools.count(1)

    def step() -> None:
        with target.connect(target.nodes) as sock:
            sock.sendall(messages.job_reply(next(uids), "h", ATTACKER, b"", 0.0, 0.0))
            sock.recv(16)

    return step


def tenant(target: Target) -> Step:
    """Computations with 10,000 node allocations, a hundred of them patterns made to be slow."""
    slow = [f"{'*'.join('127.0.' * 20)}*{n}" for n in range(100)]
    hosts = slow + [f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}" for n in range(9_900)]
    request = target.code + messages.compute(ATTACKER, 9, "a", [], hosts)

    def step() -> None:
        with target.connect(target.clients) as sock, sock.makefile("rb") as answer:
            sock.sendall(request)
            answer.read()

    return step


ATTACKS: dict[str, Callable[[Target], Step]] = {
    "half-open": half_open,
    "connections": connections,
    "giants": giants,
    "datagrams": datagrams,
    "log": log_lines,
    "tenant": tenant,
}


BEGUN = {half_open: HALF_OPEN}  # steps


def under(rig: Rig, attack: str, jobs: int) -> Figures:
    """Jobs one after the other: before, while it goes on, and afterwards."""
    rig.furnish(1, 4)
    rig.work(50, 1, 1)
    before, small, few = _middle(rig, jobs), rig.scheduler.memory(), rig.scheduler.descriptors
    with _going_on(rig, ATTACKS[attack]):
        during, more, open_ = _middle(rig, jobs), rig.scheduler.memory(), rig.scheduler.descriptors
    began = time.monotonic()
    rig.wait(
        lambda: rig.scheduler.descriptors <= few + 20, "all connections of the attacker are gone"
    )
    recovered = time.monotonic() - began
    return {
        "before": before * 1e3,
        "during": during * 1e3,
        "ratio": during / before,
        "after": _middle(rig, jobs) / before,
        "memory": (more - small) / 1e6,
        "open": open_ - few,
        "recovered": recovered,
    }


def _middle(rig: Rig, jobs: int) -> float:
    del rig.clients.latencies[:]
    for _ in range(jobs):
        rig.work(1, 1, 1)
        rig.loop.pause(_REST)
    return statistics.median(rig.clients.latencies)


@contextlib.contextmanager
def _going_on(rig: Rig, attack: Callable[[Target], Step]) -> Iterator[None]:
    scheduler = rig.scheduler
    code = rig.clients.identity.code
    target = Target("127.0.0.1", scheduler.nodes_port, scheduler.clients_port, code)
    over, steps = _FORK.Event(), _FORK.Value("q", 0)
    process = _FORK.Process(target=_go_on, args=(attack, target, over, steps), daemon=True)
    process.start()
    try:
        rig.wait(lambda: steps.value > BEGUN.get(attack, 10), "the attack has begun")
        yield
    finally:
        over.set()
        process.join()


def _go_on(attack: Callable[[Target], Step], target: Target, over: Any, steps: Any) -> None:
    os.nice(5)  # it shares a processor with the one who measures
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    step = attack(target)
    while not over.is_set():
        with contextlib.suppress(OSError):
            step()
        steps.value += 1
        time.sleep(PACE)


def _framed(payload: bytes) -> bytes:
    return struct.pack(">I", len(payload)) + payload
