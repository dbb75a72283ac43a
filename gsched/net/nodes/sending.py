"""Jobs on their way to nodes, and their stopping there."""

import logging

import gevent

from gsched.core.dispatch import Refusal
from gsched.core.effects import SendJob, TerminateJob
from gsched.core.model.cluster import Cluster
from gsched.core.model.job import Job, State
from gsched.core.model.node import Node
from gsched.net import files
from gsched.net.computation import NONE_PICKLED, computation_of, message_of
from gsched.net.exchange import Exchange
from gsched.net.identity import Identity
from gsched.net.keeping.arguments import Arguments
from gsched.net.keeping.keeper import Keeping
from gsched.net.subjects import about
from gsched.net.transport.channel import Address, Caller, Channel
from gsched.net.transport.greenlets import Greenlets
from gsched.wire import templates
from gsched.wire.errors import PeerError
from gsched.wire.messages import build
from gsched.wire.pickles import loads
from gsched.wire.records import Job as JobRecord

log = logging.getLogger("gsched.nodes")

QUESTIONS = (0.2, 1.0, 3.0)  # seconds before each question for a job whose fate is not known
FRESH = 2.0  # seconds after which a node may have given up a connection that says nothing
RESTART_TIME = 1.0  # seconds in which no dispynode can end and be there again
REMINDERS = 20  # a node may miss a request to stop a job that it is just starting
REMINDER_PAUSE = 3.0  # seconds; it takes a node up to 8 to kill a job that does not listen
ACK = b"ACK"
SIGN_LENGTH = 40
_LIMIT = 1 << 24

# How nodes begin who say no: those up to 4.12.3 with NAK. A bare one may also be for a file that
# is too large, but such a file has been refused when it was sent.
_BUSY = ("All CPUs busy", "NAK (all cpus busy")
_UNKNOWN = (
    *("Invalid job (", "Invalid computation (", "Invalid scheduler"),
    "NAK (invalid computation",
)
_LONGEST = 4000  # bytes of such an answer that are looked at
_UNFIT = "File "  # ... must be less than ... in size
_OLD_UNKNOWN = "NAK"


