"""What SIGUSR2 does: gsched becomes its next run, perhaps of another release, and refuses nobody.

Options are read first, so that a mistake stops nothing. Then connections that are there come to
their end, new ones wait in the sockets' queues, the state is kept, and the process starts the
program anew: it stays the same process for whoever looks after it. Jobs at nodes go on.
"""

import logging
import os
import sys
from collections.abc import Callable

from gsched.options.settings import Settings
from gsched.options.sources import Wrong
from gsched.running.server import Server
from gsched.service import Service

log = logging.getLogger("gsched.handover")


class Handover:
    """Called, it has the server stop for its next run: it is `wanted` then, and `go` starts it."""

    def __init__(self, server: Server, service: Service, read: Callable[[], Settings]) -> None:
        self._server = server
        self._service = service
        self._read = read
        self.wanted = False

    def __call__(self) -> None:
        problem = self.ask()
        if problem:
            log.error("no restart, all goes on as it was: %s", problem)

    def ask(self) -> str:
        """Why it cannot be; else it has begun."""
        try:
            wanted = self._read()
        except Wrong as mistake:
            return mistake.text
        if not self._server.durable or wanted.durability == "off":
            return "with --durability off all jobs would be lost"
        if not self._opens(wanted):
            return "these options do not have the key with which --vault was opened"
        if self._server.stopping.is_set():
            return "gsched is about to stop"
        self._service.reloading()
        self.wanted = True
        self._server.stopping.set()
        return ""

    def _opens(self, wanted: Settings) -> bool:
        """Whether the next run can open the vault: one that was typed is not to be had again."""
        before = self._server.settings
        if not before.vault:
            return not wanted.vault or bool(wanted.vault_key)
        return wanted.vault and wanted.vault_key == before.vault_key

    def go(self) -> None:
        """Become the next run. Returns only by an OSError."""
        around = os.environ | self._service.environ | self._server.hand_over()
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], around)  # nosec B606  # ourselves
