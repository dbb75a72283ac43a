"""The page served by a process of its own, asked by raw sockets.

The server's state is a file: what a test writes there, the page shows at the next tick. Nothing
is slept for: each wait is for something to happen, with a bound that only failure reaches.
"""

import contextlib
import http.client
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from peers.sse import Reader

import gsched

ROOT = Path(gsched.__file__).resolve().parents[1]
PATIENCE = 60  # seconds until a wait counts as failed

# The process under test: patched first, as the scheduler is; limits short enough to reach.
SERVER = """
from gevent import monkey; monkey.patch_all()
import json, logging, signal, sys, gevent, gevent.event
from gsched.httpd import app, places, server
folder, port = sys.argv[1], int(sys.argv[2])
logging.basicConfig(filename=folder + "/log", level=logging.INFO)
server.Handler.idle_timeout = server.Handler.head_timeout = 1.0
server.Handler.io_timeout = 2.0
server.Handler.body_timeout = 1.0
def snapshot():
    with open(folder + "/state.json") as file:
        state = json.load(file)
    return {**state, "watched": built.publisher.watched}
built = app.build(snapshot, ["127.0.0.1"])
page = server.PageServer("127.0.0.1", port, built, places=places.Places(24))
page.start()
stopping = gevent.event.Event()
handler = gevent.signal_handler(signal.SIGTERM, stopping.set)
print(page.port, page.url, flush=True)
stopping.wait()
built.close()
page.stop(2.0)
print("stopped", flush=True)
"""

NODE = {
    "address": "10.20.0.11",
    "port": 51348,
    "name": "atlas",
    "state": "ready",
    "cpus": 8,
    "busy": 2,
    "jobs_done": 1234,
    "cpu_time": 8130.0,
    "clusters": 1,
    "waiting": 0,
    "heard": 3.4,
    "avail": {"cpu": 71.0, "memory": 3 * 2**30, "disk": 2**40, "swap": 100.0},
    "note": "",
}
CLUSTER = {
    "id": "91234567890123456789",
    "name": "compute",
    "client": "10.20.0.31",
    "label": "compute @ 10.20.0.31",
    "state": "active",
    "waiting": 30,
    "running": 2,
    "done": 68,
    "nodes": 1,
    "exclusive": False,
    "note": "",
}
STATE = {
    "version": "0.1.0",
    "epoch": "first",
    "time": 1_700_000_000.5,
    "uptime": 8054.0,
    "algorithm": "fair",
    "listens": ["127.0.0.1:51347 nodes", "127.0.0.1:51349 clients"],
    "client_program": "import dispy\ncluster = dispy.SharedJobCluster(compute)",
    "totals": {"nodes": 1, "cpus": 8, "busy": 2, "clusters": 1, "waiting": 30, "running": 2}
    | {"done": 68},
    "nodes": [NODE],
    "clusters": [CLUSTER],
}


POST = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 102400\r\n"


def wait_until(condition):
    """Returns the first true answer of `condition`."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        answer = condition()
        if answer:
            return answer
        time.sleep(0.02)
    raise AssertionError("waited in vain")


class Served:
    """A page in a process of its own."""

    def __init__(self, folder):
        self.folder = folder
        self.write(STATE)
        self.start(0)

    def start(self, port):
        """Starts the process at `port` and waits until it listens."""
        with open(self.folder / "stderr", "ab") as stderr:
            self.process = subprocess.Popen(
                [sys.executable, "-c", SERVER, str(self.folder), str(port)],
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
            )
        words = self.process.stdout.readline().split()
        assert words, self.stderr
        self.port, self.url = int(words[0]), words[1]

    def write(self, state):
        """Makes `state` what the next snapshot returns."""
        text = state if isinstance(state, str) else json.dumps(state)
        draft = self.folder / "state.draft"
        draft.write_text(text)
        draft.replace(self.folder / "state.json")

    @property
    def stderr(self):
        return (self.folder / "stderr").read_text()

    @property
    def log(self):
        return (self.folder / "log").read_text()

    def connect(self, receive_buffer=None):
        """Returns a connected socket."""
        sock = socket.socket()
        if receive_buffer:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        sock.settimeout(PATIENCE)
        sock.connect(("127.0.0.1", self.port))
        return sock

    def get(self, path, **headers):
        """Returns the status and body of a request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        body = response.read()
        connection.close()
        return response.status, body

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(PATIENCE)

    def end(self):
        """Stops the process if it still runs; it must have been quiet."""
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(PATIENCE)
        self.process.stdout.close()
        assert self.stderr == ""


