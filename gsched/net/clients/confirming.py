"""Jobs that their clients have confirmed, told to the core in the order in which they were brought.

The hub takes what arrives at the same moment in any order, and mostly the last first: told at
once, the second of two jobs would take a node that is free, and the first would wait.
"""

from collections.abc import Callable

from gsched.net.transport.greenlets import Greenlets


class Confirming:
    """Gathers uids, and gives them to `accepted` once all is read that has arrived by then."""

    def __init__(self, accepted: Callable[[int], None]) -> None:
        self._accepted = accepted
        self._uids: list[int] = []
        self._greenlets = Greenlets()

    def add(self, uid: int) -> None:
        """This one is confirmed."""
        if not self._uids:
            self._greenlets.spawn("confirmed jobs", self._tell)
        self._uids.append(uid)

    def stop(self) -> None:
        """Tell no more."""
        self._greenlets.kill()

    def _tell(self) -> None:
        uids, self._uids = self._uids, []
        for uid in sorted(uids):
            self._accepted(uid)
