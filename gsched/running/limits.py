"""How much peers may take of a server, and how much they do."""

import resource

import psutil

from gsched.httpd.places import Places
from gsched.net.clients.effort import Effort
from gsched.net.tenants import Tenants
from gsched.net.transport.datagrams import Datagrams
from gsched.net.transport.guests import Guests
from gsched.net.transport.listeners import Complaints
from gsched.options.settings import Settings
from gsched.store.quota import Quota
from gsched.wire.messages import LARGE


class Limits:
    """Those on what anybody may send, on what each client has here, and on files."""

    def __init__(self, settings: Settings, quota: Quota) -> None:
        self._settings = settings
        self.guests = Guests(*_room(settings))
        self.complaints = Complaints(most=settings.max_log_lines)
        self.effort = Effort(share=settings.max_client_effort / 100)
        self.tenants = Tenants(
            settings.max_client_clusters,
            settings.max_client_jobs,
            settings.max_client_bytes or psutil.virtual_memory().total // 2,
            settings.max_client_allocations,
        )
        self.quota = quota
        self.places = Places(settings.http_connections)

    def shown(self, datagrams: Datagrams) -> dict[str, list[int]]:
        """What is taken, what may be, and how often more was refused so far: numbers by option.

        What may be taken is 0 without limit. Of what is limited for each client or cluster, that
        which has the most. Large messages are not refused because of the effort, but wait.
        """
        page = self._of_page() if self._settings.httpd else {}
        return self._of_all(datagrams) | self._of_clients() | self._of_files() | page

    def _of_all(self, datagrams: Datagrams) -> dict[str, list[int]]:
        guests, complaints = self.guests, self.complaints
        most = self._settings.max_datagrams
        return {
            "max_connections": [guests.count, guests.most, guests.refused],
            "max_host_connections": [guests.most_from_one, guests.most_each, guests.refused_each],
            "max_message_memory": [guests.held, guests.most_bytes, guests.refused_messages],
            "max_datagrams": [datagrams.rate, most, datagrams.dropped],
            "max_log_lines": [complaints.lines, complaints.most, complaints.left_out],
        }

    def _of_clients(self) -> dict[str, list[int]]:
        largest, most, refused = self.tenants.largest(), self.tenants.most, self.tenants.refused
        effort = [round(100 * share) for share in (self.effort.used, self.effort.share)]
        return {
            "max_client_effort": [*effort, self.effort.delayed],
            "max_client_clusters": [largest.clusters, most.clusters, refused.clusters],
            "max_client_allocations": [largest.allocations, most.allocations, refused.allocations],
            "max_client_jobs": [largest.jobs, most.jobs, refused.jobs],
            "max_client_bytes": [largest.size, most.size, refused.size],
        }

    def _of_files(self) -> dict[str, list[int]]:
        quota = self.quota
        return {
            "max_cluster_size": [quota.largest, quota.most_each, quota.refused_each],
            "max_spool_size": [quota.used, quota.most_all, quota.refused_all],
        }

    def _of_page(self) -> dict[str, list[int]]:
        places = self.places
        return {"http_connections": [places.taken, places.most, places.refused]}


def _room(settings: Settings) -> tuple[int, int, int]:
    """How many connections there may be, in all and from one address, and bytes held for them.

    Half of the files that the system lets us open are for connections.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = min(hard, max(soft, 4 * settings.max_connections))
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    most = min(settings.max_connections, wanted // 2)
    most_bytes = max(2 * LARGE, psutil.virtual_memory().total // 2)  # one address: a half
    most_each = min(most, settings.max_host_connections)
    return most, most_each, settings.max_message_memory or most_bytes
