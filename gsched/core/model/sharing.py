"""The sharing policy: rules, and which of them is a cluster's.

The first rule that matches a cluster is its rule, and the others say nothing about it: so what
holds for a cluster stands in one place. A cluster that none matches has no limits, and weight 1.
"""

from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from gsched.core.model.lease import glob

HALF_LIFE = 3600.0  # seconds
EVERY = ("*",)


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What one kind of cluster may have. None: no limit.

    `max_cpus`, `max_cpus_per_node` and `max_queued_jobs` are of each cluster. `weight` counts for
    the weighted scheduler only, `priority` for each of them: the highest goes first. Time limits
    are of a job, in seconds at its node; so are `retries`: how often it may run again if it is
    reentrant.
    """

    name: str = ""  # for people
    clusters: tuple[str, ...] = EVERY  # patterns of names, in which * stands for any text
    clients: tuple[str, ...] = EVERY  # addresses, patterns of them, or networks
    nodes: tuple[str, ...] = EVERY  # addresses that it may use, or patterns of them, or networks
    weight: float = 1.0
    priority: int = 0
    cpus_per_job: int = 1
    max_cpus: int | None = None
    max_cpus_per_node: int | None = None
    max_queued_jobs: int | None = None
    soft_time_limit: float | None = None
    hard_time_limit: float | None = None
    retries: int | None = None

    def matches(self, name: str, client: str) -> bool:
        """Whether it is meant for a cluster of that name, from that address."""
        named = any(glob(pattern, name) for pattern in self.clusters)
        return named and any(_is_at(pattern, client) for pattern in self.clients)

    def allows(self, address: str) -> bool:
        """Whether its clusters may use the node with that address."""
        return self.nodes is EVERY or any(_is_at(pattern, address) for pattern in self.nodes)

    @property
    def takes_all(self) -> bool:
        """Whether no cluster gets past it."""
        return "*" in self.clusters and "*" in self.clients


NO_RULE = Rule()


@dataclass(frozen=True)
class Sharing:
    """All rules, in the order in which they are tried."""

    rules: tuple[Rule, ...] = ()
    half_life: float | None = HALF_LIFE  # seconds in which past use comes to count half; None: all

    def rule_for(self, name: str, client: str) -> Rule:
        """The rule of a cluster of that name, from that address."""
        return next((rule for rule in self.rules if rule.matches(name, client)), NO_RULE)

    @property
    def has_priorities(self) -> bool:
        """Whether some clusters go before others."""
        return any(rule.priority for rule in self.rules)

    @property
    def is_picky(self) -> bool:
        """Whether a node with room may be of no use to a cluster."""
        return any(x.cpus_per_job > 1 or x.max_cpus_per_node is not None for x in self.rules)


NO_SHARING = Sharing()


def _is_at(pattern: str, address: str) -> bool:
    if "/" not in pattern:
        return glob(pattern, address)
    try:
        return ip_address(address) in ip_network(pattern)
    except ValueError:  # a peer that says no address
        return False
