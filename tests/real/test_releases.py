"""Clients and nodes of many releases of dispy, one by one and all at one scheduler.

None is told any port: each uses those that its release has by default. They may have faults of
their own that are no concern here: old nodes end by the signal that they are asked to end with,
and the clients of all releases lose their file for recovery on Python 3.13, where a dbm may be
used by one thread only; both say so in what they print.
"""

import json
import pickle
import re
import socket
import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from peers import Stage, namespace
from peers.releases import Installed, Release, python, start_client, start_node, start_program
from peers.terminal import Terminal
from test_console import ask

pytestmark = [pytest.mark.real, pytest.mark.usefixtures("private_network")]

# What pip finds for the older ones today is newer than what they were made for, and fails.
DISPY_4_8 = Release("4.8.9", "4.7.7", newest=(3, 6))
DISPY_4_9 = Release("4.9.1", "4.7.7", newest=(3, 6))
DISPY_4_10 = Release("4.10.6", "4.8.15")
DISPY_4_11 = Release("4.11.1", "4.8.15")
DISPY_4_12 = Release("4.12.4", "4.12.2")
DISPY_4_13 = Release("4.13.0", "4.12.2")
DISPY_4_14 = Release("4.14.0", "4.12.2")
DISPY_4_15 = Release("4.15.2", "4.12.2")
RELEASES = [DISPY_4_8, DISPY_4_9, DISPY_4_10, DISPY_4_11, DISPY_4_12, DISPY_4_13, DISPY_4_14]
RELEASES += [DISPY_4_15]

JOBS = 20
NETWORK = "10.66.0."  # not loopback, where nothing is broadcast
STRANGER = b"x" * 40  # in place of a code

Releases = dict[Release, Installed]


@pytest.fixture(scope="session")
def of(releases: Releases) -> Any:
    """The release, ready to be started; a test for which it is not is skipped."""

    def installed(release: Release) -> Installed:
        found = releases[release]
        if found.obstacle:
            pytest.skip(f"dispy {release.dispy}: {found.obstacle}")
        return found

    return installed


def done(outcome: dict) -> list[str]:
    """The nodes that its jobs ran on, once all is well with them."""
    squares = [result[0] for result in outcome["results"]]
    assert squares == [number * number for number in range(JOBS)]
    assert {result[1] for result in outcome["results"]} == {"1/3 of a file"}
    ways = range(outcome["ways"])
    assert outcome["results"][0][2] == [0, 0] * len(ways)  # what it sent early has arrived
    assert outcome["provisional"] == [f"so far {way}" for way in ways]
    assert outcome["sent"] == [f"made by the job {way}" for way in ways]
    return list(outcome["nodes"])


def takes_job_ids(release: Release) -> bool:
    """Whether its clusters have submit_job_id and submit_job_id_node."""
    return release not in (DISPY_4_8, DISPY_4_9)


def chooses_ways(release: Release) -> bool:
    """Whether it has relay=; all goes by way of the scheduler else."""
    return release not in (DISPY_4_8, DISPY_4_9, DISPY_4_10)


def marked(proven: Callable[[Release], list[str]]) -> list[Any]:
    """All releases, each with what its test proves."""
    return [pytest.param(x, id=x.dispy, marks=pytest.mark.proves(*proven(x))) for x in RELEASES]


def sent_and_set_up(release: Release) -> list[str]:
    """What release.py uses."""
    found = ["submit", "depends=", "setup=", "cleanup=function", "nodes=", "NodeAllocate", "close"]
    found += ["dispy_provisional_result", "dispy_send_file"]
    relayed = ["dispy_provisional_result(relay=True)", "dispy_send_file(relay=True)"]
    return found + (relayed if chooses_ways(release) else [])


def asked(release: Release) -> list[str]:
    """What release_calls.py uses."""
    found = ["submit", "submit_node", "cancel", "allocate_node", "deallocate_node", "close_node"]
    found += ["node_jobs", "node_jobs(from_node=True)", "send_file", "status", "print_status"]
    found += ["wait", "close", "shutdown", "nodes=", "exclusive=", "dispy_job_depends"]
    found += ["submit_job_id", "submit_job_id_node"] if takes_job_ids(release) else []
    found += ["send_file(relay=True)"] if chooses_ways(release) else []
    return found + ([] if release is DISPY_4_10 else ["set_node_cpus"])


