"""What clients are told: results first of all.

Each cluster has a mailbox of some lanes; a lane sends one message after the other. All messages
of a job go through the same lane, so they arrive in order, and a client that is slow or away
holds up nobody but itself. A result is sent until the client has confirmed it or is gone.
"""

import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import gevent
from gevent.event import Event

from gsched.core import effects
from gsched.core.cluster import Cluster
from gsched.core.job import End, Job, State
from gsched.core.node import Node
from gsched.net.channel import Address, Caller
from gsched.net.computation import NONE_PICKLED, Computation, Message
from gsched.net.exchange import Exchange
from gsched.net.greenlets import Greenlets
from gsched.net.identity import Identity
from gsched.wire import records
from gsched.wire.errors import PeerError
from gsched.wire.messages import build
from gsched.wire.records import AvailInfo, DispyNode, JobReply

log = logging.getLogger("gsched.delivery")

LANES = 4
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0  # seconds between tries, doubling
SCHEDULED_PAUSES = (0.0, 0.5, 1.0)  # the client's request waits for the outcome, 10 s at most
SCHEDULED_TIMEOUT = 2.0
_SMALL = 1024

STATUS = {
    End.FINISHED: records.FINISHED,
    End.TERMINATED: records.TERMINATED,
    End.CANCELLED: records.CANCELLED,
    End.ABANDONED: records.ABANDONED,
}


@dataclass(slots=True)
class Letter:
    """One message to a client. `done` is called once it has a reply; without it none is awaited.

    `payload` is called when the letter's turn comes; None means that it is of no use any more.
    """

    payload: Callable[[], bytes | None]
    done: Callable[[], None] | None = None


