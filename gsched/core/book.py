"""All that the core knows, and what it has asked for so far."""

from collections import deque
from collections.abc import Callable
from itertools import count
from typing import Any

from gsched.core.choice.ledger import Ledger
from gsched.core.choice.policies import POLICIES, Policy, prioritised
from gsched.core.choice.ready import Ready
from gsched.core.effects import Effect, Report
from gsched.core.model.account import Account
from gsched.core.model.cluster import Cluster
from gsched.core.model.heap import LazyHeap
from gsched.core.model.job import End, Job
from gsched.core.model.lease import Lease
from gsched.core.model.node import Node
from gsched.core.model.queue import Doomed
from gsched.core.model.sharing import NO_SHARING, Sharing

INFO, WARNING, ERROR = 20, 30, 40  # levels of Report


class Book:
    """The state that the parts of the scheduler share."""

    def __init__(self, algorithm: str, first_id: int, durable: bool) -> None:
        self.nodes: dict[str, Node] = {}  # by address
        self.clusters: dict[int, Cluster] = {}  # by id, until closed
        self.jobs: dict[int, Job] = {}  # by uid, until gone
        self.waiting: list[Cluster] = []  # for their turn, in the order in which they asked
        self.max_exclusive: float | None = None  # seconds that others wait for an exclusive one
        self.held: set[Node] = set()  # nodes that get no jobs for some seconds
        self.deadlines: LazyHeap[Job] = LazyHeap()  # jobs that run and have time limits
        self.aside: dict[int, str] = {}  # jobs that cannot be sent, and wait in no queue: why
        self.touched: set[Cluster] = set()  # closing clusters that may have come to their end
        self.doomed: deque[Doomed] = deque()  # what is to end by and by: see sweeping.py
        self.dropping: dict[Cluster, str] = {}  # closing clusters whose results nobody wants: why
        self.sweeping = False  # a Sweep was asked for, for these
        self.sharing = NO_SHARING
        self.ledger: Ledger | None = None  # where weights count
        self._policy = POLICIES[algorithm]
        if algorithm == "weighted":
            self.ledger = Ledger(self.sharing.half_life)
        self.ready = Ready(self._policy, by_account=self.ledger is not None)
        self.submitted = 0  # jobs that were accepted since the start
        self.strays = 0  # words of nodes on jobs that are over, elsewhere or not known: dropped
        self.ends = dict.fromkeys(End, 0)  # jobs that ended since the start
        self.untaken = 0  # jobs that are DONE
        self.stopping = ""  # why all jobs are to end; empty as long as they are not
        self.refusing = ""  # why no more jobs are taken; empty as long as they are
        self.suspended = False  # jobs are taken, but not given out
        self.next_id: Callable[[], int] = count(first_id).__next__
        self.next_place: Callable[[], int] = count(1).__next__  # in the order of submission
        self._effects: list[Effect] = []
        self.remembering = False  # whoever keeps a history is told of each job that ends
        self._durable = durable
        self._changes: dict[Any, None] = {}

    @property
    def done(self) -> int:
        """Jobs that ended since the start, however."""
        return sum(self.ends.values())

    def share(self, sharing: Sharing, now: float) -> None:
        """Go by these rules from now on."""
        self.sharing = sharing
        for cluster in self.clusters.values():
            cluster.rule = sharing.rule_for(cluster.name, cluster.client)
        if self.ledger is not None:
            self.ledger.turn(sharing.half_life, now)
        self.sort_again()

    def tick(self, now: float) -> None:
        """Time has gone by."""
        if self.ledger is not None:
            if self.ledger.tick(now):
                self.sort_again()
            self.keep_usage(now)

    def keep_usage(self, now: float, at_once: bool = False) -> None:
        """See that a restart knows who has used how much, exact to some seconds."""
        for account in self.ledger.news(now, at_once) if self.ledger and self._durable else ():
            self.keep(account)

    def sort_again(self) -> None:
        """Clusters stand in another order than before."""
        first = self.sharing.has_priorities
        policy: Policy = prioritised(self._policy) if first else self._policy
        self.ready.renew(policy, self.nodes.values(), self.sharing.is_picky)

    def ask(self, effect: Effect) -> None:
        """Ask for something to be done."""
        self._effects.append(effect)

    def report(self, level: int, text: str, *about: Job | Cluster | Node | Lease) -> None:
        """Ask for a line in the log, which is about these."""
        self._effects.append(Report(level, text, about))

    def keep(self, thing: Job | Cluster | Node | Lease | Account) -> None:
        """What a restart needs to know of it has changed."""
        if self._durable:
            self._changes[thing] = None

    def take_changes(self) -> list[Any]:
        """What has changed since the last time, each thing once."""
        changes, self._changes = self._changes, {}
        return list(changes)

    def take_effects(self) -> list[Effect]:
        """What was asked for since the last time, in order."""
        effects, self._effects = self._effects, []
        return effects
