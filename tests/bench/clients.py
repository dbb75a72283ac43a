"""Fake clients: each a cluster of its own, all in this process, behind one listening socket."""

import time
from collections.abc import Callable
from itertools import count
from typing import Any

from bench import messages
from bench.loop import Address, Link, Loop, call, serve
from bench.messages import ACK, CHUNK, HASH, JobTemplate
from bench.pickles import loads

ADDRESS = "127.0.0.1"
AUTH = "%040x"
STRANGER = b"c" * 40  # a client's own code, which says nothing to the scheduler
_numbers = count(1)


class Identity:
    """What the scheduler tells each client of itself."""

    sign = ""

    @property
    def code(self) -> bytes:
        """What opens a client's stream."""
        return messages.code("", self.sign)


class Client:
    """One cluster: comes in, submits jobs and counts what becomes of them."""

    def __init__(self, clients: "Clients", hosts: list[str], files: list[Any], args: Any) -> None:
        self._clients, self._loop, self._scheduler = clients, clients.loop, clients.scheduler
        self._hosts, self._files, self._args = hosts, files, args
        self._auth = AUTH % next(_numbers)
        self.id = 0
        self.scheduled = False
        self.problem = ""
        self.answered = False  # SCHEDULE was acknowledged
        self.mute = False  # it does not confirm results any more
        self.window = self.chains = 1
        self.wanted = self.sent = self.taken = self.refused = self.done = 0
        self._submitting = 0
        self.submit_times: list[float] = []
        self.template: JobTemplate | None = None

    @property
    def open(self) -> bool:
        """Whether it may submit."""
        return self.scheduled and self.answered

    def count_jobs(self, then: Callable[[int], None]) -> None:
        """Ask the scheduler how many jobs it has that have not ended."""

        def counted(reply: bytes) -> None:
            then(loads(reply)["pending"])

        self._ask(messages.pending_jobs(self.id, self._auth), counted)

    # -- coming in ----------------------------------------------------------------------------

    def connect(self) -> None:
        """Introduce itself; the rest follows."""
        data = STRANGER + messages.client(ADDRESS, self._scheduler[0])
        self._call(data, self._introduced, timeout=60.0)

    def _introduced(self, reply: bytes) -> None:
        self._clients.identity.sign = loads(reply)["sign"]
        port, hosts = self._clients.port, self._hosts
        self._ask(messages.compute(ADDRESS, port, self._auth, self._files, hosts), self._opened)

    def _opened(self, reply: bytes) -> None:
        answer = loads(reply)
        if not isinstance(answer, dict):
            self.problem = f"refused: {answer!r}"
            return
        self.id, self._auth = answer["compute_id"], answer["auth"]
        self._clients.by_id[self.id] = self
        self.template = JobTemplate(self.id, self._auth, self._args)
        self._send_files(list(self._files))

    def _send_files(self, files: list[Any]) -> None:
        if not files:
            self._ask(messages.schedule(self.id, self._auth), self._scheduled)
            return
        file = files.pop(0)
        file.fields["compute_id"] = self.id
        size = file["stat_buf"].st_size

        def acknowledged(link: Link, payload: bytes) -> None:
            received = loads(payload)
            if received >= size:
                link.close()
                self._send_files(files)
            elif received < 0:
                self.problem = "file refused"
                link.close()
            else:
                link.send(bytes(min(CHUNK, size - received)))

        data = self._clients.identity.code + messages.message("FILEXFER", file)
        call(self._loop, self._scheduler, data, acknowledged, self._failed, timeout=600.0)

    def _scheduled(self, reply: bytes) -> None:
        self.answered = reply == b"ACK"
        if not self.answered:
            self.problem = f"SCHEDULE: {reply!r}"

    def told(self, interval: float | None) -> None:
        """The scheduler says that the computation has its turn."""
        self.scheduled = True
        if interval:
            self._loop.later(interval, lambda: self._pulse(interval))

    def _pulse(self, interval: float) -> None:
        data = self._clients.identity.code + messages.client_pulse(ADDRESS, self._clients.port)
        call(self._loop, self._scheduler, data, _close)
        self._loop.later(interval, lambda: self._pulse(interval))

    # -- jobs ---------------------------------------------------------------------------------

    def submit(self, jobs: int, window: int, chains: int) -> None:
        """Submit so many more jobs: `window` not answered at a time, `chains` submitted at once."""
        self.wanted += jobs
        self.window, self.chains = window, chains
        self._pump()

    def _pump(self) -> None:
        while (
            self.sent < self.wanted
            and self._submitting < self.chains
            and self.sent - self.refused - self.done < self.window
        ):
            self._submit()

    def _submit(self) -> None:
        assert self.template
        hash_ = b"%020x" % next(_numbers)
        self.sent += 1
        self._submitting += 1
        self._clients.jobs[hash_] = (self, began := time.monotonic())
        data = self._clients.identity.code + self.template.fill(hash_)
        link = call(self._loop, self._scheduler, data, self._confirm, self._refused)
        link.told = (hash_, began)

    def _confirm(self, link: Link, payload: bytes) -> None:
        """The scheduler gives the job a uid."""
        if payload[-2:] == b"N.":
            self._refused(link, "None")
            return
        link.send(ACK)
        if link.closed:
            return  # that failed, and has been counted
        link.close()
        self.taken += 1
        self.submit_times.append(time.monotonic() - link.told[1])
        self._submitting -= 1
        self._pump()

    def _refused(self, link: Link, reason: str) -> None:
        link.close()
        self.refused += 1
        if link.told:
            self._clients.jobs.pop(link.told[0], None)
        self._submitting -= 1
        self._loop.later(0.0, self._pump)

    def ended(self) -> None:
        """The result of a job is here."""
        self.done += 1
        self._pump()

    # -- within -------------------------------------------------------------------------------

    def _ask(self, data: bytes, then: Callable[[bytes], None]) -> None:
        self._call(self._clients.identity.code + data, then)

    def _call(self, data: bytes, then: Callable[[bytes], None], timeout: float = 10.0) -> None:
        def answered(link: Link, payload: bytes) -> None:
            link.close()
            then(payload)

        call(self._loop, self._scheduler, data, answered, self._failed, timeout=timeout)

    def _failed(self, link: Link, reason: str) -> None:
        self.problem = reason


