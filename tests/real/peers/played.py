"""A node that is played by the test, and says only what the test wants."""

import hashlib
import pickle
import queue
import socket
import struct
import threading
from typing import Any

from peers.process import PATIENCE

CODE = 40  # bytes in front of each message to a node
FILE_SIZE = 6  # bytes of each file that a FaultyNode says it has already


class SilentNode:
    """Answers greetings: it is there, and free. To all else it says nothing, and keeps it open."""

    def __init__(self, address: str, port: int) -> None:
        self.address, self.port = address, port
        self.sign = hashlib.sha1(address.encode()).hexdigest()
        self._requests: queue.Queue[tuple[str, socket.socket]] = queue.Queue()
        self._held: list[socket.socket] = []

    def __enter__(self) -> "SilentNode":
        self._listener = socket.create_server((self.address, self.port))
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for sock in self._held:
            sock.close()

    def request(self, tag: str) -> socket.socket:
        """The connection of the next request of that kind."""
        while True:
            found, sock = self._requests.get(timeout=PATIENCE)
            if found == tag:
                sock.settimeout(PATIENCE)
                return sock

    def _accept(self) -> None:
        while True:
            try:
                sock = self._listener.accept()[0]
            except OSError:
                return
            self._held.append(sock)
            self._take(sock)

    def _take(self, sock: socket.socket) -> None:
        stream = sock.makefile("rb")
        stream.read(CODE)
        head = stream.read(4)
        payload = stream.read(struct.unpack(">I", head)[0]) if head else b""
        tag, _, body = payload.partition(b":")
        if tag == b"PING":
            self._answer(pickle.loads(body))
        self._requests.put((tag.decode(), sock))

    def _answer(self, greeting: dict[str, Any]) -> None:
        """With the code that proves that it knows the secret, which is empty."""
        about = {"ip_addr": self.address, "port": self.port, "sign": self.sign, "name": "silent"}
        about |= {"version": "4.15.2", "cpus": 1, "platform": "", "avail_info": None}
        about["auth"] = hashlib.sha1(greeting["sign"].encode()).hexdigest().encode()
        about["scheduler_ip_addr"] = greeting["ip_addrs"][0]
        payload = b"PONG:" + pickle.dumps(about, 5)  # as of Python 3.8 or newer
        place = (greeting["ip_addrs"][0], greeting["port"])
        with socket.create_connection(place, timeout=PATIENCE) as sock:
            sock.sendall(struct.pack(">I", len(payload)) + payload)


def is_open(sock: socket.socket) -> bool:
    """Whether the other end has not closed it."""
    sock.setblocking(False)
    try:
        return bool(sock.recv(1))
    except BlockingIOError:
        return True


class FaultyNode(SilentNode):
    """Does all that a node has to do but run jobs, and resets connections with some requests.

    It takes jobs and forgets them. Of a request in `resets` it reads the first bytes only.
    """

    def __init__(self, address: str, port: int, resets: str = "") -> None:
        super().__init__(address, port)
        self._resets = resets
        self.tags: list[str] = []  # of all requests so far

    def _take(self, sock: socket.socket) -> None:
        threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock: socket.socket) -> None:
        stream = sock.makefile("rb")
        stream.read(CODE)
        head = stream.read(4)
        size = struct.unpack(">I", head)[0] if head else 0
        start = stream.read(min(size, 16))
        tag = start.partition(b":")[0].decode()
        self.tags.append(tag)
        if tag == self._resets:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        else:
            self._reply(sock, tag, (start + stream.read(size - len(start))).partition(b":")[2])
        stream.close()
        sock.close()

    def _reply(self, sock: socket.socket, tag: str, body: bytes) -> None:
        if tag == "PING":
            self._answer(pickle.loads(body))
            return
        replies = {"COMPUTE": 1, "JOBS": [], "RETRIEVE_JOB": None, "FILEXFER": FILE_SIZE}
        words = {"SETUP": b"ACK", "JOB": b"ACK", "CLOSE": b"ACK", "NODE_INFO": self.sign.encode()}
        payload = words.get(tag) or pickle.dumps(replies.get(tag), 4)
        sock.sendall(struct.pack(">I", len(payload)) + payload)
