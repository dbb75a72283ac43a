"""gschedctl doctor and top: what they find in a scheduler that is played, and at real sockets."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from ctl_site import Site, about, cluster, node, served, status

from gsched import __version__
from gsched.ctl.board import bar, curve
from gsched.ctl.checks import network
from gsched.wire import secrets
from gsched.wire.frames import CODE_SIZE, LENGTH, frame

API = "/api/v1"
SIGN = "5f" * 20
SECRET = "plums"
COLUMNS = ["time", "waiting", "running", "finished", "failed", "cancelled", "busy", "cpus", "nodes"]


LOST = node("10.0.0.2", state="lost", note="silent")


def state(**more: Any) -> Any:
    return status(**{"time": time.time(), "version": __version__} | more)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    tmp_path.chmod(0o700)
    with served(tmp_path) as made:
        made.answer(f"{API}/status", state(nodes=[node("10.0.0.1")], clusters=[cluster()]))
        made.answer(f"{API}/log", {"events": [], "first": 0, "last": 0, "next": None})
        yield made


def found(site: Site, *words: str) -> dict[str, tuple[str, str]]:
    """By what a check is about: its result and what it told."""
    answer = json.loads(site.run("doctor", "--json", *words).out)
    return {one["about"]: (one["result"], one["told"]) for one in answer["checks"]}


def test_all_is_well(site: Site) -> None:
    outcome = site.run("doctor")
    assert outcome.code == 0
    assert {line.split()[0] for line in outcome.out.splitlines()} == {"ok"}
    abouts = [line.split()[1] for line in outcome.out.splitlines()]
    assert abouts == ["scheduler", "jobs", "clock", "nodes", "clusters", "log", "disk", "state"]


@pytest.mark.parametrize(
    ("more", "about_", "result", "told"),
    [
        ({"version": "0.0.9"}, "scheduler", "warning", "gsched 0.0.9"),
        ({"problem": "the disk is full"}, "jobs", "failed", "no jobs are taken: the disk is full"),
        ({"time": time.time() + 3600}, "clock", "warning", "s ahead"),
        ({"nodes": []}, "nodes", "failed", "no node is known"),
        ({"nodes": [node("10.0.0.2", state="lost")]}, "nodes", "failed", "0 of 1 node ready"),
        ({"nodes": [node("10.0.0.1"), LOST]}, "node", "warning", "10.0.0.2 is lost: silent"),
        ({"nodes": [node("10.0.0.1", heard=None)]}, "node", "warning", "10.0.0.1 is known from"),
        ({"clusters": [cluster() | {"note": "waits"}]}, "cluster", "warning", "10.0.0.1: waits"),
        ({"limits": {"max_jobs": [9, 10, 3]}}, "limit", "warning", "max_jobs: 9 of 10 are taken"),
    ],
)
def test_what_is_wrong_is_told_with_the_mend(
    site: Site, more: dict[str, Any], about_: str, result: str, told: str
) -> None:
    site.answer(f"{API}/status", state(**{"nodes": [node("10.0.0.1")]} | more))
    outcome = site.run("doctor", "--json")
    answer = json.loads(outcome.out)
    [check] = [one for one in answer["checks"] if one["about"] == about_]
    assert check["result"] == result
    assert told in check["told"]
    assert check["mend"]
    assert (outcome.code, answer["well"]) == ((1, False) if result == "failed" else (0, True))
    assert f"-> {check['mend']}" in site.run("doctor").out


def test_peers_that_were_refused_lately(site: Site) -> None:
    late = {"role": "node", "version": "4.15", "reason": "wrong secret"}
    times = (time.time() - 7200, time.time() - 60)
    rows = [late | {"address": f"10.0.0.{n}", "time": when} for n, when in enumerate(times)]
    site.answer(f"{API}/status", state(nodes=[node("10.0.0.1")], refused=rows))
    result, told = found(site)["refused"]
    assert (result, told.split(" was ")[0]) == ("warning", "node 10.0.0.1")
    assert told.endswith("1 min ago: wrong secret")


def test_errors_of_the_last_hour(site: Site) -> None:
    times = (time.time() - 7200, time.time() - 60)
    events = [about("Event", time=when, level="error", text=f"at {when}") for when in times]
    site.answer(f"{API}/log", {"events": events, "first": 1, "last": 2, "next": None})
    assert found(site)["log"] == ("warning", f"1 error in the last hour, the last: at {times[1]}")


def test_a_state_that_others_may_read(site: Site, tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    assert found(site)["state"] == ("warning", f"{tmp_path} has mode 0755")


def test_ports_that_nobody_holds(site: Site) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as server, closing(free()) as gone:
        ports = [one.getsockname()[1] for one in (server, gone)]
        listens = [f"127.0.0.1:{ports[0]} clients", f"http://127.0.0.1:{ports[1]}/ page"]
        site.answer(f"{API}/status", state(nodes=[node("10.0.0.1")], listens=listens))
        lines = [x for x in site.run("doctor").out.splitlines() if " port " in x]
    assert lines[0].split() == [
        "ok",
        "port",
        listens[0].split()[0],
        *["for", "clients", "is", "open"],
    ]
    assert lines[1].startswith("warning port")
    assert lines[1].endswith("for page cannot be reached: Connection refused")


# A machine


def free() -> socket.socket:
    """A port that is taken, and where nobody listens."""
    sock = socket.socket()
    sock.bind(("127.0.0.1", 0))
    return sock


@contextmanager
def machine(answer: Callable[[bytes, bytes], bytes]) -> Iterator[int]:
    """Somebody who answers; its port. `answer`: to a code and a message."""
    server = socket.create_server(("127.0.0.1", 0))
    stopping = threading.Event()

    def serve() -> None:
        while not stopping.is_set():
            sock, _ = server.accept()
            with sock, sock.makefile("rb") as stream, suppress(OSError):
                code = stream.read(CODE_SIZE)
                message = stream.read(int.from_bytes(stream.read(LENGTH.size), "big"))
                sock.sendall(answer(code, message))

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield server.getsockname()[1]
    finally:
        stopping.set()
        socket.create_connection(server.getsockname()).close()
        thread.join()
        server.close()


def dispynode(secret: str) -> Callable[[bytes, bytes], bytes]:
    """As a dispynode answers: see the protocol of 4.11 and newer."""

    def answer(code: bytes, message: bytes) -> bytes:
        if secrets.same(code, secrets.code(secret, SIGN)):
            return frame(b"NAK (invalid command: DOCTOR)")
        return frame(SIGN.encode()) if message.startswith(b"NODE_INFO:") else b""

    return answer


@pytest.mark.parametrize(
    ("has", "tried", "result", "told"),
    [
        (SECRET, SECRET, "ok", "it has this secret"),
        (SECRET, "pears", "failed", "it has another secret"),
        (SECRET, None, "ok", "it has a secret"),
        ("", None, "warning", "it serves whoever reaches it: it has no secret"),
    ],
)
def test_the_secret_of_a_dispynode(
    site: Site, tmp_path: Path, has: str, tried: str | None, result: str, told: str
) -> None:
    words: list[str] = []
    if tried:
        (tmp_path / "secret").write_text(f"{tried}\n")
        words = ["--node_secret_file", str(tmp_path / "secret")]
    with machine(dispynode(has)) as port:
        answer = found(site, f"localhost:{port}", *words)
        assert answer["dispynode"] == ("ok", f"a dispynode answers at port {port}")
        assert answer["secret"] == (result, told)
        assert site.run("doctor", f"localhost:{port}", *words).code == (result == "failed")


def test_a_machine_that_the_scheduler_knows(site: Site) -> None:
    with machine(dispynode(SECRET)) as port:
        row = node("127.0.0.1", name="node1", state="held", port=port, heard=61.0)
        site.answer(f"{API}/status", state(nodes=[row]))
        detail = about("NodeDetail", **row, why="it refused a job: no room")
        site.answer(f"{API}/nodes/127.0.0.1", detail)
        answer = found(site, "node1")
    assert answer["scheduler"] == ("warning", "127.0.0.1 is held: it refused a job: no room")
    assert answer["port"] == ("ok", f"port {port} is open")


def test_a_machine_without_dispynode(site: Site) -> None:
    with closing(free()) as gone:
        port = gone.getsockname()[1]
        answer = found(site, f"127.0.0.1:{port}")
    assert answer["scheduler"] == ("warning", "the scheduler knows no node 127.0.0.1")
    assert answer["port"] == ("failed", f"{port} cannot be reached: Connection refused")
    assert "dispynode" not in answer


def test_somebody_else_answers_there(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "PATIENCE", 0.5)  # it waits for more than a TLS greeting
    with machine(lambda code, message: b"HTTP/1.1 400 Bad Request\r\n\r\n") as port:
        result, told = found(site, f"127.0.0.1:{port}")["dispynode"]
    assert (result, told) == (
        "warning",
        f"whoever answers at port {port} is no dispynode of 4.11 or newer",
    )


def test_a_name_that_stands_for_nothing(site: Site) -> None:
    outcome = site.run("doctor", "a..b", "--json")
    [check] = json.loads(outcome.out)["checks"]
    assert (outcome.code, check["about"], check["result"]) == (1, "name", "failed")


def test_a_secret_that_cannot_be_read(site: Site, tmp_path: Path) -> None:
    outcome = site.run("doctor", "a", "--node_secret_file", str(tmp_path / "none"))
    assert outcome.code == 2
    assert "none: No such file or directory" in outcome.err


# top


@pytest.fixture
def busy(site: Site) -> Site:
    """Two nodes, of which one is lost, and figures of two minutes."""
    now = time.time()
    rows = [[now - 119 + n, n, 3, 2.0 * (n > 60), 0.5, 0, 3, 4, 1] for n in range(120)]
    nodes = [node("10.0.0.2", busy=3), node("10.0.0.3", state="lost", note="silent", cpus=0)]
    clusters = [cluster() | {"running": 3, "waiting": 7}]
    totals = {"busy": 3, "cpus": 4, "waiting": 7, "running": 3, "done": 5}
    site.answer(f"{API}/status", state(nodes=nodes, clusters=clusters, totals=totals))
    series = {"range": 900, "step": 1, "now": now, "columns": COLUMNS, "rows": rows, "shares": []}
    site.answer(f"{API}/series", series)
    return site


def test_top_in_a_pipe_looks_once(busy: Site) -> None:
    out = busy.run("top").out
    assert f"[{'|' * 30}{' ' * 10}] 3 of 4" in out
    assert "2.0 jobs/s, 0.5 jobs/s failed, in the last minute" in out
    lines = out.splitlines()
    first = lines[next(n for n, line in enumerate(lines) if line.startswith("NODE")) + 1]
    assert first.split()[0] == "10.0.0.3", "what needs attention comes first"
    [share] = [line for line in lines if line.startswith("compute @")]
    assert "75%" in share


def test_top_for_programs(busy: Site) -> None:
    out = busy.run("top", "--json", "--count", "2", "--interval", "0.2").out
    looks = [json.loads(line) for line in out.splitlines()]
    assert [look["waiting"] for look in looks] == [7, 7]
    assert looks[0]["finished_per_second"] == pytest.approx(2.0, abs=0.1)


def test_top_at_a_terminal(busy: Site) -> None:
    out = busy.run("top", "--count", "1", terminal=True).out
    assert "\x1b[?1049h" in out and "\x1b[?1049l" in out, "the screen is put back"
    assert "10.0.0.3" in out and "█" in out


@pytest.mark.parametrize("words", [("--interval", "0.1"), ("--interval", "x"), ("--count", "0")])
def test_mistakes_of_top(busy: Site, words: tuple[str, str]) -> None:
    with pytest.raises(SystemExit) as caught:
        busy.run("top", *words)
    assert caught.value.code == 2


def test_curves_and_bars() -> None:
    assert curve([0, 1, 2, 4]) == "▁▃▅█"
    assert curve([0, 0]) == "▁▁"
    assert curve([0] * 60 + [5] * 60) == "▁" * 30 + "█" * 30
    assert bar(1, 2) == "[" + "|" * 20 + " " * 20 + "]"
    assert bar(0, 0) == "[" + " " * 40 + "]"
