"""The server: its parts, how they start and how they stop."""

import logging
from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain
from typing import Any

import gevent
from gevent.event import Event

from gsched import __version__
from gsched.core.scheduler import Scheduler
from gsched.core.seen.snapshot import snapshot
from gsched.history.recorder import Recorder
from gsched.httpd.live.publisher import take_turns
from gsched.net.exchange import Clock, Exchange
from gsched.net.identity import Identity
from gsched.net.reception import Reception
from gsched.net.transport import inherited, tls
from gsched.net.transport.addresses import own_addresses
from gsched.net.transport.channel import Channel
from gsched.net.transport.datagrams import Datagrams
from gsched.net.transport.greenlets import Greenlets
from gsched.net.transport.mistakes import Mistake
from gsched.options.settings import Settings
from gsched.policy.file import PolicyError
from gsched.running.cautions import warn_of_secrets
from gsched.running.ending import Ending
from gsched.running.limits import Limits
from gsched.running.local_node import LocalNode
from gsched.running.page import Page
from gsched.running.policy import Policy
from gsched.running.ports import DATAGRAMS, Ports
from gsched.running.services import Services
from gsched.running.state import State
from gsched.running.welcome import client_program, node_command

log = logging.getLogger("gsched")

TICK = 1.0  # seconds


