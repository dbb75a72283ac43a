"""Word to systemd where it has started us, by sd_notify(3): one datagram of lines NAME=value.

Its watchdog hears from a greenlet, which runs only while the hub turns. Elsewhere nothing is sent.
"""

import logging
import os
import time
from collections.abc import Callable, MutableMapping

import gevent
from gevent import socket

from gsched.logs import printable
from gsched.net.transport.greenlets import Greenlets

log = logging.getLogger("gsched.service")

STATUS_PAUSE = 10.0  # seconds between two lines of status
_SEND_TIMEOUT = 1.0  # seconds
_VARIABLES = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID")


class Service:
    """What is said of this process.

    The variables are taken out of `environ`: they are not for children, but for the next run of
    this process, which is to get `self.environ`.
    """

    def __init__(self, environ: MutableMapping[str, str]) -> None:
        self.environ = {name: environ[name] for name in _VARIABLES if name in environ}
        self._address = _address(environ.pop("NOTIFY_SOCKET", ""))
        self._watchdog = _watchdog(environ)
        self._status: Callable[[], str] = str
        self._greenlets = Greenlets()
        self._problem = ""

    def ready(self, status: Callable[[], str]) -> None:
        """All ports are open. From now on `status` gives the line that systemd shows."""
        self._status = status
        if self._address:
            self._tell("READY=1")
            self._greenlets.spawn("service", self._live)

    def reloading(self) -> None:
        """The configuration is read again; `reloaded` follows."""
        self._tell("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def reloaded(self) -> None:
        """It was, whatever came of it."""
        self._tell("READY=1")

    def stopping(self) -> None:
        """The end has begun. The watchdog hears on until the process is gone."""
        self._tell("STOPPING=1")

    def _live(self) -> None:
        pause = min(STATUS_PAUSE, self._watchdog / 2) if self._watchdog else STATUS_PAUSE
        signs = ("WATCHDOG=1",) if self._watchdog else ()
        while True:
            self._tell(*signs)
            gevent.sleep(pause)

    def _tell(self, *lines: str) -> None:
        if not self._address:
            return
        message = "\n".join((*lines, f"STATUS={printable(self._status())}"))
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
                sock.settimeout(_SEND_TIMEOUT)
                sock.connect(self._address)
                sock.send(message.encode())
        except OSError as error:
            self._complain(str(error))

    def _complain(self, problem: str) -> None:
        """Once, as long as it is the same."""
        if problem != self._problem:
            self._problem = problem
            log.warning("systemd is not told how we are: %s", problem)


def _address(given: str) -> str:
    """For `connect`; empty if there is none that we know how to reach."""
    if given.startswith("@"):
        return f"\0{given[1:]}"  # a name without a file
    return given if given.startswith("/") else ""


def _watchdog(environ: MutableMapping[str, str]) -> float:
    """Seconds in which a sign of life is wanted; 0: none is."""
    micros = environ.pop("WATCHDOG_USEC", "")
    ours = environ.pop("WATCHDOG_PID", "") in ("", str(os.getpid()))
    return int(micros) / 1e6 if ours and micros.isascii() and micros.isdecimal() else 0.0
