"""Many fake nodes and clients in one process, which cut and delay what is said, at random.

They say what dispy's say (tests/bench), keep to what dispy's keep to, and count: how often each
job was started, and what became of it. A job is known by its hash.
"""

import re
from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any

from bench import messages
from bench.loop import CODE_SIZE, Link, Loop, call, serve
from bench.messages import ACK, HASH, UID, JobTemplate, ReplyTemplate, frame
from bench.pickles import dumps, loads

NAK = frame(b"NAK")
STRANGER = b"c" * 40
PULSE = 1.0  # seconds between those of nodes, and between tries to deliver a result
RESTART = 1.5  # seconds; no dispynode is there again faster, and gsched knows that
AGAIN = 0.1  # seconds until what was refused is tried again
CUT, DELAY = 0.02, 0.02  # how many connections
LONGEST_DELAY = 0.5  # seconds
LONGEST_JOB = 0.05  # seconds
_STATUS = re.compile(rb"\x06status(?:\x94|q.)?K(.)", re.S)


class Crowd:
    """All of them. `scheduler` is where it is, at three ports from `base` on."""

    def __init__(self, scheduler: str, base: int, client_port: int, dice: Random) -> None:
        self.host, self.dice, self.loop = scheduler, dice, Loop()
        self.for_nodes, self.for_clients = (scheduler, base), (scheduler, base + 2)
        self.node_port, self.client_port = base + 1, client_port
        self.nodes: dict[str, Node] = {}
        self.clients: dict[int, Client] = {}
        self.starts: Counter[bytes] = Counter()
        self.cuts = self.repeats = 0
        self.calm = False  # whether no connection is cut any more
        self._servers = [
            serve(self.loop, self.node_port, self._to_node, CODE_SIZE),
            serve(self.loop, client_port, self._to_client, 0),
        ]

    def close(self) -> None:
        """Listen no more."""
        for server in self._servers:
            self.loop.forget(server.fileno())
            server.close()
        self.loop.close()

    def add_node(self, address: str, cpus: int) -> "Node":
        """One that looks for the scheduler."""
        node = self.nodes[address] = Node(self, address, cpus)
        node.look()
        node.beat()
        return node

    def cuts_here(self) -> bool:
        """Whether this connection breaks now."""
        cut = not self.calm and self.dice.random() < CUT
        self.cuts += cut
        return cut

    def soon(self, action: Callable[[], None]) -> None:
        """Do that, as a rule at once."""
        if self.dice.random() < DELAY:
            self.loop.later(self.dice.uniform(0, LONGEST_DELAY), action)
        else:
            action()

    def _to_node(self, link: Link, payload: bytes) -> None:
        self.nodes[link.local].take(link, payload)

    def _to_client(self, link: Link, payload: bytes) -> None:
        tag, _, data = payload.partition(b":")
        if tag == b"SCHEDULED":
            body = loads(data)
            client = self.clients.get(body["compute_id"])
            link.send(ACK if client else ACK + NAK)
            if client is not None:
                client.told(body["pulse_interval"])
        elif tag == b"JOB_REPLY":
            found = HASH.search(payload)
            assert found, payload
            Client.of_job[found[1]].result(link, found[1], payload)
            return
        link.close()


