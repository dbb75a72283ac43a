"""What a line of the log is about, as fields of its record: `extra=about(node, job)`."""

from gsched.core.model.cluster import Cluster
from gsched.core.model.job import Job
from gsched.core.model.lease import Lease
from gsched.core.model.node import Node

FIELDS = ("job", "cluster", "node")
Subject = Job | Cluster | Lease | Node


def about(*subjects: Subject) -> dict[str, int | str]:
    """Ids of jobs and clusters, addresses of nodes; a job or lease stands for its own, too."""
    fields: dict[str, int | str] = {}
    for subject in subjects:
        if isinstance(subject, Job):
            fields["job"] = subject.uid
        node = subject if isinstance(subject, Node) else getattr(subject, "node", None)
        cluster = subject if isinstance(subject, Cluster) else getattr(subject, "cluster", None)
        if node is not None:
            fields["node"] = node.address
        if cluster is not None:
            fields["cluster"] = cluster.handle
    return fields
