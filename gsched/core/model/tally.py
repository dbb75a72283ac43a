"""What a node has done for one cluster, as the cluster's client is told."""

from dataclasses import dataclass


@dataclass(slots=True)
class Tally:
    """Outlives leases, so that a node that was lost does not start at nothing when it is back."""

    jobs_done: int = 0  # that the client has the answers of
    cpu_time: float = 0.0  # seconds, of these
    sent: int = 0  # bytes of files and jobs to the node
    received: int = 0  # bytes of results and files from it
