"""The prompt of a gsched that runs in a terminal, and starts that must not have one."""

import os
import re
import shutil
import signal
import sys
import urllib.request
from pathlib import Path

import pytest
from peers import Client, Gsched, Process, Stage, wait_until
from peers.process import alive
from peers.stage import ROOT
from peers.terminal import Terminal

pytestmark = pytest.mark.real

PROMPT = "gsched> "


def start(stage: Stage, tmp_path: Path, *options: str) -> tuple[Gsched, Terminal, Client]:
    """A scheduler at a terminal, with one job that runs until `gate` is there, and one more."""
    terminal = Terminal()
    gsched = stage.gsched(*options, nodes=[stage.node()], terminal=terminal)
    places = {"gate": str(tmp_path / "gate"), "marks": str(tmp_path)}
    client = stage.client("waits", gsched, jobs=2, **places)
    gsched.wait_for_totals(running=1, waiting=1)
    wait_until(lambda: list(tmp_path.glob("*-127.*")), "the job has begun")
    return gsched, terminal, client


def ask(gsched: Gsched, terminal: Terminal, command: str) -> str:
    """What it shows for a command."""
    begin = len(gsched.out)
    terminal.type(command)

    def shown() -> "re.Match[str] | None":
        plain = re.sub(r"\x1b\[[\d;]*m", "", gsched.out[begin:])
        return re.search(rf"{command}\n(.*){PROMPT}", plain, re.DOTALL)

    found = wait_until(shown, f"the answer to {command!r}")
    assert found is not None
    return found.group(1)


def test_commands_show_the_state(stage: Stage, tmp_path: Path) -> None:
    gsched, terminal, client = start(stage, tmp_path)
    menu = gsched.wait_for_text(rf"\bstatus +[^\0]*{PROMPT}").group()
    assert all(word in menu for word in ("nodes", "clusters", "jobs", "quit", "help"))
    answers = {}
    for command in ("status", "nodes", "clusters", "jobs", "sta", "nonsense"):
        answers[command] = ask(gsched, terminal, command)
    assert "1 nodes, 1 of 1 cpus busy; 1 clusters, 1 jobs pending, 1 running" in answers["status"]
    assert re.search(r"--max_connections +\d+ +4,096 +0 *\n", answers["status"])
    assert answers["sta"].splitlines()[:2] == answers["status"].splitlines()[:2]
    assert re.search(r"127\.\S+ +node1 +ready +1 +1", answers["nodes"])
    assert re.search(r"wait @ \S+ +active +1 +1", answers["clusters"])
    assert len(re.findall(r"\d{10,}", answers["jobs"])) == 2
    assert "unknown command 'nonsense'" in answers["nonsense"]
    (tmp_path / "gate").touch()
    assert len(client.outcome()["jobs"]) == 2


def test_quit_waits_for_what_runs(stage: Stage, tmp_path: Path) -> None:
    gsched, terminal, client = start(stage, tmp_path, "--durability", "off")
    assert "waiting for 1 jobs" in ask(gsched, terminal, "quit")
    gsched.wait_for_totals(running=1, waiting=0)
    assert gsched.running
    (tmp_path / "gate").touch()
    assert gsched.wait() == 0
    running, waiting = client.outcome()["jobs"]
    assert (running["status"], running["result"]) == ("Finished", 0)
    assert (waiting["status"], waiting["exception"]) == (
        "Terminated",
        "the scheduler is about to stop",
    )


@pytest.mark.parametrize("durability", ["off", "process"])
def test_second_quit_forces(stage: Stage, tmp_path: Path, durability: str) -> None:
    gsched, terminal, client = start(stage, tmp_path, "--durability", durability)
    assert "quit again to stop at once" in ask(gsched, terminal, "quit")
    terminal.type("quit")
    assert gsched.wait() == 0
    if durability == "off":
        assert [job["status"] for job in client.outcome()["jobs"]] == ["Terminated"] * 2
    else:
        assert "1 jobs wait, 1 run on their nodes, 0 results" in gsched.err


