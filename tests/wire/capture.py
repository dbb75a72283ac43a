"""Records golden files: what real dispy peers say to each other, byte for byte.

Run by hand, with a Python (3.8 to 3.12) that has dispy and psutil from PyPI:

    python -m tests.wire.capture --out tests/wire/golden/4.15.2

It starts a scheduler, two nodes and a client of dispy, all unmodified, in processes of their
own on 127.0.0.x, records their sockets (trio/sitecustomize.py) and writes one file per message,
direction and variant: NAME.bin holds all that the opener of the stream sent (with the code of
40 bytes, where there is one), NAME.reply.bin all that came back. Streams of more than 64 KiB
are gzipped. Beside each, NAME.expect is what dispy's own classes decode from it (oracle.py).

Peers of dispy broadcast. So that none of it leaves the machine, and no other scheduler on the
network gets into the recording, the tool first moves into a network of its own that has nothing
but the loopback device (`unshare` and `ip`, Linux), and refuses to run anywhere else. Host and
folder have neutral names there, as both end up in the recording.

After a run, read the differences: signs, ids, times and measurements change each time, nothing
else should.
"""

import argparse
import gzip
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

HERE = Path(__file__).resolve().parent
HOME = Path("/tmp/dispy-capture")  # its name is in the recorded bytes
BASE, CLIENT_PORT = 41000, 41100
RECEIVERS = {BASE: "scheduler", BASE + 1: "node", BASE + 2: "scheduler", CLIENT_PORT: "client"}
INSIDE = "CAPTURE_INSIDE"  # set for the process that runs in the private network
CODE_SIZE = 40
COMPRESS = 1 << 16


@dataclass(frozen=True)
class Wanted:
    """One golden file: who to whom, which message, and how to tell the variant."""

    name: str
    step: str = ""  # the client's step, if that makes the difference
    holds: bytes = b""  # bytes that the message must hold
    lacks: bytes = b""  # bytes that it must not hold


def _status(number: int) -> bytes:
    return b"\x8c\x06status\x94K" + bytes((number,))


WANTED = [
    Wanted("client-scheduler.CLIENT"),
    Wanted("client-scheduler.COMPUTE", "plain"),
    Wanted("client-scheduler.COMPUTE.full", "full"),
    Wanted("client-scheduler.COMPUTE.program", "program"),
    Wanted("client-scheduler.COMPUTE.user-objects", "user_objects"),
    Wanted("client-scheduler.FILEXFER", "full", b"small.txt"),
    Wanted("client-scheduler.FILEXFER.empty", "full", b"empty.txt"),
    Wanted("client-scheduler.FILEXFER.large", "full", b"large.bin"),
    Wanted("client-scheduler.FILEXFER.job", "depends"),
    Wanted("client-scheduler.SCHEDULE", "plain"),
    Wanted("client-scheduler.JOB", "job"),
    Wanted("client-scheduler.JOB.pinned", "pinned"),
    Wanted("client-scheduler.JOB.depends", "depends"),
    Wanted("client-scheduler.JOB.program", "program"),
    Wanted("client-scheduler.TERMINATE_JOB"),
    Wanted("client-scheduler.CLOSE"),
    Wanted("client-scheduler.PULSE"),
    Wanted("client-scheduler.ALLOCATE_NODE", "allocate"),
    Wanted("client-scheduler.ALLOCATE_NODE.subclass", "allocate_subclass"),
    Wanted("client-scheduler.DEALLOCATE_NODE"),
    Wanted("client-scheduler.CLOSE_NODE"),
    Wanted("client-scheduler.SET_NODE_CPUS"),
    Wanted("client-scheduler.NODE_JOBS", "node_jobs"),
    Wanted("client-scheduler.NODE_JOBS.from-node", "node_jobs_from_node"),
    Wanted("scheduler-client.SCHEDULED"),
    Wanted("scheduler-client.JOB_STATUS"),
    Wanted("scheduler-client.JOB_REPLY", "job"),
    Wanted("scheduler-client.JOB_REPLY.exception", "exception"),
    Wanted("scheduler-client.JOB_REPLY.program", "program"),
    Wanted("scheduler-client.JOB_REPLY.provisional", "", _status(7)),
    Wanted("scheduler-client.JOB_REPLY.cancelled", "", _status(8)),
    Wanted("scheduler-client.JOB_REPLY.terminated", "terminate", _status(9)),
    Wanted("scheduler-client.NODE_STATUS.initialized", "", _status(4)),
    Wanted("scheduler-client.NODE_STATUS.closed", "", _status(16)),
    Wanted("scheduler-client.NODE_STATUS.avail-info", "", _status(17)),
    Wanted("scheduler-client.NODE_STATUS.cpus", "set_cpus"),
    Wanted("scheduler-node.PING", holds=b"x" * CODE_SIZE),
    Wanted("scheduler-node.PING.answer", lacks=b"x" * CODE_SIZE),
    Wanted("scheduler-node.PING.udp"),
    Wanted("scheduler-node.COMPUTE", "plain"),
    Wanted("scheduler-node.COMPUTE.full", "full"),
    Wanted("scheduler-node.COMPUTE.program", "program"),
    Wanted("scheduler-node.FILEXFER", "full", b"small.txt"),
    Wanted("scheduler-node.FILEXFER.empty", "full", b"empty.txt"),
    Wanted("scheduler-node.FILEXFER.large", "full", b"large.bin"),
    Wanted("scheduler-node.FILEXFER.job", "depends"),
    Wanted("scheduler-node.SETUP", "plain"),
    Wanted("scheduler-node.SETUP.full", "full"),
    Wanted("scheduler-node.JOB", "job"),
    Wanted("scheduler-node.JOB.depends", "depends"),
    Wanted("scheduler-node.JOB.program", "program"),
    Wanted("scheduler-node.TERMINATE_JOB"),
    Wanted("scheduler-node.CLOSE"),
    Wanted("scheduler-node.JOBS"),
    Wanted("node-scheduler.PONG"),
    Wanted("node-scheduler.PING"),
    Wanted("node-scheduler.PING.udp"),
    Wanted("node-scheduler.PULSE"),
    Wanted("node-scheduler.NODE_CPUS"),
    Wanted("node-scheduler.TERMINATED.udp"),
    Wanted("node-scheduler.JOB_REPLY", "job"),
    Wanted("node-scheduler.JOB_REPLY.exception", "exception"),
    Wanted("node-scheduler.JOB_REPLY.program", "program"),
    Wanted("node-scheduler.JOB_REPLY.provisional", "", _status(7)),
    Wanted("node-scheduler.JOB_REPLY.terminated", "terminate", _status(9)),
]


