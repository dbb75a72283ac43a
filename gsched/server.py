"""The server: its parts, how they start and how they stop."""

import logging
import os
import resource
from collections.abc import Iterator
from itertools import chain
from typing import Any

import gevent
import psutil
from gevent.event import Event

from gsched import __version__
from gsched.core.scheduler import Scheduler
from gsched.core.seen.snapshot import snapshot
from gsched.ending import Ending
from gsched.history.recorder import Recorder
from gsched.local_node import LocalNode
from gsched.net.clients.callbacks import Callbacks
from gsched.net.clients.delivery import Delivery
from gsched.net.clients.openings import Openings
from gsched.net.clients.requests import ClientService
from gsched.net.clients.sweeping import Sweeping
from gsched.net.clients.uploads import Limit
from gsched.net.clients.waiting import Waiting
from gsched.net.exchange import Clock, Exchange
from gsched.net.identity import Identity
from gsched.net.nodes.discovery import Discovery
from gsched.net.nodes.inquiry import Inquiry
from gsched.net.nodes.messages import NodeService
from gsched.net.nodes.patrol import Patrol
from gsched.net.nodes.sending import Sending
from gsched.net.nodes.setups import SetUps
from gsched.net.reception import Reception
from gsched.net.relays import Relays
from gsched.net.tenants import Tenants
from gsched.net.transport import tls
from gsched.net.transport.addresses import (
    EVERY_ADDRESS,
    EVERY_ADDRESS_6,
    Own,
    is_loopback,
    own_addresses,
)
from gsched.net.transport.channel import Address, Caller, Channel
from gsched.net.transport.datagrams import Datagrams
from gsched.net.transport.greenlets import Greenlets
from gsched.net.transport.guests import Guests
from gsched.net.transport.listeners import Complaints, Handler, Listener
from gsched.net.transport.mistakes import Mistake
from gsched.options.settings import Settings
from gsched.page import Page
from gsched.state import State
from gsched.welcome import client_program, node_command
from gsched.wire.messages import LARGE

log = logging.getLogger("gsched")

TICK = 1.0  # seconds
_DATAGRAMS, _CLIENTS, _NODES = 0, 2, 1  # places of ports above a release's base


