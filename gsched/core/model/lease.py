"""A lease: one cluster's place on one node.

                       ready                   close
    SETTING_UP -------------------> READY -----------------> CLOSING ----> (no lease)
        |   ^                      ^  |  \\__ deallocated, DRAINED __/
        |   | retry                |  | node dropped the computation
        v   |                      |  v
       FAILED                     SETTING_UP

One message exchange at a time goes on for a lease: a wish to close it while it is being set up
is remembered (`unwanted`) and carried out afterwards.
"""

from enum import Enum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gsched.core.model.cluster import Cluster
    from gsched.core.model.node import Node


class LeaseState(Enum):
    """How far the node is with the cluster's computation."""

    SETTING_UP = "setting up"
    READY = "ready"
    DRAINED = "drained"  # runs what it has, is given no more
    FAILED = "failed"  # to be tried again at `retry_at`, or given up
    CLOSING = "closing"


class SetUpFailure(Enum):
    """Why a set-up came to nothing."""

    UNREACHABLE = "node unreachable"
    UNWILLING = "node serves others, or not now"
    BROKEN = "computation cannot be set up"  # its files or its setup function


class Allocation:
    """Which nodes a cluster may use: what a client calls NodeAllocate."""

    __slots__ = ("cpus", "files", "host", "port", "setup_args")

    def __init__(
        self,
        host: str,
        port: int | None = None,
        cpus: int = 0,
        files: Any = (),
        setup_args: Any = (),
    ) -> None:
        self.host = host  # an address, or a pattern in which * stands for any text
        self.port = port  # the nodes' port, where it is not the usual one
        self.cpus = cpus  # of each node; 0: all, negative: all but so many
        self.files = files  # sent to each of these nodes; opaque here
        self.setup_args = setup_args  # for the cluster's setup function there; opaque here

    def matches(self, node: "Node") -> bool:
        """Whether that node is meant."""
        if self.port and node.port and self.port != node.port:
            return False
        return glob(self.host, node.address)

    def limit(self, total: int) -> int | None:
        """How many of a node's CPUs are meant at the most; None: all, however many it has later."""
        if self.cpus > 0:
            return self.cpus
        return total + self.cpus if 0 < total + self.cpus < total else None


class Lease:
    """See the module's text."""

    __slots__ = (
        "allocation",
        "broken",
        "cluster",
        "evicted",
        "failures",
        "known",
        "limit_before",
        "node",
        "reason",
        "retry_at",
        "since",
        "state",
        "terminate",
        "told_at",
        "unwanted",
        "why",
    )

    def __init__(self, cluster: "Cluster", node: "Node", allocation: Allocation) -> None:
        self.cluster = cluster
        self.node = node
        self.allocation = allocation
        self.state = LeaseState.SETTING_UP
        self.unwanted = False  # close it as soon as the set-up has come to its end
        self.terminate = True  # closing stops the jobs that run; else it waits for them
        self.evicted = ""  # why it is closed, where its client has not asked for it
        self.failures = 0  # set-ups in a row that failed
        self.broken = 0  # those of them that were the computation's fault
        self.why: SetUpFailure | None = None  # of the last failure
        self.reason = ""  # the same in words
        self.retry_at: float | None = None  # while FAILED; None: given up
        self.since = 0.0  # when it was last set up
        self.known = False  # the client was told of it, and not yet that it is over
        self.told_at = 0.0  # when the client was last told what the node has to spare
        self.limit_before: int | None = node.limit

    @property
    def given_up(self) -> bool:
        """Whether it will not be tried again unless the client asks for it."""
        return self.state is LeaseState.FAILED and self.retry_at is None


def glob(pattern: str, text: str) -> bool:
    """Whether `text` is `pattern` with each * replaced by some text. Takes linear time."""
    if len(pattern) - pattern.count("*") > len(text):
        return False
    first, *middle = pattern.split("*")
    if not middle:
        return pattern == text
    last = middle.pop()
    if not text.startswith(first) or not text.endswith(last):
        return False
    at, end = len(first), len(text) - len(last)
    for part in middle:
        at = text.find(part, at, end)
        if at < 0:
            return False
        at += len(part)
    return at <= end