class Mailbox:
    """What one client is still to be told about one cluster."""

    def __init__(self, address: Address, caller: Caller, greenlets: Greenlets) -> None:
        self._address = address
        self._caller = caller
        self._greenlets = greenlets
        self._lanes: list[deque[Letter]] = [deque() for _ in range(LANES)]
        self._busy: set[int] = set()
        self._nudge = Event()
        self.failures = 0  # in a row, of messages that have to arrive
        self.closed = False

    def put(self, letter: Letter, lane: int = 0) -> None:
        """Send the letter after all others of its lane."""
        lane %= LANES
        self._lanes[lane].append(letter)
        if lane not in self._busy:
            self._busy.add(lane)
            self._greenlets.spawn(f"mailbox {self._address}", self._work, lane)

    def retry_now(self) -> None:
        """The client is there again: do not wait for the next try."""
        self._nudge.set()
        self._nudge.clear()

    def close(self) -> None:
        """Forget what is not sent yet."""
        self.closed = True
        for lane in self._lanes:
            lane.clear()

    def _work(self, lane: int) -> None:
        letters = self._lanes[lane]
        try:
            while letters:
                letter = letters.popleft()
                self._send(letter)
        finally:
            self._busy.discard(lane)

    def _send(self, letter: Letter) -> None:
        pause = FIRST_PAUSE
        while not self.closed:
            payload = letter.payload()
            if payload is None or self._try(payload, letter):
                return
            self._nudge.wait(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    def _try(self, payload: bytes, letter: Letter) -> bool:
        """Whether the letter is through with."""
        try:
            if letter.done is None:
                self._caller.tell(self._address, b"", payload)
                return True
            # A NAK also says that the client has no use for it: it has it, or never knew it.
            self._caller.ask(self._address, b"", payload, _SMALL)
        except (OSError, PeerError) as error:
            return self._failed(letter, error)
        self.failures = 0
        letter.done()
        return True

    def _failed(self, letter: Letter, error: Exception) -> bool:
        if letter.done is None:
            log.debug("client %s:%s missed a status: %s", *self._address, error)
            return True
        self.failures += 1
        if self.failures == 1:
            log.warning("client %s:%s does not take a result: %s", *self._address, error)
        return False


class Delivery:
    """Carries out the effects that concern clients."""

    def __init__(self, exchange: Exchange, identity: Identity, caller: Caller) -> None:
        self._exchange = exchange
        self._identity = identity
        self._caller = caller
        self._greenlets = Greenlets()
        self._mailboxes: dict[int, Mailbox] = {}
        exchange.perform(effects.SendResult, self._result)
        exchange.perform(effects.SendProvisional, self._provisional)
        exchange.perform(effects.TellStarted, self._started)
        exchange.perform(effects.TellNode, self._node)
        exchange.perform(effects.TellScheduled, self._scheduled)
        exchange.perform(effects.Forget, self._forget)

    def stop(self) -> None:
        """Send nothing more."""
        self._greenlets.kill()

    def retry_now(self, cluster: Cluster) -> None:
        """Try again at once to deliver what the client did not take."""
        mailbox = self._mailboxes.get(cluster.id)
        if mailbox is not None:
            mailbox.retry_now()

    def probe(self, cluster: Cluster) -> bool:
        """Whether the client can be reached at all."""
        try:
            self._caller.connect(_computation(cluster).reply_to).close()
        except OSError as error:
            log.warning("%s: %s", cluster.label, _unreachable(cluster, error))
            return False
        return True

    # -- effects ------------------------------------------------------------------------------

    def _result(self, effect: effects.SendResult) -> None:
        job = effect.job
        _message(job).release()

        def done() -> None:
            self._exchange.scheduler.client_heard(job.cluster, self._exchange.now())
            self._exchange.tell(self._exchange.scheduler.delivered, job.uid)

        def payload() -> bytes | None:
            return build("JOB_REPLY", self.reply(job)) if job.state is State.DONE else None

        self._mailbox(job.cluster).put(Letter(payload, done), job.uid)

    def _provisional(self, effect: effects.SendProvisional) -> None:
        payload = build("JOB_REPLY", effect.reply)
        self._mailbox(effect.job.cluster).put(Letter(lambda: payload, _nothing), effect.job.uid)

    def _started(self, effect: effects.TellStarted) -> None:
        job = effect.job

        def payload() -> bytes | None:
            if job.state is not State.RUNNING or job.node is None:
                return None  # its result says more
            body = {"uid": job.uid, "status": records.RUNNING, "node": job.node.address}
            body |= {"hash": _message(job).hash, "start_time": job.started_at}
            return build("JOB_STATUS", body)

        self._mailbox(job.cluster).put(Letter(payload), job.uid)

    def _node(self, effect: effects.TellNode) -> None:
        payload = build("NODE_STATUS", self._node_status(effect))
        self._mailbox(effect.cluster).put(Letter(lambda: payload))

    def _scheduled(self, effect: effects.TellScheduled) -> None:
        self._greenlets.spawn(f"scheduled {effect.cluster.label}", self._tell, effect.cluster)

    def _tell(self, cluster: Cluster) -> None:
        """Tell the client that it may submit; it counts as gone if it cannot be told."""
        computation = _computation(cluster)
        scheduler = self._exchange.scheduler
        problem = self._try_to_tell(cluster, computation)
        computation.reachable = not problem
        if problem:
            log.warning("%s: %s", cluster.label, problem)
            self._exchange.tell(lambda now: scheduler.cluster_closed(cluster, now, problem))
        else:
            self._exchange.tell(scheduler.cluster_started, cluster)
        computation.told.set()

    def _try_to_tell(self, cluster: Cluster, computation: Computation) -> str:
        interval = self._exchange.scheduler.pulse_interval
        payload = build("SCHEDULED", {"compute_id": cluster.id, "pulse_interval": interval})
        timeout = min(self._caller.timeout, SCHEDULED_TIMEOUT)
        problem = ""
        for pause in SCHEDULED_PAUSES:
            gevent.sleep(pause)
            try:
                reply = self._caller.ask(computation.reply_to, b"", payload, _SMALL, timeout)
                if reply == b"ACK":
                    return ""
                problem = "its client does not know the computation"
            except (OSError, PeerError) as error:
                problem = _unreachable(cluster, error)
        return problem

    def _forget(self, effect: effects.Forget) -> None:
        mailbox = self._mailboxes.pop(effect.cluster.id, None)
        if mailbox is not None:
            mailbox.close()
        computation = _computation(effect.cluster)
        computation.told.set()
        gevent.get_hub().threadpool.spawn(computation.spool.remove)

    # -- within -------------------------------------------------------------------------------

    def _mailbox(self, cluster: Cluster) -> Mailbox:
        mailbox = self._mailboxes.get(cluster.id)
        if mailbox is None:
            address = _computation(cluster).reply_to
            mailbox = Mailbox(address, self._caller, self._greenlets)
            self._mailboxes[cluster.id] = mailbox
        return mailbox

    def reply(self, job: Job) -> JobReply:
        """How the job ended, in the node's words where it has spoken."""
        status = STATUS[job.end] if job.end else records.ABANDONED
        node = job.last
        reply: JobReply | None = job.reply
        if reply is None:
            reply = JobReply(
                uid=job.uid,
                hash=_message(job).hash,
                ip_addr=node.address if node else self._identity.announced[0],
                status=status,
                result=NONE_PICKLED,
                exception=job.reason or None,
            )
        reply.status = status
        reply.result = reply.result or NONE_PICKLED  # clients decode it in any case
        reply.extra["cpus"] = node.cpus if node else 0
        return reply

    def _node_status(self, effect: effects.TellNode) -> dict[str, object]:
        cluster, node = effect.cluster, effect.node
        body: dict[str, object] = {
            "compute_id": cluster.id,
            "ip_addr": node.address,
            "auth": _computation(cluster).client_auth,
        }
        if effect.what == "initialized":
            # Clients may send files straight to a node, and need its code for that.
            code = self._identity.node_code(node.identity)
            body |= {"status": records.NODE_INITIALIZED, "node_auth": code, "node_port": node.port}
            return body | {"dispy_node": _dispy_node(node, self._exchange.now())}
        if effect.what == "cpus":
            return body | {"status": "node_cpus", "node_cpus": node.cpus}
        body |= {"tx": 0, "rx": 0}
        if effect.what == "closed":
            return body | {"status": records.NODE_CLOSED}
        return body | {"status": records.NODE_AVAIL_INFO, "avail_info": _avail(node.avail)}


def _nothing() -> None:
    """A provisional result has arrived: nobody waits for that."""


def _computation(cluster: Cluster) -> Computation:
    computation: Computation = cluster.spec
    return computation


def _message(job: Job) -> Message:
    message: Message = job.message
    return message


def _unreachable(cluster: Cluster, error: Exception) -> str:
    host, port = _computation(cluster).reply_to
    return (
        f"its client cannot be reached at {host}:{port} ({error}); "
        "client_port= of SharedJobCluster must be free there and open to this host"
    )


def _dispy_node(node: Node, now: float) -> DispyNode:
    return DispyNode(
        ip_addr=node.address,
        name=node.name,
        cpus=node.cpus,
        avail_cpus=node.total,
        update_time=now,
        avail_info=_avail(node.avail),
    )


def _avail(avail: dict[str, float] | None) -> AvailInfo | None:
    if avail is None:
        return None
    return AvailInfo(
        cpu=avail["cpu"],
        memory=int(avail["memory"]),
        disk=int(avail["disk"]),
        swap=avail["swap"],
    )
