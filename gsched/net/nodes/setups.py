"""Computations on their way to nodes and off them again.

For one lease only one exchange goes on at a time; the core sees to that. A node wants COMPUTE,
then the files, then SETUP exactly once, and a job only after that.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from reprlib import repr as repr_of_some

import gevent
from gevent.lock import BoundedSemaphore

from gsched.core.effects import Close, SetUp
from gsched.core.model.lease import Lease, SetUpFailure
from gsched.core.model.node import Node
from gsched.net import files
from gsched.net.computation import Computation, computation_of
from gsched.net.exchange import Exchange
from gsched.net.identity import Identity
from gsched.net.keeping.keeper import Keeping
from gsched.net.subjects import about
from gsched.net.transport.channel import Caller
from gsched.net.transport.greenlets import Greenlets
from gsched.wire import secrets
from gsched.wire.errors import PeerError
from gsched.wire.messages import build
from gsched.wire.pickles import loads
from gsched.wire.records import XferFile
from gsched.wire.releases import Dialect, find

log = logging.getLogger("gsched.nodes")

SETUP_TIMEOUT = 120.0  # seconds; a node's own limit is 12.5, unless it runs with --unsafe_setup
CLOSE_TIMEOUT = 30.0  # seconds; a node answers when all jobs are stopped, which takes it up to 8
IDLE_CHECK = 1.0  # seconds between two looks whether the jobs that were waited for have ended
ACK = b"ACK"
_BUSY = "Node busy"
_LIMIT = 1 << 20
_SIGN_LIMIT = 1024


class SetUpFailed(Exception):
    """The set-up came to nothing."""

    def __init__(self, why: SetUpFailure, reason: str) -> None:
        super().__init__(reason)
        self.why = why


class Turns:
    """One exchange at a time for each pair of node and cluster.

    The core sees to that for one lease; but when a node was given up and has come back, the
    exchange for the old lease may still be on its way, and must not close what the new one needs.
    """

    def __init__(self) -> None:
        self._locks: dict[tuple[str, int], tuple[BoundedSemaphore, int]] = {}

    @contextmanager
    def of(self, lease: Lease) -> Iterator[None]:
        """Wait for the lease's turn, and hold it."""
        key = (lease.node.address, lease.cluster.id)
        lock, users = self._locks.get(key) or (BoundedSemaphore(1), 0)
        self._locks[key] = (lock, users + 1)
        try:
            with lock:
                yield
        finally:
            lock, users = self._locks.pop(key)
            if users > 1:
                self._locks[key] = (lock, users - 1)


