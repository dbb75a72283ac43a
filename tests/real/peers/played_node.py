"""A played node: it says byte for byte what a dispynode says, but when and as a test wants it.

For what no real node can be made to do on demand. Left alone it does what a dispynode of the
newest release would: it answers greetings while it is free, takes computations and jobs, sends
pulses and results. A job is what `work` makes of its arguments, as soon as `gate` is open.
"""

import contextlib
import io
import itertools
import pickle
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

from gsched.wire import records, secrets
from gsched.wire.frames import CODE_SIZE, LENGTH, frame
from gsched.wire.pickles import loads

PATIENCE = 30.0  # seconds that a step of a connection may take
CHUNK = 1_024_000
ACK = b"ACK"
FREE_FOR_ALL = ("PING", "NODE_INFO")  # messages that a node takes from anybody

Address = tuple[str, int]


class PlayedNode:
    """See the module's text. `heard` has all messages that it was sent, decoded."""

    def __init__(
        self, address: str, port: int, cpus: int = 1, *, secret: str = "", version: str = "4.15.2"
    ) -> None:
        self.address, self.port, self.cpus = address, port, cpus
        self.secret, self.version = secret, version
        self.heard: list[tuple[str, Any]] = []
        self.work: Callable[..., Any] = lambda *given: given[0] if given else None
        self.gate = threading.Event()
        self.gate.set()
        self.avail = {"cpu": 97.5, "memory": 2**30, "disk": 2**40, "swap": 100.0}
        self.scheduler: Address = ("", 0)  # as the last greeting or computation had it
        self._answers: dict[str, Iterator[bytes | None]] = {}
        self.restart()
        self._listener = socket.create_server((address, port), backlog=128)
        self._start(self._accept)

    def restart(self) -> None:
        """Be another process with another sign, that knows nothing of what was before."""
        self.sign = secrets.new_sign()
        self.forget()

    def forget(self) -> None:
        """Drop all computations and jobs, as a node does that takes its scheduler for dead."""
        self.computations: dict[Any, Any] = {}
        self.jobs: dict[Any, Any] = {}
        self.stored: dict[Any, Record] = {}  # results, by uid

    def stop(self) -> None:
        """Listen no more."""
        self.forget()
        self.gate.set()
        with contextlib.suppress(OSError):  # it wakes who waits in accept()
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    # -- what the test wants --------------------------------------------------------------------

    def answer(self, message: str, *replies: bytes | None, always: bool = False) -> None:
        """Reply so to the next messages of that name; None: hang up. Then as ever, or always so."""
        self._answers[message] = itertools.cycle(replies) if always else iter(replies)

    def bodies(self, message: str) -> list[Any]:
        """Of all messages of that name that it was sent."""
        return [body for name, body in self.heard if name == message]

    def ping(self) -> None:
        """Look for a scheduler."""
        body = {"scheduler_ip_addr": self.scheduler[0], "ip_addr": self.address}
        self._tell("PING", body | self._who())

    def pong(self, sign: str, place: str = "") -> None:
        """Say that it is free, to a scheduler with that sign, at that address of it."""
        place = place or self.scheduler[0]
        code = secrets.code(self.secret, sign)
        body = self._who() | {"name": "played", "cpus": self.cpus, "platform": "Linux-6.1.0"}
        body |= {"auth": code, "avail_info": self._avail_info(), "ip_addr": self.address}
        self._tell("PONG", body | {"scheduler_ip_addr": place})

    def set_cpus(self, cpus: int, sign: str = "") -> None:
        """Offer so many CPUs from now on."""
        if not sign:
            self.cpus = cpus
        self._tell("NODE_CPUS", {"ip_addr": self.address, "sign": sign or self.sign, "cpus": cpus})

    def terminated(self, sign: str = "", *, datagram: bool = False) -> None:
        """Say goodbye."""
        body = {"ip_addr": self.address, "port": self.port, "sign": sign or self.sign}
        if datagram:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
                sock.sendto(message("TERMINATED", body), self.scheduler)
        else:
            self._tell("TERMINATED", body)

    def pulse(self) -> bytes:
        """Say that it lives; what the scheduler replies."""
        body = {"ip_addr": self.address, "port": self.port, "cpus": len(self.jobs)}
        body |= {"scheduler_ip_addr": self.scheduler[0], "avail_info": self._avail_info()}
        return self._ask("PULSE", body)

    def end(self, job: Any, status: int, result: Any = None, exception: Any = None) -> None:
        """Tell how a job ended."""
        self.jobs.pop(job.uid, None)
        fields = {"uid": job.uid, "hash": job.hash, "ip_addr": self.address, "status": status}
        fields |= {"result": pickle.dumps(result, 5), "stdout": "", "stderr": ""}
        fields |= {"exception": exception, "start_time": time.time(), "end_time": time.time()}
        self._deliver(job.uid, Record("_JobReply", fields))

    def _deliver(self, uid: Any, reply: "Record") -> None:
        """What nobody takes is stored, to be asked for."""
        self.stored[uid] = reply
        with contextlib.suppress(OSError):
            if self._ask("JOB_REPLY", reply) == ACK:
                self.stored.pop(uid, None)

    # -- to the scheduler -----------------------------------------------------------------------

    def _who(self) -> dict[str, Any]:
        return {"port": self.port, "sign": self.sign, "version": self.version}

    def _avail_info(self) -> "Record":
        return Record("DispyNodeAvailInfo", self.avail)

    def _tell(self, name: str, body: Any) -> None:
        with socket.create_connection(self.scheduler, PATIENCE) as sock:
            sock.sendall(frame(message(name, body)))

    def _ask(self, name: str, body: Any) -> bytes:
        with socket.create_connection(self.scheduler, PATIENCE) as sock, sock.makefile("rb") as end:
            sock.sendall(frame(message(name, body)))
            return _receive(end)

    def _pulses(self) -> None:
        while self.computations:
            with contextlib.suppress(OSError):
                self.pulse()
            shortest = [x.pulse_interval for x in list(self.computations.values())]
            time.sleep(min(shortest, default=0))

    # -- from the scheduler ---------------------------------------------------------------------

    def _start(self, call: Callable[..., None], *arguments: Any) -> None:
        threading.Thread(target=call, args=arguments, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:  # it was stopped
                return
            self._start(self._serve, sock)

    def _serve(self, sock: socket.socket) -> None:
        sock.settimeout(PATIENCE)
        with contextlib.suppress(OSError), sock, sock.makefile("rb") as stream:
            code, payload = stream.read(CODE_SIZE), _receive(stream)
            tag, _, data = payload.partition(b":")
            name, known = tag.decode(), code == secrets.code(self.secret, self.sign)
            if not known and name not in FREE_FOR_ALL:
                return
            body = loads(data) if data else None
            self.heard.append((name, body))
            reply = next(self._answers.get(name, iter(())), b"")
            if reply == b"":
                reply = getattr(self, f"_{name.lower()}")(body, sock, stream)
            if name == "JOB" and reply == ACK:
                self.jobs[body.uid] = body  # before anybody hears of it, who may end it at once
            if reply:
                sock.sendall(frame(reply))
        if name == "JOB" and reply == ACK:
            self._run(body)

    def _ping(self, body: Any, *_: Any) -> None:
        if body["version"] == self.version and self.cpus and not self.computations:
            for place in body["ip_addrs"]:
                self.scheduler = (place, body["port"])
                self.pong(body["sign"])

    def _node_info(self, *_: Any) -> bytes:
        return self.sign.encode()

    def _compute(self, body: Any, *_: Any) -> bytes:
        if body.id in self.computations:
            return pickle.dumps(0, 5)
        first = not self.computations
        self.computations[body.id] = body
        self.scheduler = (body.scheduler_ip_addr, body.scheduler_port)
        if first:
            self._start(self._pulses)
        return pickle.dumps(self.cpus, 5)

    def _filexfer(self, body: Any, sock: socket.socket, stream: BinaryIO) -> bytes:
        if body.compute_id not in self.computations:
            return pickle.dumps(-1, 5)
        done = 0
        while done < body.stat_buf.size:
            sock.sendall(frame(pickle.dumps(done, 5)))
            done += len(stream.read(min(CHUNK, body.stat_buf.size - done)))
        return pickle.dumps(done, 5)

    def _setup(self, body: Any, *_: Any) -> bytes:
        return ACK if body["compute_id"] in self.computations else b"invalid computation"

    def _job(self, body: Any, *_: Any) -> bytes:
        if body.compute_id not in self.computations:
            return f"Invalid job (KeyError: {body.compute_id})".encode()
        if len(self.jobs) >= self.cpus:
            return b"All CPUs busy!"
        return ACK

    def _run(self, job: Any) -> None:
        self.gate.wait()
        if job.uid in self.jobs:
            with contextlib.suppress(OSError):
                self.end(job, records.FINISHED, self.work(*pickle.loads(job._args)))

    def _terminate_job(self, body: Any, *_: Any) -> None:
        job = self.jobs.get(body.uid)
        if job is not None:
            self.end(job, records.TERMINATED)

    def _jobs(self, *_: Any) -> bytes:
        return pickle.dumps(list(self.jobs), 5)

    def _resend_job_results(self, *_: Any) -> bytes:
        for uid, reply in list(self.stored.items()):
            self._start(self._deliver, uid, reply)
        return pickle.dumps(len(self.stored) + len(self.jobs), 5)

    def _retrieve_job(self, *_: Any) -> bytes:
        return pickle.dumps(None, 5)

    def _close(self, body: Any, *_: Any) -> bytes:
        self.computations.pop(body["compute_id"], None)
        return ACK


# -- bytes ----------------------------------------------------------------------------------------


class Record:
    """An object that is pickled as one of that class of dispy's."""

    def __new__(cls, name: str, fields: dict[str, Any]) -> "Record":
        """The classes are not dispy's own: real dispy code has no place in the tests' process."""
        made: Record = object.__new__(_CLASSES.setdefault(name, type(name, (), {})))
        made.__dict__.update(fields)
        return made


_CLASSES: dict[str, type] = {}


class _Pickler(pickle._Pickler):  # the one of C looks classes up in their modules
    def save_global(self, obj: Any, name: str | None = None) -> None:
        self.save("dispy")
        self.save(obj.__name__)
        self.write(pickle.STACK_GLOBAL)
        self.memoize(obj)


def message(name: str, body: Any) -> bytes:
    """The bytes of a message, as pickle in a dispynode writes them."""
    buffer = io.BytesIO()
    _Pickler(buffer, 5).dump(body)
    return f"{name}:".encode() + buffer.getvalue()


def _receive(stream: BinaryIO) -> bytes:
    return stream.read(int.from_bytes(stream.read(LENGTH.size), "big"))
