"""What clients are told: results first of all.

A result is sent again and again until its client has confirmed it or is gone.
"""

import logging
from typing import Any

import gevent

from gsched.core import effects
from gsched.core.model.cluster import Cluster, ClusterState
from gsched.core.model.job import End, Job, State
from gsched.core.model.node import Node
from gsched.core.model.tally import Tally
from gsched.net.clients.mailbox import Letter, Mailbox
from gsched.net.clients.news import News
from gsched.net.clients.probe import Probe, knows_sign
from gsched.net.computation import (
    NONE_PICKLED,
    Computation,
    computation_of,
    message_of,
    size_of,
)
from gsched.net.exchange import Exchange
from gsched.net.identity import Identity
from gsched.net.subjects import about
from gsched.net.tenants import JOB
from gsched.net.transport.channel import Address, Caller
from gsched.net.transport.greenlets import Greenlets
from gsched.wire import records, templates
from gsched.wire.errors import PeerError
from gsched.wire.messages import build
from gsched.wire.records import AvailInfo, DispyNode, JobReply
from gsched.wire.releases import Dialect

log = logging.getLogger("gsched.delivery")

SCHEDULED_PAUSES = (0.0, 0.5, 1.0)  # the client's request waits for the outcome, 10 s at most
SCHEDULED_TIMEOUT = 2.0
REMOVAL_TIMEOUT = 5.0  # seconds; what is left is removed at the next start
ACK = b"ACK"
_SMALL = 1024

STATUS = {
    End.FINISHED: records.FINISHED,
    End.TERMINATED: records.TERMINATED,
    End.CANCELLED: records.CANCELLED,
    End.ABANDONED: records.ABANDONED,
}


