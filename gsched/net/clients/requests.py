"""Requests from clients: one short function for each message.

Before anything is decoded the code in front of it must be right; only CLIENT, which asks for
the sign that the code is made with, comes with another one.
"""

import logging
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

from gsched.core.effects import Effect
from gsched.core.model.cluster import Cluster, ClusterState
from gsched.core.model.job import Job as CoreJob
from gsched.core.model.job import State
from gsched.core.scheduler import Refused
from gsched.net.clients import uploads
from gsched.net.clients.confirming import Confirming
from gsched.net.clients.delivery import Delivery
from gsched.net.clients.effort import Effort
from gsched.net.clients.jobs import job_message
from gsched.net.clients.openings import Openings, allocations
from gsched.net.clients.refusals import refusal
from gsched.net.clients.results import Results
from gsched.net.computation import Message, computation_of, message_of
from gsched.net.exchange import Exchange
from gsched.net.identity import Identity
from gsched.net.keeping.arguments import Arguments
from gsched.net.keeping.keeper import Keeping, NotKept
from gsched.net.nodes.sending import Sending
from gsched.net.reception import Reception
from gsched.net.relays import Relays
from gsched.net.subjects import about
from gsched.net.transport.channel import Channel
from gsched.net.transport.resolver import resolve
from gsched.wire import secrets, templates
from gsched.wire.errors import PeerError
from gsched.wire.frames import CODE_SIZE
from gsched.wire.messages import LARGE, SMALL, Sender, parse, protocol
from gsched.wire.pickles import dumps
from gsched.wire.records import Job, XferFile

log = logging.getLogger("gsched.clients")

TOLD_TIMEOUT = 9.0  # seconds; a client waits 10 for the answer to SCHEDULE
ACK, NAK = b"ACK", b"NAK"
_REFUSED = -1
_SMALL = 1024


