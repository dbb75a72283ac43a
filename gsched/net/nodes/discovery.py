"""Finding nodes: by UDP to all of the network, by TCP to those whose address is known.

A node answers a greeting only if it is in its own version, and only while it serves nobody. It
answers with PONG to the nodes' port; a node that starts looks for schedulers by itself.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

import gevent

from gsched.core.effects import FindNodes, SeekNode
from gsched.core.model.node import Node, NodeState
from gsched.net.computation import computation_of
from gsched.net.exchange import Exchange
from gsched.net.identity import Identity
from gsched.net.nodes.doors import Doors, refusal
from gsched.net.nodes.search import FIRST_PAUSE, Named, Search
from gsched.net.reception import Reception
from gsched.net.subjects import about
from gsched.net.transport.addresses import is_loopback
from gsched.net.transport.channel import Address, Caller
from gsched.net.transport.datagrams import Datagrams
from gsched.net.transport.greenlets import Greenlets
from gsched.net.transport.resolver import is_address, resolve
from gsched.wire import secrets
from gsched.wire.errors import PeerError
from gsched.wire.messages import build
from gsched.wire.releases import all_greetings, greetings

log = logging.getLogger("gsched.discovery")

LONGEST_PAUSE = 60.0  # seconds between greetings of a node that is not there
KEEP_ALIVE = 20.0  # seconds; a node's shortest patience is 60, and two of three may get lost
LOST_PAUSE = 2.0  # seconds between two looks for nodes that were lost
KEEP_PAUSE = 30.0  # seconds between two looks whether a node that was named is still known
COMPLAINT_TRY = 3  # after which it is said, once, that a node does not answer
IDLE_PAUSE = 5.0  # seconds between two looks whether nodes that offered no CPUs do so now
ANSWER_TIME = 0.7  # seconds that a node is given before it is greeted in an older version
ANSWER_PAUSE = 5.0  # seconds until one that looks for us and was not reached is greeted again
ANSWER_REST = 0.5  # the same, if it was reached
GREET_PAUSE = 1.0  # seconds until all are greeted again because a cluster asks for it
LOOKS = 10  # in that time: one that has answered may be lost again before it is over
# Greetings under way that strangers have asked for; one of them. No option: these go to hosts that
# others name, and a node that is not greeted now asks again.
_MAX_ANSWERS, _MAX_ANSWERS_OF_ONE = 256, 64
_MAX_ALIASES = 4096
_NO_ADDRESS = OSError("this name has no address")


@dataclass(slots=True)
class _Answer:
    """To a node that looks for us."""

    source: str  # of whoever has asked first
    again: dict[str, Any] | None  # what was asked and is not answered yet


class Discovery:
    """Greets nodes, and answers those that look for us.

    `port` is where they are to answer, `ports` are those at which nodes listen, the usual one
    first; at `doors`, too, where others may name them.
    """

    def __init__(
        self,
        exchange: Exchange,
        identity: Identity,
        reception: Reception,
        *,
        port: int,
        ports: Iterable[int],
        caller: Caller,
        datagrams: Datagrams,
        doors: Iterable[int] = (),
    ) -> None:
        self._exchange = exchange
        self._scheduler = exchange.scheduler
        self._identity = identity
        self._reception = reception
        self._port = port
        self._ports = tuple(ports)
        self.doors = Doors([*self._ports, *doors])
        self._caller = caller
        self._datagrams = datagrams
        self._greenlets = Greenlets()
        self._answers: dict[Address, _Answer] = {}
        self._wanted: set[str] = set()  # addresses that are greeted until they answer
        self._kept: set[tuple[str, int | None]] = set()  # hosts that somebody has named
        self._aliases: dict[str, str] = {}  # of nodes that answer in the name of another address
        self._longest_pause = LONGEST_PAUSE
        self._searches: dict[str, Search] = {}  # by address of the clients that name nodes
        self._greeting_all = False
        exchange.perform(FindNodes, self._find)
        exchange.perform(SeekNode, lambda effect: self.keep(effect.host, effect.port))

    # -- what others ask for ------------------------------------------------------------------

    def seek(
        self,
        host: str,
        port: int | None,
        while_: Callable[[], bool] = lambda: True,
    ) -> None:
        """Greet a node until it answers, as long as `while_` says so."""
        if host not in self._wanted:
            self._wanted.add(host)
            self._greenlets.spawn(f"seek {host}", self._seek, host, port, while_)

    def keep(self, host: str, port: int | None) -> None:
        """Greet a node whenever it is not known: one that was away for long is forgotten."""
        if (host, port) not in self._kept:
            self._kept.add((host, port))
            self._wanted.add(host)
            self._greenlets.spawn(f"keep {host}", self._keep, host, port)

    def is_from_node(self, source: str) -> bool:
        """Whether a node that is known is there; on a loopback address nobody can tell."""
        return self._node_at(source) is not None or is_loopback(source)

    def answered(self, source: str, address: str) -> None:
        """A node that says it is at `address` has answered from `source`: by way of NAT, say.

        On a loopback address, all nodes may answer from the same one.
        """
        self._aliases.pop(source, None)
        if source != address and not is_loopback(source):
            if len(self._aliases) >= _MAX_ALIASES:
                self._aliases.clear()
            self._aliases[source] = address

    def answer(self, body: dict[str, Any], source: str) -> None:
        """A node looks for a scheduler: greet it, but only now and then. Raises PeerError.

        Nobody has shown that the sign is his own, so it is not answered with the code that goes
        with it: whoever has that could pass for us with the node whose sign it is. Nodes answer
        greetings with any code.
        """
        own = body["sign"] in self._identity.signs
        if own or not is_address(body["ip_addr"]) or not 0 < body["port"] < 1 << 16:
            raise PeerError("PING that is not a node's own")
        if not self.doors.admit(body["ip_addr"], body["port"], source):
            raise PeerError(refusal(body["ip_addr"], body["port"]))
        self._reception.admit("node", body["ip_addr"], body["version"])
        address = (body["ip_addr"], body["port"])
        if address in self._answers:
            self._answers[address].again = body
        elif len(self._answers) < _MAX_ANSWERS and self._asked_by(source) < _MAX_ANSWERS_OF_ONE:
            answer = self._answers[address] = _Answer(source, body)
            self._greenlets.spawn(f"answer {address[0]}", self._answer, address, answer)

    def _asked_by(self, source: str) -> int:
        return sum(one.source == source for one in self._answers.values())

    def introduction(self) -> dict[str, Any]:
        """Who we are and where to answer."""
        addresses = list(self._identity.announced)
        return {"sign": self._identity.sign, "port": self._port, "ip_addrs": addresses}

    def run(self, ping_interval: float | None) -> None:
        """Greet everybody now and every so many seconds, and nodes that were lost.

        Nodes that were named do not wait longer for a greeting.
        """
        self._longest_pause = min(LONGEST_PAUSE, ping_interval or LONGEST_PAUSE)
        self._greenlets.spawn("greetings", self._run, ping_interval)
        self._greenlets.spawn("lost nodes", self._seek_lost)
        self._greenlets.spawn("keep-alive", self._keep_alive)
        self._greenlets.spawn("idle nodes", self._greet_idle)

    def stop(self) -> None:
        """Greet nobody any more."""
        self._greenlets.kill()

    # -- greetings to everybody -----------------------------------------------------------------

    def _run(self, ping_interval: float | None) -> None:
        while True:
            self._greet_all()
            if ping_interval is None:
                return
            gevent.sleep(ping_interval)

    def _seek_lost(self) -> None:
        while True:
            for node in list(self._scheduler.nodes.values()):
                if node.state is NodeState.LOST:
                    self.seek(node.address, node.port, partial(self._is_known, node))
            gevent.sleep(LOST_PAUSE)

    def _greet_idle(self) -> None:
        """They answer once they offer CPUs again; their own word for it may have been lost."""
        while True:
            for node in list(self._scheduler.nodes.values()):
                if node.state is NodeState.UP and not node.total and not node.leases:
                    body = self._greeting(node.release) | {"node_ip_addr": node.address}
                    address = (node.address, node.port)
                    name = f"greet {node.address}"
                    self._greenlets.spawn(name, self._greet, address, secrets.STRANGER, body)
            gevent.sleep(IDLE_PAUSE)

    def _greet_all(self) -> None:
        for port in self._ports:
            for version in greetings(port, self._reception.met):
                self._datagrams.send(build("PING", self._greeting(version)), [port])
        log.debug("all nodes are greeted")

    def _keep_alive(self) -> None:
        """Nodes drop what has had no result for an hour, unless they hear this.

        A dispynode on Linux hears broadcasts only. Those that none reaches say what they have
        dropped, at the latest when they are sent a job, and are set up anew.
        """
        while True:
            contacts = {node.contact for node in self._scheduler.nodes.values() if node.leases}
            for contact in contacts:
                self._datagrams.send(build("PULSE", {"ip_addr": contact}), self._ports)
            gevent.sleep(KEEP_ALIVE)

    def _find(self, effect: FindNodes) -> None:
        """The nodes that a cluster names, as far as they are not known."""
        cluster = effect.cluster
        named = cluster.allocations if effect.named is None else effect.named
        hosts = {(one.host, one.port) for one in named}
        if any("*" in host for host, _ in hosts) and not self._greeting_all:
            self._greenlets.spawn("greetings", self._greet_all_once)
        search = self._search_of(computation_of(cluster).source)
        for host, port in hosts:
            if "*" not in host and host not in self._wanted:
                search.add(host, port, cluster)

    def _search_of(self, source: str) -> Search:
        """That of the clients at one address."""
        search = self._searches.get(source)
        if search is None:
            visit = partial(self._visit, source)
            pause = self._longest_pause
            search = Search(visit, self._exchange.now, self._greenlets, pause)
            self._searches[source] = search
            self._greenlets.spawn(f"search of {source}", self._search, source, search)
        return search

    def _search(self, source: str, search: Search) -> None:
        try:
            search.run()
        finally:
            del self._searches[source]

    def _visit(self, source: str, named: Named) -> bool:
        """Greet a node that a client at `source` has named. Whether it is still not there."""
        address = resolve(named.host)
        if self._node_at(address) is not None:
            return False
        problem: OSError | None = _NO_ADDRESS
        if is_address(address):
            if not self.doors.admit(address, named.port, source):
                _warn(named, refusal(address, named.port))
                return False
            problem = self._greet_in_turn(address, named.port)
        named.tries += 1
        if self._is_up(address):
            return False
        _complain(named.host, named.tries, problem, named.pause)
        return True

    def _greet_all_once(self) -> None:
        """However many ask for it."""
        self._greeting_all = True
        try:
            self._greet_all()
            gevent.sleep(GREET_PAUSE)
        finally:
            self._greeting_all = False

    # -- greetings to one node ------------------------------------------------------------------

    def _seek(self, host: str, port: int | None, while_: Callable[[], bool]) -> None:
        pause, tries = FIRST_PAUSE, 0
        while while_() and not self._is_up(address := resolve(host)):
            problem = self._greet_in_turn(address, port)
            if not self._is_up(address):
                tries += 1
                _complain(host, tries, problem, pause)
                gevent.sleep(pause)
                pause = min(2 * pause, self._longest_pause)
        self._wanted.discard(host)

    def _keep(self, host: str, port: int | None) -> None:
        while True:
            self._wanted.add(host)
            self._seek(host, port, lambda: True)
            while self._node_at(resolve(host)) is not None:
                gevent.sleep(KEEP_PAUSE)

    def _greet_in_turn(self, address: str, port: int | None) -> OSError | None:
        """Greet at one port after the other until there is an answer; what went wrong.

        Where somebody listens, that counts, and not that nobody does at other ports.
        """
        problems = []
        for at in [port] if port else self._ports:
            problems.append(self._greet_at(address, at))
            if self._is_up(address):
                return None
        told = [one for one in problems if not isinstance(one, ConnectionRefusedError)]
        return [*told, *problems][0]

    def _greet_at(self, address: str, port: int) -> OSError | None:
        """Greet in one version after the other until there is an answer; what went wrong."""
        for version in all_greetings(port, self._reception.met):
            body = self._greeting(version) | {"node_ip_addr": address}
            problem = self._greet((address, port), secrets.STRANGER, body)
            if problem or self._comes_up(address):
                return problem
        return None

    def _comes_up(self, address: str) -> bool:
        """Whether the node answers in the time that it is given."""
        for _ in range(LOOKS):
            gevent.sleep(ANSWER_TIME / LOOKS)
            if self._is_up(address):
                return True
        return False

    def _answer(self, address: Address, answer: "_Answer") -> None:
        """Once more after a pause if it was asked for meanwhile.

        Without the pause, whoever asks in its name would have us besiege it.
        """
        try:
            while (body := answer.again) is not None:
                answer.again = None
                problem = self._greet(address, secrets.STRANGER, self._greeting(body["version"]))
                if problem:
                    told = "node %s looks for us and cannot be reached: %s"
                    log.warning(told, address[0], problem)
                gevent.sleep(ANSWER_PAUSE if problem else ANSWER_REST)
        finally:
            del self._answers[address]

    def _greet(self, address: Address, code: bytes, body: dict[str, Any]) -> OSError | None:
        """What went wrong."""
        try:
            self._caller.tell(address, code, build("PING", body))
        except OSError as error:
            return error
        return None

    def _greeting(self, version: str) -> dict[str, Any]:
        return self.introduction() | {"version": version}

    def _is_known(self, node: Node) -> bool:
        return self._scheduler.nodes.get(node.address) is node

    def _is_up(self, address: str) -> bool:
        node = self._node_at(address)
        return node is not None and node.state is NodeState.UP

    def _node_at(self, address: str) -> Node | None:
        """The node that is there, whatever address it says it has."""
        nodes = self._scheduler.nodes
        return nodes.get(address) or nodes.get(self._aliases.get(address, ""))


def _complain(host: str, tries: int, problem: OSError | None, pause: float) -> None:
    """Once where people look, then only for those who look for it."""
    level = logging.WARNING if tries == COMPLAINT_TRY else logging.DEBUG
    reason = problem or "no answer, it may serve others"
    log.log(level, "node %s: %s; again in %.0f s", host, reason, pause)


def _warn(named: Named, problem: str) -> None:
    """Tell people that a node is not looked for, wherever it is wanted."""
    for cluster in named.clusters:
        cluster.warning = problem
        log.warning("%s: %s", cluster.label, problem, extra=about(cluster))