class Node:
    """One that can be restarted."""

    def __init__(self, crowd: Crowd, address: str, cpus: int) -> None:
        self.crowd, self.address, self.cpus = crowd, address, cpus
        self.name, self.port = address, crowd.node_port
        self._begin()

    def restart(self) -> None:
        """It ends, and is there again after a while as another process, which knows nothing."""
        self._begin()
        self.down = True
        self.crowd.loop.later(RESTART, self._begin)

    def _begin(self) -> None:
        self.down = False
        self.sign = f"{self.crowd.dice.getrandbits(160):040x}"
        self.computations: set[object] = set()
        self.jobs: dict[bytes, object] = {}  # that run: ids of their computations by uid
        self.stored: dict[bytes, bytes] = {}  # results that nobody took
        self.template = ReplyTemplate(self.address, 0.0)

    def look(self) -> None:
        """Find the scheduler, if it is free."""
        data = messages.node_ping(self, self.crowd.host)
        call(self.crowd.loop, self.crowd.for_nodes, data, _nothing)

    def beat(self) -> None:
        """Once a second: a sign of life, and what has to be said once more."""
        crowd = self.crowd
        crowd.loop.later(PULSE, self.beat)
        if self.down:
            return
        if not self.computations:
            self.look()
            return
        data = messages.node_pulse(self.address, self.port, len(self.jobs), crowd.host)
        call(crowd.loop, crowd.for_nodes, data, _close)
        self.bring_again()

    def bring_again(self) -> None:
        """Results that nobody took."""
        for uid, hash_ in list(self.stored.items()):
            self._bring(uid, hash_)

    def take(self, link: Link, payload: bytes) -> None:
        """A message of the scheduler's."""
        if self.down or self.crowd.cuts_here():
            link.close()
            return
        if payload.startswith(b"JOB:"):
            self._job(link, payload)
            return
        tag, _, data = payload.partition(b":")
        answer = getattr(self, f"_{tag.decode().lower()}", None)
        reply = answer(data) if answer else b""
        self.crowd.soon(lambda: _finish(link, frame(reply) if reply else b""))

    def _job(self, link: Link, payload: bytes) -> None:
        uid, hash_ = UID.search(payload), HASH.search(payload)
        assert uid and hash_, payload
        computation = loads(payload[4:])["compute_id"]
        if computation not in self.computations:
            _finish(link, frame(b"Invalid job (KeyError)"))
        elif len(self.jobs) >= self.cpus:
            _finish(link, frame(b"All CPUs busy!"))
        else:
            self.jobs[uid[1]] = computation
            self._start(uid[1], hash_[1])
            lost = self.crowd.cuts_here()
            self.crowd.soon(lambda: _finish(link, b"" if lost else ACK))

    def _start(self, uid: bytes, hash_: bytes) -> None:
        self.crowd.starts[hash_] += 1
        sign, length = self.sign, self.crowd.dice.uniform(0, LONGEST_JOB)
        self.crowd.loop.later(length, lambda: self._end(sign, uid, hash_))

    def _end(self, sign: str, uid: bytes, hash_: bytes) -> None:
        if sign == self.sign:  # else the job has died with its node
            del self.jobs[uid]
            self.stored[uid] = hash_
            self._bring(uid, hash_)

    def _bring(self, uid: bytes, hash_: bytes) -> None:
        stored = self.stored

        def taken(link: Link, payload: bytes) -> None:
            link.close()
            if payload == b"ACK":
                stored.pop(uid, None)

        data = self.template.fill(uid, hash_)
        link = call(self.crowd.loop, self.crowd.for_nodes, data, taken)
        if self.crowd.cuts_here():
            link.close()

    # -- what the scheduler asks for ----------------------------------------------------------

    def _ping(self, data: bytes) -> bytes:
        if not self.computations:
            pong = messages.pong(self, messages.code("", loads(data)["sign"]), self.crowd.host)
            call(self.crowd.loop, self.crowd.for_nodes, pong, _nothing)
        return b""

    def _compute(self, data: bytes) -> bytes:
        id_ = loads(data)["id"]
        there = id_ in self.computations
        self.computations.add(id_)
        return dumps(0 if there else self.cpus)

    def _setup(self, data: bytes) -> bytes:
        return b"ACK" if self.computations else b"invalid computation"

    def _close(self, data: bytes) -> bytes:
        self.computations.discard(loads(data)["compute_id"])
        return b"ACK"

    def _jobs(self, data: bytes) -> bytes:
        wanted = loads(data)["compute_id"]
        return dumps([_value(uid) for uid, one in self.jobs.items() if one == wanted])

    def _pending_jobs(self, data: bytes) -> bytes:
        wanted = loads(data)["compute_id"]
        return dumps({"done": [], "pending": [*self.jobs.values()].count(wanted)})

    def _resend_job_results(self, data: bytes) -> bytes:
        self.crowd.loop.later(0.0, self.bring_again)
        return dumps(len(self.stored) + len(self.jobs))

    def _retrieve_job(self, data: bytes) -> bytes:
        return dumps(None)

    def _node_info(self, data: bytes) -> bytes:
        return self.sign.encode()