@pytest.mark.parametrize("release", marked(sent_and_set_up))
def test_client_and_node_of_a_release(stage: Stage, of: Any, release: Release) -> None:
    node = start_node(stage, of(release))
    gsched = stage.gsched(nodes=[node])
    outcome = start_client(stage, gsched, of(release), JOBS).outcome()
    assert done(outcome) == [node.address]
    assert outcome["release"] == release.dispy
    [row] = gsched.status()["nodes"]
    assert row["release"] == release.dispy
    if tuple(outcome["python"]) != release.newest:
        pytest.skip(f"it works on Python {outcome['python']}; {release.newest} is not here")


def on_python(installed: Installed, minor: int) -> Installed:
    """The same with that Python; a test for which it is not here is skipped."""
    path = python(minor)
    if not path:
        pytest.skip(f"Python 3.{minor} is not here")
    return replace(installed, python=path)


@pytest.mark.parametrize("minor", range(8, 14))
def test_each_python_with_the_newest(stage: Stage, of: Any, minor: int) -> None:
    """Client and node each, with a peer on the newest."""
    newest = of(DISPY_4_15)
    one = on_python(newest, minor)
    for client, node in ((one, newest), (newest, one)):
        place = start_node(stage, node)
        gsched = stage.gsched(nodes=[place])
        outcome = start_client(stage, gsched, client, JOBS).outcome()
        assert done(outcome) == [place.address]
        assert outcome["python"][1] == minor or client is newest


def test_python_that_cannot_read_what_newer_ones_write(stage: Stage, of: Any) -> None:
    """3.7 gets only nodes on its own."""
    newest = of(DISPY_4_15)
    old = on_python(newest, 7)
    nodes = [start_node(stage, one) for one in (newest, old)]
    gsched = stage.gsched(nodes=nodes)
    outcome = start_client(stage, gsched, old, JOBS).outcome()
    assert (done(outcome), outcome["python"]) == ([nodes[1].address], [3, 7])


@pytest.mark.parametrize("release", marked(asked))
def test_calls_of_a_release(stage: Stage, of: Any, release: Release) -> None:
    """All that its cluster can be asked, as far as it has it; the rest of them has not changed."""
    nodes = [start_node(stage, of(release)) for _ in range(2)]
    gsched = stage.gsched(nodes=nodes)
    first, second = (node.address for node in nodes)
    client = start_program("release_calls", stage, gsched, of(release), nodes=[first, second])
    found = client.outcome()
    assert found["release"] == release.dispy and found["status"]
    assert (found["submit"][0][0], found["submit_node"][0]) == (1, [2, second, []])
    if takes_job_ids(release):
        assert found["submit_job_id"][0][0] == 3 and found["submit_job_id"][1] == "three"
        assert found["submit_job_id_node"] == [[4, first, []], "four"]
    assert found["dispy_job_depends"][0][2] == ["job.txt"]
    assert (found["too soon"], found["in time"], found["pending"]) == (False, True, 3)
    assert (found["node_jobs"], found["from_node"]) == ([True, True], True)
    assert found["cancel"] == [0, 0, 0]
    assert found["ends"] == ["Cancelled", "Terminated", "Terminated"]
    ways = ["straight.txt", "relayed.txt"] if chooses_ways(release) else ["sent.txt"]
    assert (found["send_file"], found["sent"]) == ([0] * len(ways), ways)
    assert found["set_node_cpus"] == (-1 if release is DISPY_4_10 else 1)
    assert found["deallocate_node"] == [0, True]
    assert found["allocate_node"] == [0, [1, first, []]]
    assert found["close_node"] == [0, True]
    for node in nodes:  # old ones show addresses
        assert re.search(rf" ({node.name}|{re.escape(node.address)}) ", found["print_status"])
    assert found["shutdown"] == 10
    gsched.wait_for_totals(clusters=0, running=0, busy=0)


@pytest.mark.parametrize("release", [DISPY_4_8, DISPY_4_10, DISPY_4_12], ids=lambda x: x.dispy)
def test_client_that_waits_for_its_turn(
    stage: Stage, of: Any, release: Release, tmp_path: Path
) -> None:
    """It is asked who it is in a way that it understands; before 4.9 it tells nobody."""
    nodes = [stage.node(), start_node(stage, of(release))]
    gsched = stage.gsched(nodes=nodes)
    places = {"gate": str(tmp_path / "gate"), "marks": str(tmp_path)}
    stage.client("waits", gsched, cluster={"exclusive": True}, **places)
    gsched.wait_for_totals(running=1)
    waiting = start_client(stage, gsched, of(release), JOBS)
    gsched.wait_for(
        lambda now: [x["state"] for x in now["clusters"]] == ["active", "waiting"], "it"
    )
    address = json.loads(waiting.arguments[-1])["address"]
    if release is not DISPY_4_8:
        second = start_client(stage, gsched, of(release), JOBS, address)
        assert second.wait() == 1
        keyword = "port=" if release is DISPY_4_10 else "client_port="
        gsched.wait_for_text(rf"at {address}:\d+ another program answers .* needs a {keyword}")
    (tmp_path / "gate").touch()
    done(waiting.outcome())


