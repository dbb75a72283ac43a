"""What people have ordered: it stands until somebody takes it back."""

from dataclasses import dataclass

PAUSED = "paused"  # a cluster: its jobs wait, those at nodes go on
CLOSED = "closed"  # a cluster: no more jobs; a node: left by all clusters, and kept apart
TERMINATED = "terminated"  # a cluster: its jobs end
DRAINED = "drained"  # a node: no more jobs, those there go on
LIMITED = "limited"  # a node: to some of its CPUs
CANCELLED = "cancelled"  # a job


@dataclass(frozen=True, slots=True)
class Order:
    """What, by whom, why (or empty), and when, in seconds since 1970."""

    what: str
    by: str
    reason: str
    since: float

    @property
    def who(self) -> str:
        """Who and why."""
        return f"by {self.by}: {self.reason}" if self.reason else f"by {self.by}"

    def __str__(self) -> str:
        return f"{self.what} {self.who}"
