"""The two schedulers, each as a process on a core of its own."""

import ctypes
import os
import resource
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

from peers.certificates import self_signed

from bench import lag

ROOT = Path(__file__).resolve().parents[2]
HOST = "127.0.0.1"
PAGE_PORT = 8181
_READY = 20.0  # seconds
_PR_SET_PDEATHSIG = 1


@dataclass
class Kind:
    """How one is started, and where it listens."""

    name: str
    base: int  # of three ports: nodes' messages, nodes, clients
    arguments: list[str]  # of python -m
    probe: list[str]  # added, they make it end at once, with 0 if it could run
    certificate: bool = False  # clients have to use TLS

    def command(self, folder: Path) -> list[str]:
        """The command line, with files in that folder."""
        command = [sys.executable, "-m", *self.arguments, "-i", HOST, "--daemon",
                   "--dest_path_prefix", str(folder)]  # fmt: skip
        if self.certificate:
            command += self_signed(folder.parent, "clients").options("cluster")
        return command


_GSCHED = ["gsched", "--other_ports", "none"]
GSCHED = Kind("gsched", 51347, [*_GSCHED, "--durability", "off"], probe=["--save_config"])
SECURE = replace(GSCHED, certificate=True)
DURABLE = Kind("durable", 51347, [*_GSCHED, "--durability", "process"], probe=["--save_config"])
SEALED = Kind("durable", 51347, [*DURABLE.arguments, "--vault"], probe=["--save_config"])
_PAGE = ["--httpd", "--http_port", str(PAGE_PORT)]
WATCHED = Kind("gsched", 51347, [*GSCHED.arguments, *_PAGE], probe=["--save_config"])
REFERENCE = Kind("dispyscheduler", 9700, ["dispy.dispyscheduler"], probe=["--help"])


def missing(kind: Kind) -> str:
    """Why it cannot run here; empty if it can."""
    command = [sys.executable, "-m", *kind.arguments, *kind.probe]
    done = subprocess.run(command, cwd=ROOT, env=_environment(), capture_output=True, text=True)
    if done.returncode == 0:
        return ""
    reason = (done.stderr.strip().splitlines() or ["?"])[-1]
    if "cgi" in reason:
        reason = f"it needs Python < 3.13, this is {sys.version.split()[0]}"
    return reason


def _environment() -> dict[str, str]:
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH", ""))))
    return os.environ | {"PYTHONPATH": path, "GSCHED_VAULT_KEY": "5a" * 32}


class Scheduler:
    """One that runs. `core`: the processor that it is bound to."""

    def __init__(self, kind: Kind, folder: Path, core: int | None) -> None:
        self.kind, self._folder, self._core = kind, folder, core
        self.nodes_port, self.node_port, self.clients_port = range(kind.base, kind.base + 3)
        folder.mkdir(parents=True, exist_ok=True)
        self._start()

    def _start(self) -> None:
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                self.kind.command(self._folder / "files"),
                cwd=self._folder,
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=self._bind,
            )
        self._wait_until_ready()

    def _bind(self) -> None:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)  # it ends with us
        resource.setrlimit(
            resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2
        )
        if self._core is not None:
            os.sched_setaffinity(0, {self._core})

    def _wait_until_ready(self) -> None:
        end = time.monotonic() + _READY
        for port in (self.nodes_port, self.clients_port):
            while socket.socket().connect_ex((HOST, port)):
                if self._process.poll() is not None or time.monotonic() > end:
                    raise RuntimeError(f"{self.kind.name} does not start: {self.log()[-2000:]}")
                time.sleep(0.005)

    @property
    def descriptors(self) -> int:
        """Files and sockets that it has open."""
        return len(os.listdir(f"/proc/{self._process.pid}/fd"))

    def starved(self) -> float:
        """Seconds that it could have run and had no processor."""
        tasks = Path(f"/proc/{self._process.pid}/task").glob("*/schedstat")
        return sum(int(task.read_text().split()[1]) for task in tasks) / 1e9

    def cpu(self) -> float:
        """Seconds of processor time so far, of all its threads, in user and system mode."""
        return time.clock_gettime((~self._process.pid << 3) | 2)  # clock_getcpuclockid of C

    def memory(self) -> int:
        """Bytes that it holds in memory."""
        pages = int(Path(f"/proc/{self._process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    def most_memory(self) -> int:
        """The most bytes that it has held in memory so far."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) * 1024

    def lag(self) -> lag.Counts:
        """How late its hub was so far; empty for dispyscheduler."""
        return lag.counts(self._folder / "files" / "api.sock")

    def log(self) -> str:
        """What it has said."""
        return (self._folder / "log").read_text(errors="replace")

    def restart(self) -> float:
        """Kill it in the middle of everything and start it again. Seconds until it listens."""
        self.stop()
        began = time.monotonic()
        self._start()
        return time.monotonic() - began

    def stop(self) -> None:
        """Kill it: a fake world needs no farewell."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()
