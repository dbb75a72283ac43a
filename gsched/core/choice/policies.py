"""Which job goes first: the four algorithms.

Each gives the key of a cluster's next job; the smallest goes. `job.seq` grows with each
submission, `cluster.seq` with each cluster, `cluster.chosen` with each choice.
"""

from collections.abc import Callable

from gsched.core.model.cluster import Cluster
from gsched.core.model.heap import Key
from gsched.core.model.job import Job

Policy = Callable[[Cluster, Job], Key]


def submitted(_cluster: Cluster, job: Job) -> Key:
    """The job submitted earliest among all clusters."""
    return (job.seq, 0)


def fair(cluster: Cluster, job: Job) -> Key:
    """The earliest job of the cluster scheduled least recently."""
    return (cluster.chosen, job.seq)


def early(cluster: Cluster, job: Job) -> Key:
    """The earliest job of the cluster created first."""
    return (cluster.seq, job.seq)


def weighted(cluster: Cluster, job: Job) -> Key:
    """The earliest job of the cluster that has used least for its weight. See ledger.py."""
    used = cluster.account.shown if cluster.account else 0.0
    return (used / cluster.rule.weight, cluster.chosen, job.seq)


def prioritised(policy: Policy) -> Policy:
    """The same among the clusters of the highest priority only."""
    return lambda cluster, job: (-cluster.rule.priority, policy(cluster, job))


POLICIES: dict[str, Policy] = {
    "submitted": submitted,
    "fair": fair,
    "early": early,
    "weighted": weighted,
}
