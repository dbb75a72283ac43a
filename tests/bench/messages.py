"""What fake peers say: byte for byte what dispy 4.15.2 says.

Those said once per job are made once per peer and patched: the hash of a job is always of 20
digits, and the bytes of its uid are copied from the scheduler's own message.
"""

import hashlib
import os
import pickle
import re
from struct import Struct
from typing import Any

from bench.pickles import AvailInfo, Compute, Job, JobReply, XferFile, dumps

VERSION = "4.15.2"
FINISHED = 11
LENGTH = Struct(">I")
FRAME = Struct("<Q")
CHUNK = 1_024_000
ACK = LENGTH.pack(3) + b"ACK"
PULSE_REPLY = b"PULSE"
NO_HASH = "the-hash-of-a-job-01"  # stands where one belongs, and nowhere else
CODE = "def compute(n):\n    return n\n"

# A uid is found as the pickled number after its name, whoever pickled it.
UID = re.compile(
    rb"\x03uid(?:\x94|q.)?(\x8a\x06.{6}|\x8a\x07.{7}|\x8a\x08.{8}|\x8a\x05.{5}|J.{4}|M..|K.)", re.S
)
HASH = re.compile(rb"\x04hash(?:\x94|q.)?\x8c\x14(.{20})", re.S)


def frame(payload: bytes) -> bytes:
    """The payload with its length in front."""
    return LENGTH.pack(len(payload)) + payload


def code(secret: str, sign: str) -> bytes:
    """What opens a stream to who has that sign."""
    return hashlib.sha1((secret + sign).encode()).hexdigest().encode()


def number(value: float) -> bytes:
    """The bytes of a number inside a pickle."""
    return pickle.dumps(value, 2)[2:-1]


def message(tag: str, body: Any) -> bytes:
    """A message with its length."""
    return frame(tag.encode() + b":" + dumps(body))


# -- clients --------------------------------------------------------------------------------------


def client(address: str | None, scheduler: str) -> bytes:
    """A client introduces itself."""
    body = {"version": VERSION, "ip_addr": address, "scheduler_ip_addr": scheduler}
    return message("CLIENT", body)


def compute(
    address: str,
    port: int,
    auth: str,
    files: list[XferFile],
    hosts: list[str],
    source: str = CODE,
    *,
    reentrant: bool = False,
) -> bytes:
    """A client brings a computation, for all nodes whose address fits one of the hosts."""
    record = Compute(
        type=1,
        name="compute",
        id=None,
        code=source,
        dest_path=None,
        xfer_files=files,
        reentrant=reentrant,
        exclusive=True,
        setup=None,
        cleanup=True,
        setup_args_count=0,
        scheduler_ip_addr=address,
        scheduler_port=port,
        node_ip_addr=None,
        auth=auth,
        job_result_port=port,
        pulse_interval=None,
        client_reply_addr=(address, port),
    )
    allocations: list[dict[str, Any]] = [
        {"host": host, "port": None, "cpus": 0, "depends": [], "setup_args": ()} for host in hosts
    ]
    return message("COMPUTE", {"compute": record, "node_allocs": allocations, "exclusive": False})


def schedule(compute_id: int, auth: str) -> bytes:
    """A client wants its turn."""
    return message("SCHEDULE", {"compute_id": compute_id, "auth": auth})


def close(compute_id: int, auth: str) -> bytes:
    """A client is through with its computation."""
    body = {"compute_id": compute_id, "auth": auth, "terminate_pending": True}
    return message("CLOSE", body)


def pending_jobs(compute_id: int, auth: str) -> bytes:
    """A client asks for its jobs."""
    return message("PENDING_JOBS", {"compute_id": compute_id, "auth": auth})


def client_pulse(address: str, port: int) -> bytes:
    """A client is alive."""
    return message("PULSE", {"client_ip_addr": address, "client_port": port})