def test_quit_with_a_durable_state_leaves_what_waits(stage: Stage, tmp_path: Path) -> None:
    gsched, terminal, client = start(stage, tmp_path)
    assert "waiting for 1 jobs" in ask(gsched, terminal, "quit")
    (tmp_path / "gate").touch()
    assert gsched.wait() == 0
    assert "1 jobs wait, 0 run on their nodes, 0 results" in gsched.err
    stage.gsched("--dest_path_prefix", str(gsched.state_folder), address=gsched.address)
    assert [job["result"] for job in client.outcome()["jobs"]] == [0, 1]


def test_quit_drain_finishes_what_waits(stage: Stage, tmp_path: Path) -> None:
    gsched, terminal, client = start(stage, tmp_path)
    assert "waiting for 2 jobs" in ask(gsched, terminal, "quit drain")
    (tmp_path / "gate").touch()
    assert [job["result"] for job in client.outcome()["jobs"]] == [0, 1]
    assert gsched.wait() == 0


def test_quit_discard_ends_all(stage: Stage, tmp_path: Path) -> None:
    gsched, terminal, client = start(stage, tmp_path)
    assert "quit nonsense?" in ask(gsched, terminal, "quit nonsense")
    terminal.type("quit discard")
    assert gsched.wait() == 0
    assert [job["status"] for job in client.outcome()["jobs"]] == ["Terminated"] * 2


@pytest.mark.proves("--daemon")
def test_no_prompt_for_a_daemon(stage: Stage) -> None:
    """It does not even read what is typed."""
    terminal = Terminal()
    gsched = stage.gsched("--daemon", nodes=[stage.node()], terminal=terminal)
    terminal.type("quit")
    assert stage.client("squares", gsched).outcome()["wrong"] == []
    assert gsched.terminate() == 0
    assert PROMPT not in gsched.out


@pytest.mark.skipif(not shutil.which("bash"), reason="no shell with job control here")
@pytest.mark.parametrize("prefix", ["nohup ", ""])
@pytest.mark.proves("--httpd")
def test_start_in_the_background(stage: Stage, prefix: str) -> None:
    """A job of an interactive shell: it has no prompt, and is not stopped for want of one."""
    terminal = Terminal()
    folder = stage.folder
    environ = {"PYTHONPATH": str(ROOT), "PS1": "$ "}
    shell = Process("shell", ["bash", "--norc", "-i"], folder, environ, terminal)
    stage.processes.append(shell)
    gsched = f"{prefix}{sys.executable} -m gsched -i {next(stage.addresses)} --httpd --http_port 0"
    gsched += f" --dest_path_prefix {folder}/state --other_ports none > {folder}/told 2>&1"
    terminal.type(f"{gsched} & echo process=$!")
    pid = int(shell.wait_for_text(r"process=(\d+)").group(1))
    page = wait_until(lambda: re.search(r"http://\S+", read(folder / "told")), "it is ready")
    assert page is not None
    assert healthy(page.group())
    if prefix:  # it stays when the terminal goes
        hang_up(shell)
        assert healthy(page.group())
    os.kill(pid, signal.SIGTERM)
    wait_until(lambda: not alive(pid), "it ends")
    hang_up(shell)
    assert PROMPT.strip() not in read(folder / "told")
    assert "Traceback" not in read(folder / "told")


def hang_up(shell: Process) -> None:
    """As a terminal does that is closed. Interactive shells take no notice of SIGTERM."""
    if shell.running:
        shell.send(signal.SIGHUP)
        shell.wait()


def healthy(page: str) -> bool:
    with urllib.request.urlopen(f"{page}healthz") as answer:
        return answer.read() == b"ok\n"


def read(path: Path) -> str:
    return path.read_text() if path.exists() else ""