@dataclass
class Stream:
    """One conversation, as its opener saw it."""

    opener: str
    receiver: str
    step: str
    udp: bool
    sent: bytearray = field(default_factory=bytearray)
    received: bytearray = field(default_factory=bytearray)

    @property
    def start(self) -> int:
        """Where the message begins, behind code and length."""
        if self.udp:
            return 0
        with_code = self.opener == "client" or self.receiver == "node"
        return 4 + CODE_SIZE * with_code

    def fits(self, wanted: Wanted) -> bool:
        """Whether this is what the golden file is to hold."""
        way, name, *variant = wanted.name.split(".")
        return (
            way == f"{self.opener}-{self.receiver}"
            and self.udp == (variant == ["udp"])
            and self.sent.startswith(f"{name}:".encode(), self.start)
            and wanted.step in ("", self.step)
            and wanted.holds in self.sent
            and not (wanted.lacks and wanted.lacks in self.sent)
        )


# -- the trio ---------------------------------------------------------------------------------


def enter_private_network() -> int:
    """Run this same program where there is only a loopback device; its exit status."""
    command = ["unshare", "--map-root-user", "--net", "--uts", "--pid", "--fork", "--kill-child"]
    again = [sys.executable, str(HERE / "capture.py"), *sys.argv[1:]]
    return subprocess.call([*command, *again], env={**os.environ, INSIDE: "1"})


def set_up_network() -> None:
    """Loopback up, broadcasts over it, a name that says nothing."""
    if [name for _, name in socket.if_nameindex()] != ["lo"]:
        raise SystemExit("not in a private network: refusing to broadcast")
    socket.sethostname("localhost")
    subprocess.check_call(["ip", "link", "set", "lo", "up"])
    subprocess.check_call(["ip", "route", "add", "broadcast", "255.255.255.255", "dev", "lo"])


def set_up_home() -> None:
    """Copies of all programs, in folders whose names may be known to everybody."""
    shutil.rmtree(HOME, ignore_errors=True)
    for name in ("journal", "bin", "client"):
        (HOME / name).mkdir(parents=True)
    for package in ("dispy", "pycos"):
        spec = find_spec(package)
        if spec is None or spec.origin is None:
            raise SystemExit(f"this Python has no {package}")
        shutil.copytree(Path(spec.origin).parent, HOME / "lib" / package)
    for program in ("dispyscheduler.py", "dispynode.py"):
        shutil.copy(HOME / "lib" / "dispy" / program, HOME / "bin")
    shutil.copy(HERE / "trio" / "sitecustomize.py", HOME / "lib")
    for program in ("client.py", "user_classes.py"):
        shutil.copy(HERE / "trio" / program, HOME / "client")


def start(role: str, folder: str, *command: str) -> "subprocess.Popen[str]":
    """One program of the trio, recorded. What it prints goes to a file."""
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(HOME / "lib"), "PYTHONUNBUFFERED": "1"}
    env |= {"CAPTURE_ROLE": role, "CAPTURE_JOURNAL": str(HOME / "journal")}
    log = (HOME / f"{folder}.log").open("w")
    return subprocess.Popen(
        [sys.executable, *command],
        env=env,
        cwd=HOME / "client" if role == "client" else HOME,
        stdin=subprocess.PIPE,
        stdout=log,
        stderr=subprocess.STDOUT,
        text=True,
    )