class Events:
    """A reader of server-sent events, each with the state as it is then."""

    def __init__(self, served):
        self._connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=PATIENCE)
        self._connection.request("GET", "/api/v1/events")
        self._response = self._connection.getresponse()
        assert self._response.status == 200
        self._reader = Reader()

    def __iter__(self):
        event = {}
        while line := self._response.readline():
            name, _, value = line.decode().rstrip("\n").partition(": ")
            if name:
                event[name] = value
            elif "event" in event:
                if event["event"] in ("snapshot", "resync", "delta"):
                    self._reader.hear(event)
                yield event["event"], self._reader.state
                event = {}

    def until(self, condition):
        """Returns the state of the first event whose state fulfils `condition`."""
        deadline = time.monotonic() + PATIENCE
        for _, state in self:
            if condition(state):
                return state
            assert time.monotonic() < deadline, "waited in vain"
        raise AssertionError("the stream ended")

    def close(self):
        self._response.close()
        self._connection.close()


@pytest.fixture
def served(tmp_path):
    made = Served(tmp_path)
    yield made
    made.end()


def received(sock):
    """Returns all that comes until the other side closes, or resets over what it left unread."""
    answer = b""
    with contextlib.suppress(ConnectionResetError):
        while chunk := sock.recv(65536):
            answer += chunk
    return answer


# The server


def test_the_page_is_served(served):
    assert served.url == f"http://127.0.0.1:{served.port}/"
    assert b"<title>gsched</title>" in served.get("/")[1]
    assert served.get("/healthz") == (200, b"ok\n")
    assert json.loads(served.get("/api/v1/status")[1])["nodes"] == [NODE]
    assert served.get("/static/..%2f..%2fsetup.py")[0] == 404
    assert served.get("/", Host="evil.example")[0] == 421


def test_events_come_and_change(served):
    events = Events(served)
    assert events.until(lambda _: True)["nodes"] == [NODE]
    served.write({**STATE, "nodes": [{**NODE, "busy": 7}]})
    assert events.until(lambda state: state["nodes"][0]["busy"] == 7)["nodes"][0]["cpus"] == 8
    events.close()


def test_no_answer_waits_for_delayed_acknowledgements(served):
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=PATIENCE)
    spans = []
    for _ in range(30):
        begun = time.monotonic()
        connection.request("GET", "/healthz")
        connection.getresponse().read()
        spans.append(time.monotonic() - begun)
    connection.close()
    # Without TCP_NODELAY none of them but the first takes less than 40 ms, on any machine.
    assert min(spans[1:]) < 0.03


