"""The sharing policy of a running server: where its file is, and since when it is followed."""

import logging
from pathlib import Path

from gsched.core.model.sharing import NO_SHARING, Sharing
from gsched.net.exchange import Exchange
from gsched.policy import file
from gsched.policy.file import PolicyError

log = logging.getLogger("gsched")


class Policy:
    """After a mistake in the file, the server goes on with what it has."""

    def __init__(self, exchange: Exchange) -> None:
        self.path: Path | None = None
        self.since = 0.0  # in seconds since 1970; 0: never
        self._exchange = exchange

    def follow(self, path: Path | None, by: str, reason: str = "") -> Sharing:
        """Go by that file as it is now; None: by none. Raises PolicyError, and changes nothing."""
        sharing = file.read(path) if path else NO_SHARING
        if path or self.path:
            self._exchange.tell(self._exchange.scheduler.actions.share, sharing, by, reason)
        self.path, self.since = path, self._exchange.now()
        weighted = self._exchange.scheduler.book.ledger is not None
        if not weighted and any(rule.weight != 1.0 for rule in sharing.rules):
            log.warning("weights in %s are for --weighted_cluster_scheduler", path)
        return sharing

    def reload(self, by: str, reason: str) -> Sharing:
        """Read the file once more. Raises PolicyError, and changes nothing."""
        if self.path is None:
            raise PolicyError("there is no policy file; start gsched with --policy_file FILE")
        return self.follow(self.path, by, reason)
