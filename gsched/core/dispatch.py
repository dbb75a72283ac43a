"""Jobs on their way: from the client's word to the end that the client is told."""

from enum import Enum
from typing import Any

from gsched.core.book import ERROR, INFO, WARNING, Book
from gsched.core.effects import (
    Remember,
    SendJob,
    SendProvisional,
    SendResult,
    TellStarted,
    TerminateJob,
)
from gsched.core.model.cluster import Cluster, ClusterState
from gsched.core.model.job import CANCELLING, OFFERED, QUEUED, RUNNING, SENDING, End, Event, Job
from gsched.core.model.node import Node
from gsched.core.model.queue import JobQueue

MAX_REFUSALS = 10  # of one job, for reasons that lie in the job; then it is given up
MAX_LOSSES = 3  # of nodes while they had the job; then it is given up, unless its rule says else
RERUNS = 2  # of a job whose time was over, unless its rule says else
FIRST_HOLD, LONGEST_HOLD = 0.5, 30.0  # seconds without new jobs after a refusal, doubling

AT_NODE = (SENDING, RUNNING)

CLOSING = ClusterState.CLOSING  # by itself: see job.py


class Refusal(Enum):
    """Why a node did not take a job. In each case the job did not start."""

    BUSY = "no CPU free"
    UNKNOWN = "computation not there"
    REJECTED = "job rejected"
    UNFIT = "job not for this node"
    UNREACHABLE = "node unreachable"
    UNREADABLE = "a file is not to be read here"


_BY_THE_JOB = (Refusal.REJECTED, Refusal.UNFIT, Refusal.UNREADABLE)