class Delivery:
    """Carries out the effects that concern clients."""

    def __init__(self, exchange: Exchange, identity: Identity, caller: Caller) -> None:
        self._exchange = exchange
        self._identity = identity
        self._caller = caller
        self._probe = Probe(identity, caller)
        self._greenlets = Greenlets()
        self._mailboxes: dict[int, Mailbox] = {}
        self._removals: set[Any] = set()  # of files, under way
        self._news = News(self._tell_available, self._greenlets)
        exchange.perform(effects.SendResult, self._result)
        exchange.perform(effects.SendProvisional, self._provisional)
        exchange.perform(effects.TellStarted, self._started)
        exchange.perform(effects.TellNode, self._node)
        exchange.perform(effects.TellScheduled, self._scheduled)
        exchange.perform(effects.Forget, self._forget)

    def stop(self) -> None:
        """Send nothing more, and see that no files are left of clusters that are gone."""
        self._greenlets.kill()
        gevent.wait(list(self._removals), REMOVAL_TIMEOUT)

    def recover(self, cluster: Cluster) -> int:
        """The client waits for results: try again at once to deliver them. How many it gets.

        Those count, too, that it was given before it could ask.
        """
        mailbox = self._mailbox(cluster)
        mailbox.final_only = True
        mailbox.retry_now()
        return len(cluster.jobs) + mailbox.asked()

    def reaches(self, cluster: Cluster) -> bool:
        """Whether its client has taken what it was told last, as far as is known."""
        mailbox = self._mailboxes.get(cluster.id)
        return mailbox is None or not mailbox.failures

    def probe(self, cluster: Cluster) -> str:
        """Why it is not the client that answers at its port; empty if it is, as far as it tells."""
        try:
            found = self._probe.finds_client_of(computation_of(cluster))
        except OSError as error:
            return _unreachable(cluster, error)
        return "" if found else _taken(cluster)

    def check(self, cluster: Cluster) -> str:
        """As `probe`, but for sure.

        A client that cannot be known by its sign is told already that it may submit: its jobs wait
        then, instead of itself. Only to that nobody else says yes.
        """
        computation = computation_of(cluster)
        if knows_sign(computation):
            return self.probe(cluster)
        return self._try_to_tell(cluster, computation)

    # -- effects ------------------------------------------------------------------------------

    def _result(self, effect: effects.SendResult) -> None:
        job, mailbox, size = effect.job, self._mailbox(effect.job.cluster), 0
        message = message_of(job)
        message.release()
        message.recharge(size_of(job.reply) if job.reply else JOB)
        if job.reply is not None and not message.told:
            self._tell_running(job)  # clients count on it, even if it ended at once

        def payload() -> bytes | None:
            nonlocal size
            data = templates.job_reply(self.reply(job)) if job.state is State.DONE else None
            size = len(data or b"")
            return data

        mailbox.put(Letter(payload, lambda: self.taken(job, size)), job.uid)

    def _provisional(self, effect: effects.SendProvisional) -> None:
        job, payload = effect.job, build("JOB_REPLY", effect.reply)
        if job.node is not None:
            job.cluster.received(job.node, len(payload))
        mailbox, account = self._mailbox(job.cluster), computation_of(job.cluster).account
        if account is not None:
            account.add(0, len(payload))

        def done() -> None:
            if account is not None:
                account.add(0, -len(payload))

        def once() -> bytes | None:
            if not mailbox.final_only:
                return payload
            done()
            return None

        mailbox.put(Letter(once, done), job.uid)

    def _started(self, effect: effects.TellStarted) -> None:
        message_of(effect.job).told = True
        self._tell_running(effect.job)

    def _tell_running(self, job: Job) -> None:
        def payload() -> bytes | None:
            if job.state not in (State.RUNNING, State.DONE) or job.last is None:
                return None  # it waits again, or the client knows how it ended
            began = job.started_at or (job.reply.start_time if job.reply else 0.0)
            return templates.job_status(job.uid, job.last.address, message_of(job).hash, began)

        self._mailbox(job.cluster).put(Letter(payload), job.uid)

    def _node(self, effect: effects.TellNode) -> None:
        if effect.what == "cpus" and _speaks_old(effect.cluster):
            return  # its client would not understand
        if effect.what == "initialized":
            size = _set_up_size(effect.cluster, effect.node)
            effect.cluster.sent(effect.node, size)
        payload = build("NODE_STATUS", self._node_status(effect))
        self._mailbox(effect.cluster).put(Letter(lambda: payload))

    def _tell_available(self, cluster: Cluster, node: Node) -> None:
        lease = cluster.leases.get(node.address)
        if lease is not None and lease.known and cluster.state is ClusterState.ACTIVE:
            lease.told_at = self._exchange.now()
            self._node(effects.TellNode(cluster, node, "available"))

    def _scheduled(self, effect: effects.TellScheduled) -> None:
        self._greenlets.spawn(f"scheduled {effect.cluster.label}", self._tell, effect.cluster)

    def _tell(self, cluster: Cluster) -> None:
        """Tell the client that it may submit.

        If it cannot be told it counts as gone, unless it was told before to wait: then it does.
        """
        computation = computation_of(cluster)
        scheduler = self._exchange.scheduler
        problem = self._try_to_tell(cluster, computation)
        computation.reachable = not problem
        if not problem:
            self._exchange.tell(scheduler.cluster_started, cluster)
        else:
            level = logging.DEBUG if cluster.absences else logging.WARNING
            log.log(level, "%s: %s", cluster.label, problem, extra=about(cluster))
            if computation.waits:
                self._exchange.tell(scheduler.cluster_absent, cluster, problem)
            else:
                self._exchange.tell(lambda now: scheduler.cluster_closed(cluster, now, problem))
        computation.told.set()

    def _try_to_tell(self, cluster: Cluster, computation: Computation) -> str:
        interval = self._exchange.scheduler.pulse_interval
        payload = build("SCHEDULED", {"compute_id": cluster.id, "pulse_interval": interval})
        timeout = min(self._caller.timeout, SCHEDULED_TIMEOUT)
        problem = ""
        for pause in SCHEDULED_PAUSES:
            gevent.sleep(pause)
            try:
                if self._knows(computation.reply_to, payload, timeout):
                    return ""
                problem = _taken(cluster)
            except (OSError, PeerError) as error:
                problem = _unreachable(cluster, error)
        return problem

    def _knows(self, address: Address, payload: bytes, timeout: float) -> bool:
        """Whether that client takes the message. Raises OSError and PeerError.

        One that does not know the computation says ACK as well, but NAK after that.
        """
        with self._caller.connect(address, timeout) as channel:
            channel.send(payload)
            if channel.receive(_SMALL) != ACK:
                return False
            try:
                channel.receive(_SMALL)
            except OSError:
                return True  # closed, as it should be
            return False

    def _forget(self, effect: effects.Forget) -> None:
        mailbox = self._mailboxes.pop(effect.cluster.id, None)
        if mailbox is not None:
            mailbox.close()
        computation = computation_of(effect.cluster)
        computation.told.set()
        removal = gevent.get_hub().threadpool.spawn(computation.spool.remove)
        self._removals.add(removal)
        removal.rawlink(self._removals.discard)

    # -- within -------------------------------------------------------------------------------

    def _mailbox(self, cluster: Cluster) -> Mailbox:
        mailbox = self._mailboxes.get(cluster.id)
        if mailbox is None:
            address = computation_of(cluster).reply_to
            mailbox = Mailbox(address, self._caller, self._greenlets)
            self._mailboxes[cluster.id] = mailbox
        return mailbox

    def taken(self, job: Job, size: int) -> None:
        """The client has the job's result, a message of so many bytes."""
        if job.state is not State.DONE:
            return
        message_of(job).discharge()
        scheduler, node, reply = self._exchange.scheduler, job.last, job.reply
        scheduler.client_heard(job.cluster, self._exchange.now())
        self._exchange.tell(scheduler.delivered, job.uid)
        if node is not None and reply is not None:
            tally = job.cluster.tally(node)
            tally.jobs_done += 1
            tally.cpu_time += reply.end_time - reply.start_time
            job.cluster.received(node, size)
            self._news.changed(job.cluster, node)

    def reply(self, job: Job) -> JobReply:
        """How the job ended, in the node's words where it has spoken.

        One that was cancelled while it ran is Terminated: a client that is told Cancelled believes
        that it never ran, and counts the CPU as busy for ever.
        """
        status = STATUS[job.end] if job.end else records.ABANDONED
        node = job.last
        reply: JobReply | None = job.reply
        if reply is not None and job.end is End.CANCELLED:
            status = records.TERMINATED
        if reply is not None and job.reason:
            reply.exception = reply.exception or job.reason or None
        if reply is None:
            reply = JobReply(
                uid=job.uid,
                hash=message_of(job).hash,
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
        tally = cluster.tally(node)
        body: dict[str, object] = {
            "compute_id": cluster.id,
            "ip_addr": node.address,
            "auth": computation_of(cluster).client_auth,
        }
        if effect.what == "initialized":
            # Clients may send files straight to a node, and need its code for that.
            code = self._identity.node_code(node.identity)
            body |= {"status": records.NODE_INITIALIZED, "node_auth": code, "node_port": node.port}
            return body | {"dispy_node": _dispy_node(node, tally, self._exchange.now())}
        if effect.what == "cpus":
            return body | {"status": "node_cpus", "node_cpus": node.cpus}
        body |= {"tx": tally.sent, "rx": tally.received}
        if effect.what == "closed":
            return body | {"status": records.NODE_CLOSED}
        return body | {"status": records.NODE_AVAIL_INFO, "avail_info": _avail(node.avail)}


def _speaks_old(cluster: Cluster) -> bool:
    return computation_of(cluster).record.dialect is Dialect.OLD


def _port_keyword(cluster: Cluster) -> str:
    """What a user gives to choose where a client listens."""
    return "port" if _speaks_old(cluster) else "client_port"


def _unreachable(cluster: Cluster, error: Exception) -> str:
    host, port = computation_of(cluster).reply_to
    return (
        f"its client cannot be reached at {host}:{port} ({error}); "
        f"{_port_keyword(cluster)}= of SharedJobCluster must be free there and open to this host"
    )


def _taken(cluster: Cluster) -> str:
    """Clients do not notice that they could not bind their port."""
    host, port = computation_of(cluster).reply_to
    return (
        f"at {host}:{port} another program answers in place of its client; "
        f"each client on a host needs a {_port_keyword(cluster)}= of SharedJobCluster of its own"
    )


def _set_up_size(cluster: Cluster, node: Node) -> int:
    """Bytes of the files that the node was set up with."""
    computation, lease = computation_of(cluster), cluster.leases.get(node.address)
    wanted = [*computation.record.xfer_files, *(lease.allocation.files if lease else ())]
    files = [computation.spool.find(one) for one in wanted]
    return sum(file.size for file in files if file is not None)


def _dispy_node(node: Node, tally: Tally, now: float) -> DispyNode:
    return DispyNode(
        ip_addr=node.address,
        name=node.name,
        cpus=node.cpus,
        avail_cpus=node.total,
        jobs_done=tally.jobs_done,
        cpu_time=tally.cpu_time,
        tx=tally.sent,
        rx=tally.received,
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
