"""How gsched starts, and what it says where it cannot; ports that peers use."""

import json
import os
import pickle
import re
import signal
import socket
from pathlib import Path

import pytest
from peers import Gsched, Process, Stage, wait_until
from peers.attack import framed, introduce
from peers.process import alive
from peers.stage import QUICK
from test_jobs import results

pytestmark = pytest.mark.real

USAGE_ERROR = 2


def refusal(gsched: Gsched) -> str:
    """What a scheduler says that does not start."""
    assert gsched.wait() == USAGE_ERROR
    assert "Traceback" not in gsched.err
    return gsched.err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--pulse_interval", "0"], ["--pulse_interval", "'0'"]),
        (["--port", "70000"], ["--port", "70000"]),
        (["--fair_cluster_scheduler", "--early_cluster_scheduler"], ["exclude each other"]),
        (["--no_such_option"], ["--no_such_option"]),
        (["-i", "no.such.host.invalid"], ["no.such.host.invalid"]),
        (["--httpd", "--http_host", "0.0.0.0"], ["--http_host 0.0.0.0", "gsched passwd NAME"]),
    ],
)
def test_wrong_option(stage: Stage, options: list[str], said: list[str]) -> None:
    text = refusal(stage.gsched(*options, ready=False))
    assert all(part in text for part in said), text


@pytest.mark.proves("--config", "--save_config")
def test_saved_options(stage: Stage, tmp_path: Path) -> None:
    """They are those of the next start, which serves as it would with the options themselves."""
    path = tmp_path / "saved.conf"
    saving = stage.gsched("--cluster_secret", "figs", "--save_config", str(path), ready=False)
    assert saving.wait() == 0
    gsched = stage.gsched("--config", str(path), nodes=[stage.node()])
    client = stage.client("squares", gsched, cluster={"secret": "figs"})
    assert client.outcome()["wrong"] == []


@pytest.mark.proves("--debug")
def test_debug_messages(stage: Stage) -> None:
    """Each message that comes and what is done about it; nothing of it without the option."""
    steps = ["CLIENT from", "SetUp node", "JOB from", "SendJob job", "JOB_REPLY from", "SendResult"]
    [node] = stage.nodes(1)
    for options in ([], ["--debug"]):
        gsched = stage.gsched(*options, nodes=[node])
        assert stage.client("squares", gsched).outcome()["wrong"] == []
        assert gsched.terminate() == 0
        found = [step for step in steps if re.search(rf" DEBUG +gsched\.\S+ {step}", gsched.err)]
        assert found == (steps if options else [])


@pytest.mark.proves("--log_format")
def test_log_for_programs(stage: Stage, tmp_path: Path) -> None:
    """Each line is an object; those about a lost job say which, where, and its story."""
    [node] = stage.nodes(1)
    gsched = stage.gsched(*QUICK, "--log_format", "json", "-n", node.address, ready=False)
    gsched.page = gsched.wait_for_text(r"gsched \S+ is ready: .* (http://\S+) page").group(1)
    places = {"gate": str(tmp_path / "gate"), "marks": str(tmp_path)}
    client = stage.client("waits", gsched, **places)
    status = gsched.wait_for_totals(running=1)
    wait_until(lambda: list(tmp_path.glob("*-127.*")), "the job has begun")
    node.kill()
    assert [job["status"] for job in client.outcome()["jobs"]] == ["Abandoned"]
    gsched.wait_for_totals(clusters=0)
    assert gsched.terminate() == 0
    assert gsched.out == ""
    lines = [json.loads(line) for line in gsched.err.splitlines()]
    assert all(line.keys() >= {"time", "level", "logger", "message"} for line in lines)
    [lost] = [line for line in lines if line["level"] == "ERROR"]
    assert (
        lost["message"].startswith(f"job {lost['job']} of ") and "(abandoned: " in lost["message"]
    )
    assert str(lost["cluster"]) == str(status["clusters"][0]["id"])
    assert lost["node"] == node.address
    assert {line["node"] for line in lines if "is lost" in line["message"]} == {node.address}


@pytest.mark.parametrize("option", ["--port", "--scheduler_port", "--http_port"])
def test_port_that_is_taken(stage: Stage, option: str) -> None:
    place = "127.0.0.1" if option == "--http_port" else next(stage.addresses)
    with socket.create_server((place, 0)) as taken:
        port = str(taken.getsockname()[1])
        address = "" if option == "--http_port" else place
        text = refusal(stage.gsched(option, port, address=address, ready=False))
    assert f"{option} {port}: cannot listen at {place}:{port} (Address already in use); " in text
    assert ("or give another number (0: any free one)" in text) is (option == "--http_port")


