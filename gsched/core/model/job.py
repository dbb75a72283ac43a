"""A job: its states, the one table of its transitions, and its story.

            accepted          chosen           started
OFFERED ------------> QUEUED ---------> SENDING -------> RUNNING
   |                   |  ^               |  |              |  |
   | withdrawn  closed |  +-- refused ----+  |   finished,  |  |
   v         cancelled |  +-- requeued ------+--- lost -----+  |
  GONE                 v  (back to QUEUED, at the front)       |
                     DONE <------------------------------------+
                       | delivered, dropped
                       v
                     GONE
"""

from collections.abc import Iterator
from enum import Enum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gsched.core.model.cluster import Cluster
    from gsched.core.model.node import Loss, Node


class State(Enum):
    """Where a job stands."""

    __hash__ = object.__hash__  # Enum has a slower one, of its own making

    OFFERED = "offered"  # the client was told a uid and has not confirmed it
    QUEUED = "queued"  # waits for a node
    SENDING = "sending"  # on its way to a node that has not confirmed it
    RUNNING = "running"  # at a node
    DONE = "done"  # ended; what became of it is kept until the client has it
    GONE = "gone"  # nothing is owed to anybody


# By themselves: to look a member up in its class takes ten times as long.
OFFERED, QUEUED, SENDING = State.OFFERED, State.QUEUED, State.SENDING
RUNNING, DONE, GONE = State.RUNNING, State.DONE, State.GONE


class Event(Enum):
    """What can happen to a job."""

    __hash__ = object.__hash__  # Enum has a slower one, of its own making

    ACCEPTED = "accepted"
    WITHDRAWN = "withdrawn"
    CHOSEN = "chosen"
    STARTED = "started"
    REFUSED = "refused"
    REQUEUED = "requeued"
    ENDED = "ended"
    DELIVERED = "delivered"
    DROPPED = "dropped"


class End(Enum):
    """How a job ended."""

    __hash__ = object.__hash__  # Enum has a slower one, of its own making

    FINISHED = "finished"  # its code returned
    TERMINATED = "terminated"  # its code raised, or it was stopped
    CANCELLED = "cancelled"  # its client took it back
    ABANDONED = "abandoned"  # it was lost and may not, or cannot, run again


class Limit(Enum):
    """Of the time that a job may run."""

    __hash__ = object.__hash__  # Enum has a slower one, of its own making

    SOFT = "soft_time_limit"  # told to people
    HARD = "hard_time_limit"  # then it is stopped


OVERTIME = "over time"  # in a job's story, when it has run for longer than a limit
CANCELLING = "cancel asked"  # in a job's story, when it has to be stopped at its node first

TRANSITIONS: dict[tuple[State, Event], State] = {
    (State.OFFERED, Event.ACCEPTED): State.QUEUED,
    (State.OFFERED, Event.WITHDRAWN): State.GONE,
    (State.QUEUED, Event.CHOSEN): State.SENDING,
    (State.QUEUED, Event.ENDED): State.DONE,
    (State.SENDING, Event.STARTED): State.RUNNING,
    (State.SENDING, Event.REFUSED): State.QUEUED,
    (State.SENDING, Event.REQUEUED): State.QUEUED,
    (State.SENDING, Event.ENDED): State.DONE,  # a short job's result overtakes its confirmation
    (State.RUNNING, Event.REQUEUED): State.QUEUED,
    (State.RUNNING, Event.ENDED): State.DONE,
    (State.DONE, Event.DELIVERED): State.GONE,
    (State.DONE, Event.DROPPED): State.GONE,
}

_WAYS = {
    event: {before: after for (before, on), after in TRANSITIONS.items() if on is event}
    for event in Event
}


class Impossible(Exception):
    """A bug of ours: an event that cannot happen in the job's state. Carries its story."""


