"""Messages from nodes and from the processes of their jobs.

The nodes' port asks for no code in front of a message, and the address a connection comes from
says nothing about the node; so each message is held against what only the node can know.
"""

import logging
from collections.abc import Callable
from typing import Any

from gsched.core.demands import Refused
from gsched.core.fleet import NodeFacts
from gsched.core.model.job import End, Job, State
from gsched.core.model.lease import LeaseState
from gsched.core.model.node import Node, NodeState
from gsched.net.computation import NONE_PICKLED, computation_of, message_of, size_of
from gsched.net.exchange import Exchange
from gsched.net.identity import Identity
from gsched.net.keeping.keeper import Keeping, NotKept
from gsched.net.nodes.discovery import Discovery
from gsched.net.nodes.doors import refusal
from gsched.net.nodes.faults import is_nodes_own, last_line
from gsched.net.nodes.signs import Signs
from gsched.net.origins import is_from
from gsched.net.reception import Reception
from gsched.net.relays import Relays
from gsched.net.subjects import about
from gsched.net.transport.channel import Channel
from gsched.net.transport.resolver import is_address
from gsched.wire import records, secrets
from gsched.wire.errors import PeerError
from gsched.wire.messages import KIB, LARGE, Sender, parse, protocol
from gsched.wire.pickles import dumps
from gsched.wire.records import AvailInfo, JobReply, XferFile
from gsched.wire.releases import family, find

log = logging.getLogger("gsched.nodes")

MAX_TRIES = 3  # of a job that a node has stopped: it may be what gets stopped everywhere
MOST_CPUS = 1_000_000  # of one node
STRANGE = 16 * KIB  # bytes that anybody may send
_LONGEST_NAME = 255
ENDS = {records.FINISHED: End.FINISHED, records.TERMINATED: End.TERMINATED}


