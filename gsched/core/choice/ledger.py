"""Who has used how much: CPU seconds, of which those long ago count less.

Use decays exponentially, as in HTCondor: what was used a half-life ago counts half. Since all
accounts decay at the same rate, none is ever touched for it: what is used later is entered as so
much more instead. The order of two accounts changes only when one of them is charged.

An account is that of a name and a client, not of a cluster: who closes a computation and opens it
again does not start at nothing.

Jobs at nodes count by what they have used so far, and for a bit more, so that many CPUs that get
free at once are shared as well. What an account shows never sinks: an entry in a heap that is out
of date is too small at the worst, and is mended when it reaches the top.
"""

from collections.abc import Iterator
from math import log

from gsched.core.model.account import Account
from gsched.core.model.cluster import Cluster

LONGEST_ADVANCE = 0.01  # of the half-life: for longer jobs, what they have used counts by itself
FIRST_ADVANCE = 1.0  # seconds, as long as no job has ended
KEEN = 0.2  # part that the last job has in what a job is expected to take
MOST_DOUBLINGS = 400  # after which all entries are made smaller, long before numbers have no end
MOST_IDLE = 10_000  # accounts that are kept without clusters
FORGOTTEN = 1.0  # CPU seconds that are worth no account
KEPT = 30.0  # seconds after which what has been used is kept once more


class Ledger:
    """All accounts. `half_life` in seconds; None: nothing is ever forgotten."""

    def __init__(self, half_life: float | None) -> None:
        self._half_life = half_life
        self._epoch: float | None = None  # when an entry counts as it is
        self._accounts: dict[str, Account] = {}
        self._rate = (0.0, 1.0)  # when it was asked for last, and `_inflation` then
        self._kept_at = 0.0
        self._dropped: list[Account] = []

    def open(self, cluster: Cluster, now: float) -> None:
        """The cluster has an account from now on, perhaps one that was there before."""
        account = self._account(cluster.label, now)
        account.clusters += 1
        cluster.account = account

    def close(self, cluster: Cluster, now: float) -> None:
        """The cluster is gone; its account stays for a while."""
        if cluster.account is not None:
            cluster.account.clusters -= 1
            if len(self._accounts) > MOST_IDLE:
                self._forget(now)

    def take(self, account: Account, cpus: int, now: float) -> None:
        """Jobs with so many CPUs start, or end if negative."""
        self._settle(account, now)
        account.cpus += cpus
        self._show(account, now)

    def learn(self, account: Account, seconds: float) -> None:
        """A job has run so long."""
        known = account.advance
        account.advance = known + KEEN * (seconds - known) if known else seconds

    def tick(self, now: float) -> bool:
        """Bring all accounts up to date. True if the order may not hold for entries of before."""
        for account in self._accounts.values():
            if account.cpus:
                self._settle(account, now)
                self._show(account, now)
        return self._doublings(now) > MOST_DOUBLINGS and self._deflate(now)

    def turn(self, half_life: float | None, now: float) -> None:
        """Forget at another rate from now on. The order may not hold for entries of before."""
        self._deflate(now)
        self._half_life = half_life

    def restore(self, label: str, seconds: float, at: float, now: float) -> None:
        """So much had been used in that name by then."""
        account = self._account(label, now)
        ago = max(0.0, now - at) / self._half_life if self._half_life else 0.0
        account.used += seconds * 2.0**-ago * self._inflation(now)
        account.kept = (seconds, at)
        self._show(account, now)
        if seconds * 2.0**-ago < FORGOTTEN:
            self._drop(label)

    def news(self, now: float, at_once: bool = False) -> Iterator[Account]:
        """Accounts of which something else is to be kept than before, from time to time."""
        if 0.0 <= now - self._kept_at < KEPT and not at_once:
            return
        self._kept_at = now
        while self._dropped:
            yield self._dropped.pop()
        for account in self._accounts.values():
            last = account.kept[1] if account.kept else 0.0
            if account.cpus or (account.since > last and account.used):
                account.kept = (self.usage(account, now), now)
                yield account

    def usage(self, account: Account, now: float) -> float:
        """CPU seconds, as they count now."""
        self._settle(account, now)
        return account.used / self._inflation(now)

    # -- within -------------------------------------------------------------------------------

    def _account(self, label: str, now: float) -> Account:
        if self._epoch is None:
            self._epoch = now
        found = self._accounts.get(label)
        if found is None:
            found = self._accounts[label] = Account(label, now, self._inflation(now))
        return found

    def _settle(self, account: Account, now: float) -> None:
        rate = self._inflation(now)
        if account.cpus and now > account.since:
            account.used += account.cpus * self._inflated(account, now, rate)
        account.since, account.rate = now, rate

    def _show(self, account: Account, now: float) -> None:
        ahead = account.cpus * self._advance(account) * self._inflation(now)
        if account.used + ahead > account.shown:
            account.shown = account.used + ahead

    def _advance(self, account: Account) -> float:
        seconds = account.advance or FIRST_ADVANCE
        most = FIRST_ADVANCE * 60 if self._half_life is None else self._half_life * LONGEST_ADVANCE
        return min(seconds, most)

    def _doublings(self, now: float) -> float:
        if self._half_life is None or self._epoch is None:
            return 0.0
        return (now - self._epoch) / self._half_life

    def _inflation(self, now: float) -> float:
        if now != self._rate[0]:
            self._rate = (now, 2.0 ** min(self._doublings(now), 1000.0))
        return self._rate[1]

    def _inflated(self, account: Account, now: float, rate: float) -> float:
        """Seconds from when the account was settled last, each inflated for its own time."""
        if self._half_life is None:
            return now - account.since
        return (rate - account.rate) * self._half_life / log(2)

    def _deflate(self, now: float) -> bool:
        by = self._inflation(now)
        for account in self._accounts.values():
            self._settle(account, now)
            account.used, account.shown = account.used / by, account.shown / by
            account.rate = 1.0
        self._epoch, self._rate = now, (now, 1.0)
        return True

    def _forget(self, now: float) -> None:
        """Keep half as many of those that nobody uses, and only what has used something."""
        accounts = self._accounts.items()
        idle = [(self.usage(x, now), label) for label, x in accounts if not x.clusters]
        idle.sort(reverse=True)
        for rank, (seconds, label) in enumerate(idle):
            if rank >= MOST_IDLE // 2 or seconds < FORGOTTEN:
                self._drop(label)

    def _drop(self, label: str) -> None:
        account = self._accounts.pop(label)
        account.kept = None
        self._dropped.append(account)