class Dispatch:
    """Events of single jobs. See job.py for the states."""

    def __init__(self, book: Book) -> None:
        self._book = book

    # -- from the client ----------------------------------------------------------------------

    def offer(self, cluster: Cluster, pinned: Node | None, message: Any, now: float) -> Job:
        """A new job with a uid of its own, to be confirmed by its client."""
        book = self._book
        job = Job(book.next_id(), cluster, pinned, message)
        job.seq = book.next_place()
        cluster.offered += 1
        book.jobs[job.uid] = cluster.jobs[job.uid] = job
        job.story = (now, "offered", "")
        book.keep(job)
        return job

    def accepted(self, job: Job, now: float) -> None:
        """The client confirmed: from here on the job must end in an answer."""
        cluster = job.cluster
        job.move(Event.ACCEPTED, now)
        cluster.offered -= 1
        cluster.waiting += 1
        self._book.submitted += 1
        if job.cancelling:
            self.end(job, End.CANCELLED, now, reason=job.reason)
        elif self._is_over(cluster):
            self.end(job, End.TERMINATED, now, reason=self._why_over(job, "computation closed"))
        else:
            self.queue(job).add(job)
            self._book.ready.queued(job)

    def withdrawn(self, job: Job, now: float, reason: str) -> None:
        """The client did not confirm, so it does not know the job."""
        job.move(Event.WITHDRAWN, now, reason)
        job.cluster.offered -= 1
        self._forget(job)

    def cancel(self, job: Job, now: float, reason: str = "") -> None:
        """The client takes the job back, wherever it is; with a reason, somebody else does."""
        if job.state is QUEUED:
            self.end(job, End.CANCELLED, now, reason=reason)
        elif job.state is RUNNING and not job.cancelling and job.node:
            self._book.ask(TerminateJob(job.node, job))
        if not job.cancelling and job.state in (OFFERED, *AT_NODE):
            job.cancelling, job.reason = True, reason
            job.story += (now, CANCELLING, reason)
        self._book.keep(job)

    # -- to and from the nodes ----------------------------------------------------------------

    def assign(self, now: float) -> None:
        """Give out all jobs that can run now."""
        ready = self._book.ready
        while not self._book.suspended and (choice := ready.choose()) is not None:
            self._give(*choice, now)

    def _give(self, node: Node, job: Job, now: float) -> None:
        cluster = job.cluster
        job.move(Event.CHOSEN, now, node.address)
        job.node = job.last = node
        job.tries += 1
        job.leaving = False
        job.cpus = cluster.rule.cpus_per_job
        node.take(job)
        cluster.waiting -= 1
        cluster.running += 1
        cluster.used += job.cpus
        self._charge(cluster, job.cpus, now)
        self._book.ask(SendJob(node, job, job.tries))

    def leaving(self, job: Job) -> None:
        """From now on it is not known whether the node has it."""
        job.leaving = True
        self._book.keep(job)

    def started(self, job: Job, now: float) -> None:
        """The node confirmed that it runs the job."""
        job.move(Event.STARTED, now)
        job.started_at = now
        if (deadline := job.deadline) is not None:
            self._book.deadlines.put(job, deadline)
        self._book.keep(job)
        if (node := job.node) is not None:
            node.failures = node.refusals = 0
            if job.cancelling:
                self._book.ask(TerminateJob(node, job))
        if job.cluster.state is not CLOSING:
            self._book.ask(TellStarted(job))

    def refused(self, job: Job, why: Refusal, reason: str, now: float) -> None:
        """The node did not take the job: it goes back to where it stood in the queue."""
        node = job.node
        if node is not None:
            self._hold(node, why, now)
        job.refusals += why in _BY_THE_JOB
        if job.refusals >= MAX_REFUSALS:
            by = "" if why is Refusal.UNREADABLE else "nodes refused it: "
            self._stop_or(job, End.ABANDONED, now, f"{by}{reason}")
        else:
            self._again(job, Event.REFUSED, now, reason)

    def unreadable(self, job: Job, reason: str, now: float) -> None:
        """It cannot be sent to any node now: it waits, but aside of its queue."""
        if self._returns(job, Event.REFUSED, now, reason):
            self._book.aside[job.uid] = reason
            self._book.report(INFO, f"job {job.uid} is set aside: {reason}", job)

    def spoiled(self, job: Job, reason: str, now: float) -> None:
        """It cannot be sent to any node ever."""
        self._stop_or(job, End.ABANDONED, now, reason)

    def readable(self, job: Job) -> None:
        """It can be sent again."""
        self.queue(job).put_back(job)
        self._book.ready.queued(job)

    def lost(self, job: Job, reason: str, now: float) -> None:
        """The job's node is not there any more, or has no such job."""
        if job.state is SENDING and not job.leaving:
            self._again(job, Event.REFUSED, now, reason)
            return
        ended = [loss.address for loss in job.losses if not loss.survived]
        if len(ended) >= MAX_LOSSES and job.cluster.rule.retries is None:
            why = f"{reason}; it may be what ended node {', '.join(ended)}"
            self._stop_or(job, End.ABANDONED, now, why)
        elif not job.cluster.reentrant or job.pinned:
            why = "pinned to it" if job.pinned else "not reentrant"
            self._stop_or(job, End.ABANDONED, now, f"{reason}, and the job is {why}")
        elif _is_spent(job):
            why = f"rule {job.cluster.rule.name!r} allows {job.cluster.rule.retries} retries"
            self._stop_or(job, End.ABANDONED, now, f"{reason}, and {why}")
        else:
            job.reruns += 1
            self._again(job, Event.REQUEUED, now, reason)

    def missing(self, job: Job, reason: str, now: float) -> None:
        """Its node, which is there, has no such job: it does not go on like that for ever."""
        if job.node is not None and job.state is SENDING:
            self._hold(job.node, Refusal.REJECTED, now)  # else it gets the job at once, for ever
        job.refusals += 1
        if job.refusals >= MAX_REFUSALS:
            self._stop_or(job, End.ABANDONED, now, f"nodes have no trace of it: {reason}")
        else:
            self.lost(job, reason, now)

    def broke(self, job: Job, reply: Any, seconds: float, now: float) -> None:
        """Its node has failed by itself. Once that costs nothing, if the job may run again."""
        again = job.cluster.reentrant and not job.broken and not _is_spent(job)
        if again and not job.stopping:
            job.broken = True
            job.reruns += 1
            self._again(job, Event.REQUEUED, now, "its node failed to run it")
        else:
            self.finished(job, End.TERMINATED, reply, seconds, now)

    def stopped(self, job: Job, reason: str, now: float) -> None:
        """It was stopped at its node, which has not said so: its own word may come too late."""
        self._stop_or(job, End.TERMINATED, now, reason)

    def evicted(self, job: Job, reason: str, now: float) -> None:
        """Its node was closed, and the job is not there any more."""
        if job.cluster.reentrant and not job.pinned:
            self._again(job, Event.REQUEUED, now, reason)
        else:
            self._stop_or(job, End.TERMINATED, now, reason)

    def provisional(self, job: Job, reply: Any, now: float) -> None:
        """A result that is not the last one."""
        job.repeat("provisional", now)
        if job.cluster.state is not CLOSING:
            self._book.ask(SendProvisional(job, reply))

    def finished(self, job: Job, end: End, reply: Any, seconds: float, now: float) -> None:
        """The node's last word on the job, after `seconds` of running."""
        node, cluster = job.node or job.last, job.cluster
        if seconds > cluster.longest:
            cluster.longest = seconds
        if self._book.ledger is not None and cluster.account is not None:
            self._book.ledger.learn(cluster.account, seconds)
        if node is not None:
            node.jobs_done += 1
            node.cpu_time += seconds
        if not job.stopping or end is not End.TERMINATED:
            self.end(job, end, now, reply, "", seconds)
        elif job.cancelling:
            self.end(job, End.CANCELLED, now, reply, job.reason, seconds)
        else:
            self._overran(job, reply, seconds, now)

    def _overran(self, job: Job, reply: Any, seconds: float, now: float) -> None:
        """It was stopped since its time was over."""
        over = self._is_over(job.cluster) or _is_spent(job, RERUNS)
        if job.cluster.reentrant and not over:
            job.reruns += 1
            self._again(job, Event.REQUEUED, now, job.reason)
        else:
            self.end(job, End.TERMINATED, now, reply, job.reason, seconds)

    # -- ends ---------------------------------------------------------------------------------

    def end(
        self,
        job: Job,
        end: End,
        now: float,
        reply: Any = None,
        reason: str = "",
        seconds: float | None = None,
    ) -> None:
        """The job is over, one way or another, after so many `seconds` if its node has said so."""
        book, cluster, node = self._book, job.cluster, job.node
        began = _began(job, now, seconds) if book.remembering else None
        self._leave_place(job, now)
        job.move(Event.ENDED, now, f"{end.value}: {reason}" if reason else end._value_)
        job.end, job.reason, job.reply = end, reason, reply
        book.keep(job)
        cluster.done += 1
        cluster.untaken[job.uid] = job
        book.ends[end] += 1
        book.untaken += 1
        if end is End.ABANDONED:
            book.report(ERROR, job.tell(), job, *[node] if node else ())
        if book.remembering:
            book.ask(Remember(job, job.last, began, seconds))
        if cluster.state is CLOSING:
            self.dropped(job, now, "its client has closed the computation")
        else:
            book.ask(SendResult(job))

    def delivered(self, job: Job, now: float) -> None:
        """The client has the answer."""
        job.move(Event.DELIVERED, now)
        self._book.untaken -= 1
        self._forget(job)

    def dropped(self, job: Job, now: float, reason: str) -> None:
        """Nobody is there to be given the answer."""
        job.move(Event.DROPPED, now, reason)
        self._book.untaken -= 1
        self._forget(job)

    def queue(self, job: Job) -> JobQueue:
        """Where it waits."""
        if job.pinned is None:
            return job.cluster.queue
        return job.pinned.pinned.setdefault(job.cluster, JobQueue())

    # -- within -------------------------------------------------------------------------------

    def _again(self, job: Job, event: Event, now: float, reason: str) -> None:
        if self._returns(job, event, now, reason):
            self._book.report(INFO, f"job {job.uid} waits again: {reason}", job)
            self.queue(job).put_back(job)
            self._book.ready.queued(job)

    def _returns(self, job: Job, event: Event, now: float, reason: str) -> bool:
        """Take it from its node; whether it waits then, since otherwise it is over."""
        if job.cancelling or self._is_over(job.cluster):
            self._stop_or(job, End.TERMINATED, now, reason)
            return False
        self._leave_place(job, now)
        job.move(event, now, reason)
        self._book.keep(job)
        job.cluster.waiting += 1
        return True

    def _stop_or(self, job: Job, end: End, now: float, reason: str) -> None:
        """End a job that will not come back from its node, as its client would have it."""
        if job.cancelling:
            end, reason = End.CANCELLED, job.reason or reason
        elif self._is_over(job.cluster):
            end = End.TERMINATED
        self.end(job, end, now, reason=self._why_over(job, reason))

    def _is_over(self, cluster: Cluster) -> bool:
        stopping = bool(self._book.stopping)
        return stopping or cluster.state is CLOSING or cluster.terminated

    def _why_over(self, job: Job, reason: str) -> str:
        ending = job.cluster.ending
        terminated = str(ending) if job.cluster.terminated and not job.cancelling else ""
        return self._book.stopping or terminated or reason

    def _leave_place(self, job: Job, now: float) -> None:
        """Take the job from its node or its queue."""
        cluster = job.cluster
        if job.state is QUEUED:
            cluster.waiting -= 1
        if job.over is not None:
            cluster.late -= 1
            job.over, job.reason = None, ""
        node, job.node = job.node, None
        if node is not None:
            self._book.deadlines.discard(job)
            node.leave(job)
            full = cluster.full
            cluster.running -= 1
            cluster.used -= job.cpus
            self._charge(cluster, -job.cpus, now)
            self._book.ready.roomier(node)
            if full and not cluster.full:
                self._book.ready.resumed(cluster)

    def _charge(self, cluster: Cluster, cpus: int, now: float) -> None:
        if self._book.ledger is not None and cluster.account is not None:
            self._book.ledger.take(cluster.account, cpus, now)

    def _hold(self, node: Node, why: Refusal, now: float) -> None:
        """No new jobs for some seconds, more with each refusal in a row that may be its fault."""
        if why is Refusal.UNKNOWN:
            return
        node.refusals += why not in (Refusal.UNFIT, Refusal.UNREADABLE)
        doublings = min(max(0, node.refusals - 1), 10)
        node.held_until = now + min(FIRST_HOLD * 2**doublings, LONGEST_HOLD)
        self._book.held.add(node)
        text = f"node {node.address} gets no jobs for a while: {why.value}"
        self._book.report(WARNING, text, node)

    def _forget(self, job: Job) -> None:
        del self._book.jobs[job.uid], job.cluster.jobs[job.uid]
        job.cluster.untaken.pop(job.uid, None)
        self._book.keep(job)
        if job.cluster.state is CLOSING or job.cluster.ending:
            self._book.touched.add(job.cluster)


def _is_spent(job: Job, most: int | None = None) -> bool:
    """Whether it has run again as often as it may; `most`: where its rule does not say it."""
    allowed = job.cluster.rule.retries
    allowed = most if allowed is None else allowed
    return allowed is not None and job.reruns >= allowed


def _began(job: Job, now: float, seconds: float | None) -> float | None:
    """When a job that ends now began to run at its node; None if it is not there."""
    if job.node is None:
        return None
    if seconds is not None:
        submitted: float = job.story[0]
        return max(now - seconds, submitted)
    return job.started_at if job.state is RUNNING else None