class Sending:
    """Carries out SendJob and TerminateJob."""

    def __init__(
        self,
        exchange: Exchange,
        identity: Identity,
        caller: Caller,
        keeper: Keeping,
        arguments: Arguments,
    ) -> None:
        self._keeper = keeper
        self._arguments = arguments
        self._exchange = exchange
        self._scheduler = exchange.scheduler
        self._identity = identity
        self._caller = caller
        self._greenlets = Greenlets()
        exchange.perform(SendJob, self._start)
        exchange.perform(TerminateJob, self._start_termination)

    def stop(self) -> None:
        """Leave all exchanges where they are."""
        self._greenlets.kill()

    def _start(self, effect: SendJob) -> None:
        self._greenlets.spawn(f"job {effect.job.uid}", self._send, effect)

    def _start_termination(self, effect: TerminateJob) -> None:
        self._greenlets.spawn(f"stop {effect.job.uid}", self._terminate, effect.node, effect.job)

    # -- jobs ---------------------------------------------------------------------------------

    def _send(self, effect: SendJob) -> None:
        """The files first; then, once it is known for good that it may run there, the job."""
        if not self._arguments.fetch(effect.job, effect.tries):
            return
        try:
            self._send_files(effect)
            channel = self._connect(effect)
        except OSError as error:
            self._refused(effect, Refusal.UNREACHABLE, str(error))
        except files.FileRefused as error:
            self._refused(effect, self._why_refused(effect, error), str(error))
        except files.DiskError as error:
            self._refused(effect, Refusal.UNREADABLE, str(error))
        except PeerError as error:
            self._refused(effect, Refusal.REJECTED, str(error))
        else:
            if channel is not None:
                self._send_job(effect, channel)

    def _connect(self, effect: SendJob) -> Channel | None:
        """To the job's node; None if it is not to be sent any more.

        As long as there is no connection it is sure that the node has not got it.
        """
        while True:
            channel, began = self._caller.connect(_address(effect.node)), self._exchange.now()
            leaves = fresh = False
            try:
                leaves = self._may_leave(effect)
                fresh = self._exchange.now() - began < FRESH
            finally:
                if not (leaves and fresh):
                    channel.close()
            if not leaves:
                return None
            if fresh:
                return channel

    def _may_leave(self, effect: SendJob) -> bool:
        """Whether the job is still to be sent, once what is about to happen cannot be forgotten."""
        self._exchange.tell(self._scheduler.leaving, effect.job.uid, effect.tries)
        self._keeper.settled_at_last()
        return effect.job.state is State.SENDING and effect.job.tries == effect.tries

    def _send_files(self, effect: SendJob) -> None:
        message, code = message_of(effect.job), self._code(effect.node)
        if len(message.files) < len(message.record.xfer_files):
            raise files.FileRefused("files that it needs are not there any more")
        for file in message.files:
            files.send(self._caller, _address(effect.node), code, file)
            effect.job.cluster.sent(effect.node, file.size)

    def _why_refused(self, effect: SendJob, error: files.FileRefused) -> Refusal:
        """A node says the same of a file that is too large and of a computation it has not."""
        node, code = effect.node, self._code(effect.node)
        try:
            there = files.takes(self._caller, _address(node), code, effect.job.cluster.id)
        except (OSError, PeerError):
            return Refusal.REJECTED
        if not there:
            return Refusal.UNKNOWN
        return Refusal.UNFIT if error.outright else Refusal.REJECTED

    def _send_job(self, effect: SendJob, channel: Channel) -> None:
        """From the first byte on the node may have started it, whatever is heard of it."""
        payload = templates.job(message_of(effect.job).record)
        began = self._exchange.now()
        try:
            with channel:
                channel.send(payload, self._code(effect.node))
                effect.job.cluster.sent(effect.node, len(payload))
                reply = channel.receive_answer(_LIMIT)
        except (OSError, PeerError) as error:
            if self._was_restarted(effect.node, began):
                self._refused(effect, Refusal.UNREACHABLE, "it was restarted before")
                restarted = self._scheduler.node_restarted
                self._exchange.tell(restarted, effect.node.address, "restarted")
            else:
                self._find_out(effect, str(error))
            return
        if reply == ACK:
            self._exchange.tell(self._scheduler.started, effect.job.uid, effect.tries)
            self._arguments.at_node(effect.job)
        else:
            self._refused(effect, *_refusal(reply))

    def _refused(self, effect: SendJob, why: Refusal, reason: str) -> None:
        self._exchange.tell(self._scheduler.refused, effect.job.uid, effect.tries, why, reason)

    # -- jobs whose fate is not known -----------------------------------------------------------

    def _was_restarted(self, node: Node, began: float) -> bool:
        """Whether the node has hung up because it does not know our code any more.

        It has another sign then. If it tells that at once, it is the very process that has hung
        up, since none starts that fast: so the job did not start, neither there nor before.
        """
        try:
            payload = build("NODE_INFO", {"sign": node.identity})
            code = self._code(node)
            reply = self._caller.ask(_address(node), code, payload, _LIMIT, RESTART_TIME)
        except (OSError, PeerError):
            return False
        at_once = self._exchange.now() - began < RESTART_TIME
        return at_once and len(reply) == SIGN_LENGTH and reply != node.identity.encode()

    def _find_out(self, effect: SendJob, problem: str) -> None:
        """Ask the node what it runs, some times: it may answer, be restarted, or be gone."""
        for pause in QUESTIONS:
            gevent.sleep(pause)
            if effect.job.state is not State.SENDING or effect.job.tries != effect.tries:
                return
            uids = self.jobs_at(effect.node, effect.job.cluster)
            if uids is not None:
                there = effect.job.uid in uids and not self._is_stuck(effect.node, effect.job)
                self._settle(effect, there, problem)
                return
        reason = f"it does not say whether it has taken job {effect.job.uid} ({problem})"
        self._exchange.tell(self._scheduler.node_lost, effect.node.address, reason)

    def _settle(self, effect: SendJob, there: bool, problem: str) -> None:
        job = effect.job
        if there:
            self._exchange.tell(self._scheduler.started, job.uid, effect.tries)
        else:
            reason = f"node {effect.node.address} does not have it ({problem})"
            self._exchange.tell(self._scheduler.missing, job.uid, effect.tries, reason)

    def _is_stuck(self, node: Node, job: Job) -> bool:
        """Whether the node lists the job for ever without running it.

        It does so where it could not confirm the job. To be sure, none of the cluster may run
        there, and the job must be on the list afterwards as well: else it has just ended.
        """
        told = self._ask_about(node, job.cluster, "PENDING_JOBS")
        if not isinstance(told, dict) or told.get("pending") != 0:
            return False
        return job.uid in (self.jobs_at(node, job.cluster) or [])

    def jobs_at(self, node: Node, cluster: Cluster) -> list[object] | None:
        """Uids of the cluster's jobs at the node, in the node's own words; None without any."""
        uids = self._ask_about(node, cluster, "JOBS")
        return uids if isinstance(uids, list) else None

    def _ask_about(self, node: Node, cluster: Cluster, what: str) -> object:
        computation = computation_of(cluster)
        payload = build(what, {"compute_id": cluster.id, "auth": computation.node_auth})
        try:
            reply = self._caller.ask(_address(node), self._code(node), payload, _LIMIT)
            return loads(reply, plain=True)
        except (OSError, PeerError) as error:
            log.debug("node %s does not tell its jobs: %s", node.address, error)
            return None

    def ask_for_results(self, node: Node, cluster: Cluster) -> bool:
        """Have the node send what it could not deliver of the cluster's results. Whether it will.

        It does not if it has miscounted them, which dispynode does.
        """
        computation = computation_of(cluster)
        body = {"compute_id": cluster.id, "auth": computation.node_auth}
        try:
            payload = build("RESEND_JOB_RESULTS", body)
            count = loads(self._caller.ask(_address(node), self._code(node), payload, _LIMIT))
        except (OSError, PeerError) as error:
            log.debug("node %s is not asked for results: %s", node.address, error)
            return True
        return type(count) is not int or count > 0

    # -- stopping -----------------------------------------------------------------------------

    def _terminate(self, node: Node, job: Job) -> None:
        """Ask until the job has ended: that is heard by way of its reply.

        In the end its client is told without one: a dispynode may lose the thread that replies.
        """
        record = message_of(job).record
        body = JobRecord(
            uid=job.uid,
            hash=record.hash,
            compute_id=job.cluster.id,
            _args=NONE_PICKLED,
            _kwargs=NONE_PICKLED,
            xfer_files=[],
            code="",
        )
        payload, tries = build("TERMINATE_JOB", body), job.tries
        for _ in range(REMINDERS):
            if job.state is not State.RUNNING or job.tries != tries:
                return
            self._tell(node, payload)
            gevent.sleep(REMINDER_PAUSE)
        self._exchange.tell(self._scheduler.unstoppable, job.uid, tries)

    def _tell(self, node: Node, payload: bytes) -> None:
        try:
            self._caller.tell(_address(node), self._code(node), payload)
        except OSError as error:
            problem = "node %s cannot be told to stop a job: %s"
            log.info(problem, node.address, error, extra=about(node))

    def _code(self, node: Node) -> bytes:
        return self._identity.node_code(node.identity)


def _address(node: Node) -> Address:
    return (node.address, node.port)


def _refusal(reply: bytes) -> tuple[Refusal, str]:
    """What a node means that does not take a job. In each case it has not started it."""
    text = _in_a_line(reply[:_LONGEST].decode("utf-8", "replace"))
    if text.startswith(_BUSY):
        return Refusal.BUSY, text
    if text.startswith(_UNKNOWN) or text == _OLD_UNKNOWN:
        return Refusal.UNKNOWN, text
    if text.startswith(_UNFIT):
        return Refusal.UNFIT, text
    return Refusal.REJECTED, text or "empty reply"


def _in_a_line(text: str) -> str:
    """The answer as people want it: without the way that an exception took inside the node."""
    head, traceback, rest = text.partition("Traceback")
    if traceback:
        text = head + "".join(rest.splitlines()[-2:])
    return " ".join(text.split())[:500]