def test_a_reader_that_stalls_holds_up_nobody_and_is_dropped(served):
    def large(note):
        nodes = [{**NODE, "address": str(x), "note": note + "x" * 200} for x in range(2000)]
        served.write({**STATE, "nodes": nodes})

    large("")
    stalled = [served.connect(receive_buffer=4096) for _ in range(3)]
    for sock in stalled:
        sock.sendall(b"GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
    reader = Events(served)
    reader.until(lambda state: state["watched"] == 4)
    for note in "abc":
        large(note)
        reader.until(lambda state, note=note: state["nodes"][0]["note"].startswith(note))
    reader.until(lambda state: state["watched"] == 1)
    reader.close()
    for sock in stalled:
        sock.close()


def test_more_connections_than_there_are_places_wait_for_one(served):
    streams = [Events(served) for _ in range(24)]
    streams[0].until(lambda state: state["watched"] == 24)
    with served.connect() as late:
        late.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert not select.select([late], [], [], 0.5)[0]
        streams.pop().close()
        assert late.recv(65536).startswith(b"HTTP/1.1 200 ")
    for stream in streams:
        stream.close()


def test_a_reader_that_goes_away_gives_its_place_back(served):
    stays, goes = Events(served), Events(served)
    stays.until(lambda state: state["watched"] == 2)
    goes.close()
    stays.until(lambda state: state["watched"] == 1)
    stays.close()
    assert "ERROR" not in served.log


@pytest.mark.parametrize("begun", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: local"])
def test_a_request_that_is_not_finished_is_closed(served, begun):
    with served.connect() as sock:
        sock.sendall(begun)
        answer = received(sock)
    assert answer == b"" if b"\r\n" not in begun else answer.startswith(b"HTTP/1.1 400 ")


BAD = b"HTTP/1.1 400 "
BODY = b"POST /api/v1/session HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n"


@pytest.mark.parametrize(
    ("begun", "answer"),
    [(b"G", b""), (b"GET / HTTP/1.1\r\n", BAD), (BODY, BAD)],
    ids=["first line", "headers", "body"],
)
def test_what_trickles_in_does_not_win_time(served, begun, answer):
    with served.connect() as sock, contextlib.suppress(ConnectionError):
        sock.sendall(begun)

        def trickle():
            if select.select([sock], [], [], 0.05)[0]:
                return True
            sock.sendall(b"X")
            return False

        wait_until(trickle)
        assert sock.recv(65536)[: len(BAD)] == answer


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\n" + b"X-A: 1\r\n" * 200 + b"\r\n", b"400"),
        (b"GET /" + b"x" * 10_000 + b" HTTP/1.1\r\n\r\n", b"414"),
        (b"POST / HTTP/1.1\r\nContent-Length: 9999999999\r\n\r\n", b"413"),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", b"413"),
        (b"POST / HTTP/1.1\r\nContent-Length: -5\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nContent-Length: five\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nContent-Length: 1\r\n\r\nx", b"413"),
        (b"POST / HTTP/1.1\r\nContent-Length: 102401\r\n\r\n", b"413"),
        (b"POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nxx", b"400"),
        (POST + b"Connection: close\r\n\r\n" + b"x" * 102_400, b"405"),
        (POST + b"Expect: 100-continue\r\nConnection: close\r\n\r\n" + b"x" * 102_400, b"100"),
        (b"GET / HTTP/9.9\r\n\r\n", b"400"),
        (b"GET / HTTP/x.y\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n", b"421"),
        (b"GET / HTTP/1.0\r\nHost: localhost\r\n\r\n", b"200"),
    ],
)
def test_malformed_requests_are_refused_quietly(served, request_bytes, status):
    with served.connect() as sock:
        sock.sendall(request_bytes)
        answer = received(sock)
    assert answer.split()[1] == status
    assert "Traceback" not in served.log
    assert served.get("/healthz")[0] == 200


def test_headers_without_end_are_cut_off(served):
    with served.connect() as sock, contextlib.suppress(ConnectionError):
        sock.sendall(b"GET / HTTP/1.1\r\nX: " + b"x" * 50_000_000)
        raise AssertionError("50 MB of headers were taken")
    assert "Traceback" not in served.log
    assert served.get("/healthz")[0] == 200


def test_a_failing_snapshot_goes_to_the_log_and_not_to_stderr(served):
    served.write("not json")
    assert served.get("/api/v1/status")[0] == 500
    assert served.get("/healthz")[0] == 200
    assert "JSONDecodeError" in served.log


def test_a_port_that_is_taken_is_an_error_of_start(served):
    command = [sys.executable, "-c", SERVER, str(served.folder), str(served.port)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=PATIENCE
    )
    assert done.returncode != 0
    assert "OSError" in done.stderr and "Address already in use" in done.stderr


def test_stopping_says_good_bye_and_waits_for_nobody(served):
    served.write({**STATE, "client_program": "x" * 5_000_000})
    stalled = served.connect(receive_buffer=4096)
    stalled.sendall(b"GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
    idle = http.client.HTTPConnection("127.0.0.1", served.port, timeout=PATIENCE)
    idle.request("GET", "/healthz")
    idle.getresponse().read()
    reader = Events(served)
    reader.until(lambda state: state["watched"] == 2)
    served.process.terminate()
    assert [name for name, _ in reader][-1] == "bye"
    assert served.process.wait(PATIENCE) == 0
    assert served.process.stdout.readline() == "stopped\n"
    for connection in (stalled, idle, reader):
        connection.close()
