"""The peers of one test: gsched, nodes and clients, each with addresses of its own."""

import json
import os
import re
import signal
import socket
import sys
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import Any

from peers.played_node import PlayedNode
from peers.process import PATIENCE, Process, wait_until
from peers.terminal import Terminal

ROOT = Path(__file__).resolve().parents[3]
PROGRAMS = ROOT / "tests/real/programs"
BASE = 51347  # usual port of nodes' messages; nodes listen one above, clients are served two above
QUICK = ("--pulse_interval", "1")  # seconds: a node that falls silent is noticed after five

Row = dict[str, Any]


class Addresses:
    """Loopback addresses that nobody has used before: 127.<session>.<test>.<peer>."""

    def __init__(self, base: int = BASE) -> None:
        self.base = base  # of the three ports
        self._session = 1 + os.getpid() % 250
        self._tests = count(1)

    def of_test(self) -> Iterator[str]:
        """One address after the other, all for one test."""
        test = next(self._tests)
        start = f"127.{self._session}.{test}"
        return (f"{start}.{peer}" for peer in range(1, 255))


class Gsched(Process):
    """The scheduler under test, told its address unless `interface` is not wanted."""

    def __init__(
        self,
        name: str,
        folder: Path,
        address: str,
        options: Iterable[str] = (),
        environ: Mapping[str, str] | None = None,
        terminal: Terminal | None = None,
        interface: bool = True,
    ) -> None:
        self.address = address
        self.allowed: list[str] = []  # patterns of complaints that the test expects
        self.page = ""
        self.state_folder = folder / name  # where it keeps files and state
        arguments = [sys.executable, "-m", "gsched", *(["-i", address] if interface else [])]
        arguments += ["--httpd", "--http_port", "0", "--dest_path_prefix", str(folder / name)]
        arguments += [*options, *([] if terminal else ["--daemon"])]
        super().__init__(
            name, arguments, folder, {"PYTHONPATH": str(ROOT)} | dict(environ or {}), terminal
        )

    def wait_until_ready(self) -> None:
        """Wait for its greeting, which says where its page is."""
        self.wait_for_text(r"is ready\s")
        self.page = self.wait_for_text(r"(http://\S+) page").group(1)

    def status(self) -> Row:
        """Its state, as the page has it."""
        with urllib.request.urlopen(f"{self.page}api/v1/status", timeout=PATIENCE) as answer:
            state: Row = json.load(answer)
        return state

    def jobs(self) -> list[Row]:
        """The first of those whose clients do not have the answers yet."""
        with urllib.request.urlopen(f"{self.page}api/v1/jobs", timeout=PATIENCE) as answer:
            found: list[Row] = json.load(answer)["jobs"]
        return found

    def wait_for(
        self, condition: Callable[[Row], Any], what: str, timeout: float = PATIENCE
    ) -> Row:
        """Wait until its state is so. The state."""
        return wait_until(lambda: (now := self.status()) and condition(now) and now, what, timeout)

    def wait_for_nodes(self, nodes: Iterable["Node | PlayedNode"], state: str = "ready") -> None:
        """Wait until it knows these nodes, and that they are in that state."""
        wanted = {node.address for node in nodes}

        def seen(status: Row) -> bool:
            return wanted <= {x["address"] for x in status["nodes"] if x["state"] == state}

        self.wait_for(seen, f"{self.name} finds {sorted(wanted)} {state}")

    def wait_for_totals(self, **totals: int) -> Row:
        """Wait until so many nodes, jobs and so on are there."""

        def reached(status: Row) -> bool:
            return totals.items() <= status["totals"].items()

        return self.wait_for(reached, f"{self.name} has {totals}")

    def complaints(self) -> list[str]:
        """What it logged of errors and bugs, but for what the test expects."""
        records = re.split(r"^(?=\d{4}-\d\d-\d\d )", self.err, flags=re.MULTILINE)
        bad = [x for x in records if re.search(r" (CRITICAL|ERROR) |Traceback|Error:", x)]
        return [x for x in bad if not any(re.search(y, x) for y in self.allowed)]


