"""The page and its API for users of this host, at a Unix socket, whether or not there is a port."""

import logging
import os
from contextlib import suppress
from pathlib import Path

from gsched.httpd import unix
from gsched.httpd.access import roles
from gsched.httpd.app import Page
from gsched.httpd.server import Server

log = logging.getLogger("gsched.httpd")


class LocalServer:
    """Serves `application` at `path` to root and to the user that we run as."""

    def __init__(self, path: Path, application: Page) -> None:
        self._path, self._application = path, application
        self._server: Server | None = None

    def start(self) -> None:
        """Listens and returns. Where that cannot be, the log says so, and all else goes on."""
        roles.local_name(os.geteuid())
        try:
            self._server = Server(unix.listen(self._path), self._application)
            self._server.start()
        except OSError as error:
            log.warning("programs of this host cannot ask at %s: %s", self._path, error.strerror)

    def stop(self, timeout: float) -> None:
        """Ends all connections in a bounded time, and takes the socket's file away."""
        if self._server is not None:
            self._server.stop(timeout=timeout)
            with suppress(OSError):
                self._path.unlink()