class Server:
    """One scheduler. Raises Mistake, here or in `start`."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.own = own_addresses(settings.addresses)
        self.stopping = Event()
        self.restart: Callable[[], str] = lambda: "nobody would start the next run"
        self._greenlets = Greenlets()
        self._node_tls = tls.load("node", settings.node_certfile, settings.node_keyfile)
        self._cluster_tls = tls.load("cluster", settings.cluster_certfile, settings.cluster_keyfile)
        self._state = State(settings)
        self._limits = Limits(settings, self._state.quota)
        self._ports = Ports(settings, self.own, self._limits.guests, self._limits.complaints)
        self.scheduler = Scheduler(
            settings.algorithm,
            first_id=self._state.first_id,
            cooperative=settings.cooperative,
            pulse_interval=settings.pulse_interval,
            zombie_interval=settings.zombie_interval,
            max_exclusive=settings.max_exclusive,
            durable=self._state.durable,
        )
        self.keeper = self._state.keeper(self.scheduler)
        self.exchange = Exchange(self.scheduler, Clock())
        self.policy = Policy(self.exchange)
        self._arguments = self._state.arguments(
            self.exchange, self.keeper, settings.max_args_memory
        )
        self._recorder = Recorder(self.exchange, self._state.history, settings.history)
        self._started = self.exchange.now()
        self._reception = Reception(self.exchange.now)
        self._identity = Identity(
            node_secret=settings.node_secret,
            cluster_secret=settings.cluster_secret,
            announced=tuple(one.announced for one in self.own),
            sign=self._state.sign,
        )
        self._ending = Ending(
            self.exchange,
            durable=self._state.durable,
            grace=settings.grace_period,
            reaches=lambda cluster: self._services.delivery.reaches(cluster),
        )
        self._page: Page | None = None
        self._local_node: LocalNode | None = None

    # -- start --------------------------------------------------------------------------------

    def start(self) -> None:
        """Open all ports and begin to serve."""
        warn_of_secrets(self.settings, self.own)
        self._follow_policy()
        port = self._ports.open_for_nodes(self._serve_node, self._node_tls)
        self._services = self._build_services(port)
        self._ports.open_for_clients(self._services.clients.serve, self._cluster_tls)
        self._restore()
        self._listen_for_datagrams(port)
        self._start_page()
        inherited.close_others()
        self._start_nodes()
        self._services.waiting.run()
        self._greenlets.spawn("ticks", self._tick)

    @property
    def durable(self) -> bool:
        """Whether the next run goes on where this one stops."""
        return self._state.durable

    def snapshot(self) -> dict[str, Any]:
        """What the page and the console show."""
        now = self.exchange.now()
        return snapshot(self.scheduler, now, take_turns) | {
            "version": __version__,
            "epoch": self._identity.sign[:16],
            "time": now,
            "uptime": now - self._started,
            "refused": self._reception.refused(),
            "problem": self.keeper.problem or self._arguments.problem or self._recorder.problem,
            "arguments": self._arguments.shown(),
            "limits": self._limits.shown(self._services.datagrams),
            "listens": list(self.listens()),
            "client_program": client_program(self.own[0]),
            "node_command": node_command(),
        }

    def certificates(self) -> Iterator[tuple[str, tls.Tls]]:
        """Where TLS may be used: of nodes, clients and the page."""
        yield from (("node", self._node_tls), ("cluster", self._cluster_tls))
        if self._page is not None:
            yield "http", self._page.tls

    def renew_accounts(self) -> None:
        """Read the accounts of the page again. Raises Mistake."""
        if self._page is not None:
            self._page.renew(self.settings)

    def listens(self) -> Iterator[str]:
        """Addresses and ports with their purpose, for people."""
        yield from self._ports.shown()
        if self._page is not None and self._page.url:
            yield f"{self._page.url} page"

    # -- stop ---------------------------------------------------------------------------------

    def drain(self, everything: bool = False) -> None:
        """Take no more jobs; once those that run, or all that wait too, have ended, stop."""
        self._greenlets.spawn("drain", self._drain, everything)

    def discard(self) -> None:
        """Stop, and leave nothing for the next start: clients are told, nodes are left."""
        self._ending.discard()
        self.stopping.set()

    def shut_down(self) -> None:
        """See what becomes of jobs (ending.py), then close everything, in a bounded time.

        It is time when somebody sets `stopping`.
        """
        log.info("stopping")
        self._ports.stop_accepting_clients()
        self._ending.finish()
        self._close_all()

    def hand_over(self) -> dict[str, str]:
        """Stop for the next run of this process; the variable that tells it where to listen on."""
        log.info("restarting")
        self._ports.pause()
        self._ending.pass_on(lambda: self._ports.busy)
        listening = chain(self._ports.listening(), self._page.listening() if self._page else ())
        variable = inherited.bequeath(listening)
        self._close_all()
        return variable

    def _close_all(self) -> None:
        self._greenlets.kill()
        self._services.stop()
        self._ports.stop()
        if self._page is not None:
            self._page.stop()
        if self._local_node is not None:
            self._local_node.stop()
        self._recorder.stop()
        self._arguments.stop()
        self.keeper.stop()
        self._state.close()

    def _drain(self, everything: bool) -> None:
        self._ending.drain(everything)
        self.stopping.set()

    # -- parts --------------------------------------------------------------------------------

    def _build_services(self, port: int) -> Services:
        return Services(
            self.settings,
            self.exchange,
            self._identity,
            self._reception,
            self._state,
            self.keeper,
            self._arguments,
            self._limits,
            Datagrams(self.own, self.settings.ipv4_udp_multicast, self.settings.max_datagrams),
            port=port,
            node_tls=self._node_tls,
            cluster_tls=self._cluster_tls,
        )

    def _follow_policy(self) -> None:
        """Raises Mistake."""
        try:
            self.policy.follow(self.settings.policy_file, "gsched at its start")
        except PolicyError as error:
            raise Mistake(f"--policy_file: {error}") from error

    def _serve_node(self, channel: Channel) -> None:
        self._services.nodes.serve(channel)

    def _listen_for_datagrams(self, port: int) -> None:
        ports = [port, *(base + DATAGRAMS for base in self.settings.other_ports)]
        services = self._services
        services.datagrams.listen(ports, services.nodes.datagram, self._limits.complaints)

    def _start_page(self) -> None:
        parts = (self.exchange, self.keeper, self._arguments, self._limits)
        ends: dict[str, Callable[[], None]] = {
            "running": self.drain,
            "all": partial(self.drain, True),
            "now": self.stopping.set,
            "discard": self.discard,
        }
        more = (self._recorder, self.policy, ends, lambda: self.restart())
        ask_hours = self._services.ask_hours
        self._page = Page(self.settings, self.snapshot, *parts, *more, ask_hours)

    def _start_nodes(self) -> None:
        settings, discovery = self.settings, self._services.discovery
        if settings.local_node is not None:
            address = self.own[0].use
            self._local_node = LocalNode(settings, address)
            self._local_node.start()
            discovery.seek(address, settings.node_port)
        for host, port in settings.nodes:
            discovery.keep(host, port)
        discovery.run(settings.ping_interval)

    def _restore(self) -> None:
        """Go on where the last run has stopped."""
        saved = self._state.saved()
        if saved.clusters or saved.nodes:
            self.exchange.tell(self.scheduler.restored, saved)
            for cluster in self.scheduler.clusters.values():
                self._services.openings.restored(cluster)
            found = (self.scheduler.nodes, self.scheduler.clusters, self.scheduler.jobs)
            for node in self.scheduler.nodes.values():
                self._services.discovery.answered(node.source or node.address, node.address)
            self._services.nodes.signs.restore()
            counts = [len(things) for things in found]
            log.info("from the last run: %d nodes, %d clusters, %d jobs", *counts)
        self._recorder.start()
        self._arguments.start()
        self.keeper.start()
        self._services.patrol.start()

    def _tick(self) -> None:
        while True:
            gevent.sleep(TICK)
            self.exchange.tell(self.scheduler.tick)