def start_scheduler() -> "subprocess.Popen[str]":
    """With short intervals, and clients allowed to set CPUs."""
    options = f"-i 127.0.0.1 -p {BASE} --pulse_interval 2 --cooperative --clean --daemon"
    prefix = ("--dest_path_prefix", str(HOME / "scheduler"))
    return start("scheduler", "scheduler", "bin/dispyscheduler.py", *options.split(), *prefix)


def start_node(number: int, *more: str) -> "subprocess.Popen[str]":
    """A node with one CPU. Without --daemon it reads commands; then its jobs hang on Linux, as
    they inherit the lock of a standard input that is being read."""
    options = f"-i 127.0.0.{number} -p {BASE} -c 1 --name n{number} --clean"
    prefix = ("--dest_path_prefix", str(HOME / f"n{number}"))
    return start("node", f"n{number}", "bin/dispynode.py", *options.split(), *prefix, *more)


def tell(node: "subprocess.Popen[str]", *lines: str) -> None:
    """Type the lines at the node's prompt."""
    for line in lines:
        assert node.stdin is not None
        node.stdin.write(line + "\n")
        node.stdin.flush()
        time.sleep(1)


def wait_for(step: str) -> None:
    """Until the client is there."""
    until = time.monotonic() + 120
    while step not in (HOME / "client-program.log").read_text():
        if time.monotonic() > until:
            raise SystemExit(f"the client did not come to step {step}, see {HOME}")
        time.sleep(0.1)


def run_trio() -> None:
    """Everything that is to be recorded, from the first ping to the last goodbye."""
    scheduler = start_scheduler()
    time.sleep(2)
    works = start_node(2, "--scheduler_host", "127.0.0.1", "--daemon")
    obeys = start_node(3)
    time.sleep(5)
    client = start("client", "client-program", "client.py", str(BASE), str(CLIENT_PORT))
    wait_for("step node_cpus")
    tell(obeys, "cpus", "0", "cpus", "1")
    if client.wait(timeout=120):
        raise SystemExit(f"the client failed, see {HOME}/client-program.log")
    tell(obeys, "quit")
    works.terminate()
    time.sleep(5)
    scheduler.terminate()


# -- the recording ----------------------------------------------------------------------------


def journal() -> Iterator[tuple[int, str, str, str, str, str]]:
    """All lines of all processes in the order of time: (time, role, id, kind, peer, data)."""
    lines = []
    for path in (HOME / "journal").iterdir():
        role = path.name.split(".")[0]
        for line in path.read_text().splitlines():
            when, conversation, kind, peer, data = line.split(" ")
            lines.append((int(when), role, conversation, kind, peer, data))
    return iter(sorted(lines))


def streams() -> list[Stream]:
    """The conversations, in the order in which they began."""
    found: dict[str, Stream] = {}
    step = ""
    for _, role, conversation, kind, peer, data in journal():
        if kind == "step":
            step = peer
        elif kind in ("open", "datagram"):
            receiver = RECEIVERS.get(int(peer.rpartition(":")[2]), "other")
            found[conversation] = Stream(role, receiver, step, kind == "datagram")
        if kind in ("sent", "datagram"):
            found[conversation].sent += bytes.fromhex(data.strip("-"))
        elif kind == "received":
            found[conversation].received += bytes.fromhex(data.strip("-"))
    return list(found.values())


def store(path: Path, data: bytes) -> None:
    """Write a golden file and, by means of dispy's own classes, what it is expected to be."""
    if len(data) > COMPRESS:
        path = path.with_name(path.name + ".gz")
        data = gzip.compress(data, mtime=0)
    path.write_bytes(data)


def expect(out: Path) -> None:
    """Have dispy itself write down what the files hold."""
    env = {**os.environ, "PYTHONPATH": str(HOME / "lib")}
    subprocess.check_call([sys.executable, str(HERE / "oracle.py"), "--write", str(out)], env=env)


def pick(out: Path) -> list[str]:
    """Write the golden files. Returns the names of those for which there was no stream."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    seen, missing = streams(), []
    for wanted in WANTED:
        stream = next((one for one in seen if one.fits(wanted)), None)
        if stream is None:
            missing.append(wanted.name)
            continue
        store(out / f"{wanted.name}.bin", bytes(stream.sent))
        if stream.received:
            store(out / f"{wanted.name}.reply.bin", bytes(stream.received))
    return missing


def main() -> int:
    """Record, pick, explain."""
    parser = argparse.ArgumentParser(description="record golden files from real dispy peers")
    parser.add_argument("--out", type=Path, required=True, help="folder that is written anew")
    out: Path = parser.parse_args().out.resolve()
    if INSIDE not in os.environ:
        return enter_private_network()
    set_up_network()
    set_up_home()
    run_trio()
    missing = pick(out)
    expect(out)
    if not missing:
        shutil.rmtree(HOME)  # else its logs may tell why
    print(f"{len(list(out.iterdir()))} files; missing: {', '.join(missing) or 'none'}")
    return bool(missing)


if __name__ == "__main__":
    sys.exit(main())