def file(name: str, size: int, compute_id: int | None = None) -> XferFile:
    """A file of zeros that a client is about to send."""
    now = 1_700_000_000
    times = {"st_atime": float(now), "st_mtime": float(now), "st_ctime": float(now)}
    nanos = {f"{key}_ns": now * 10**9 for key in times}
    more = times | nanos | {"st_blksize": 4096, "st_blocks": size // 512, "st_rdev": 0}
    stat = os.stat_result((0o100644, 1, 1, 1, 0, 0, size, now, now, now), more)
    return XferFile(name=name, dest_path="", compute_id=compute_id, stat_buf=stat, sep="/")


class JobTemplate:
    """JOB messages of one computation."""

    def __init__(self, compute_id: int, auth: str, args: tuple[Any, ...]) -> None:
        self.args, self.kwargs = pickle.dumps(args, 5), pickle.dumps({}, 5)
        whole = job(compute_id, auth, NO_HASH, self.args, self.kwargs)
        self._parts = whole.split(NO_HASH.encode())

    def fill(self, hash_: bytes) -> bytes:
        """The message for one job, with its hash also where its arguments have NO_HASH."""
        return hash_.join(self._parts)


def job(compute_id: int, auth: str, hash_: str, args: bytes, kwargs: bytes) -> bytes:
    """A client submits a job."""
    record = Job(
        uid=None,
        hash=hash_,
        compute_id=compute_id,
        _args=args,
        _kwargs=kwargs,
        xfer_files=[],
        code="",
    )
    return message("JOB", {"node": None, "job": record, "auth": auth})


# -- nodes ----------------------------------------------------------------------------------------


def avail() -> AvailInfo:
    """A node that is idle."""
    return AvailInfo(cpu=100.0, memory=24_805_851_136, disk=84_022_730_752, swap=100.0)


def node_ping(node: Any, scheduler: str | None) -> bytes:
    """A node looks for a scheduler."""
    body = {"scheduler_ip_addr": scheduler, "ip_addr": node.address, "port": node.port}
    return message("PING", body | {"sign": node.sign, "version": VERSION})


def pong(node: Any, auth: bytes, scheduler: str) -> bytes:
    """A node says that it is free."""
    body = {
        "port": node.port,
        "sign": node.sign,
        "version": VERSION,
        "name": node.name,
        "cpus": node.cpus,
        "platform": "Linux-6.1.0-x86_64-with-glibc2.36",
        "auth": auth,
        "avail_info": avail(),
        "ip_addr": node.address,
        "scheduler_ip_addr": scheduler,
    }
    return message("PONG", body)


def node_pulse(address: str, port: int, busy: int, scheduler: str) -> bytes:
    """A node is alive."""
    body = {"ip_addr": address, "port": port, "cpus": busy, "scheduler_ip_addr": scheduler}
    return message("PULSE", body | {"avail_info": avail()})


def job_reply(
    uid: int, hash_: str, address: str, result: bytes, started: float, ended: float, out: str = ""
) -> bytes:
    """A job has ended well."""
    record = JobReply(
        uid=uid,
        hash=hash_,
        ip_addr=address,
        status=FINISHED,
        result=result,
        stdout=out,
        stderr="",
        exception=None,
        start_time=started,
        end_time=ended,
    )
    return message("JOB_REPLY", record)


class ReplyTemplate:
    """JOB_REPLY messages of one node."""

    _UID = 1 << 40  # six bytes in a pickle

    def __init__(self, address: str, began: float) -> None:
        result = pickle.dumps(None, 5)
        whole = job_reply(self._UID, NO_HASH, address, result, began, began + 0.02)
        self._uid = number(self._UID)
        self._head, rest = whole.split(self._uid)
        self._middle, self._tail = rest.split(NO_HASH.encode())
        self._heads: dict[int, bytes] = {}

    def fill(self, uid: bytes, hash_: bytes) -> bytes:
        """The reply for a job, by the bytes that its uid has in a pickle."""
        head = self._heads.get(len(uid)) or self._make_head(len(uid))
        return head + uid + self._middle + hash_ + self._tail

    def _make_head(self, size: int) -> bytes:
        """The length of the message and that inside the pickle depend on the uid's."""
        more, head = size - len(self._uid), bytearray(self._head)
        LENGTH.pack_into(head, 0, LENGTH.unpack_from(head)[0] + more)
        place = head.index(pickle.FRAME) + 1
        FRAME.pack_into(head, place, FRAME.unpack_from(head, place)[0] + more)
        self._heads[size] = bytes(head)
        return self._heads[size]
