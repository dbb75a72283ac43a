"""How jobs of an honest client fare while somebody wants the service for himself, or for nobody.

The attacker is a process of its own at another address. The rates are those of the table's titles;
at full speed it is all that the one who measures leaves it of the processor that they share.
"""

import contextlib
import itertools
import multiprocessing
import os
import pickle
import resource
import socket
import ssl
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
AT_ONCE = 64  # connections that an attacker at full speed leaves open behind it
HELLO = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"  # the beginning of a TLS handshake
_RESET = struct.pack("ii", 1, 0)  # close without a farewell, which leaves the port free for more
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
    """Two thousand that have said two bytes, and more in place of the oldest."""
    return _left_open(target, HALF_OPEN, b"\0\0", (target.nodes, target.clients))


def stalled(target: Target) -> Step:
    """The same with the beginning of a TLS handshake."""
    return _left_open(target, HALF_OPEN, HELLO, (target.clients,))


def bad_messages(target: Target) -> Step:
    """Connections with a message that is none."""
    message = _STRANGER + _framed(b"CLIENT:" + b"x" * 20)
    return _left_open(target, AT_ONCE, message, (target.clients,))


def _left_open(target: Target, most: int, data: bytes, ports: tuple[int, ...]) -> Step:
    """Connect, send that, and leave it; the oldest are those that have been closed."""
    there: deque[socket.socket] = deque()
    next_port = itertools.cycle(ports)

    def step() -> None:
        while len(there) >= most:
            there.popleft().close()
        there.append(target.connect(next(next_port)))
        there[-1].setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        there[-1].sendall(data)

    return step


def handshakes(target: Target) -> Step:
    """TLS greetings, which cost nothing here, and there a signature each; no more is said."""
    said = ssl.MemoryBIO()
    with contextlib.suppress(ssl.SSLWantReadError):
        _trusting().wrap_bio(ssl.MemoryBIO(), said).do_handshake()
    return _left_open(target, HALF_OPEN, said.read(), (target.clients,))


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


@dataclass(frozen=True)
class Attack:
    """`pace`: seconds between two steps. It has begun after so many of them."""

    make: Callable[[Target], Step]
    pace: float = PACE
    begun: int = 10


ATTACKS = {
    "half-open": Attack(half_open, begun=HALF_OPEN),
    "half-open-fast": Attack(half_open, pace=0.0, begun=HALF_OPEN),
    "connections": Attack(connections),
    "fast": Attack(bad_messages, pace=0.0, begun=1000),
    "giants": Attack(giants),
    "datagrams": Attack(datagrams),
    "datagrams-fast": Attack(datagrams, pace=0.0),
    "log": Attack(log_lines),
    "tenant": Attack(tenant),
    "tls": Attack(stalled, begun=HALF_OPEN),
    "tls-fast": Attack(handshakes, pace=0.0, begun=HALF_OPEN),
}


def under(rig: Rig, attack: str, jobs: int) -> Figures:
    """Jobs one after the other: before, while it goes on, and afterwards."""
    rig.furnish(1, 4)
    rig.work(50, 1, 1)
    return _compared(rig, ATTACKS[attack], lambda: _of_jobs(rig, jobs))


def under_tls(rig: Rig, attack: str, requests: int) -> Figures:
    """The same for requests by TLS, each with a handshake, of one who is known by his code."""
    return _compared(rig, ATTACKS[attack], lambda: _of_requests(_target(rig), requests))


def _compared(rig: Rig, attack: Attack, middle: Callable[[], float]) -> Figures:
    scheduler = rig.scheduler
    middle()
    before, small, few = middle(), scheduler.memory(), scheduler.descriptors
    with _going_on(rig, attack) as steps:
        began, first, used = time.monotonic(), steps.value, scheduler.cpu()
        during, more, open_ = middle(), scheduler.memory(), scheduler.descriptors
        passed = time.monotonic() - began
        rate, used = (steps.value - first) / passed, (scheduler.cpu() - used) / passed
    began = time.monotonic()
    rig.wait(lambda: scheduler.descriptors <= few + 20, "all connections of the attacker are gone")
    recovered = time.monotonic() - began
    return {
        "before": before * 1e3,
        "during": during * 1e3,
        "ratio": during / before,
        "after": middle() / before,
        "memory": (more - small) / 1e6,
        "open": open_ - few,
        "recovered": recovered,
        "rate": rate,
        "used": 100 * used,
    }


def _of_requests(target: Target, count: int) -> float:
    """Seconds from the connection to the answer, in the middle."""
    context, times = _trusting(), []
    for _ in range(count):
        began = time.perf_counter()
        plain = socket.create_connection((target.host, target.clients), 30.0)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with context.wrap_socket(plain) as sock:
            sock.sendall(_STRANGER + messages.client(target.host, target.host))
            assert sock.recv(4)
        times.append(time.perf_counter() - began)
        time.sleep(_REST)
    return statistics.median(times)


def _trusting() -> ssl.SSLContext:
    """Takes any certificate: it is only the work that counts."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def _of_jobs(rig: Rig, jobs: int) -> float:
    """Seconds from the submission to the result, in the middle."""
    del rig.clients.latencies[:]
    for _ in range(jobs):
        rig.work(1, 1, 1)
        rig.loop.pause(_REST)
    return statistics.median(rig.clients.latencies)


@contextlib.contextmanager
def _going_on(rig: Rig, attack: Attack) -> Iterator[Any]:
    """Until the end of a `with`; how many steps it has made."""
    over, steps = _FORK.Event(), _FORK.Value("q", 0)
    known = (attack, _target(rig), over, steps)
    process = _FORK.Process(target=_go_on, args=known, daemon=True)
    process.start()
    try:
        rig.wait(lambda: steps.value > attack.begun, "the attack has begun")
        yield steps
    finally:
        over.set()
        process.join()


def _target(rig: Rig) -> Target:
    scheduler, code = rig.scheduler, rig.clients.identity.code
    return Target("127.0.0.1", scheduler.nodes_port, scheduler.clients_port, code)


def _go_on(attack: Attack, target: Target, over: Any, steps: Any) -> None:
    os.nice(10)  # it shares a processor with the one who measures
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    step = attack.make(target)
    while not over.is_set():
        with contextlib.suppress(OSError):
            step()
        steps.value += 1
        if attack.pace:
            time.sleep(attack.pace)


def _framed(payload: bytes) -> bytes:
    return struct.pack(">I", len(payload)) + payload