@pytest.mark.proves("--other_ports")
def test_three_releases_at_once(stage: Stage, of: Any) -> None:
    """They find each other by broadcasts; clients get only nodes that their release works with."""
    namespace.add_address(f"{NETWORK}1")
    mixed = [of(release) for release in (DISPY_4_10, DISPY_4_12, DISPY_4_15)]
    early = [start_node(stage, mixed[n], f"{NETWORK}{11 + n}") for n in (0, 1)]
    gsched = stage.gsched(address=f"{NETWORK}1")
    gsched.wait_for_nodes(early)
    late = start_node(stage, mixed[2], f"{NETWORK}13")
    gsched.wait_for_nodes([*early, late])
    clients = []
    for n, one in enumerate(mixed):  # all from one address: who says what must be clear
        clients.append(start_client(stage, gsched, one, JOBS, f"{NETWORK}{21 + n}"))
        gsched.wait_for_totals(clusters=n + 1)
    labels = {(row["client"], row["release"]) for row in gsched.status()["clusters"]}
    assert labels == {(f"{NETWORK}{21 + n}", one.release.dispy) for n, one in enumerate(mixed)}
    old, *new = [set(done(client.outcome())) for client in clients]
    assert old == {early[0].address}
    for nodes in new:
        assert nodes <= {early[1].address, late.address}


def test_client_without_a_node_of_its_kind(stage: Stage, of: Any) -> None:
    """It waits for one, and its note says for what."""
    node = start_node(stage, of(DISPY_4_15))
    gsched = stage.gsched(nodes=[node])
    client = start_client(stage, gsched, of(DISPY_4_10), JOBS)
    note = r"no node found yet that matches 127\.\* and runs dispy 4\.8 to 4\.10 on .*; 1 do not"
    gsched.wait_for(
        lambda now: any(re.search(note, row["note"]) for row in now["clusters"]), "the note"
    )
    gsched.wait_for_totals(waiting=JOBS)
    address = next(stage.addresses)
    fitting = start_node(stage, of(DISPY_4_10), address)
    tell(gsched.address, ping(address, 51348, "4.10.6"))  # on loopback no broadcast says so
    assert done(client.outcome()) == [fitting.address]


# -- peers that are not served ------------------------------------------------------------------


def message(name: str, body: dict, protocol: int = 4) -> bytes:
    """As dispy frames it."""
    payload = name.encode() + b":" + pickle.dumps(body, protocol)
    return struct.pack(">I", len(payload)) + payload


def ping(address: str, port: int, version: str) -> bytes:
    """A node looks for a scheduler."""
    body = {"ip_addr": address, "port": port, "sign": "s" * 40, "version": version}
    return message("PING", body | {"scheduler_ip_addr": None})


def tell(address: str, data: bytes, port: int = 51347) -> bytes:
    """Send it there; what is answered until the other side has enough."""
    with socket.create_connection((address, port), timeout=10) as sock:
        sock.sendall(data)
        sock.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: sock.recv(4096), b""))


def test_peers_that_are_not_served(stage: Stage, tmp_path: Path) -> None:
    """One line in the log for each, a row of the status, a table at the prompt."""
    terminal = Terminal()
    gsched = stage.gsched(terminal=terminal)
    introduction = {"version": "4.7.5", "ip_addr": None, "scheduler_ip_addr": gsched.address}
    for port in (51349, 61592, 9702):
        assert tell(gsched.address, STRANGER + message("CLIENT", introduction), port) == b""
    stranger = next(stage.addresses)
    for _ in range(2):
        assert tell(gsched.address, ping(stranger, 51348, "4.16.0")) == b""
    gsched.wait_for(lambda now: len(now["refused"]) == 2, "two are refused")
    client, node = gsched.status()["refused"]
    assert (client["role"], client["version"]) == ("client", "4.7.5")
    assert (node["role"], node["version"], node["address"]) == ("node", "4.16.0", stranger)
    assert "too old" in client["reason"] and "not known" in node["reason"]
    assert len(re.findall("refused", gsched.err)) == 2
    terminal.type("status")
    shown = ask(gsched, terminal, "status")
    assert re.search(r"client +\S+ +4\.7\.5 +\d+ +dispy 4\.7\.5 is too old", shown)
    assert re.search(rf"node +{re.escape(stranger)} +4\.16\.0", shown)
