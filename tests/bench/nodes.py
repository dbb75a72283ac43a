"""Fake nodes: each at an address of its own, all in this process, behind one listening socket."""

import random
import time
from collections.abc import Callable, Iterable

from bench import messages
from bench.loop import CODE_SIZE, Link, Loop, call, serve
from bench.messages import ACK, HASH, UID, ReplyTemplate, frame
from bench.pickles import dumps, loads

SIGN = "%040x"


class Node:
    """One node. Runs as many jobs as it is sent."""

    def __init__(self, number_: int, cpus: int, port: int) -> None:
        self.address = f"127.{1 + number_ // 62500}.{number_ // 250 % 250}.{2 + number_ % 250}"
        self.name, self.cpus, self.port = f"n{number_}", cpus, port
        self.sign = SIGN % (number_ + 1)
        self.computations: set[object] = set()
        self.busy = 0
        self.pulse_interval = 0.0
        self.template = ReplyTemplate(self.address, time.time())

    def reply(self, uid: bytes, hash_: bytes) -> bytes:
        """The message that says that the job has ended."""
        return self.template.fill(uid, hash_)


class Nodes:
    """All nodes. `hold`: jobs go on until `release` is called; else they end at once."""

    def __init__(self, loop: Loop, scheduler: tuple[str, int], port: int) -> None:
        self._loop = loop
        self._scheduler = scheduler
        self._port = port
        self.by_address: dict[str, Node] = {}
        self.sign = ""  # the scheduler's, as it tells it to nodes
        self.hold = False
        self.held: list[tuple[Node, bytes, bytes]] = []
        self.ready = 0  # set-ups of a computation at a node
        self.known: set[str] = set()  # addresses of nodes that were given a computation
        self.started = 0
        self.hashes = 0  # how often each job has its own hash in its message; 0: not looked at
        self.wrong = 0  # jobs that have not
        self.failed_replies = 0
        self.file_bytes = 0
        self._file_ends: dict[Link, list[int]] = {}
        self._server = serve(loop, port, self._serve, CODE_SIZE)

    # -- what nodes do by themselves ----------------------------------------------------------

    def add(self, count: int, cpus: int) -> list[Node]:
        """More nodes."""
        start = len(self.by_address)
        made = [Node(one, cpus, self._port) for one in range(start, start + count)]
        self.by_address |= {node.address: node for node in made}
        return made

    def look(self, node: Node) -> None:
        """The node looks for the scheduler, which answers with a ping that bears its sign."""
        call(self._loop, self._scheduler, messages.node_ping(node, self._scheduler[0]), _nothing)

    def announce(self, nodes: Iterable[Node], ended: Callable[[str], None] | None = None) -> None:
        """Tell the scheduler that they are free. `ended` gets how each conversation ended."""
        auth = messages.code("", self.sign)
        for node in nodes:
            data = messages.pong(node, auth, self._scheduler[0])
            lost = (lambda _, reason: ended(reason)) if ended else None
            call(self._loop, self._scheduler, data, _nothing, lost)

    def release(self, count: int | None = None) -> None:
        """End the jobs that are held, or some of them."""
        jobs, self.held = self.held[:count], self.held[count:] if count is not None else []
        for job in jobs:
            self._finish(*job)

    def _finish(self, node: Node, uid: bytes, hash_: bytes) -> None:
        node.busy -= 1
        call(self._loop, self._scheduler, node.reply(uid, hash_), _close, self._reply_failed)

    def _reply_failed(self, link: Link, reason: str) -> None:
        self.failed_replies += 1

    def _pulse(self, node: Node) -> None:
        data = messages.node_pulse(node.address, node.port, node.busy, self._scheduler[0])
        call(self._loop, self._scheduler, data, _close)
        self._loop.later(node.pulse_interval, lambda: self._pulse(node))

    # -- what the scheduler asks for ----------------------------------------------------------

    def _serve(self, link: Link, payload: bytes) -> None:
        if payload.startswith(b"JOB:"):
            self._job(link, payload)
            return
        tag, _, data = payload.partition(b":")
        answer = getattr(self, f"_{tag.decode().lower()}", None)
        reply = answer(link, data) if answer else b""
        if reply is None:
            return
        if reply:
            link.send(frame(reply))
        link.close()

    def _job(self, link: Link, payload: bytes) -> None:
        uid, hash_ = UID.search(payload), HASH.search(payload)
        assert uid and hash_, payload
        if self.hashes and payload.count(hash_[1]) != self.hashes:
            self.wrong += 1
        node = self.by_address[link.local]
        link.send(ACK)
        link.close()
        node.busy += 1
        self.started += 1
        if self.hold:
            self.held.append((node, uid[1], hash_[1]))
        else:
            self._finish(node, uid[1], hash_[1])

    def _ping(self, link: Link, data: bytes) -> bytes:
        self.sign = loads(data)["sign"]
        return b""

    def _compute(self, link: Link, data: bytes) -> bytes:
        record, node = loads(data), self.by_address[link.local]
        self.known.add(node.address)
        if record["id"] in node.computations:
            return dumps(0)
        node.computations.add(record["id"])
        if not node.pulse_interval and record["pulse_interval"]:
            node.pulse_interval = record["pulse_interval"]
            self._loop.later(node.pulse_interval * random.random(), lambda: self._pulse(node))
        return dumps(node.cpus)

    def _setup(self, link: Link, data: bytes) -> bytes:
        self.ready += 1
        return b"ACK"

    def _close(self, link: Link, data: bytes) -> bytes:
        self.by_address[link.local].computations.discard(loads(data)["compute_id"])
        return b"ACK"

    def _jobs(self, link: Link, data: bytes) -> bytes:
        """Uids of jobs at the node, whatever computation they belong to."""
        here = self.by_address[link.local]
        return dumps([_value(uid) for node, uid, _ in self.held if node is here])

    def _node_info(self, link: Link, data: bytes) -> bytes:
        return self.by_address[link.local].sign.encode()

    def _filexfer(self, link: Link, data: bytes) -> None:
        """A file: a number in front of each chunk and after the last."""
        size = loads(data)["stat_buf"].st_size
        self._file_ends[link] = [0, size, min(size, messages.CHUNK)]
        link.send(frame(dumps(0)))
        link.take_over(self._piece)
        if not size:
            link.close()

    def _piece(self, link: Link, data: bytes) -> None:
        state = self._file_ends[link]
        state[0] += len(data)
        self.file_bytes += len(data)
        if state[0] >= state[2]:
            link.send(frame(dumps(state[0])))
            state[2] = min(state[1], state[0] + messages.CHUNK)
            if state[0] >= state[1]:
                del self._file_ends[link]
                link.close()

    def close(self) -> None:
        """Listen no more."""
        self._loop.forget(self._server.fileno())
        self._server.close()


def _value(uid: bytes) -> object:
    return loads(b"\x80\x04" + uid + b".")


def _close(link: Link, payload: bytes) -> None:
    link.close()


def _nothing(link: Link, payload: bytes) -> None:
    """A reply that does not matter."""
