"""A client that takes all it can get, and one that only works."""

import contextlib
import pickle
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from peers import Gsched, Stage
from peers.attack import connect, framed, memory, right_code
from peers.networks import Host, add_address
from peers.process import PATIENCE

from gsched.net.clients.openings import MAX_ALLOCATIONS, MAX_PATTERNS
from gsched.wire.messages import build
from gsched.wire.pickles import loads
from gsched.wire.records import Compute, Job, NodeAllocate

pytestmark = pytest.mark.real

ATTACKER = "127.66.66.66"
MOST_MEMORY = 200 << 20  # bytes more than before


class Greedy:
    """A client with code of its own, at an address of its own."""

    def __init__(self, gsched: Gsched, port: int, address: str = ATTACKER) -> None:
        self._gsched = gsched
        self._port = port
        self._address = address
        self._code = right_code(gsched, port)
        self._server = socket.create_server((address, 0))
        self.port = self._server.getsockname()[1]
        threading.Thread(target=self._confirm, daemon=True).start()

    def _confirm(self) -> None:
        """Say ACK to whatever comes."""
        with contextlib.suppress(OSError):
            while True:
                sock, _ = self._server.accept()
                with sock, contextlib.suppress(OSError):
                    sock.recv(1 << 16)
                    sock.sendall(framed(b"ACK"))

    def ask(self, name: str, body: Any, then: bytes = b"") -> Any:
        """The answer to a request; what follows it is confirmed with `then`."""
        with (
            connect(self._gsched, self._port, self._address) as sock,
            sock.makefile("rb") as stream,
        ):
            sock.sendall(self._code + framed(build(name, body)))
            answer = stream.read(struct.unpack(">I", stream.read(4))[0])
            refused = b"refused by gsched" in answer
            found = answer if answer in (b"ACK", b"NAK") else None if refused else loads(answer)
            if then and found is not None:
                sock.sendall(framed(then))
                stream.read()
        return found

    def open(self, **other: Any) -> Any:
        """A cluster: its id and auth, or why it is refused."""
        fields: dict[str, Any] = dict.fromkeys(Compute.FIELDS)
        fields |= {"type": 1, "name": "greedy", "code": "", "xfer_files": [], "cleanup": True}
        fields |= {"reentrant": False, "exclusive": False, "setup_args_count": 0}
        fields |= {"auth": "a", "job_result_port": self.port} | other
        wanted = fields.pop("wanted", [])
        body = {"compute": Compute(**fields), "node_allocs": wanted, "exclusive": False}
        return self.ask("COMPUTE", body)

    def start(self, **other: Any) -> dict[str, Any]:
        """A cluster that may submit."""
        found: dict[str, Any] = self.open(**other)
        assert self.ask("SCHEDULE", found) == b"ACK"
        return found

    def submit(self, cluster: dict[str, Any], size: int) -> Any:
        """A job: its uid; None if it is refused."""
        job = Job(
            uid=None,
            hash="h" * 20,
            compute_id=cluster["compute_id"],
            _args=pickle.dumps((b"x" * size,)),
            _kwargs=pickle.dumps({}),
            xfer_files=[],
            code="",
        )
        return self.ask("JOB", {"node": None, "job": job, "auth": cluster["auth"]}, b"ACK")

    def close(self) -> None:
        self._server.close()


@contextlib.contextmanager
def greedy(gsched: Gsched, port: int, address: str = ATTACKER) -> Iterator[Greedy]:
    with contextlib.closing(Greedy(gsched, port, address)) as found:
        yield found


def works(stage: Stage, gsched: Gsched) -> None:
    outcome = stage.client("squares", gsched, jobs=20).outcome()
    assert (outcome["jobs"], outcome["wrong"]) == (20, [])


@pytest.mark.proves("--max_client_clusters")
def test_clusters_of_one_client(stage: Stage) -> None:
    """Also such as are never started."""
    gsched, _ = stage.trio(1, 2, "--max_client_clusters", "20")
    with greedy(gsched, stage.base + 2) as client:
        answers = [client.open() for _ in range(30)]
        assert [isinstance(x, dict) for x in answers] == [True] * 20 + [False] * 10
        assert "--max_client_clusters" in answers[-1]
        assert gsched.status()["limits"]["max_client_clusters"] == [20, 20, 10]
        works(stage, gsched)