class Server:
    """One scheduler. Raises Mistake, here or in `start`."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.own = own_addresses(settings.addresses)
        self.stopping = Event()
        self._greenlets = Greenlets()
        self._complaints = Complaints()
        self.guests = Guests(*_room(settings))
        self.tenants = Tenants(
            settings.max_client_clusters,
            settings.max_client_jobs,
            settings.max_client_bytes or psutil.virtual_memory().total // 2,
        )
        self.node_tls = tls.load("node", settings.node_certfile, settings.node_keyfile)
        self.cluster_tls = tls.load("cluster", settings.cluster_certfile, settings.cluster_keyfile)
        self._state = State(settings)
        self.scheduler = Scheduler(
            settings.algorithm,
            first_id=self._state.first_id,
            cooperative=settings.cooperative,
            pulse_interval=settings.pulse_interval,
            zombie_interval=settings.zombie_interval,
            durable=self._state.durable,
        )
        self.keeper = self._state.keeper(self.scheduler)
        self.exchange = Exchange(self.scheduler, Clock())
        self.recorder = Recorder(self.exchange, self._state.history, settings.history)
        self._started = self.exchange.now()
        self.reception = Reception(self.exchange.now)
        self.identity = Identity(
            node_secret=settings.node_secret,
            cluster_secret=settings.cluster_secret,
            announced=tuple(one.announced for one in self.own),
            sign=self._state.sign,
        )
        self._ending = Ending(
            self.exchange, durable=self._state.durable, grace=settings.grace_period
        )
        self._listeners: list[Listener] = []
        self._client_listeners: list[Listener] = []
        self._page: Page | None = None
        self._local_node: LocalNode | None = None

    # -- start --------------------------------------------------------------------------------

    def start(self) -> None:
        """Open all ports and begin to serve."""
        settings = self.settings
        _warn_of_secrets(settings, self.own)
        to_nodes = Caller(settings.msg_timeout, self.node_tls)
        to_clients = Caller(settings.msg_timeout, self.cluster_tls)
        self.port = self._listen_for_nodes()
        self.datagrams = Datagrams(self.own, settings.ipv4_udp_multicast)
        self.discovery = Discovery(
            self.exchange,
            self.identity,
            self.reception,
            port=self.port,
            ports=[settings.node_port, *(base + _NODES for base in settings.other_ports)],
            caller=to_nodes,
            datagrams=self.datagrams,
        )
        self.relays = Relays(self.scheduler, self.identity, to_nodes, to_clients)
        self.node_service = NodeService(
            self.exchange,
            self.identity,
            self.discovery,
            self.relays,
            self.reception,
            self.keeper,
        )
        self.set_ups = SetUps(self.exchange, self.identity, self.port, to_nodes, self.keeper)
        self.sending = Sending(self.exchange, self.identity, to_nodes, self.keeper)
        self.delivery = Delivery(self.exchange, self.identity, to_clients)
        inquiry = Inquiry(
            *(self.exchange, self.identity, to_nodes),
            *(self.sending, self.set_ups, self.node_service),
        )
        self.sweeping = Sweeping(self.exchange, self.keeper)
        self.patrol = Patrol(self.exchange, inquiry)
        self.scheduler_port = self._listen_for_clients()
        self._restore()
        self._listen_for_datagrams()
        self._start_page()
        self._start_nodes()
        self.waiting = Waiting(self.exchange, self.delivery, settings.zombie_interval)
        self.waiting.run()
        self._greenlets.spawn("ticks", self._tick)

    def snapshot(self) -> dict[str, Any]:
        """What the page and the console show."""
        now = self.exchange.now()
        return snapshot(self.scheduler, now) | {
            "version": __version__,
            "epoch": self.identity.sign[:16],
            "time": now,
            "uptime": now - self._started,
            "refused": self.reception.refused(),
            "problem": self.keeper.problem or self.recorder.problem,
            "limits": self.limits(),
            "listens": list(self.listens()),
            "client_program": client_program(self.own[0]),
            "node_command": node_command(),
        }

    def certificates(self) -> Iterator[tuple[str, tls.Tls]]:
        """Where TLS may be used: of nodes, clients and the page."""
        yield from (("node", self.node_tls), ("cluster", self.cluster_tls))
        if self._page is not None:
            yield "http", self._page.tls

    def renew_accounts(self) -> None:
        """Read the accounts of the page again. Raises Mistake."""
        if self._page is not None:
            self._page.renew(self.settings)

    def limits(self) -> dict[str, list[int]]:
        """What peers take of what they may take: both numbers, by option."""
        largest, most, quota = self.tenants.largest(), self.tenants.most, self._state.quota
        return {
            "max_connections": [self.guests.count, self.guests.most],
            "max_client_clusters": [largest.clusters, most.clusters],
            "max_client_jobs": [largest.jobs, most.jobs],
            "max_client_bytes": [largest.size, most.size],
            "max_spool_size": [quota.used, quota.most_all],
        }

    def listens(self) -> Iterator[str]:
        """Addresses and ports with their purpose, for people."""
        for listener in self._client_listeners:
            yield f"{self._reached(listener)} clients"
        for listener in self._listeners:
            yield f"{self._reached(listener)} nodes"
        if self._page is not None and self._page.url:
            yield f"{self._page.url} page"

    def _reached(self, listener: Listener) -> str:
        """Where peers find it: no use to tell them the address that stands for all."""
        host, port = listener.address
        everywhere = host in (EVERY_ADDRESS, EVERY_ADDRESS_6)
        return _shown((self.own[0].use if everywhere else host, port))

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
        for listener in self._client_listeners:
            listener.stop_accepting()
        self._ending.finish()
        self._close_all()

    def _close_all(self) -> None:
        self._greenlets.kill()
        for part in (
            self.discovery,
            self.datagrams,
            self.patrol,
            self.sweeping,
            self.sending,
            self.set_ups,
            self.waiting,
            self.delivery,
        ):
            part.stop()
        for listener in chain(self._client_listeners, self._listeners):
            listener.stop()
        if self._page is not None:
            self._page.stop()
        if self._local_node is not None:
            self._local_node.stop()
        self.recorder.stop()
        self.keeper.stop()
        self._state.close()

    def _drain(self, everything: bool) -> None:
        self._ending.drain(everything)
        self.stopping.set()

    # -- parts --------------------------------------------------------------------------------

    def _listen_for_nodes(self) -> int:
        port = self.settings.port
        for one in self.own:
            listener = self._listen((one.bind, port), self._serve_node, "--port", self.node_tls)
            self._listeners.append(listener)
            port = listener.address[1]
        return port

    def _serve_node(self, channel: Channel) -> None:
        self.node_service.serve(channel)

    def _listen_for_clients(self) -> int:
        settings = self.settings
        self.openings = Openings(
            self.exchange,
            self.reception,
            self._state.spools,
            callbacks=Callbacks(settings.allow_callback),
            tenants=self.tenants,
            quota=self._state.quota,
            always_clean_up=settings.cleanup_nodes,
            direct=self.node_tls.used == self.cluster_tls.used,
        )
        limit = Limit(settings.max_file_size, settings.oversize_files == "refuse")
        service = ClientService(
            self.exchange,
            self.identity,
            self.delivery,
            self.openings,
            self.sending,
            self.relays,
            self.reception,
            limit,
            self.keeper,
        )
        port = settings.scheduler_port
        for one in self.own:
            listener = self._listen(
                (one.bind, port), service.serve, "--scheduler_port", self.cluster_tls
            )
            self._client_listeners.append(listener)
            port = listener.address[1]
            for base in settings.other_ports:
                self._listen_too((one.bind, base + _CLIENTS), service.serve)
        return port

    def _listen(self, address: Address, handler: Handler, option: str, side: tls.Tls) -> Listener:
        timeout = self.settings.msg_timeout
        try:
            listener = Listener(address, handler, timeout, self._complaints, self.guests, side)
        except OSError as error:
            raise Mistake(
                f"{option} {address[1]}: cannot listen at {_shown(address)}"
                f" ({os.strerror(error.errno or 0)}); another scheduler may run here"
            ) from error
        listener.start()
        return listener

    def _listen_too(self, address: Address, handler: Handler) -> None:
        try:
            self._client_listeners.append(
                self._listen(address, handler, "--other_ports", self.cluster_tls)
            )
        except Mistake as error:
            log.warning("%s", error)

    def _listen_for_datagrams(self) -> None:
        ports = [self.port, *(base + _DATAGRAMS for base in self.settings.other_ports)]
        self.datagrams.listen(ports, self.node_service.datagram, self._complaints)

    def _start_page(self) -> None:
        parts = (self.exchange, self.keeper, self.guests, self.recorder)
        self._page = Page(self.settings, self.snapshot, *parts)

    def _start_nodes(self) -> None:
        settings = self.settings
        if settings.local_node is not None:
            address = self.own[0].use
            self._local_node = LocalNode(settings, address)
            self._local_node.start()
            self.discovery.seek(address, settings.node_port)
        for host, port in settings.nodes:
            self.discovery.keep(host, port)
        self.discovery.run(settings.ping_interval)

    def _restore(self) -> None:
        """Go on where the last run has stopped."""
        saved = self._state.saved()
        if saved.clusters or saved.nodes:
            self.exchange.tell(self.scheduler.restored, saved)
            for cluster in self.scheduler.clusters.values():
                self.openings.restored(cluster)
            found = (self.scheduler.nodes, self.scheduler.clusters, self.scheduler.jobs)
            for node in self.scheduler.nodes.values():
                self.discovery.answered(node.source or node.address, node.address)
            counts = [len(things) for things in found]
            log.info("from the last run: %d nodes, %d clusters, %d jobs", *counts)
        self.recorder.start()
        self.keeper.start()
        self.patrol.start()

    def _tick(self) -> None:
        while True:
            gevent.sleep(TICK)
            self.exchange.tell(self.scheduler.tick)


def _warn_of_secrets(settings: Settings, own: list[Own]) -> None:
    """Say what secrets do not keep apart, who gets in without, and which ones others see."""
    for problem in settings.exposed:
        log.warning("%s", problem)
    if settings.cluster_secret and settings.cluster_secret == settings.node_secret:
        log.warning(
            "--node_secret and --cluster_secret are the same: who runs a node can be a client, and "
            "who runs a client can command nodes"
        )
    if not settings.cluster_secret and not all(is_loopback(one.use) for one in own):
        log.warning(
            "no --cluster_secret: whoever reaches the clients' port can run programs on all nodes"
        )


def _room(settings: Settings) -> tuple[int, int, int]:
    """How many connections there may be, in all and from one address, and bytes held for them.

    Half of the files that the system lets us open are for connections.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = min(hard, max(soft, 4 * settings.max_connections))
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    most = min(settings.max_connections, wanted // 2)
    most_bytes = max(2 * LARGE, psutil.virtual_memory().total // 2)
    return most, min(most, settings.max_host_connections), most_bytes


def _shown(address: Address) -> str:
    host, port = address
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