class ClientService:
    """One connection is one request."""

    def __init__(
        self,
        exchange: Exchange,
        identity: Identity,
        delivery: Delivery,
        openings: Openings,
        sending: Sending,
        relays: Relays,
        reception: Reception,
        limit: uploads.Limit,
        keeper: Keeping,
        arguments: Arguments,
        effort: Effort,
    ) -> None:
        self._exchange = exchange
        self._scheduler = exchange.scheduler
        self._identity = identity
        self._delivery = delivery
        self._openings = openings
        self._sending = sending
        self._relays = relays
        self._reception = reception
        self._limit = limit
        self._keeper, self._arguments, self._effort = keeper, arguments, effort
        self._confirming = Confirming(partial(exchange.tell, exchange.scheduler.accepted))
        self._kept: dict[str, Callable[..., bytes | None]] = {  # they are told the size
            "ALLOCATE_NODE": self._allocate_node,
            "FILEXFER": self._file,
            "JOB": self._job,
        }
        self._handlers: dict[str, Callable[..., bytes | None]] = {
            "SCHEDULE": self._schedule,
            "TERMINATE_JOB": self._terminate_job,
            "CLOSE": self._close,
            "PULSE": self._pulse,
            "DEALLOCATE_NODE": self._deallocate_node,
            "CLOSE_NODE": self._close_node,
            "SET_NODE_CPUS": self._set_node_cpus,
            "NODE_JOBS": self._node_jobs,
            "SENDFILE": self._send_file,
            **Results(delivery, self._cluster).handlers,
        }

    def stop(self) -> None:
        """Do nothing any more."""
        self._confirming.stop()

    def serve(self, channel: Channel) -> None:
        """One request, with its reply. Raises PeerError or OSError."""
        with self._reception.watch("client", channel.peer[0]):
            self._serve(channel)

    def _serve(self, channel: Channel) -> None:
        code = channel.receive_code(CODE_SIZE)
        known = secrets.same(code, self._identity.client_code)
        self._arguments.wait_for_calm()
        payload = channel.receive(LARGE if known else SMALL)
        if not known and not payload.startswith(b"CLIENT:"):
            raise PeerError("client with another secret: its secret= must equal --cluster_secret")
        reply: bytes | None = None
        with self._effort.turn(channel.peer[0], len(payload)):
            message, body = parse(payload, Sender.CLIENT)
            log.debug("%s from %s:%s", message.name, *channel.peer)
            if message.name == "COMPUTE":  # may take long, too
                reply = self._compute(channel, body, payload)
        if message.name == "CLIENT":
            reply = self._client(channel, body, code)
        elif call := self._kept.get(message.name):
            reply = call(channel, body, len(payload))
        elif message.name != "COMPUTE":
            reply = self._handlers[message.name](channel, body)
        if reply:
            channel.send(reply, last=True)

    # -- a cluster comes and goes ---------------------------------------------------------------

    def _client(self, channel: Channel, body: dict[str, Any], code: bytes) -> bytes:
        """A client introduces itself."""
        release = self._reception.admit("client", channel.peer[0], body["version"])
        self._reception.introductions.add(channel.peer[0], code, release)
        address = body["ip_addr"] or channel.peer[0]
        reply = {"ip_addr": address, "port": channel.local[1]}
        return dumps(reply | {"sign": self._identity.client_sign, "version": body["version"]})

    def _compute(self, channel: Channel, body: dict[str, Any], payload: bytes) -> bytes:
        source = channel.peer[0]
        try:
            opening = self._openings.open(body, source, protocol(payload), len(payload))
        except Refused as refusal:
            log.warning("client %s: computation refused: %s", channel.peer[0], refusal)
            return dumps(str(refusal))
        cluster = self._scheduler.cluster_opened(opening, self._exchange.now())
        self._openings.opened(cluster)
        log.info("%s is opened", cluster.label, extra=about(cluster))
        log.debug("%s: computation %s", cluster.label, cluster.id)  # a secret: not for everybody
        return dumps({"compute_id": cluster.id, "auth": computation_of(cluster).client_auth})

    def _file(self, channel: Channel, offered: XferFile, size: int) -> None:
        """What is said of it, in `size` bytes, is kept as long as the file."""
        cluster = self._cluster_of(channel, offered)
        account, spool = computation_of(cluster).account, computation_of(cluster).spool
        if account is not None and (problem := account.full(size)):
            channel.send(dumps(_REFUSED))
            self._warn(cluster, f"file {offered.name} is refused: {problem}")
            return
        # Told of a truncated file, a client goes on with a computation, but gives up a job.
        tell, there = cluster.state is ClusterState.NEW, spool.share.files
        self._warn(cluster, uploads.receive_into(spool, channel, offered, self._limit, tell=tell))
        if account is not None and spool.share.files > there:
            account.add(0, size)

    def _schedule(self, channel: Channel, body: dict[str, Any]) -> bytes:
        """The answer waits until the client has been told, so that it cannot hang."""
        cluster = self._cluster(body)
        missing = self._openings.files_missing(cluster)
        if missing:
            reason = f"files that it needs did not arrive: {', '.join(missing[:5])}"
            self._end(cluster, reason)
            return NAK
        self._exchange.tell(self._scheduler.cluster_scheduled, cluster)
        try:
            self._keeper.settled()
        except NotKept as error:
            self._end(cluster, str(error))
            return NAK
        if cluster.state is ClusterState.WAITING and self._may_wait(cluster):
            computation_of(cluster).waits = True
            return ACK
        computation_of(cluster).told.wait(TOLD_TIMEOUT)
        return ACK if computation_of(cluster).reachable else NAK

    def _may_wait(self, cluster: Cluster) -> bool:
        """Whether it still waits when it is known that its client can be told of its turn."""
        why = cluster.note or "waits for its turn"
        log.info("%s %s", cluster.label, why, extra=about(cluster))
        if problem := self._delivery.check(cluster):
            log.warning("%s: %s", cluster.label, problem, extra=about(cluster))
            self._end(cluster, "its client cannot be reached")
        return cluster.state is ClusterState.WAITING

    def _close(self, channel: Channel, body: dict[str, Any]) -> None:
        cluster = self._cluster(body)
        terminate = bool(body.get("terminate_pending", True))
        self._end(cluster, "closed by its client", terminate)
        with suppress(NotKept):  # its client says so only once, so it is made safe at once
            self._keeper.settled()

    def _end(self, cluster: Cluster, reason: str, terminate: bool = True) -> None:
        closed = self._scheduler.cluster_closed
        self._exchange.tell(lambda now: closed(cluster, now, reason, terminate))

    def _pulse(self, channel: Channel, body: dict[str, Any]) -> None:
        """A client is alive: a sign of life for all its clusters."""
        for cluster in self._openings.of_client(body["client_port"]):
            addresses = (computation_of(cluster).reply_to[0], computation_of(cluster).source)
            if body["client_ip_addr"] in addresses or channel.peer[0] in addresses:
                self._heard(cluster)

    # -- jobs -----------------------------------------------------------------------------------

    def _job(self, channel: Channel, body: dict[str, Any], size: int) -> None:
        """The client has to confirm the uid: only then does the job count."""
        record: Job = body["job"]
        cluster = self._cluster({"compute_id": record.compute_id, "auth": body["auth"]})
        pinned = resolve(body["node"]) if body["node"] else None
        try:
            message = job_message(cluster, record, size)
            job = self._offer(cluster, pinned, message)
        except Refused as error:
            log.warning("%s: job refused: %s", cluster.label, error, extra=about(cluster))
            channel.send(refusal(str(error)))
            return
        self._confirm(channel, job.uid)

    def _offer(self, cluster: Cluster, pinned: str | None, message: Message) -> CoreJob:
        """A job that is not forgotten any more. Raises Refused."""
        if self._keeper.problem:
            raise Refused(self._keeper.problem)
        if account := computation_of(cluster).account:
            account.check(message.size)
        job = self._scheduler.offered(cluster, pinned, message, self._exchange.now())
        message.hold()
        message.charge(computation_of(cluster).account)
        message.record.uid, message.record.compute_id = job.uid, cluster.id
        try:
            self._arguments.settled(job)
        except NotKept as error:
            self._withdraw(job.uid, str(error))
            raise Refused(str(error)) from error
        return job

    def _confirm(self, channel: Channel, uid: int) -> None:
        """Tell the client the uid. One that then says nothing has it, and waits for the job."""
        reason = "refused by its client"
        try:
            channel.send(templates.number(uid))
            if self._is_taken(channel):
                self._confirming.add(uid)
                return
        except OSError as error:
            reason = f"not confirmed by its client: {error}"
        self._withdraw(uid, reason)

    def _is_taken(self, channel: Channel) -> bool:
        try:
            return channel.receive_answer(_SMALL) == ACK
        except TimeoutError:
            return True

    def _withdraw(self, uid: int, reason: str) -> None:
        withdrawn, job = self._scheduler.withdrawn, self._scheduler.jobs.get(uid)
        if job is not None and job.state is State.OFFERED:
            message_of(job).release()
            message_of(job).discharge()
        self._exchange.tell(lambda now: withdrawn(uid, now, reason))

    def _terminate_job(self, channel: Channel, body: dict[str, Any]) -> None:
        job = self._cluster(body).jobs.get(_id(body["uid"]))
        if job is not None:
            self._exchange.tell(self._scheduler.cancelled, job.uid)

    # -- nodes of a cluster ---------------------------------------------------------------------

    def _allocate_node(self, channel: Channel, body: dict[str, Any], size: int) -> bytes:
        """The request, of `size` bytes, is kept as long as the cluster."""
        cluster = self._cluster(body)
        spool, wanted = computation_of(cluster).spool, body["node_alloc"]
        there = cluster.allocations

        def event(now: float) -> list[Effect]:
            found = allocations(wanted if isinstance(wanted, list) else [wanted], spool, there)
            account = computation_of(cluster).account
            if account is not None:
                account.check_size(size)
                account.check_allocations(len(found))
            effects = self._scheduler.demands.node_allocated(cluster, found, now)
            if account is not None:
                account.add(0, size)
                account.allocated(len(there))
            return effects

        return self._reply(cluster, event)

    def _deallocate_node(self, channel: Channel, body: dict[str, Any]) -> bytes:
        cluster = self._cluster(body)
        event = self._scheduler.demands.node_deallocated
        return self._reply(cluster, event, cluster, resolve(body["node"]))

    def _close_node(self, channel: Channel, body: dict[str, Any]) -> bytes:
        cluster = self._cluster(body)
        terminate = bool(body.get("terminate_pending"))
        event = self._scheduler.demands.node_given_back
        return self._reply(cluster, event, cluster, resolve(body["node"]), terminate)

    def _set_node_cpus(self, channel: Channel, body: dict[str, Any]) -> bytes:
        cluster, address = self._cluster(body), resolve(body["node"])
        event = self._scheduler.demands.cpus_limited
        reply = self._reply(cluster, event, cluster, address, body["cpus"])
        node = self._scheduler.nodes.get(address)
        return dumps(node.cpus) if node and reply == dumps(0) else reply

    def _node_jobs(self, channel: Channel, body: dict[str, Any]) -> bytes:
        cluster = self._cluster(body)
        node = self._scheduler.nodes.get(resolve(body["node"]))
        if node is not None and body.get("from_node"):
            return dumps(self._sending.jobs_at(node, cluster) or [])
        jobs = node.jobs.values() if node else ()
        return dumps([job.uid for job in jobs if job.cluster is cluster])

    def _send_file(self, channel: Channel, body: dict[str, Any]) -> None:
        file: XferFile = body["xf"]
        cluster = self._cluster_of(channel, file)
        if self._limit.refuses(file):
            channel.send(dumps(_REFUSED))
        else:
            kept = self._limit.kept(file)
            self._relays.to_node(channel, cluster, resolve(body["node"]), file, kept)
        self._warn(cluster, self._limit.problem(file))

    # -- within -----------------------------------------------------------------------------------

    def _cluster(self, body: dict[str, Any]) -> Cluster:
        """The cluster that the request is about. Raises PeerError if it is not the client's."""
        cluster = self._scheduler.clusters.get(_id(body["compute_id"]))
        if cluster is None or not secrets.same(computation_of(cluster).client_auth, body["auth"]):
            raise PeerError("request for a computation that is not the client's")
        self._heard(cluster)
        return cluster

    def _cluster_of(self, channel: Channel, file: XferFile) -> Cluster:
        """The cluster that a file is for: it bears no auth, so it must come from the same host."""
        cluster = self._scheduler.clusters.get(_id(file.compute_id))
        if cluster is None or computation_of(cluster).source != channel.peer[0]:
            channel.send(dumps(_REFUSED))
            raise PeerError("file for a computation that is not the client's")
        self._heard(cluster)
        return cluster

    def _warn(self, cluster: Cluster, problem: str) -> None:
        """Tell people of a problem, if there is one."""
        if problem:
            cluster.warning = problem
            log.warning("%s: %s", cluster.label, problem, extra=about(cluster))

    def _heard(self, cluster: Cluster) -> None:
        self._scheduler.client_heard(cluster, self._exchange.now())

    def _reply(self, cluster: Cluster, event: Callable[..., list[Effect]], *args: Any) -> bytes:
        """Tell the core, and the client whether that could be done."""
        try:
            self._exchange.tell(event, *args)
            self._keeper.settled()
        except (Refused, NotKept) as refusal:
            log.warning("%s: %s", cluster.label, refusal, extra=about(cluster))
            return dumps(_REFUSED)
        return dumps(0)


def _id(value: Any) -> int:
    return value if isinstance(value, int) else 0
