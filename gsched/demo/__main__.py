"""`make demo`: gsched, a real node and two real clients on free loopback ports, then an end.

All processes are real and separate; this one only starts them, draws what they say, and stops
them.
"""

import json
import re
import signal
import socket
import subprocess  # nosec B404  # it starts programs of ours
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

CLIENTS = ("primes", "pi")
START_TIMEOUT = 60.0  # seconds
STOP_TIMEOUT = 30.0  # seconds

screen = Console()


class DemoError(Exception):
    """A part of the demonstration does not work; the text ends with its last words."""


def main() -> int:
    """Run the demonstration. Returns the exit code."""
    with tempfile.TemporaryDirectory(prefix="gsched-demo-") as name:
        directory = Path(name)
        try:
            with scheduler(directory) as (port, page):
                screen.print(f"gsched is ready, its page is at {page}")
                wait_for_node(page)
                began = time.monotonic()
                results = run_clients(port, directory)
                summary(results, status(page), time.monotonic() - began)
        except DemoError as error:
            screen.print(f"[red]the demonstration failed:[/] {error}")
            return 1
    return 0


@contextmanager
def scheduler(directory: Path) -> Iterator[tuple[int, str]]:
    """A gsched with a local node: its port for clients, and the address of its page."""
    options = f"-i 127.0.0.1 -p 0 --scheduler_port 0 --node_port {free_port()} --other_ports none"
    options += " --fair_cluster_scheduler --httpd --http_port 0 --local_node --daemon"
    log = directory / "gsched.log"
    with log.open("wb") as errors:
        process = subprocess.Popen(  # nosec B603  # our own programs
            [sys.executable, "-m", "gsched", *options.split(), "--dest_path_prefix", directory],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    try:
        yield read_greeting(process, log)
    finally:
        stop(process)


def read_greeting(process: subprocess.Popen[str], log: Path) -> tuple[int, str]:
    """Where it listens, from what it prints once it is ready."""
    text = ""
    assert process.stdout is not None
    for line in process.stdout:
        text += line
        clients = re.search(r":(\d+) clients", text)
        page = re.search(r"(http://\S+) page", text)
        if clients and page:
            threading.Thread(target=process.stdout.read, daemon=True).start()
            return int(clients[1]), page[1]
    raise DemoError(f"gsched does not start\n{log.read_text()[-2000:]}")


def wait_for_node(page: str) -> None:
    """Until the node has been found."""
    with screen.status("waiting for the node"):
        deadline = time.monotonic() + START_TIMEOUT
        while not status(page)["totals"]["nodes"]:
            if time.monotonic() > deadline:
                raise DemoError("no node was found")
            time.sleep(0.1)
    node = status(page)["nodes"][0]
    screen.print(f"node {node['address']} is ready with {node['cpus']} cpus")


def run_clients(port: int, directory: Path) -> dict[str, str]:
    """Run both programs at the same time; what each says in the end."""
    results: dict[str, str] = {}
    columns = ("{task.description}", BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(TextColumn(columns[0]), *columns[1:], console=screen) as progress:
        watchers = [
            threading.Thread(target=watch, args=(name, port, directory, progress, results))
            for name in CLIENTS
        ]
        for watcher in watchers:
            watcher.start()
        for watcher in watchers:
            watcher.join()
    missing = [name for name in CLIENTS if name not in results]
    if missing:
        raise DemoError((directory / f"{missing[0]}.log").read_text()[-2000:])
    return results


def watch(
    name: str, port: int, directory: Path, progress: Progress, results: dict[str, str]
) -> None:
    """Run one program and draw its progress."""
    task = progress.add_task(name, total=None)
    with (directory / f"{name}.log").open("wb") as errors:
        process = subprocess.Popen(  # nosec B603  # our own programs
            [sys.executable, "-m", f"gsched.demo.{name}", str(port)],
            stdout=subprocess.PIPE,
            stderr=errors,
            cwd=directory,
            text=True,
        )
    assert process.stdout is not None
    for line in process.stdout:
        if not line.startswith("{"):
            continue
        what: dict[str, Any] = json.loads(line)
        if "done" in what:
            progress.update(task, completed=what["done"], total=what["of"])
        results |= {name: what["result"]} if "result" in what else {}
    process.wait()


def summary(results: dict[str, str], state: dict[str, Any], seconds: float) -> None:
    """What came of it."""
    table = Table("Program", "Result", title="Both programs are through")
    for name, result in results.items():
        table.add_row(name, result)
    screen.print(table)
    node = state["nodes"][0]
    screen.print(
        f"{state['totals']['done']} jobs in {seconds:.1f} s on {node['cpus']} cpus,"
        f" {node['cpu_time']:.1f} s of node time"
    )


def status(page: str) -> dict[str, Any]:
    """What gsched says of itself."""
    with urllib.request.urlopen(f"{page}api/v1/status", timeout=10) as reply:  # nosec B310  # our page
        found: dict[str, Any] = json.load(reply)
    return found


def stop(process: subprocess.Popen[str]) -> None:
    """Stop gsched, and its node with it."""
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_TIMEOUT)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def free_port() -> int:
    """A port at which a node can listen, with the one below free too."""
    for _ in range(100):
        with socket.socket() as upper, socket.socket() as lower:
            upper.bind(("127.0.0.1", 0))
            port = int(upper.getsockname()[1])
            try:
                lower.bind(("127.0.0.1", port - 1))
            except OSError:
                continue
            return port
    raise DemoError("no free port on this host")


if __name__ == "__main__":
    sys.exit(main())
