"""A played client: it says what a SharedJobCluster says, one step at a time, and stops anywhere."""

import contextlib
import pickle
import queue
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from gsched.wire import records, secrets
from gsched.wire.frames import LENGTH, frame
from gsched.wire.pickles import loads
from peers.played_node import ACK, PATIENCE, Address, Record, message

NAK = b"NAK"
STRANGER = b"c" * 40


class PlayedClient:
    """Has one computation. `finals` has each last result that it has confirmed, by uid."""

    def __init__(self, address: str, scheduler: Address, *, reentrant: bool) -> None:
        self.scheduler, self.reentrant = scheduler, reentrant
        self.finals: dict[int, Any] = {}
        self.heard: queue.Queue[str] = queue.Queue()  # names of messages, as they come
        self.silent = threading.Event()  # while set, it confirms no result
        self.gate = threading.Event()  # while not set, it looks at none
        self.gate.set()
        self.said: list[bytes] = []  # to results
        self.known: dict[int, str] = {}  # hashes of jobs, by uid
        self._listener = socket.create_server((address, 0), backlog=128)
        self._address: Address = self._listener.getsockname()
        threading.Thread(target=self._accept, daemon=True).start()
        self._open()

    def stop(self) -> None:
        """Listen no more."""
        with contextlib.suppress(OSError):  # it wakes who waits in accept()
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def submit(self, argument: Any) -> int:
        """One job, up to the end. Its uid."""
        with self.offer(argument) as (sock, stream):
            uid = self.uid(stream)
            sock.sendall(frame(ACK))
            sock.shutdown(socket.SHUT_WR)
            stream.read()
            return uid

    @contextmanager
    def offer(self, argument: Any) -> Iterator[tuple[socket.socket, Any]]:
        """Bring a job; what the scheduler says to that has still to be read."""
        self._hash = f"{len(self.known):x}f"
        job = {"uid": None, "hash": self._hash, "compute_id": self.id, "code": "", "xfer_files": []}
        job |= {"_args": pickle.dumps((argument,), 4), "_kwargs": pickle.dumps({}, 4)}
        body = {"node": None, "job": Record("_DispyJob_", job), "auth": self.auth}
        with self._request("JOB", body) as connection:
            yield connection

    def uid(self, stream: Any) -> int:
        """What the scheduler has called the job; 0 if it hangs up."""
        payload = _receive(stream)
        if not payload:
            return 0
        uid: int = loads(payload)
        self.known[uid] = self._hash
        return uid

    def close(self) -> None:
        """Tell the scheduler that it is over."""
        body = {"compute_id": self.id, "auth": self.auth, "terminate_pending": True}
        with self._request("CLOSE", body):
            pass

    def wait_for(self, name: str) -> None:
        """Until the next message of that name has come."""
        while self.heard.get(timeout=PATIENCE) != name:
            pass

    # -- to the scheduler -------------------------------------------------------------------------

    def _open(self) -> None:
        about = {"version": "4.15.2", "ip_addr": None, "scheduler_ip_addr": self.scheduler[0]}
        with self._request("CLIENT", about, STRANGER) as (_, stream):
            self._code = secrets.code("", loads(_receive(stream))["sign"])
        host, port = self._address[:2]
        compute = {"type": 1, "name": "played", "id": None, "code": "def played(x): return x"}
        compute |= {"dest_path": None, "xfer_files": [], "reentrant": self.reentrant}
        compute |= {"exclusive": False, "setup": None, "cleanup": True, "setup_args_count": 0}
        compute |= {"scheduler_ip_addr": host, "scheduler_port": port, "node_ip_addr": None}
        compute |= {"auth": secrets.new_sign(), "job_result_port": port, "pulse_interval": None}
        compute |= {"client_reply_addr": (host, port)}
        everywhere = {"host": "*", "port": None, "cpus": 0, "depends": [], "setup_args": ()}
        body = {"compute": Record("_Compute", compute), "node_allocs": [everywhere]}
        with self._request("COMPUTE", body | {"exclusive": False}) as (_, stream):
            found = loads(_receive(stream))
            self.id, self.auth = found["compute_id"], found["auth"]
        with self._request("SCHEDULE", {"compute_id": self.id, "auth": self.auth}) as (_, stream):
            assert _receive(stream) == ACK

    @contextmanager
    def _request(
        self, name: str, body: Any, code: bytes = b""
    ) -> Iterator[tuple[socket.socket, Any]]:
        with socket.create_connection(self.scheduler, PATIENCE) as sock:
            sock.sendall((code or self._code) + frame(message(name, body)))
            with sock.makefile("rb") as stream:
                yield sock, stream

    # -- from the scheduler -----------------------------------------------------------------------

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:  # it was stopped
                return
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock: socket.socket) -> None:
        sock.settimeout(PATIENCE)
        with contextlib.suppress(OSError), sock, sock.makefile("rb") as stream:
            name, _, data = _receive(stream).partition(b":")
            if name == b"JOB_REPLY":
                self.heard.put("JOB_REPLY")
                self.gate.wait(PATIENCE)
                reply = self._take(loads(data))
                if self.silent.is_set():
                    stream.read()  # until the other end is gone
                    return
                sock.sendall(frame(reply))
                self.said.append(reply)
            elif name == b"SCHEDULED":
                sock.sendall(frame(ACK))
                self.heard.put("SCHEDULED")

    def _take(self, reply: Any) -> bytes:
        """As dispy's: what is not known, or known to have ended, is said NAK to."""
        if self.silent.is_set():
            return b""
        if self.known.get(reply.uid) != reply.hash or reply.uid in self.finals:
            return NAK
        if reply.status != records.PROVISIONAL:
            self.finals[reply.uid] = reply
        return ACK


def _receive(stream: Any) -> bytes:
    data: bytes = stream.read(int.from_bytes(stream.read(LENGTH.size), "big"))
    return data
