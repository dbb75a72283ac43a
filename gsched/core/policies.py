"""Which job goes first: the three algorithms.

Each gives the key of a cluster's next job; the smallest goes. `job.seq` grows with each
submission, `cluster.seq` with each cluster, `cluster.chosen` with each choice.
"""

from collections.abc import Callable

from gsched.core.cluster import Cluster
from gsched.core.job import Job

Policy = Callable[[Cluster, Job], tuple[int, int]]


def submitted(_cluster: Cluster, job: Job) -> tuple[int, int]:
    """The job submitted earliest among all clusters."""
    return (job.seq, 0)


def fair(cluster: Cluster, job: Job) -> tuple[int, int]:
    """The earliest job of the cluster scheduled least recently."""
    return (cluster.chosen, job.seq)


def early(cluster: Cluster, job: Job) -> tuple[int, int]:
    """The earliest job of the cluster created first."""
    return (cluster.seq, job.seq)


POLICIES: dict[str, Policy] = {"submitted": submitted, "fair": fair, "early": early}