class SetUps:
    """Carries out SetUp and Close."""

    def __init__(
        self,
        exchange: Exchange,
        identity: Identity,
        port: int,
        caller: Caller,
        keeper: Keeping,
    ) -> None:
        self._keeper = keeper
        self._exchange = exchange
        self._identity = identity
        self._port = port  # where nodes answer
        self._caller = caller
        self._greenlets = Greenlets()
        self._turns = Turns()
        exchange.perform(SetUp, self._start_set_up)
        exchange.perform(Close, self._start_close)

    def stop(self) -> None:
        """Leave all exchanges where they are."""
        self._greenlets.kill()

    def _start_set_up(self, effect: SetUp) -> None:
        self._greenlets.spawn(f"set-up {_place(effect.lease)}", self._set_up, effect.lease)

    def _start_close(self, effect: Close) -> None:
        self._greenlets.spawn(f"close {_place(effect.lease)}", self._close, effect.lease)

    # -- set-up -------------------------------------------------------------------------------

    def _set_up(self, lease: Lease) -> None:
        scheduler = self._exchange.scheduler
        self._keeper.settled_at_last()
        try:
            with self._turns.of(lease):
                cpus = self._try_set_up(lease)
        except SetUpFailed as failure:
            self._exchange.tell(scheduler.lease_failed, lease, failure.why, str(failure))
            if failure.why is SetUpFailure.UNREACHABLE:
                self.check_identity(lease.node)
        else:
            log.info("%s is set up", _place(lease), extra=about(lease))
            self._exchange.tell(scheduler.lease_ready, lease, cpus)

    def _try_set_up(self, lease: Lease) -> int:
        """CPUs of the node, or 0 if it does not tell how many in all. Raises SetUpFailed."""
        try:
            cpus = self._compute(lease)
            if cpus is not None:
                self._send_files(lease)
                self._setup(lease)
            return cpus or 0
        except SetUpFailed as failure:
            if failure.why is SetUpFailure.BROKEN:
                self._try_close(lease)
            raise
        except OSError as error:
            self._try_close(lease)
            raise SetUpFailed(SetUpFailure.UNREACHABLE, str(error)) from error
        except (PeerError, files.FileRefused, files.DiskError) as error:
            self._try_close(lease)
            raise SetUpFailed(SetUpFailure.BROKEN, str(error)) from error

    def _compute(self, lease: Lease) -> int | None:
        """As _try_set_up, but None if the node has the computation already.

        It says so by 0. Nodes that count only CPUs that are free say that when all are taken,
        too, so these are asked before if there is reason to.
        """
        release, sent_to = find(lease.node.release), computation_of(lease.cluster).sent_to
        if not release.tells_all_cpus and lease.node.identity in sent_to and self._is_there(lease):
            return None
        sent_to.add(lease.node.identity)
        cpus = self._send_compute(lease)
        return (cpus or None) if release.tells_all_cpus else 0

    def _send_compute(self, lease: Lease) -> int:
        record = computation_of(lease.cluster).record_for(
            lease, self._port, self._exchange.scheduler.pulse_interval
        )
        reply = self._ask(lease.node, build("COMPUTE", record))
        try:
            cpus = loads(reply, plain=True)
        except PeerError:
            text = reply[:500].decode("utf-8", "replace")
            if text.startswith(_BUSY):  # dispy 4.8.0 writes no pickle here
                raise SetUpFailed(SetUpFailure.UNWILLING, _unwilling(text)) from None
            raise SetUpFailed(SetUpFailure.BROKEN, text or "no reason given") from None
        if type(cpus) is int and cpus >= 0:
            return cpus
        raise SetUpFailed(SetUpFailure.UNWILLING, _unwilling(cpus))

    def _is_there(self, lease: Lease) -> bool:
        node, code = lease.node, self._identity.node_code(lease.node.identity)
        return files.takes(self._caller, (node.address, node.port), code, lease.cluster.id)

    def _send_files(self, lease: Lease) -> None:
        computation = computation_of(lease.cluster)
        for wanted in [*computation.record.xfer_files, *lease.allocation.files]:
            self._send_file(lease, computation, wanted)

    def _send_file(self, lease: Lease, computation: Computation, wanted: XferFile) -> None:
        file = computation.spool.find(wanted)
        if file is None:
            raise SetUpFailed(SetUpFailure.BROKEN, f"file {wanted.name} is not here")
        node = lease.node
        code = self._identity.node_code(node.identity)
        files.send(self._caller, (node.address, node.port), code, file)

    def _setup(self, lease: Lease) -> None:
        release = find(lease.node.release)
        if computation_of(lease.cluster).record.setup is None and not release.always_set_up:
            return
        body = _old_body(lease) if release.dialect is Dialect.OLD else _body(lease)
        reply = self._ask(lease.node, build("SETUP", body), SETUP_TIMEOUT)
        if reply != ACK:
            text = reply[-2000:].decode("utf-8", "replace").strip()
            raise SetUpFailed(SetUpFailure.BROKEN, text or "no reason given")

    def check_identity(self, node: Node) -> None:
        """A node that was restarted does not answer to the code made with its old sign.

        Whoever comes with a wrong code may ask a node for its sign, and for nothing else.
        """
        address = (node.address, node.port)
        try:
            sign = self._caller.ask(address, secrets.STRANGER, b"NODE_INFO:", _SIGN_LIMIT)
        except (OSError, PeerError):
            return
        if not secrets.same(sign, node.identity):
            restarted = self._exchange.scheduler.node_restarted
            self._exchange.tell(restarted, node.address, "it was restarted")

    # -- close --------------------------------------------------------------------------------

    def _close(self, lease: Lease) -> None:
        while not lease.terminate and _has_jobs(lease):
            gevent.sleep(IDLE_CHECK)
        with self._turns.of(lease):
            self._try_close(lease)
        self._exchange.tell(self._exchange.scheduler.lease_closed, lease)

    def _try_close(self, lease: Lease) -> None:
        """Ask the node to forget the computation. If it cannot be asked, its own timer does."""
        body = {"compute_id": lease.cluster.id, "auth": computation_of(lease.cluster).node_auth}
        body |= {"node_ip_addr": lease.node.address}
        body |= {"terminate_pending": lease.terminate, "close": True}
        try:
            self._ask(lease.node, build("CLOSE", body), CLOSE_TIMEOUT)
        except (OSError, PeerError) as error:
            problem = "%s could not be closed: %s"
            log.warning(problem, _place(lease), error, extra=about(lease))

    def _ask(self, node: Node, payload: bytes, timeout: float | None = None) -> bytes:
        code = self._identity.node_code(node.identity)
        return self._caller.ask((node.address, node.port), code, payload, _LIMIT, timeout)


def _body(lease: Lease) -> object:
    """Of SETUP."""
    return {"compute_id": lease.cluster.id, "setup_args": lease.allocation.setup_args}


def _old_body(lease: Lease) -> object:
    """In the old dialect the computation itself has the arguments."""
    return lease.cluster.id


def _place(lease: Lease) -> str:
    return f"{lease.cluster.label} on node {lease.node.address}"


def _has_jobs(lease: Lease) -> bool:
    return any(job.cluster is lease.cluster for job in lease.node.jobs.values())


def _unwilling(reply: object) -> str:
    if reply == -1:
        return "node is out of its service time"
    if isinstance(reply, str) and reply.startswith(_BUSY):
        return "node serves another scheduler"
    text = reply if isinstance(reply, str) else repr_of_some(reply)
    return f"node answers {text[:200]!r}"
