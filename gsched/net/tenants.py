"""What the clients at one address may take of our memory: clusters, jobs, bytes, node allocations.

Jobs count until their clients have the answers; bytes are those of computations, of jobs that are
not over, and of results that were not taken.
"""

from dataclasses import dataclass

from gsched.core.scheduler import Refused

JOB = 1000  # bytes that a job takes besides its arguments


@dataclass
class Tenant:
    """All clusters of one address."""

    clusters: int = 0
    jobs: int = 0
    size: int = 0  # bytes
    allocations: int = 0  # of nodes


class Tenants:
    """At most so many of each. Raises Refused where it is said."""

    def __init__(
        self, most_clusters: int, most_jobs: int, most_bytes: int, most_allocations: int
    ) -> None:
        self.most = Tenant(most_clusters, most_jobs, most_bytes, most_allocations)
        self.refused = Tenant()  # so far: how often there was no room for one more, or for more
        self._tenants: dict[str, Tenant] = {}

    def open(
        self, source: str, size: int, allocations: int = 0, *, check: bool = True
    ) -> "Account":
        """An account for a cluster, whose computation takes so many bytes. Raises Refused."""
        tenant = self._tenants.get(source) or Tenant()
        if check and tenant.clusters >= self.most.clusters:
            self.refused.clusters += 1
            raise Refused(f"{source} has {tenant.clusters} clusters, see --max_client_clusters")
        account = Account(self, source, tenant)
        if check:
            account.check(size)
            account.check_allocations(allocations)
        self._tenants[source] = tenant
        tenant.clusters += 1
        account.add(0, size)
        return account

    def largest(self) -> Tenant:
        """The most that any address has of each."""
        found = list(self._tenants.values()) or [Tenant()]
        return Tenant(
            max(one.clusters for one in found),
            max(one.jobs for one in found),
            max(one.size for one in found),
            max(one.allocations for one in found),
        )

    def left(self, source: str) -> None:
        """An account was closed."""
        self._tenants[source].clusters -= 1
        if not self._tenants[source].clusters:
            del self._tenants[source]


class Account:
    """What one cluster takes."""

    def __init__(self, tenants: Tenants, source: str, tenant: Tenant) -> None:
        self._tenants = tenants
        self._source = source
        self._tenant = tenant
        self._jobs = self._size = self._allocations = 0
        self._open = True

    def check(self, size: int) -> None:
        """Raises Refused unless there is room for a job, or something else, of so many bytes."""
        tenant, most = self._tenant, self._tenants.most
        if tenant.jobs >= most.jobs:
            self._tenants.refused.jobs += 1
            raise Refused(f"{self._source} has {tenant.jobs} jobs, see --max_client_jobs")
        self.check_size(size)

    def check_size(self, size: int) -> None:
        """Raises Refused unless there is room for so many bytes more."""
        if problem := self.full(size):
            raise Refused(problem)

    def full(self, size: int) -> str:
        """Why there is no room for so many bytes more; empty if there is."""
        tenant, most = self._tenant, self._tenants.most
        if size > 0 and tenant.size + size > most.size:
            self._tenants.refused.size += 1
            return f"{self._source} has {tenant.size} bytes, see --max_client_bytes"
        return ""

    def check_allocations(self, count: int) -> None:
        """Raises Refused unless there may be so many more."""
        there, most = self._tenant.allocations, self._tenants.most.allocations
        if there + count > most:
            self._tenants.refused.allocations += 1
            problem = f"{self._source} has {there} node allocations and wants {count} more"
            raise Refused(f"{problem}, see --max_client_allocations")

    def allocated(self, count: int) -> None:
        """So many are there now. Nothing counts any more once it is closed."""
        if self._open:
            self._tenant.allocations += count - self._allocations
            self._allocations = count

    def add(self, jobs: int, size: int) -> None:
        """So many more, or less. Nothing counts any more once it is closed."""
        if self._open:
            self._jobs += jobs
            self._size += size
            self._tenant.jobs += jobs
            self._tenant.size += size

    def close(self) -> None:
        """The cluster is gone, with all that belongs to it."""
        if self._open:
            self.add(-self._jobs, -self._size)
            self.allocated(0)
            self._open = False
            self._tenants.left(self._source)
