"""Clusters that wait, by their accounts.

What is used in a name counts for all clusters of that name: with each job, the keys of all of them
grow. So in the heap an account stands in their place, and its clusters in one of their own, where
only turns count. That will do since they have the same rule: rules go by names as well.
"""

from collections.abc import Callable
from functools import partial

from gsched.core.model.account import Account
from gsched.core.model.cluster import Cluster
from gsched.core.model.heap import Key, LazyHeap

KeyOf = Callable[[Cluster], Key | None]


class ByAccount:
    """As a LazyHeap of clusters with accounts, where `weighted` is the policy."""

    __slots__ = ("_accounts", "_first", "_lines")

    def __init__(self) -> None:
        self._accounts: LazyHeap[Account] = LazyHeap()
        self._lines: dict[Account, LazyHeap[Cluster]] = {}
        self._first: Cluster | None = None  # of the account that was looked at last

    def put(self, cluster: Cluster, key: Key) -> None:
        """Add the cluster, or give it another key."""
        account, turn = cluster.account, _turn(cluster)
        if account is None or turn is None:
            return
        if account not in self._lines:
            self._lines[account] = LazyHeap()
        self._lines[account].put(cluster, turn)
        self._accounts.lower(account, key)

    def top(self, key_of: KeyOf) -> Cluster | None:
        """The cluster with the smallest key, or None if there is none."""
        account = self._accounts.top(partial(self._key, key_of))
        return self._first if account is not None else None

    def floor(self) -> Key | None:
        """None of the keys is smaller. It is the key of what `top` has just given."""
        return self._accounts.floor()

    def first(self, key_of: KeyOf, suits: Callable[[Cluster], bool]) -> Cluster | None:
        """The cluster with the smallest key of those that suit."""
        found: list[tuple[Key, int, Cluster]] = []

        def is_found(account: Account) -> bool:
            if found and (self.floor() or ()) > found[0][0]:
                return True
            cluster = self._lines[account].first(_turn, suits)
            key = key_of(cluster) if cluster is not None else None
            if cluster is not None and key is not None:
                found.append((key, cluster.seq, cluster))
                found.sort()
            return False

        self._accounts.first(partial(self._key, key_of), is_found)
        return found[0][2] if found else None

    def __bool__(self) -> bool:
        return bool(self._accounts)

    def _key(self, key_of: KeyOf, account: Account) -> Key | None:
        self._first = cluster = self._lines[account].top(_turn)
        if cluster is None:
            del self._lines[account]
            return None
        return key_of(cluster)


def _turn(cluster: Cluster) -> Key | None:
    job = cluster.next_job
    return (cluster.chosen, job.seq) if job is not None else None
