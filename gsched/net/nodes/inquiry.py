"""What became of jobs that were at a node.

A node that was there all the time tells which of our jobs it runs. Of the others it has stored
what it could not deliver, unless the job has raised or was stopped: dispynode forgets that. A
result may also be on its way, for as long as a node waits for our answer; so what is missing is
asked for some times. A node that does not answer is left to the rule for silent ones.

Nodes are asked to send what they have stored. A node that believes it has nothing is asked for
each result. The others are not, since one that believes it has given out the last result drops the
computation, with those that it has in truth.
"""

import logging
from collections.abc import Iterable

import gevent

from gsched.core.dispatch import AT_NODE
from gsched.core.model.job import Job
from gsched.core.model.node import Node, NodeState
from gsched.net.computation import computation_of, message_of
from gsched.net.exchange import Exchange
from gsched.net.identity import Identity
from gsched.net.nodes.messages import NodeService
from gsched.net.nodes.sending import Sending
from gsched.net.nodes.setups import SetUps
from gsched.net.transport.channel import Caller
from gsched.wire import secrets
from gsched.wire.errors import PeerError
from gsched.wire.messages import LARGE, build
from gsched.wire.pickles import check, loads
from gsched.wire.records import JobReply

log = logging.getLogger("gsched.nodes")

PAUSE = 2.0  # seconds between two questions
ROUNDS = 17  # together more than a node may need to give up bringing a result: 10 s a step, 3 steps
ACK = b"ACK"

Open = dict[Job, int]  # jobs whose fate is not known, with the number of their try


class Inquiry:
    """Asks one node after the other."""

    def __init__(
        self,
        exchange: Exchange,
        identity: Identity,
        caller: Caller,
        sending: Sending,
        set_ups: SetUps,
        nodes: NodeService,
    ) -> None:
        self._exchange = exchange
        self._identity = identity
        self._caller = caller
        self._sending = sending
        self._set_ups = set_ups
        self._nodes = nodes

    def into(self, node: Node, jobs: Iterable[Job], reason: str) -> None:
        """Find out about jobs that should run there. What is nowhere is told to be missing."""
        open_ = {job: job.tries for job in jobs}
        rounds = 0
        while open_ and rounds < ROUNDS and node.state is NodeState.UP:
            answered = self._ask(node, open_)
            if not answered:
                self._set_ups.check_identity(node)
            rounds += answered
            if open_:
                gevent.sleep(PAUSE)
                _drop_settled(node, open_)
        if node.state is NodeState.UP:
            self._give_up(open_, f"node {node.address} {reason}")

    def _ask(self, node: Node, open_: Open) -> bool:
        """Whether the node has told what it runs; what it does run is open no more."""
        for cluster in {job.cluster for job in open_}:
            uids = self._sending.jobs_at(node, cluster)
            if uids is None:
                return False
            for job in [x for x in open_ if x.cluster is cluster and x.uid in uids]:
                del open_[job]
            missing = [job for job in open_ if job.cluster is cluster]
            if missing and not self._sending.ask_for_results(node, cluster):
                for job in missing:
                    self._retrieve(node, job)
        return True

    def _retrieve(self, node: Node, job: Job) -> None:
        """Take the job's result if the node has stored it."""
        computation = computation_of(job.cluster)
        body = {"compute_id": job.cluster.id, "auth": computation.node_auth}
        body |= {"uid": job.uid, "hash": message_of(job).hash}
        try:
            with self._caller.connect((node.address, node.port)) as channel:
                channel.send(build("RETRIEVE_JOB", body), self._identity.node_code(node.identity))
                reply = loads(channel.receive(LARGE))
                if isinstance(reply, JobReply):
                    reply.check()
                    check(reply)
                    if _is_for(job, reply) and self._nodes.take(job, reply):
                        channel.send(ACK)
        except (OSError, PeerError) as error:
            log.debug("node %s does not give back job %s: %s", node.address, job.uid, error)

    def _give_up(self, open_: Open, reason: str) -> None:
        missing = self._exchange.scheduler.missing
        for job, tries in open_.items():
            self._exchange.tell(missing, job.uid, tries, reason)


def _is_for(job: Job, reply: JobReply) -> bool:
    """Whether it is the reply that was asked for."""
    return reply.uid == job.uid and secrets.same(message_of(job).hash, reply.hash)


def _drop_settled(node: Node, open_: Open) -> None:
    """Those of which the node has told meanwhile."""
    for job, tries in list(open_.items()):
        if job.node is not node or job.tries != tries or job.state not in AT_NODE:
            del open_[job]
