"""What dispyadmin tells nodes: how many CPUs to offer, and when to serve."""

import pickle
import socket
import time
from typing import Any

from gsched.wire import secrets
from gsched.wire.frames import LENGTH, frame
from gsched.wire.secrets import STRANGER

PATIENCE = 30.0


class Admin:
    """Whoever knows the `--admin_secret` of a node."""

    def __init__(self, secret: str, port: int) -> None:
        self.options = ("--admin_secret", secret)  # of the nodes
        self._secret = secret
        self._port = port

    def set_cpus(self, address: str, cpus: int) -> None:
        """Have the node offer so many CPUs."""
        assert self._command(address, "SET_CPUS", {"cpus": cpus}) == {"cpus": cpus}

    def serve(self, address: str, control: str, at: str | None) -> None:
        """`control`: start_time, stop_time, end_time; `at`: HH:MM, None for now, '0' for never."""
        body = {"control": control, "time": at}
        assert self._command(address, "SERVICE_TIME", body).keys() >= {"service_start"}

    def _command(self, address: str, name: str, body: dict[str, Any]) -> Any:
        sign = self._ask(address, STRANGER, b"NODE_INFO:").decode()
        code = secrets.code(self._secret, sign)
        return pickle.loads(self._ask(address, code, name.encode() + b":" + pickle.dumps(body)))

    def _ask(self, address: str, code: bytes, payload: bytes) -> bytes:
        with socket.create_connection((address, self._port), PATIENCE) as sock:
            sock.sendall(code + frame(payload))
            with sock.makefile("rb") as stream:
                return stream.read(int.from_bytes(stream.read(LENGTH.size), "big"))


def at_noon() -> dict[str, str]:
    """Surroundings in which it is about noon, so that an hour later is not another day."""
    return {"TZ": f"NOON{time.gmtime().tm_hour - 12:+d}"}  # a shorter name counts as none
