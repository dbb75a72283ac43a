"""What attackers of gsched need: connections, messages, codes; and a look at what it takes."""

import hashlib
import os
import pickle
import socket
import struct
from pathlib import Path

from peers.stage import Gsched

STRANGER = b"x" * 40


def framed(payload: bytes) -> bytes:
    return struct.pack(">I", len(payload)) + payload


def connect(gsched: Gsched, port: int, source: str = "") -> socket.socket:
    """A connection from that address of this host."""
    return socket.create_connection((gsched.address, port), 30, (source, 0))


def right_code(gsched: Gsched, port: int) -> bytes:
    """What a client puts in front of its requests, from the answer to its introduction."""
    return code(introduce(gsched, port))


def introduce(gsched: Gsched, port: int, sign: str = "") -> str:
    """As a client does, one with that sign or a stranger. The scheduler's sign for clients."""
    body = {"version": "4.15.2", "ip_addr": None, "scheduler_ip_addr": gsched.address}
    with connect(gsched, port) as sock, sock.makefile("rb") as answer:
        who = code(sign) if sign else STRANGER
        sock.sendall(who + framed(b"CLIENT:" + pickle.dumps(body)))
        size = struct.unpack(">I", answer.read(4))[0]
        return str(pickle.loads(answer.read(size))["sign"])


def code(sign: str) -> bytes:
    """What proves that one knows the secret, which is empty, to whom has that sign."""
    return hashlib.sha1(sign.encode()).hexdigest().encode()


def memory(pid: int) -> int:
    """Bytes that a process has in memory."""
    status = Path(f"/proc/{pid}/status").read_text()
    line = next(x for x in status.splitlines() if x.startswith("VmRSS"))
    return int(line.split()[1]) * 1024


def descriptors(pid: int) -> int:
    """Files and sockets that a process has open."""
    return len(os.listdir(f"/proc/{pid}/fd"))
