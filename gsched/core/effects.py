"""What the core asks to be done. It never does anything itself.

Whoever carries out an effect tells the core how it went: each text says by which event. Nobody
changes one, but they are not frozen: that would take three times as long for each.
"""

from dataclasses import dataclass, field
from typing import Any

from gsched.core.model.cluster import Cluster
from gsched.core.model.job import Job
from gsched.core.model.lease import Allocation, Lease
from gsched.core.model.node import Node


@dataclass(slots=True)
class SendJob:
    """Bring the job to its node. Then `started`, `refused` or `unsent` with the same `tries`."""

    node: Node
    job: Job
    tries: int


@dataclass(slots=True)
class TerminateJob:
    """Ask the node to stop the job, again and again until `finished` or the node is lost."""

    node: Node
    job: Job


@dataclass(slots=True)
class SetUp:
    """Bring the computation to the node. Then `lease_ready` or `lease_failed`."""

    lease: Lease


@dataclass(slots=True)
class Close:
    """Remove the computation from the node. Then `lease_closed`, also if it cannot be done."""

    lease: Lease


@dataclass(slots=True)
class SendResult:
    """Tell the client how the job ended. Then `delivered`."""

    job: Job


@dataclass(slots=True)
class SendProvisional:
    """Tell the client of a result that is not the last one. No event follows."""

    job: Job
    reply: Any


@dataclass(slots=True)
class TellStarted:
    """Tell the client that the job runs. No event follows."""

    job: Job


@dataclass(slots=True)
class TellScheduled:
    """Tell the client that it may submit. Then `cluster_started`, `cluster_absent` or -`closed`."""

    cluster: Cluster


@dataclass(slots=True)
class SeekClient:
    """The client was out of reach at its turn, for the so manieth time. Then `client_back`."""

    cluster: Cluster
    absences: int


@dataclass(slots=True)
class TellNode:
    """Tell the client about a node: `what` is initialized, closed, cpus or available."""

    cluster: Cluster
    node: Node
    what: str


@dataclass(slots=True)
class FindNodes:
    """Greet the nodes that the cluster names, those not known yet. Each then `node_joined`.

    `named`: by what it asks for now; None: by all that it has asked for.
    """

    cluster: Cluster
    named: list[Allocation] | None = field(default=None, compare=False)


@dataclass(slots=True)
class SeekNode:
    """Greet that host whenever no node is known there. A node then `node_joined`."""

    host: str
    port: int | None


@dataclass(slots=True)
class Sweep:
    """There are more jobs to end. Let others have their turn, then `swept`."""


@dataclass(slots=True)
class Forget:
    """The cluster is closed: remove its files, drop what is still to be told about it."""

    cluster: Cluster


@dataclass(slots=True)
class Remember:
    """The job has just ended: note it in the history. No event follows.

    `node` is the one where it was last, `started` when it began to run there in this try, None if
    it was not there when it ended, `seconds` how long it ran as the node has said.
    """

    job: Job
    node: Node | None
    started: float | None
    seconds: float | None


@dataclass(slots=True)
class Report:
    """For the log."""

    level: int  # as in the standard library's logging: 10 debug, 20 info, 30 warning, 40 error
    text: str
    about: tuple[Job | Cluster | Node | Lease, ...] = ()


Effect = (
    SendJob
    | TerminateJob
    | SetUp
    | Close
    | SendResult
    | SendProvisional
    | TellStarted
    | TellScheduled
    | SeekClient
    | TellNode
    | FindNodes
    | SeekNode
    | Sweep
    | Forget
    | Remember
    | Report
)