class Client:
    """One cluster, whose jobs come as long as `wanted` says."""

    of_job: dict[bytes, "Client"] = {}

    def __init__(self, crowd: Crowd, reentrant: bool, window: int) -> None:
        self.crowd, self.reentrant, self.window = crowd, reentrant, window
        self.wanted, self.away = True, False
        self.id, self.code, self._auth = 0, b"", f"{crowd.dice.getrandbits(160):040x}"
        self.ready = False
        self.finals: dict[bytes, int | None] = {}  # of jobs that have a uid: status of the end
        self.others: list[tuple[int, int]] = []  # ends that were told in two ways
        self._offered: set[bytes] = set()  # jobs that have none yet
        self._connect()

    @property
    def open_jobs(self) -> int:
        """That have a uid, and no answer."""
        return sum(end is None for end in self.finals.values())

    # -- coming in ----------------------------------------------------------------------------

    def _connect(self) -> None:
        data = STRANGER + messages.client(self.crowd.host, self.crowd.host)
        self._ask(data, self._introduced)

    def _introduced(self, reply: bytes) -> None:
        self.code = messages.code("", loads(reply)["sign"])
        crowd, hosts = self.crowd, ["*"]
        data = messages.compute(
            crowd.host, crowd.client_port, self._auth, [], hosts, reentrant=self.reentrant
        )
        self._ask(self.code + data, self._opened)

    def _opened(self, reply: bytes) -> None:
        answer = loads(reply)
        self.id, self._auth = answer["compute_id"], answer["auth"]
        self.crowd.clients[self.id] = self
        self._job = JobTemplate(self.id, self._auth, (self.reentrant,))
        self._ask(self.code + messages.schedule(self.id, self._auth), lambda _: None)

    def told(self, interval: float) -> None:
        """It may submit."""
        if not self.ready:
            self.ready = True
            self._pulse(interval)
            self.submit()

    def leave(self) -> None:
        """It is over."""
        self._ask(self.code + messages.close(self.id, self._auth), lambda _: None)

    def _pulse(self, interval: float) -> None:
        data = self.code + messages.client_pulse(self.crowd.host, self.crowd.client_port)
        call(self.crowd.loop, self.crowd.for_clients, data, _close)
        self.crowd.loop.later(interval, lambda: self._pulse(interval))

    def _ask(self, data: bytes, then: Callable[[bytes], None]) -> None:
        def answered(link: Link, payload: bytes) -> None:
            link.close()
            then(payload)

        call(self.crowd.loop, self.crowd.for_clients, data, answered)

    # -- jobs ---------------------------------------------------------------------------------

    def submit(self) -> None:
        """As many more as there is room for."""
        room = self.window - self.open_jobs - len(self._offered) if self.wanted else 0
        for _ in range(room):  # where nobody listens, each comes back at once
            self._offer(b"%020x" % self.crowd.dice.getrandbits(80))

    def _offer(self, hash_: bytes) -> None:
        self._offered.add(hash_)
        Client.of_job[hash_] = self

        def confirm(link: Link, payload: bytes) -> None:
            if not _is_number(payload):
                lost(link, "refused")
                return
            self._offered.discard(hash_)
            self.finals[hash_] = None
            link.send(ACK)
            link.close()
            self.submit()

        def lost(link: Link, _reason: str) -> None:
            link.close()
            self._offered.discard(hash_)
            self.crowd.loop.later(AGAIN, self.submit)

        data = self.code + self._job.fill(hash_)
        call(self.crowd.loop, self.crowd.for_clients, data, confirm, lost)

    def result(self, link: Link, hash_: bytes, payload: bytes) -> None:
        """A job has ended: it is known, and not known to have ended, or the answer is NAK."""
        if self.away or self.crowd.cuts_here():
            link.close()
            return
        status = _STATUS.search(payload)
        assert status, payload
        end, known = status[1][0], self.finals.get(hash_)
        if hash_ not in self.finals or known is not None:
            self.crowd.repeats += 1
            self.others += [(known, end)] if known not in (None, end) else []
            _finish(link, NAK)
            return
        self.finals[hash_] = end
        lost = self.crowd.cuts_here()
        self.crowd.soon(lambda: _finish(link, b"" if lost else ACK))
        self.submit()


def _is_number(payload: bytes) -> bool:
    """A job that is refused gets None, or what no pickle is, so that the client shows its text."""
    try:
        return isinstance(loads(payload), int)
    except ValueError:
        return False


def _value(uid: bytes) -> object:
    return loads(b"\x80\x04" + uid + b".")


def _finish(link: Link, data: bytes) -> None:
    """Say that, and nothing more."""
    if not link.closed and data:
        link.send(data)
    link.close()


def _close(link: Link, payload: bytes) -> None:
    link.close()


def _nothing(link: Link, payload: bytes) -> Any:
    """A reply that does not matter."""
