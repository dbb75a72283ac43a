"""What SIGHUP does: options are read again, and those that a server can change while it runs are.

These are the level of the log, and certificates, accounts and the sharing policy, whose files are
read in any case. Of others that have changed the log says that they need a restart. After a mistake
all stays as it was.
"""

import logging
from collections.abc import Callable, Iterator
from dataclasses import fields, replace

from gsched import logs
from gsched.net.transport import tls
from gsched.net.transport.mistakes import Mistake
from gsched.options.settings import Settings
from gsched.options.sources import Wrong
from gsched.policy.file import PolicyError
from gsched.running.server import Server
from gsched.service import Service

log = logging.getLogger("gsched.reload")

_LABELS = {"algorithm": "--fair_, --weighted_ or --early_cluster_scheduler"}


class Reload:
    """Reads the options by `read`, and has the server follow them."""

    def __init__(self, server: Server, service: Service, read: Callable[[], Settings]) -> None:
        self._server = server
        self._service = service
        self._read = read
        self._current = server.settings  # what the server goes by

    def __call__(self) -> None:
        self._service.reloading()
        try:
            wanted = self._read()
        except Wrong as mistake:
            log.error("all options stay as they were: %s", mistake.text)
        else:
            self._follow(wanted)
        self._service.reloaded()

    def _follow(self, wanted: Settings) -> None:
        logs.trace(wanted.debug)
        self._current = replace(self._current, debug=wanted.debug)
        for side, used in self._server.certificates():
            if used.used:
                self._renew(side, used, wanted)
        try:
            self._server.renew_accounts()
        except Mistake as mistake:
            log.error("the accounts that are used stay: %s", mistake)
        self._follow_policy(wanted)
        for name in self._others(wanted):
            log.warning("%s has changed: that needs a restart", _LABELS.get(name, f"--{name}"))
        log.info("the options were read again")

    def _follow_policy(self, wanted: Settings) -> None:
        try:
            self._server.policy.follow(wanted.policy_file, "SIGHUP")
        except PolicyError as error:
            log.error("the policy that is used stays: %s", error)
        self._current = replace(self._current, policy_file=wanted.policy_file)

    def _renew(self, side: str, used: tls.Tls, wanted: Settings) -> None:
        """Certificate and key, for connections from now on."""
        names = (f"{side}_certfile", f"{side}_keyfile")
        files = {name: getattr(wanted, name) for name in names}
        if files[names[0]] is None:
            return  # TLS was switched off: see `_others`
        try:
            used.renew(tls.load(side, *files.values()))
        except Mistake as mistake:
            log.error("the certificate that is used stays: %s", mistake)
        self._current = replace(self._current, **files)

    def _others(self, wanted: Settings) -> Iterator[str]:
        """Names of what is not as the server goes by it."""
        for one in fields(Settings):
            changed = getattr(self._current, one.name) != getattr(wanted, one.name)
            if one.compare and changed:
                yield one.name
