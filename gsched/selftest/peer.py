"""What a made-up node and a made-up client have in common: they ask, and are asked."""

import socket
import threading
from collections.abc import Callable
from contextlib import closing, suppress
from typing import Any, BinaryIO

from gsched.wire import messages, pickles
from gsched.wire.frames import CODE_SIZE, LENGTH, frame

HERE = "127.0.0.1"
PATIENCE = 30.0  # seconds for a step of a conversation
ACK = b"ACK"
CODELESS, CODED = 0, CODE_SIZE  # bytes in front of what is heard

Answer = Callable[[str, Any], bytes]  # to the name of a message and what it holds


def ask(
    place: tuple[str, int], name: str, body: Any, code: bytes = b"", then: bytes = b""
) -> bytes:
    """The answer to a message. `then`: what is said to that. Raises OSError."""
    with closing(socket.create_connection(place, PATIENCE)) as sock, sock.makefile("rb") as stream:
        sock.sendall(frame(messages.build(name, body), code))
        answer = _receive(stream)
        if then:
            sock.sendall(frame(then))
        return answer


class Listening:
    """A port of this host where messages are answered, each in a thread."""

    def __init__(self, answer: Answer, skip: int) -> None:
        self._answer = answer
        self._skip = skip
        self._server = socket.create_server((HERE, 0), backlog=128)
        self.port: int = self._server.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Listen no more."""
        with suppress(OSError):  # it wakes who waits in accept()
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._server.accept()
            except OSError:  # it was closed
                return
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock: socket.socket) -> None:
        sock.settimeout(PATIENCE)
        with suppress(OSError), sock, sock.makefile("rb") as stream:
            stream.read(self._skip)
            name, _, data = _receive(stream).partition(b":")
            reply = self._answer(name.decode(), pickles.loads(data) if data else None)
            if reply:
                sock.sendall(frame(reply))


def _receive(stream: BinaryIO) -> bytes:
    return stream.read(int.from_bytes(stream.read(LENGTH.size), "big"))