@pytest.mark.proves("--max_client_jobs")
def test_jobs_of_one_client(stage: Stage) -> None:
    """Those that nobody can run wait, and others do not wait for them."""
    gsched, _ = stage.trio(1, 2, "--max_client_jobs", "50")
    with greedy(gsched, stage.base + 2) as client:
        cluster = client.start(wanted=[{"host": "127.250.250.250"}])
        uids = [client.submit(cluster, 10) for _ in range(60)]
        assert all(uids[:50]) and not any(uids[50:])
        works(stage, gsched)
        assert gsched.status()["limits"]["max_client_jobs"] == [50, 50, 10]
        with connect(gsched, stage.base + 2, ATTACKER) as sock:
            sock.sendall(right_code(gsched, stage.base + 2) + framed(build("CLOSE", cluster)))
            sock.recv(1)
    gsched.wait_for(lambda x: x["limits"]["max_client_jobs"][0] == 0, "they are not counted")


@pytest.mark.proves("--max_client_bytes")
def test_bytes_of_one_client(stage: Stage) -> None:
    gsched, _ = stage.trio(1, 2, "--max_client_bytes", "50m")
    small = memory(gsched.pid)
    with greedy(gsched, stage.base + 2) as client:
        cluster = client.start(wanted=[{"host": "127.250.250.250"}])
        uids = [client.submit(cluster, 10 << 20) for _ in range(10)]
        assert all(uids[:4]) and not any(uids[5:])
        assert memory(gsched.pid) - small < MOST_MEMORY
        works(stage, gsched)


@pytest.mark.proves("--max_client_allocations")
def test_allocations_of_one_client(stage: Stage) -> None:
    """As many as may be, and such as take long to compare."""
    gsched, _ = stage.trio(1, 2, "--max_client_allocations", str(3 * MAX_ALLOCATIONS + 5))
    small = memory(gsched.pid)
    slow = "*".join("127.0." * 20)
    wanted = [{"host": f"{slow}*{n}"} for n in range(MAX_PATTERNS)]
    most = [{"host": f"127.250.{n >> 8}.{n & 255}"} for n in range(MAX_ALLOCATIONS - MAX_PATTERNS)]
    with greedy(gsched, stage.base + 2) as client:
        assert "node allocations" in client.open(wanted=[{"host": "a"}] * (MAX_ALLOCATIONS + 1))
        assert "with *" in client.open(wanted=[*wanted, {"host": "*"}])
        assert all(client.start(wanted=[*wanted, *most]) for _ in range(3))
        found = client.start(wanted=[{"host": f"a{n}"} for n in range(5)])
        assert "--max_client_allocations" in client.open(wanted=[{"host": "a"}])
        more = NodeAllocate(ip_addr="b", ip_rex="b", port=None, cpus=0, depends=[], setup_args=())
        assert client.ask("ALLOCATE_NODE", found | {"node_alloc": [more]}) == -1
        works(stage, gsched)
        assert memory(gsched.pid) - small < MOST_MEMORY


@pytest.mark.proves("--allow_callback")
def test_callbacks_elsewhere(stage: Stage) -> None:
    """Not even by those who know the secret."""
    gsched, _ = stage.trio(1, 1)
    with greedy(gsched, stage.base + 2) as client:
        assert "--allow_callback" in client.open(scheduler_ip_addr="192.0.2.1")


@pytest.mark.proves("--allow_node_port")
@pytest.mark.usefixtures("private_network")
def test_nodes_at_other_ports(new_host: Callable[[], Host], stage: Stage) -> None:
    """A client names a host of somebody else: that one hears of us at ports of nodes only."""
    there, usual = new_host(), stage.base + 1
    there.link("there", "10.77.0.1/24", "10.77.0.2/24")
    gsched = stage.gsched("--allow_node_port", "4004", address="10.77.0.1")
    with contextlib.ExitStack() as stack:
        stack.enter_context(there)
        add_address("there", "10.77.0.3/24")
        ears = {x: socket.create_server(("10.77.0.3", x)) for x in (usual, 4004, 4005)}
        for ear in ears.values():
            stack.enter_context(ear)
        wanted = [{"host": "10.77.0.3", "port": x} for x in ears]
        client = stack.enter_context(greedy(gsched, stage.base + 2, "10.77.0.2"))
        client.start(wanted=wanted)
        gsched.wait_for_text("10.77.0.3 is not called at port 4005: see --allow_node_port")
        for port in (usual, 4004):
            ears[port].settimeout(PATIENCE)
            with ears[port].accept()[0] as sock, sock.makefile("rb") as stream:
                assert b"PING:" in stream.read()
        ears[4005].setblocking(False)
        with pytest.raises(BlockingIOError):
            ears[4005].accept()
