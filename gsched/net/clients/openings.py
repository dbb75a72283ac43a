"""What a client says of a new computation, made into what the core and the nodes need."""

from typing import Any

from gsched.core.effects import Forget
from gsched.core.model.cluster import Cluster
from gsched.core.model.lease import Allocation
from gsched.core.model.wishes import Wishes
from gsched.core.scheduler import Opening, Refused
from gsched.net.clients.callbacks import Callbacks
from gsched.net.computation import Computation, computation_of, message_of
from gsched.net.exchange import Exchange
from gsched.net.paths import check_file, check_relative
from gsched.net.reception import Reception
from gsched.net.tenants import Tenants
from gsched.store.spool import Spool, Spools
from gsched.wire import secrets
from gsched.wire.errors import PeerError
from gsched.wire.pickles import dumps
from gsched.wire.records import Compute, NodeAllocate, XferFile
from gsched.wire.releases import Dialect, family
from gsched.wire.standins import StandIn

MAX_ALLOCATIONS = 10_000  # of one cluster: a message has no room for many more
MAX_PATTERNS = 100  # of one cluster; each is compared with each node that comes
MAX_NAMED = 1000  # files, in one request: each is looked for among those that were sent
MOST_CPUS = 1_000_000
_LONGEST_HOST = _LONGEST_NAME = 255
_OLD_ALLOCATION = ("host", "port", "cpus")


class Openings:
    """Makes computations, and finds those of a client again.

    `direct` is whether jobs on nodes can send to clients without us.
    """

    def __init__(
        self,
        exchange: Exchange,
        reception: Reception,
        spools: Spools,
        *,
        callbacks: Callbacks,
        tenants: Tenants,
        always_clean_up: bool,
        direct: bool,
    ) -> None:
        self._reception = reception
        self._spools = spools
        self._now = exchange.now
        self._clusters = exchange.scheduler.clusters
        self._callbacks = callbacks
        self._tenants = tenants
        self._always_clean_up = always_clean_up
        self._direct = direct
        self._by_port: dict[int, set[Cluster]] = {}
        exchange.perform(Forget, self._closed)

    def open(self, body: dict[str, Any], source: str, protocol: int, size: int = 0) -> Opening:
        """From a COMPUTE message of `size` bytes, pickled so, from the address `source`.

        Raises Refused.
        """
        record: Compute = body["compute"]
        self._check(record)
        host = self._reply_host(record, source)
        self._impose(record, source)
        computation = Computation(
            record=record,
            client_auth=record.auth or secrets.new_sign(),
            node_auth=secrets.new_sign(),
            source=source,
            reply_to=(host, record.job_result_port or 0),
            opened=self._now(),
            spool=self._spools.at(secrets.new_sign()),
            senders=self._reception.introductions.of_computation(source),
        )
        wanted = _as_dicts(body["node_allocs"], record.dialect)
        found = allocations(wanted, None, Wishes())
        computation.account = self._tenants.open(source, size, len(found))
        return Opening(
            id=self._new_id(),
            name=_legible(record.name[:_LONGEST_NAME]),
            client=computation.reply_to[0],
            spec=computation,
            release=self._reception.release_of(source, record.dialect),
            family=family(record.dialect, protocol),
            reentrant=bool(record.reentrant),
            exclusive=bool(body["exclusive"]),
            allocations=found,
        )

    def restored(self, cluster: Cluster) -> None:
        """It was there in an earlier run."""
        computation = computation_of(cluster)
        computation.account = self._tenants.open(computation.source, 0, check=False)
        for job in cluster.jobs.values():
            message_of(job).charge(computation.account)
        self.opened(cluster)

    def opened(self, cluster: Cluster) -> None:
        """The core has taken it."""
        if account := computation_of(cluster).account:
            account.allocated(len(cluster.allocations))
        self._by_port.setdefault(_reply_port(cluster), set()).add(cluster)

    def of_client(self, port: int) -> list[Cluster]:
        """Clusters whose client listens at that port."""
        return list(self._by_port.get(port, ()))

    def files_missing(self, cluster: Cluster) -> list[str]:
        """Names of files that the client did not bring."""
        computation = computation_of(cluster)
        wanted = [*computation.record.xfer_files]
        for allocation in cluster.allocations:
            wanted += allocation.files
        return computation.files_missing(wanted)

    def _closed(self, effect: Forget) -> None:
        computation = computation_of(effect.cluster)
        if computation.account is not None:
            computation.account.close()
        clusters = self._by_port.get(_reply_port(effect.cluster), set())
        clusters.discard(effect.cluster)
        if not clusters:
            self._by_port.pop(_reply_port(effect.cluster), None)

    def _new_id(self) -> int:
        """Never used before. It cannot be guessed either: files for a computation bear no more."""
        while (id_ := secrets.new_id()) in self._clusters:
            pass
        return id_

    def _reply_host(self, record: Compute, source: str) -> str:
        """The address at which the client says that it listens. Raises Refused."""
        host = record.scheduler_ip_addr or source
        address = self._callbacks.address(host, source)
        if not address:
            raise Refused(
                f"the client comes from {source} and wants to be called at {host[:_LONGEST_HOST]}, "
                "which --allow_callback of the scheduler does not allow"
            )
        return address

    def _impose(self, record: Compute, source: str) -> None:
        if self._always_clean_up and not record.cleanup:
            record.cleanup = True
        if record.client_reply_addr is not None and not (
            self._direct and self._may_be_called(record.client_reply_addr, source)
        ):
            record.client_reply_addr = None  # jobs then send by way of us what is for the client

    def _may_be_called(self, address: tuple[Any, ...], source: str) -> bool:
        host, port = address if len(address) == 2 else (None, None)
        if not isinstance(host, str) or type(port) is not int or not 0 < port < 1 << 16:
            return False
        return bool(self._callbacks.address(host, source))

    def _check(self, record: Compute) -> None:
        port = record.job_result_port
        if not port or not 0 < port < 1 << 16:
            raise Refused("the client does not say at which port it listens")
        try:
            check_relative(record.dest_path or "")
            for file in record.xfer_files:
                check_file(file)
        except PeerError as error:
            raise Refused(str(error)) from error


