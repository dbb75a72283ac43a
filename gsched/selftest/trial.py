"""The trial: how much of this machine a job costs, and how long it takes from submit to result."""

import os
import socket
import subprocess  # nosec B404  # it starts programs of ours
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import psutil

from gsched.selftest.client import Client
from gsched.selftest.node import Node
from gsched.selftest.peer import HERE, PATIENCE

CPUS = 8  # of the node
WARM = 50  # jobs before anything is measured
AT_ONCE = 8  # jobs on their way
PAUSE = 0.05  # seconds between two looks
PORTS = (20_000, 30_000)  # of which three in a row are taken


class TrialError(Exception):
    """It could not be made; the text says why."""


@dataclass(frozen=True)
class Figures:
    """What was seen. Times in seconds."""

    durability: str
    jobs: int
    rate: float  # jobs in a second
    cpu: float  # of the scheduler, for a job
    usual: float  # from submit to result, of one job alone: half of them were faster
    late: float  # 95 % were faster
    memory: int  # bytes of the scheduler


def run(durability: str, jobs: int, told: Callable[[str], None]) -> Figures:
    """Start a scheduler, have it do so many jobs, and stop it. Raises TrialError."""
    with closing(Node(CPUS)) as node, _scheduler(durability, node) as (process, port):
        told(f"a scheduler with --durability {durability} runs as process {process.pid}")
        try:
            with closing(Client(port)) as client:
                return _measure(durability, jobs, client, process)
        except OSError as error:
            raise TrialError(f"a job was lost: {error}") from error


def _measure(durability: str, jobs: int, client: Client, process: psutil.Process) -> Figures:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(client.run, range(WARM)))
        alone = sorted(client.run(number) for number in range(WARM, WARM + max(jobs // 5, 1)))
        began, before = time.monotonic(), _cpu(process)
        list(pool.map(client.run, range(WARM + jobs, WARM + 2 * jobs)))
        seconds, cpu = time.monotonic() - began, _cpu(process) - before
    return Figures(
        durability=durability,
        jobs=jobs,
        rate=jobs / seconds,
        cpu=cpu / jobs,
        usual=alone[len(alone) // 2],
        late=alone[len(alone) * 95 // 100],
        memory=process.memory_info().rss,
    )


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


@contextmanager
def _scheduler(durability: str, node: Node) -> Iterator[tuple[psutil.Process, int]]:
    """One that nobody else finds: on this host only, at ports that are free. Its clients' port."""
    base = _free_base()
    with tempfile.TemporaryDirectory(prefix="gsched-bench-") as folder:
        command = [sys.executable, "-m", "gsched", "-i", HERE, "--daemon", "--grace_period", "0"]
        command += ["--dispy_port", str(base), "--other_ports", "none", "--durability", durability]
        command += ["--dest_path_prefix", folder, "--nodes", f"{HERE}:{node.port}"]
        around = {name: x for name, x in os.environ.items() if not name.startswith("GSCHED_")}
        with (Path(folder) / "log").open("w+") as log:
            process = subprocess.Popen(  # nosec B603  # our own program
                command, cwd=folder, env=around, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
            try:
                _wait_for(process, base + 2, log)
                yield psutil.Process(process.pid), base + 2
            finally:
                process.terminate()
                process.wait()


def _wait_for(process: "subprocess.Popen[bytes]", port: int, log: TextIO) -> None:
    """Until it listens."""
    end = time.monotonic() + PATIENCE
    while not _listens(port):
        if process.poll() is not None or time.monotonic() > end:
            log.seek(0)
            last = (log.read().strip().splitlines() or ["it says nothing"])[-1]
            raise TrialError(f"the scheduler does not start: {last}")
        time.sleep(PAUSE)


def _listens(port: int) -> bool:
    with socket.socket() as sock:
        return sock.connect_ex((HERE, port)) == 0


def _free_base() -> int:
    """The first of three free ports in a row."""
    for base in range(*PORTS, 3):
        with ExitStack() as stack:
            try:
                for port in range(base, base + 3):
                    stack.enter_context(socket.socket()).bind((HERE, port))
            except OSError:
                continue
            return base
    raise TrialError(f"no three free ports in a row between {PORTS[0]} and {PORTS[1]}")