@pytest.mark.proves("--dest_path_prefix")
def test_state_folder_that_is_in_use(stage: Stage) -> None:
    first = stage.gsched()
    folder = str(first.state_folder)
    second = stage.gsched("--dest_path_prefix", folder, ready=False)
    assert f"--dest_path_prefix {folder}: another gsched uses it (process " in refusal(second)
    assert first.status()["totals"]["nodes"] == 0
    assert first.terminate() == 0
    stage.gsched("--dest_path_prefix", folder)


def test_first_steps(stage: Stage, private_network: None) -> None:
    """What the greeting tells a new user to paste: all on one host, with default ports."""
    gsched = stage.gsched("--local_node", "2", address="127.0.0.1")
    pasted = gsched.wait_for_text(r"\n(cat > [\s\S]+\.py)\n").group(1)
    shell = Process("shell", ["sh", "-e", "-c", pasted], stage.folder)
    stage.processes.append(shell)
    assert shell.wait() == 0
    assert shell.out.splitlines()[-1] == str([n * n for n in range(10)])


def test_clients_on_the_same_host_with_default_ports(
    stage: Stage, tmp_path: Path, private_network: None
) -> None:
    """One finds its reply port free; the next one must be told, and not wait for ever."""
    gsched, _ = stage.trio()
    gate = tmp_path / "gate"
    keywords = {"dispy_port": None, "client_port": None}
    places = {"gate": str(gate), "marks": str(tmp_path)}
    first = stage.client("waits", gsched, cluster=keywords, **places)
    gsched.wait_for_totals(running=1)
    second = stage.client("squares", gsched, cluster=keywords)
    assert "could not be sent to scheduler" in second.failure()
    gsched.wait_for_text(r"another program answers in place of its client; .*client_port=")
    gate.touch()
    assert results(first.outcome()) == [0]


def test_clients_that_wait_behind_an_exclusive_one(
    stage: Stage, tmp_path: Path, private_network: None
) -> None:
    """Who answers at its reply port must be known before a client is left to wait."""
    gsched, _ = stage.trio()
    gate = tmp_path / "gate"
    keywords = {"dispy_port": None, "client_port": None}
    places = {"gate": str(gate), "marks": str(tmp_path)}
    first = stage.client("waits", gsched, cluster={**keywords, "exclusive": True}, **places)
    gsched.wait_for_totals(running=1)
    waiting = stage.client("squares", gsched)
    gsched.wait_for_totals(clusters=2)
    second = stage.client("squares", gsched, cluster=keywords)
    assert "could not be sent to scheduler" in second.failure()
    gsched.wait_for_text(r"another program answers in place of its client; .*client_port=")
    introduce(gsched, stage.base + 2, sign_of_client(gsched.address))
    third = stage.client("squares", gsched, cluster=keywords)  # it may be either of the two
    assert "could not be sent to scheduler" in third.failure()
    gate.touch()
    assert results(first.outcome()) == [0]
    assert waiting.outcome()["wrong"] == []


def sign_of_client(address: str) -> str:
    """Of the process that listens at the usual port there."""
    body = {"version": "4.15.2", "scheduler_ip_addr": address}
    with socket.create_connection((address, 9700), 30) as sock, sock.makefile("rb") as stream:
        sock.sendall(framed(b"RELAY_INFO:" + pickle.dumps(body)))
        return str(pickle.loads(stream.read()[4:])["sign"])


def test_client_whose_reply_port_is_ours(stage: Stage) -> None:
    """Its bind fails, which it only logs: it must be told, and not wait for ever."""
    gsched, _ = stage.trio()
    client = stage.client("squares", gsched, cluster={"client_port": stage.base})
    assert "could not be sent to scheduler" in client.failure()
    gsched.wait_for_text(rf"client cannot be reached at \S+:{stage.base} .*client_port= of")
    assert stage.client("squares", gsched).outcome()["wrong"] == []


@pytest.mark.proves("--local_node")
def test_local_node(stage: Stage) -> None:
    """It ends with its scheduler, also when that is killed."""
    gsched = stage.gsched("--local_node", "1")
    gsched.wait_for_totals(nodes=1)
    assert stage.client("squares", gsched, jobs=5).outcome()["nodes"] == {gsched.address: 5}
    assert gsched.terminate() == 0
    gsched = stage.gsched("--local_node", "1", address=gsched.address)
    gsched.wait_for_totals(nodes=1)
    found = gsched.wait_for_text(r"the local node runs as process (\d+)")
    os.kill(gsched.pid, signal.SIGKILL)
    wait_until(lambda: not alive(int(found.group(1))), "the local node ends")