def allocations(wanted: list[Any], spool: Spool | None, there: Wishes) -> list[Allocation]:
    """From what clients send: dicts, NodeAllocate or objects of their own classes.

    Files that are only named must be in `spool`. `there` is what the cluster has already.
    Raises Refused.
    """
    if len(wanted) + len(there) > MAX_ALLOCATIONS:
        raise Refused(f"more than {MAX_ALLOCATIONS} node allocations")
    fields = [_fields(one) for one in wanted]
    if sum(map(_named, fields)) > MAX_NAMED:
        raise Refused(f"node allocations that name more than {MAX_NAMED} files")
    found = [_allocation(one, spool) for one in fields]
    if sum("*" in one.host for one in found) + there.patterns > MAX_PATTERNS:
        raise Refused(f"more than {MAX_PATTERNS} node allocations with *")
    return found


def _as_dicts(wanted: list[Any], dialect: Dialect) -> list[Any]:
    """In the old dialect these are tuples of host, port and CPUs."""
    if dialect is Dialect.NEW:
        return wanted
    if not all(type(one) is tuple and len(one) == len(_OLD_ALLOCATION) for one in wanted):
        raise Refused("node allocations that are no tuples of host, port and CPUs")
    return [dict(zip(_OLD_ALLOCATION, one, strict=True)) for one in wanted]


def _fields(one: Any) -> dict[str, Any]:
    if isinstance(one, NodeAllocate):
        one.check()
        return one.items() | {"host": one.ip_addr}
    if isinstance(one, StandIn):  # of a class of the user's own, that extends NodeAllocate
        return one.state() | {"host": one.state().get("ip_addr")}
    if isinstance(one, dict):
        return one
    raise Refused(f"node allocation of type {type(one).__name__}")


def _named(fields: dict[str, Any]) -> int:
    """How many files are only named."""
    depends = fields.get("depends")
    return sum(isinstance(one, str) for one in depends) if isinstance(depends, list) else 0


def _allocation(fields: dict[str, Any], spool: Spool | None) -> Allocation:
    host, port, cpus = fields.get("host"), fields.get("port"), fields.get("cpus", 0)
    if not isinstance(host, str) or not 0 < len(host) <= _LONGEST_HOST:
        raise Refused("node allocation without a host")
    if not isinstance(port, (int, type(None))) or not isinstance(cpus, int):
        raise Refused(f"node allocation of {host} with a port or cpus that is no number")
    if not 0 <= (port or 0) < 1 << 16 or abs(cpus) > MOST_CPUS:
        raise Refused(f"node allocation of {host} with a port or cpus that cannot be")
    setup_args, depends = fields.get("setup_args", ()), fields.get("depends", [])
    if not isinstance(depends, list):
        raise Refused(f"node allocation of {host} with files that are no list")
    _check_encodable(setup_args)
    return Allocation(
        host=host,
        port=port,
        cpus=cpus,
        files=[_file(one, spool) for one in depends],
        setup_args=setup_args if isinstance(setup_args, tuple) else (setup_args,),
    )


def _file(one: Any, spool: Spool | None) -> XferFile:
    if isinstance(one, XferFile):
        one.check()
        check_file(one)
        return one
    file = spool.find_name(one) if spool and isinstance(one, str) else None
    if file is None:
        name = one if isinstance(one, str) else type(one).__name__
        raise Refused(f"file {name[:60]} of a node allocation was not sent")
    return file.record


def _legible(name: str) -> str:
    """It is shown and counted at many places, some of which take no half characters."""
    return name.encode("utf-8", "backslashreplace").decode()


def _check_encodable(value: Any) -> None:
    try:
        dumps(value)
    except (PeerError, RecursionError) as error:
        raise Refused(f"setup_args: {error}") from error


def _reply_port(cluster: Cluster) -> int:
    return computation_of(cluster).reply_to[1]
