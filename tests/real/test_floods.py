"""Attackers who want the service for themselves, or for nobody, while a client works."""

import contextlib
import multiprocessing
import os
import pickle
import resource
import socket
import ssl
import statistics
import struct
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from peers import Gsched, Stage, wait_until
from peers.attack import STRANGER, connect, descriptors, framed, memory, right_code
from peers.certificates import self_signed

pytestmark = pytest.mark.real

ATTACKER = "127.66.66.66"
HALF_OPEN = 2000  # connections
MOST_MEMORY = 200 << 20  # bytes more than before
MOST_OPEN = 2 * HALF_OPEN  # files and sockets
SPARE = 50
PROBES = 100
FORK = multiprocessing.get_context("fork")


@pytest.fixture(autouse=True)
def many_files() -> None:
    """The attacker needs as many sockets as the attacked."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 1 << 16), hard))


def latency(gsched: Gsched, port: int) -> float:
    """Seconds, in the middle, until an honest client has its answer."""
    times = []
    for _ in range(PROBES):
        began = time.perf_counter()
        right_code(gsched, port)
        times.append(time.perf_counter() - began)
    return statistics.median(times)


@contextlib.contextmanager
def attacked(gsched: Gsched, port: int, attack: Callable[[], None]) -> Iterator[None]:
    """See that all is well meanwhile and afterwards. `attack` is called again and again."""
    over, calls = FORK.Event(), FORK.Value("i", 0)

    def go_on() -> None:
        while not over.is_set():
            with contextlib.suppress(OSError):
                attack()
            calls.value += 1

    before, small, few = latency(gsched, port), memory(gsched.pid), descriptors(gsched.pid)
    attacker = FORK.Process(target=go_on)  # a thread of ours would slow down who takes the time
    attacker.start()
    try:
        wait_until(lambda: calls.value > 2, "the attack has begun")
        during = latency(gsched, port)
        yield
        assert memory(gsched.pid) - small < MOST_MEMORY
        assert descriptors(gsched.pid) < MOST_OPEN
    finally:
        over.set()
        attacker.join()
    recovers(gsched, few)
    after = latency(gsched, port)
    times = [f"{1000 * x:.2f}" for x in (before, during, after)]
    print(f"ms before, during and after: {' '.join(times)}; attacks: {calls.value}")


def recovers(gsched: Gsched, few: int) -> None:
    wait_until(lambda: descriptors(gsched.pid) <= few + SPARE, "all connections are gone")
    gsched.wait_for(lambda x: x["limits"]["max_connections"][0] <= SPARE, "none is counted")


def works(stage: Stage, gsched: Gsched) -> None:
    outcome = stage.client("squares", gsched, jobs=20).outcome()
    assert (outcome["jobs"], outcome["wrong"]) == (20, [])


@pytest.mark.parametrize("side", ["nodes", "clients"])
def test_half_open_connections(stage: Stage, side: str) -> None:
    """They say a little, and again a little; others come in all the same."""
    gsched, _ = stage.trio(1, 2)
    port = stage.base if side == "nodes" else stage.base + 2
    few, small = descriptors(gsched.pid), memory(gsched.pid)
    before = latency(gsched, stage.base + 2)
    with contextlib.ExitStack() as stack:
        slow = [stack.enter_context(connect(gsched, port, ATTACKER)) for _ in range(HALF_OPEN)]
        for sock in slow:
            with contextlib.suppress(OSError):
                sock.sendall(b"\0\0")
        during = latency(gsched, stage.base + 2)
        limit = gsched.status()["limits"]["max_connections"]
        assert limit[0] < HALF_OPEN < limit[1]
        works(stage, gsched)
        assert memory(gsched.pid) - small < MOST_MEMORY
        assert descriptors(gsched.pid) < MOST_OPEN
        recovers(gsched, few)
    after = latency(gsched, stage.base + 2)
    times = [f"{1000 * x:.2f}" for x in (before, during, after)]
    print(f"ms before, during and after: {' '.join(times)}")


@pytest.mark.proves("--max_connections", "--max_host_connections")
def test_connections_beyond_the_limit(stage: Stage) -> None:
    """From many addresses, so that it is the limit of all that they reach."""
    gsched, _ = stage.trio(1, 2, "--max_connections", "100", "--max_host_connections", "60")
    with contextlib.ExitStack() as stack:
        for number in range(300):
            source = f"127.66.66.{1 + number % 10}"
            stack.enter_context(connect(gsched, stage.base + 2, source)).sendall(b"\0")
        gsched.wait_for(lambda x: x["limits"]["max_connections"][0] <= 100, "some have to go")
        works(stage, gsched)


def test_connection_flood(stage: Stage) -> None:
    gsched, _ = stage.trio(1, 2)
    port = stage.base + 2

    def attack() -> None:
        with connect(gsched, port, ATTACKER) as sock:
            sock.sendall(STRANGER + framed(b"CLIENT:" + os.urandom(20)))

    with attacked(gsched, port, attack):
        works(stage, gsched)
    assert len(gsched.err) < 100_000  # bytes: it does not fill the log


def test_giants_are_announced(stage: Stage) -> None:
    """By strangers, and by one who knows the code; they begin to send, and stay."""
    gsched, _ = stage.trio(1, 2)
    nodes, clients = stage.base, stage.base + 2
    codes = {nodes: b"", clients: right_code(gsched, clients)}

    def attack() -> None:
        with contextlib.ExitStack() as stack:
            for size in (0xFFFFFFFF, 1 << 30, 1 << 16):
                for port, code in [*codes.items()] * 100:
                    sock = stack.enter_context(connect(gsched, port, ATTACKER))
                    sock.settimeout(0.2)
                    with contextlib.suppress(OSError):
                        sock.sendall(code + struct.pack(">I", size) + b"x" * (1 << 20))
            with contextlib.suppress(OSError):
                sock.recv(1)

    with attacked(gsched, clients, attack):
        works(stage, gsched)


@pytest.mark.proves("--max_message_memory", "--max_log_lines")
def test_limits_are_those_that_were_given(stage: Stage) -> None:
    """Of what one who knows the code may send, and of what is said about him."""
    few = ("--max_message_memory", "4m", "--max_log_lines", "50", "--max_client_effort", "1")
    gsched, _ = stage.trio(1, 2, *few)
    port = stage.base + 2

    def send(code: bytes, size: int, payload: bytes = b"") -> None:
        with connect(gsched, port, ATTACKER) as sock, contextlib.suppress(OSError):
            sock.sendall(code + struct.pack(">I", size) + payload)
            sock.recv(1)

    send(right_code(gsched, port), 3 << 20, b"x" * (3 << 20))
    for number in range(20):
        send(STRANGER, (1 << 20) + number)
    gsched.wait_for(lambda x: x["limits"]["max_log_lines"][2] >= 10, "not all of it is said")
    limits = gsched.status()["limits"]
    assert limits["max_message_memory"][1:] == [4 << 20, 1]
    assert limits["max_client_effort"][1] == 1
    assert gsched.err.count(ATTACKER) == 3  # of 50 lines two, and one that there are more
    works(stage, gsched)


@pytest.mark.proves("--max_datagrams")
def test_datagram_flood(stage: Stage) -> None:
    gsched, _ = stage.trio(1, 2, "--max_datagrams", "600")
    ping = {"ip_addr": "127.66.66.67", "port": 9, "sign": "s", "version": "4.15.2"}
    payloads = [b"PING:" + pickle.dumps(ping), b"PING:", b"x" * 1400, b""]

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((ATTACKER, 0))

        def attack() -> None:
            for payload in payloads * 100:
                sock.sendto(payload, (gsched.address, stage.base))

        with attacked(gsched, stage.base + 2, attack):
            gsched.wait_for(
                lambda x: x["limits"]["max_datagrams"][:2] == [300, 600], "of one sender"
            )
            assert gsched.status()["limits"]["max_datagrams"][2] > 0
            works(stage, gsched)


def test_datagrams_in_the_name_of_another_do_not_flood_him(stage: Stage) -> None:
    """He gets less than was sent to us, in a connection that he takes, and nothing by UDP."""
    gsched, _ = stage.trio(1, 2)
    victim = ("127.66.66.67", stage.base + 1)
    body = {"ip_addr": victim[0], "port": victim[1], "sign": "s" * 40, "version": "4.15.2"}
    ping = b"PING:" + pickle.dumps(body)
    with contextlib.ExitStack() as stack:
        door = stack.enter_context(socket.create_server(victim))
        ears = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
        for ear, address in zip(ears, (victim, (ATTACKER, 0)), strict=True):
            stack.enter_context(ear)
            ear.bind(address)
            ear.setblocking(False)
        sent, got = 0, 0
        door.settimeout(30)
        for _ in range(3):  # a greeting, and one more for all that were asked for meanwhile
            for _ in range(100):
                sent += ears[1].sendto(ping, (gsched.address, stage.base))
            with door.accept()[0] as sock, sock.makefile("rb") as greeting:
                got += len(greeting.read())
        assert 0 < got < sent / 20
        for ear in ears:
            with pytest.raises(BlockingIOError):
                ear.recv(1)
    works(stage, gsched)


def test_handshakes_that_stall(stage: Stage, tmp_path: Path) -> None:
    """A byte now and then, for ever."""
    certificate = self_signed(tmp_path, "clients")
    gsched = stage.gsched(*certificate.options("cluster"))
    few = descriptors(gsched.pid)
    with contextlib.ExitStack() as stack:
        slow = [stack.enter_context(connect(gsched, stage.base + 2, ATTACKER)) for _ in range(200)]
        began = time.monotonic()
        hello = iter(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500))

        def ended() -> bool:
            byte = bytes((next(hello),))
            for sock in slow:
                with contextlib.suppress(OSError):
                    sock.sendall(byte)
            time.sleep(0.5)
            return descriptors(gsched.pid) <= few + SPARE

        wait_until(ended, "the connections are closed though they go on")
        print(f"closed after {time.monotonic() - began:.1f} s")


def test_handshakes_that_stall_make_room(stage: Stage, tmp_path: Path) -> None:
    """However much time they have; and so do those that say nothing after it."""
    certificate = self_signed(tmp_path, "clients")
    few = ("--max_host_connections", "20", "--msg_timeout", "600")
    gsched = stage.gsched(*certificate.options("cluster"), *few)
    context = ssl.create_default_context(cafile=str(certificate.cert))
    context.check_hostname = False
    with contextlib.ExitStack() as stack:
        for number in range(60):
            sock = stack.enter_context(connect(gsched, stage.base + 2, ATTACKER))
            if number % 2:
                stack.enter_context(context.wrap_socket(sock))
        gsched.wait_for(lambda x: x["limits"]["max_host_connections"][2] == 40, "all have come")
        gsched.wait_for(lambda x: x["limits"]["max_host_connections"][0] <= 20, "the first go")
    assert "bug" not in gsched.err