class Node(Process):
    """An unmodified dispynode."""

    def __init__(
        self,
        name: str,
        folder: Path,
        address: str,
        cpus: int,
        options: Iterable[str] = (),
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self.address = address
        arguments = [sys.executable, "-m", "dispy.dispynode", "--daemon", "--clean"]
        arguments += ["-i", address, "-c", str(cpus), "--name", name]
        arguments += ["--dest_path_prefix", str(folder / name), *options]
        super().__init__(name, arguments, folder, environ)

    def wait_until_ready(self) -> None:
        """Wait until it listens."""
        self.wait_for_text(r"serving \d+ cpus")


class Client(Process):
    """A program that uses an unmodified dispy.SharedJobCluster."""

    def outcome(self, timeout: float = PATIENCE) -> Row:
        """What it has found, once it has ended well."""
        found = self._report(timeout)
        assert "error" not in found, f"{self.name}: {found['error']}"
        return found

    def failure(self) -> str:
        """The exception that it has met, once it has ended."""
        return str(self._report(PATIENCE).get("error", ""))

    def _report(self, timeout: float) -> Row:
        """Its last line, which is JSON."""
        code = self.wait(timeout)
        assert code == 0, f"{self.name} ended with {code}"
        lines = [line for line in self.out.splitlines() if line.startswith("{")]
        assert lines, f"{self.name} reported nothing"
        found: Row = json.loads(lines[-1])
        return found


class Stage:
    """Starts the peers of one test, and stops them: clients first, nodes last."""

    def __init__(self, folder: Path, addresses: Addresses, environ: Mapping[str, str]) -> None:
        self.folder = folder
        self.base = addresses.base
        self.addresses = addresses.of_test()
        self.processes: list[Process] = []
        self.played: list[PlayedNode] = []
        self._environ = environ  # of real peers
        self._names: dict[str, int] = {}

    # -- start --------------------------------------------------------------------------------

    def gsched(
        self,
        *options: str,
        nodes: Iterable[Node | PlayedNode] = (),
        address: str = "",
        ready: bool = True,
        **more: Any,
    ) -> Gsched:
        """A scheduler; it is waited for until it serves and knows the nodes."""
        nodes = list(nodes)
        known = [x for node in nodes for x in ("-n", node.address)]
        ports = [] if self.base == BASE else ["--dispy_port", str(self.base)]
        arguments = [*ports, *known, "--grace_period", "0", *options]
        place = address or next(self.addresses)
        gsched = Gsched(self.name("gsched"), self.folder, place, arguments, **more)
        self.processes.append(gsched)
        if ready:
            gsched.wait_until_ready()
            gsched.wait_for_nodes(nodes)
        return gsched

    def again(self, gsched: Gsched, *options: str, **more: Any) -> Gsched:
        """The next run at the same place, with the same state."""
        same = ("--dest_path_prefix", str(gsched.state_folder))
        following = self.gsched(*same, *options, address=gsched.address, **more)
        following.state_folder = gsched.state_folder
        return following

    def node(
        self,
        cpus: int = 1,
        *options: str,
        address: str = "",
        ready: bool = True,
        environ: Mapping[str, str] | None = None,
    ) -> Node:
        """A node; it is waited for until it listens."""
        place = address or next(self.addresses)
        arguments = ["-p", str(self.base), *options]
        around = _merged(self._environ, environ or {})
        node = Node(self.name("node"), self.folder, place, cpus, arguments, around)
        self.processes.append(node)
        if ready:
            node.wait_until_ready()
        return node

    def nodes(self, number: int, cpus: int = 1, *options: str) -> list[Node]:
        """Some nodes, started at the same time."""
        nodes = [self.node(cpus, *options, ready=False) for _ in range(number)]
        for node in nodes:
            node.wait_until_ready()
        return nodes

    def played_node(self, cpus: int = 1, **more: Any) -> PlayedNode:
        """A node that does what the test wants; see there."""
        node = PlayedNode(next(self.addresses), self.base + 1, cpus, **more)
        self.played.append(node)
        return node

    def trio(self, number: int = 1, cpus: int = 1, *options: str) -> tuple[Gsched, list[Node]]:
        """A scheduler, with options, and nodes that it knows."""
        nodes = self.nodes(number, cpus)
        return self.gsched(*options, nodes=nodes), nodes

    def client(
        self,
        program: str,
        gsched: Gsched,
        *,
        python: str = sys.executable,
        cluster: Mapping[str, Any] | None = None,
        **arguments: Any,
    ) -> Client:
        """A client program; `cluster` holds keywords of its SharedJobCluster."""
        keywords = {"scheduler_host": gsched.address, "dispy_port": self.base, "client_port": 0}
        keywords |= {"ip_addr": gsched.address, "ext_host": gsched.address} | dict(cluster or {})
        wanted = json.dumps({"cluster": keywords, "arguments": arguments})
        name = self.name(program)
        folder = self.folder / name  # files from jobs and for recovery come into it
        path = str(PROGRAMS / f"{program}.py")
        client = Client(name, [python, path, wanted], folder, self._environ)
        self.processes.append(client)
        return client

    def name(self, kind: str) -> str:
        """A name that nothing else in this test has."""
        self._names[kind] = self._names.get(kind, 0) + 1
        return f"{kind}{self._names[kind]}"

    # -- stop ---------------------------------------------------------------------------------

    def stop(self) -> list[str]:
        """Stop all in order, whatever state the test has left them in; what went wrong."""
        problems: list[str] = []
        for kind in (Client, Gsched, Node, Process):
            running = [x for x in self.processes if isinstance(x, kind) and x.running]
            for process in running:
                process.send(signal.SIGTERM)
            codes = {process.name: process.stop() for process in running}
            if kind is Gsched:
                problems = [f"{name} ended with {code}" for name, code in codes.items() if code]
        for node in self.played:
            node.stop()
        return problems + self._complaints()

    def _complaints(self) -> list[str]:
        """Errors and bugs in the logs of all schedulers that nobody expected."""
        schedulers = [x for x in self.processes if isinstance(x, Gsched)]
        return [f"{x.name}: {complaint}" for x in schedulers for complaint in x.complaints()]


def _merged(around: Mapping[str, str], more: Mapping[str, str]) -> dict[str, str]:
    """Variables of both; Python imports from the folders of both."""
    folders = [x["PYTHONPATH"] for x in (around, more) if "PYTHONPATH" in x]
    joined = {"PYTHONPATH": os.pathsep.join(folders)} if folders else {}
    return {**around, **more, **joined}


def free_base() -> int:
    """The first of three ports in a row that are free, for where the usual ones may be taken."""

    def free(base: int) -> bool:
        with ExitStack() as stack:
            for port in range(base, base + 3):
                sock = stack.enter_context(socket.socket())
                try:
                    sock.bind(("127.0.0.1", port))
                except OSError:
                    return False
        return True

    first = 20_000 + os.getpid() % 3000 * 3  # others run tests as well
    return next(base for base in range(first, 60_000, 3) if free(base))
