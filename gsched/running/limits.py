"""How much peers may take of a server, and how much they do."""

import resource

import psutil

from gsched.net.tenants import Tenants
from gsched.net.transport.guests import Guests
from gsched.options.settings import Settings
from gsched.store.quota import Quota
from gsched.wire.messages import LARGE


class Limits:
    """Those on connections, on what each client has here, and on files."""

    def __init__(self, settings: Settings, quota: Quota) -> None:
        self._settings = settings
        self.guests = Guests(*_room(settings))
        self.tenants = Tenants(
            settings.max_client_clusters,
            settings.max_client_jobs,
            settings.max_client_bytes or psutil.virtual_memory().total // 2,
            settings.max_client_allocations,
        )
        self.quota = quota

    def shown(self, datagrams: int) -> dict[str, list[int]]:
        """What is taken of what may be taken, the latter 0 without limit: both numbers, by option.

        Of what is limited for each client or cluster, that which has the most. `datagrams` came
        in this second.
        """
        largest, most, quota = self.tenants.largest(), self.tenants.most, self.quota
        return {
            "max_connections": [self.guests.count, self.guests.most],
            "max_host_connections": [self.guests.most_from_one, self.guests.most_each],
            "max_datagrams": [datagrams, self._settings.max_datagrams],
            "max_client_clusters": [largest.clusters, most.clusters],
            "max_client_allocations": [largest.allocations, most.allocations],
            "max_client_jobs": [largest.jobs, most.jobs],
            "max_client_bytes": [largest.size, most.size],
            "max_cluster_size": [quota.largest, quota.most_each],
            "max_spool_size": [quota.used, quota.most_all],
        }


def _room(settings: Settings) -> tuple[int, int, int]:
    """How many connections there may be, in all and from one address, and bytes held for them.

    Half of the files that the system lets us open are for connections.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = min(hard, max(soft, 4 * settings.max_connections))
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    most = min(settings.max_connections, wanted // 2)
    most_bytes = max(2 * LARGE, psutil.virtual_memory().total // 2)
    return most, min(most, settings.max_host_connections), most_bytes