class NodeService:
    """One short function for each message of a node."""

    def __init__(
        self,
        exchange: Exchange,
        identity: Identity,
        discovery: Discovery,
        relays: Relays,
        reception: Reception,
        keeper: Keeping,
    ) -> None:
        self._exchange = exchange
        self._scheduler = exchange.scheduler
        self._identity = identity
        self._reception = reception
        self._keeper = keeper
        self._discovery = discovery
        self._relays = relays
        self.signs = Signs(self._scheduler.nodes)
        self._handlers: dict[str, Callable[..., bytes | None]] = {
            "PING": self._ping,
            "PULSE": self._pulse,
            "TERMINATED": self._dropped,
            "NODE_CPUS": self._node_cpus,
            "JOB_REPLY": self._job_reply,
            "RELAY_INFO": self._relay_info,
        }

    def serve(self, channel: Channel) -> None:
        """One connection: one message, with its reply. Raises PeerError or OSError."""
        with self._reception.watch("node", channel.peer[0]):
            source = channel.peer[0]
            known = self._discovery.is_from_node(source)  # strangers have no results to bring
            payload = channel.receive(LARGE if known else STRANGE)
            message, body = parse(payload, Sender.NODE)
            log.debug("%s from %s:%s", message.name, *channel.peer)
            if message.body is XferFile:
                self._relays.from_job(channel, body)
            elif message.name == "PONG":
                self._pong(body, protocol(payload), source)
                self._discovery.answered(source, body["ip_addr"])
            elif reply := self._handlers[message.name](body, source):
                channel.send(reply, last=True)

    def datagram(self, payload: bytes, peer: str) -> None:
        """One message by UDP, from that address. Raises PeerError."""
        with self._reception.watch("node", peer):
            message, body = parse(payload, Sender.DATAGRAM)
            log.debug("%s from %s by UDP", message.name, peer)
            if message.name == "TERMINATED":
                self._terminated(body, peer)
            else:
                self._handlers[message.name](body, peer)

    # -- messages -----------------------------------------------------------------------------

    def _pong(self, body: dict[str, Any], protocol: int, source: str) -> None:
        """A node says that it is free, and proves that it knows our secret."""
        if not secrets.same(body["auth"], self._identity.pong_code):
            raise PeerError("node with another secret: its --secret must equal --node_secret here")
        if any(secrets.same(body["sign"], own) for own in self._identity.signs):
            raise PeerError("PONG with a sign that is ours")  # it would be told the code for it
        _check_pong(body)
        if not self._discovery.doors.admit(body["ip_addr"], body["port"], source):
            raise PeerError(refusal(body["ip_addr"], body["port"]))
        self._check_owner(body, source)
        self.signs.check(body["sign"], body["ip_addr"], source)
        release = self._reception.admit("node", body["ip_addr"], body["version"])
        facts = NodeFacts(
            address=body["ip_addr"],
            port=body["port"],
            name=(body["name"] or body["ip_addr"])[:_LONGEST_NAME],
            cpus=body["cpus"],
            identity=body["sign"],
            contact=body["scheduler_ip_addr"] or self._identity.announced[0],
            source=source,
            release=release.version,
            family=family(release.dialect, protocol),
            avail=_avail(body.get("avail_info")),
        )
        self._exchange.tell(self._scheduler.node_emptied, facts.address)
        self._exchange.tell(self._scheduler.node_joined, facts)
        self.signs.learn(facts.identity, facts.address)

    def _ping(self, body: dict[str, Any], source: str) -> bytes:
        """A node looks for a scheduler. It does so only while it serves none."""
        node = self._scheduler.nodes.get(body["ip_addr"])
        known = node is not None and secrets.same(node.identity, body["sign"])
        if node is not None and known and node.state is NodeState.UP and node.total:
            if not is_from(node, source):
                raise PeerError(f"PING in the name of node {node.address}")
            self._exchange.tell(self._scheduler.node_emptied, node.address)
        else:
            self._discovery.answer(body, source)
        return b""

    def _pulse(self, body: dict[str, Any], source: str) -> bytes:
        """A node that serves us is alive. It bears nothing that proves whose it is."""
        node = self._scheduler.nodes.get(body["ip_addr"])
        if node is None:
            return b""
        if not is_from(node, source):
            raise PeerError(f"pulse in the name of node {node.address}")
        self._exchange.tell(
            self._scheduler.node_heard, node.address, _avail(body.get("avail_info"))
        )
        return b"PULSE"

    def _terminated(self, body: dict[str, Any], source: str) -> bytes:
        """A node stops."""
        node = self._authentic(body, source)
        if node is not None:
            self._exchange.tell(self._scheduler.node_left, node.address)
        return b""

    def _dropped(self, body: dict[str, Any], source: str) -> bytes:
        """A node has dropped a computation that was idle for long, or stops: it does not say."""
        node = self._authentic(body, source)
        if node is not None:
            self._exchange.tell(self._scheduler.node_dropped, node.address)
        return b""

    def _node_cpus(self, body: dict[str, Any], source: str) -> bytes:
        """A node's owner has changed its CPUs."""
        node = self._authentic(body, source)
        if node is not None:
            cpus = min(body["cpus"], MOST_CPUS)
            self._exchange.tell(self._scheduler.node_cpus, node.address, cpus)
        return b""

    def _job_reply(self, reply: JobReply, source: str) -> bytes:
        """A job has ended, or has sent a provisional result."""
        job = self._scheduler.jobs.get(reply.uid) if isinstance(reply.uid, int) else None
        if job is None:
            # Of an earlier run of ours, or ended before: nobody is left to be told.
            log.info("reply for job %s, which is not known", reply.uid, extra={"job": reply.uid})
            self._exchange.tell(self._scheduler.stray)
        elif not secrets.same(message_of(job).hash, reply.hash):
            raise PeerError(f"reply for job {reply.uid} with a wrong hash")
        elif not self._is_of_node(reply, source):
            raise PeerError(f"reply for job {reply.uid} in the name of another node")
        elif reply.status == records.PROVISIONAL:
            return self._provisional(job, reply)
        else:
            return b"ACK" if self.take(job, reply) else b""
        return b"ACK"

    def _provisional(self, job: Job, reply: JobReply) -> bytes:
        """Without an answer its node gives it up: it must not take all of our memory."""
        account = computation_of(job.cluster).account
        try:
            if account is not None:
                account.check_size(size_of(reply))
        except Refused as refusal:
            log.warning("provisional result of job %s: %s", job.uid, refusal, extra=about(job))
            return b""
        self._exchange.tell(self._scheduler.provisional, job.uid, reply.ip_addr, reply)
        return b"ACK"

    def _is_of_node(self, reply: JobReply, source: str) -> bool:
        """Whether it comes from the node that it names, if that one is known."""
        node = self._scheduler.nodes.get(reply.ip_addr or "")
        return node is None or is_from(node, source)

    def take(self, job: Job, reply: JobReply) -> bool:
        """A node says how the job ended. Whether the node may forget it. Raises PeerError."""
        self._finished(job, reply)
        return self._is_safe(job)

    def _is_safe(self, job: Job) -> bool:
        """Whether the job's result survives us. Without an answer the node keeps it, too."""
        try:
            self._keeper.settled()
        except NotKept:
            return job.state is State.GONE  # nobody waits for it any more
        return True

    def _finished(self, job: Job, reply: JobReply) -> None:
        end = ENDS.get(reply.status)
        if end is None:
            raise PeerError(f"reply for job {reply.uid} with status {reply.status}")
        if end is End.TERMINATED and reply.exception is None and _is_evicted(job, reply):
            return  # what becomes of it is decided when its node has dropped the computation
        stopped = end is End.TERMINATED and reply.exception is None and _is_wanted(job, reply)
        if stopped and self._runs_again(job, reply):
            return
        seconds = max(0.0, reply.end_time - reply.start_time)
        end = _fitting(job, reply, end)
        message_of(job).mark(reply)
        if is_nodes_own(reply):
            told = (job.uid, reply.ip_addr, reply, seconds)
            problem = "node %s failed to run job %s: %s"
            log.warning(problem, reply.ip_addr, job.uid, last_line(reply), extra=about(job))
            self._exchange.tell(self._scheduler.broke, *told)
        else:
            finished = self._scheduler.finished
            self._exchange.tell(finished, job.uid, reply.ip_addr, end, reply, seconds)

    def _runs_again(self, job: Job, reply: JobReply) -> bool:
        """Whether a job does that its node has stopped by itself; if not, the reply says so."""
        reply.exception = f"node {reply.ip_addr} stopped it, or its process died there"
        again = job.cluster.reentrant and job.tries < MAX_TRIES
        if again:
            self._exchange.tell(self._scheduler.missing, job.uid, job.tries, reply.exception)
        return again

    def _relay_info(self, body: dict[str, Any], source: str) -> bytes:
        """A dispynetrelay asks what it shall tell the nodes of its network."""
        auth = body.get("auth")  # only if we have greeted it, not if it comes by itself
        if auth is not None and not secrets.same(auth, self._identity.pong_code):
            raise PeerError("relay with another secret: its --secret must equal --node_secret here")
        find(body["version"])
        address = body["scheduler_ip_addr"] or self._identity.announced[0]
        return dumps(self._discovery.introduction() | {"ip_addrs": [address]})

    # -- within -------------------------------------------------------------------------------

    def _authentic(self, body: dict[str, Any], source: str) -> Node | None:
        """The node, if the message bears its sign; an unknown one says nothing to us.

        Nodes tell their sign to whoever asks, so the message has to come from there, too.
        """
        node = self._scheduler.nodes.get(body["ip_addr"])
        if node is None:
            return None
        if not secrets.same(node.identity, body["sign"]) or not is_from(node, source):
            raise PeerError(f"message in the name of node {node.address} with a wrong sign")
        return node

    def _check_owner(self, body: dict[str, Any], source: str) -> None:
        """Another process may take the place of a node only where that one was."""
        node = self._scheduler.nodes.get(body["ip_addr"])
        if node is None or node.state is not NodeState.UP:
            return
        if not secrets.same(node.identity, body["sign"]) and not is_from(node, source):
            raise PeerError(f"PONG in the name of node {node.address}, which is elsewhere")


