"""Files that only pass through: from a client to a node, and from a job to its client.

The receiver's counts are handed to the sender one by one, so the two ends work as if they spoke
to each other; what is held here is never more than one piece of it.
"""

import logging
from dataclasses import replace

from gsched.core.model.cluster import Cluster
from gsched.core.model.lease import LeaseState
from gsched.core.scheduler import Scheduler
from gsched.net.computation import Message, computation_of, message_of
from gsched.net.files import CHUNK, REFUSED, new_space, pieces, receive_count
from gsched.net.identity import Identity
from gsched.net.origins import is_from
from gsched.net.paths import check_file
from gsched.net.subjects import about
from gsched.net.transport.channel import Caller, Channel
from gsched.wire import secrets
from gsched.wire.errors import PeerError
from gsched.wire.messages import SMALL, build
from gsched.wire.pickles import dumps, loads
from gsched.wire.records import JobReply, XferFile

log = logging.getLogger("gsched.relays")

PRESENT = (LeaseState.READY, LeaseState.DRAINED)


class Relays:
    """Knows who may send what to whom."""

    def __init__(
        self, scheduler: Scheduler, identity: Identity, to_nodes: Caller, to_clients: Caller
    ) -> None:
        self._scheduler = scheduler
        self._identity = identity
        self._to_nodes = to_nodes
        self._to_clients = to_clients

    def to_node(
        self, source: Channel, cluster: Cluster, address: str, file: XferFile, kept: int
    ) -> None:
        """A client's file, its first `kept` bytes, for a node that its computation is on.

        Raises PeerError and OSError.
        """
        _check(source, file)
        lease = cluster.leases.get(address)
        if lease is None or lease.state not in PRESENT:
            problem = "%s: file for node %s, where it is not"
            log.warning(problem, cluster.label, address, extra=about(cluster))
            _refuse(source)
            return
        node = lease.node
        there = replace(file, compute_id=cluster.id, stat_buf=file.stat_buf.resized(kept))
        request = build("FILEXFER", there)
        with self._connected(source, self._to_nodes, (node.address, node.port)) as target:
            target.send(request, self._identity.node_code(node.identity))
            sent = relay(source, target, file.stat_buf.size, kept)
        cluster.sent(node, sent)

    def from_job(self, source: Channel, file: XferFile) -> None:
        """A file of a running job for its client. Raises PeerError and OSError.

        Clients put it where it says: nobody else may bring it, and it must not lead elsewhere.
        """
        about = loads(source.receive(SMALL))
        if not isinstance(about, JobReply):
            raise PeerError("a job's file without word of the job")
        about.check()
        job = self._scheduler.jobs.get(about.uid) if isinstance(about.uid, int) else None
        node = job.node if job else None
        if job is None or node is None or not _is_of(message_of(job), about):
            _refuse(source)
            raise PeerError(f"file of job {about.uid}, which does not run here")
        if not is_from(node, source.peer[0]):
            _refuse(source)
            raise PeerError(f"file of job {about.uid}, which runs at node {node.address}")
        _check(source, file)
        computation = computation_of(job.cluster)
        with self._connected(source, self._to_clients, computation.reply_to) as target:
            target.send(build("FILEXFER", file))
            target.send(dumps(about))
            size = file.stat_buf.size
            received = relay(source, target, size, size)
        job.cluster.received(node, received)

    def _connected(self, source: Channel, caller: Caller, address: tuple[str, int]) -> Channel:
        """A connection to the receiver; without one the sender is told so."""
        try:
            return caller.connect(address)
        except OSError:
            _refuse(source)
            raise


def relay(source: Channel, target: Channel, size: int, kept: int) -> int:
    """Bring the first `kept` of `size` bytes from source to target, which has been told of them.

    How many were needed: none where the target has that very file. Raises PeerError or OSError.
    """
    before = there = receive_count(target)
    source.send(dumps(there))
    space = new_space(size)
    while 0 <= there < kept:
        for piece in pieces(source, space, min(CHUNK, size - there), kept - there):
            target.send_raw(piece)
        there = receive_count(target)
        source.send(dumps(there))
    return max(0, there - before)


def _check(source: Channel, file: XferFile) -> None:
    """The sender is told of what is refused. Raises PeerError and OSError."""
    try:
        check_file(file)
    except PeerError:
        _refuse(source)
        raise


def _refuse(source: Channel) -> None:
    source.send(dumps(REFUSED))


def _is_of(message: Message, about: JobReply) -> bool:
    return secrets.same(message.hash, about.hash)
