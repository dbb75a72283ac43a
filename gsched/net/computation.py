"""What is kept of a client's computation for the sake of its nodes and its client.

To the core this is the opaque `spec` of a cluster.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from gevent.event import Event

from gsched.core.model.cluster import Cluster
from gsched.core.model.job import Job as CoreJob
from gsched.core.model.lease import Lease
from gsched.net.introductions import Introduction
from gsched.net.lanes import Lane
from gsched.net.tenants import JOB, Account
from gsched.net.transport.channel import Address
from gsched.store.spool import Spool, SpoolFile
from gsched.wire.pickles import dumps
from gsched.wire.records import Compute, Job, JobReply, XferFile

NONE_PICKLED = dumps(None)

# Most jobs have neither files nor fields that we do not know. Objects that say so would take a
# fifth of what a job that waits takes, so these are the same for all. Nobody puts anything in.
_NO_FILES: list[XferFile] = []
_NO_EXTRA: dict[str, Any] = {}


@dataclass(kw_only=True)
class Computation:
    """See the module's text."""

    record: Compute  # as the client sent it
    client_auth: str  # opens the client's requests
    node_auth: str  # opens ours to nodes
    source: str  # address from which the client's requests come
    reply_to: Address  # where the client listens
    spool: Spool  # the files that the client has sent
    opened: float = 0.0  # when; in seconds since 1970
    account: Account | None = None  # of what it takes of our memory
    senders: frozenset[Introduction] = frozenset()  # one of them is its process; empty: not known
    sent_to: set[str] = field(default_factory=set)  # signs of nodes that may have it, or had it
    told: Event = field(default_factory=Event)  # set once SCHEDULED is delivered, or cannot be
    reachable: bool = False  # whether it was delivered
    kept: int | None = None  # node allocations that are kept, of the cluster's; None: nothing is
    waits: bool = False  # its client was told to wait for its turn: nothing but SCHEDULED ends that

    def files_missing(self, wanted: Iterable[XferFile]) -> list[str]:
        """Names of files that the client did not manage to send."""
        return [one.name for one in wanted if self.spool.find(one) is None]

    def record_for(self, lease: Lease, port: int, pulse_interval: float) -> Compute:
        """What the node of the lease is sent: `port` is where it shall answer."""
        return replace(
            self.record,
            id=lease.cluster.id,
            auth=self.node_auth,
            scheduler_ip_addr=lease.node.contact,
            scheduler_port=port,
            job_result_port=port,
            node_ip_addr=lease.node.address,
            pulse_interval=pulse_interval,
            exclusive=lease.cluster.exclusive,
        )


@dataclass(slots=True)
class Message:
    """What is kept of a job: to the core its opaque `message`."""

    record: Job
    files: Sequence[SpoolFile]
    warning: str = ""  # of what is wrong with its files, for those who read the job's output
    told: bool = False  # its client was told that it runs
    account: Account | None = None  # of its cluster
    lane: Lane | None = None  # where its arguments count
    stored: bool = False  # its arguments are on disk
    spilled: int = 0  # bytes of arguments that are there only
    more: int = 0  # bytes of the record besides those that are counted one by one
    _charged: int = 0  # bytes

    def __post_init__(self) -> None:
        self.files = tuple(self.files)
        self.record.xfer_files = self.record.xfer_files or _NO_FILES
        self.record.extra = self.record.extra or _NO_EXTRA

    @property
    def size(self) -> int:
        """Bytes that it takes."""
        return JOB + self.held + self.spilled + len(self.record.code) + self.more

    @property
    def held(self) -> int:
        """Bytes of its arguments in memory."""
        return len(self.record._args) + len(self.record._kwargs)

    def enter(self, lane: Lane) -> None:
        """Its arguments count there from now on."""
        self.lane = lane
        lane.add(self.held, self.spilled)

    def spill(self) -> None:
        """Leave its arguments to the disk, where they are."""
        self.spilled += self.held
        self._put(b"", b"", -self.held, self.held)

    def unspill(self, args: bytes, kwargs: bytes) -> None:
        """Have its arguments in memory again."""
        spilled, self.spilled = self.spilled, 0
        self._put(args, kwargs, len(args) + len(kwargs), -spilled)

    def _put(self, args: bytes, kwargs: bytes, memory: int, disk: int) -> None:
        self.record._args, self.record._kwargs = args, kwargs
        if self.lane is not None:
            self.lane.add(memory, disk)

    def charge(self, account: Account | None) -> None:
        """It takes memory from now on."""
        self.account, self._charged = account, self.size
        if account is not None:
            account.add(1, self._charged)

    def recharge(self, size: int) -> None:
        """It is over, and takes only what its result does."""
        if self.account is not None:
            self.account.add(0, size - self._charged)
            self._charged = size

    def check(self, reply: JobReply) -> None:
        """Raises Refused unless there is room for the reply when its arguments are gone."""
        if self.account is not None:
            self.account.check_size(size_of(reply) - self._charged)

    def discharge(self) -> None:
        """It takes nothing any more."""
        if self.account is not None:
            self.account.add(-1, -self._charged)
            self.account = None

    @property
    def hash(self) -> str:
        """The client's own mark for the job; it takes no answer without it."""
        return self.record.hash

    def hold(self) -> None:
        """The job is there: its files have to stay as they are."""
        for file in self.files:
            file.hold()

    def mark(self, reply: JobReply) -> None:
        """Add the warning to the errors that the job has printed."""
        printed = reply.stderr or ""
        if isinstance(printed, bytes):
            reply.stderr = self.warning.encode() + printed
        elif self.warning:
            reply.stderr = self.warning + printed

    def release(self) -> None:
        """The job is over: drop what only its node needed."""
        for file in self.files:
            file.release()
        self.files = ()
        self._put(b"", b"", -self.held, -self.spilled)
        self.spilled = 0
        if self.lane is not None and self.stored:
            self.lane.end(self.record.uid)
        self.record.xfer_files, self.record.extra = _NO_FILES, _NO_EXTRA


def size_of(reply: JobReply) -> int:
    """Bytes that a reply takes."""
    texts = (reply.result, reply.stdout, reply.stderr, reply.exception)
    return JOB + sum(len(text) for text in texts if text)


def computation_of(cluster: Cluster) -> Computation:
    """What the core keeps for us with a cluster."""
    computation: Computation = cluster.spec
    return computation


def message_of(job: CoreJob) -> Message:
    """What the core keeps for us with a job."""
    message: Message = job.message
    return message