def _fitting(job: Job, reply: JobReply, end: End) -> End:
    """A result for which its client has no room is left out, and the reply says so."""
    try:
        message_of(job).check(reply)
    except Refused as refusal:
        problem = f"its result of {size_of(reply)} bytes is not kept: {refusal}"
        log.warning("job %s: %s", job.uid, problem, extra=about(job))
        reply.result, reply.stdout, reply.stderr = NONE_PICKLED, "", ""
        reply.exception, reply.status = f"gsched: {problem}", records.TERMINATED
        return End.TERMINATED
    return end


def _check_pong(body: dict[str, Any]) -> None:
    contact = body["scheduler_ip_addr"]
    if not 0 < body["port"] < 1 << 16 or not 0 <= body["cpus"] <= MOST_CPUS:
        raise PeerError("PONG without a port or CPUs")
    if not is_address(body["ip_addr"]) or (contact and not is_address(contact)):
        raise PeerError("PONG without the node's address or ours")
    if len(body["sign"]) > _LONGEST_NAME:
        raise PeerError("PONG with a long sign")


def _is_wanted(job: Job, reply: JobReply) -> bool:
    """Whether the job is meant to go on at the node that speaks."""
    if job.stopping or job.node is None or job.node.address != reply.ip_addr:
        return False
    lease = job.node.leases.get(job.cluster.id)
    return lease is not None and lease.state is not LeaseState.CLOSING


def _is_evicted(job: Job, reply: JobReply) -> bool:
    """Whether the job was stopped because it may not stay at the node that speaks."""
    if job.cancelling or job.node is None or job.node.address != reply.ip_addr:
        return False
    lease = job.node.leases.get(job.cluster.id)
    return lease is not None and bool(lease.evicted)


def _avail(info: AvailInfo | None) -> dict[str, float] | None:
    if info is None:
        return None
    info.check()
    return {"cpu": info.cpu, "memory": info.memory, "disk": info.disk, "swap": info.swap}