class Clients:
    """All clients of one scheduler."""

    def __init__(self, loop: Loop, scheduler: Address, port: int) -> None:
        self.loop, self.scheduler, self.port = loop, scheduler, port
        self.identity = Identity()
        self.all: list[Client] = []
        self.by_id: dict[Any, Client] = {}
        self.jobs: dict[bytes, tuple[Client, float]] = {}
        self.latencies: list[float] = []  # seconds from submit to result
        self.strange = 0  # results nobody waits for: sent twice
        self._server = serve(loop, port, self._serve, 0)

    def add(
        self, count: int = 1, hosts: Any = ("*",), files: Any = (), args: Any = ("x" * 60,)
    ) -> list[Client]:
        """More clients, which do nothing yet."""
        made = [Client(self, list(hosts), list(files), args) for _ in range(count)]
        self.all += made
        return made

    def total(self, what: str) -> int:
        """A number of all clients together."""
        return sum(getattr(client, what) for client in self.all)

    def _serve(self, link: Link, payload: bytes) -> None:
        if payload.startswith(b"JOB_REPLY:"):
            if self._is_for_mute(payload):
                return  # it is held up for as long as the scheduler likes
            link.send(ACK)
            link.close()
            self._result(payload)
        elif payload.startswith(b"SCHEDULED:"):
            body = loads(payload[10:])
            link.send(ACK)
            link.close()
            client = self.by_id.get(body["compute_id"])
            if client:
                client.told(body["pulse_interval"])
        else:
            link.close()

    def _is_for_mute(self, payload: bytes) -> bool:
        found = HASH.search(payload)
        client, _ = self.jobs.get(found[1], (None, 0.0)) if found else (None, 0.0)
        return client is not None and client.mute

    def _result(self, payload: bytes) -> None:
        found = HASH.search(payload)
        assert found, payload
        client, began = self.jobs.pop(found[1], (None, 0.0))
        if client is None:
            self.strange += 1
            return
        self.latencies.append(time.monotonic() - began)
        client.ended()

    def close(self) -> None:
        """Listen no more."""
        self.loop.forget(self._server.fileno())
        self._server.close()


def _close(link: Link, payload: bytes) -> None:
    link.close()