class Job:
    """One call of a client's function or program."""

    __slots__ = (
        "broken",
        "cancelling",
        "cluster",
        "cpus",
        "end",
        "lane",
        "last",
        "leaving",
        "losses",
        "message",
        "node",
        "over",
        "pinned",
        "reason",
        "refusals",
        "reply",
        "reruns",
        "seq",
        "started_at",
        "state",
        "story",
        "tries",
        "uid",
    )

    def __init__(self, uid: int, cluster: "Cluster", pinned: "Node | None", message: Any) -> None:
        self.uid = uid  # never used again, not even after a restart
        self.cluster = cluster
        self.pinned = pinned  # the only node that may run it
        self.message = message  # what the node is sent; opaque here, None once it is of no use
        self.state = OFFERED
        self.seq = 0  # place in the order of submission, kept for life
        self.node: Node | None = None  # while SENDING or RUNNING
        self.cpus = 1  # that it has at its node
        self.lane = 0  # which of its node's CPUs it has, from 0; chosen anew for each node
        self.last: Node | None = None  # the one it was sent to last
        self.losses: tuple[Loss, ...] = ()  # of nodes on which it was, without a goodbye
        self.tries = 0  # how often it was sent to a node
        self.leaving = False  # this time the node may have it, or get it any moment
        self.refusals = 0  # how often nodes refused it for a reason of its own
        self.reruns = 0  # how often it ran again, after its node or its time was over
        self.over: Limit | None = None  # the last limit that it has come to at its node
        self.broken = False  # a node has failed to run it, by a fault of its own
        self.started_at = 0.0
        self.cancelling = False  # its client took it back while it was at a node
        self.end: End | None = None  # from DONE on
        self.reason = ""  # why it ended, where its own code did not end it
        self.reply: Any = None  # the node's own words, from DONE on; opaque here
        self.story: tuple[Any, ...] = ()  # when, event, note, when, event, note ...

    @property
    def next_limit(self) -> Limit | None:
        """The limit that it comes to next, where it runs."""
        rule = self.cluster.rule
        if self.over is None and rule.soft_time_limit is not None:
            return Limit.SOFT
        if rule.hard_time_limit is not None and self.over is not Limit.HARD:
            return Limit.HARD
        return None

    @property
    def deadline(self) -> tuple[float, int] | None:
        """When it comes to its next limit, and its uid; None: never."""
        limit = self.next_limit if self.state is RUNNING else None
        if limit is None:
            return None
        seconds: float = getattr(self.cluster.rule, limit.value)
        return self.started_at + seconds, self.uid

    @property
    def stopping(self) -> bool:
        """Whether its node is to stop it."""
        return self.cancelling or self.over is Limit.HARD

    def move(self, event: Event, now: float, note: str = "") -> None:
        """Go through the table. Raises Impossible, with the story, where it has no way."""
        after = _WAYS[event].get(self.state)
        self.story += (now, event._value_, note)  # `value` is a call, of Enum's own making
        if after is None:
            raise Impossible(f"{event.value} in state {self.state.value}: {self.tell()}")
        self.state = after

    def repeat(self, what: str, now: float) -> None:
        """What happens in a row is told once, with the number: else stories have no bounds."""
        times = 1
        if self.story and self.story[-2] == what:
            times = 1 + int(self.story[-1] or 1)
            self.story = self.story[:-3]
        self.story += (now, what, str(times) if times > 1 else "")

    def events(self) -> Iterator[tuple[float, str, str]]:
        """What happened so far: when, what, more about it."""
        return zip(self.story[::3], self.story[1::3], self.story[2::3], strict=True)

    def tell(self) -> str:
        """The story in one line, times in seconds after the first event."""
        begin = self.story[0] if self.story else 0.0
        steps = (
            f"+{when - begin:.3f} {what}{f' ({note})' if note else ''}"
            for when, what, note in self.events()
        )
        return f"job {self.uid} of {self.cluster.label}: " + ", ".join(steps)
