"""TCP ports: where nodes and clients reach a server."""

import logging
import os
from collections.abc import Iterator
from itertools import chain

from gsched.net.transport.addresses import EVERY_ADDRESS, EVERY_ADDRESS_6, Own
from gsched.net.transport.channel import Address
from gsched.net.transport.guests import Guests
from gsched.net.transport.listeners import Complaints, Handler, Listener
from gsched.net.transport.mistakes import Mistake
from gsched.net.transport.tls import Tls
from gsched.net.transport.turns import Turns
from gsched.options.settings import Settings

log = logging.getLogger("gsched")

DATAGRAMS, CLIENTS, NODES = 0, 2, 1  # places of ports above a release's base


class Ports:
    """Those of one server, at each of its own addresses."""

    def __init__(
        self, settings: Settings, own: list[Own], guests: Guests, complaints: Complaints
    ) -> None:
        self._settings = settings
        self._own = own
        self._guests = guests
        self._turns = Turns(guests)
        self._complaints = complaints
        self._nodes: list[Listener] = []
        self._clients: list[Listener] = []

    def open_for_nodes(self, handler: Handler, side: Tls) -> int:
        """The port at which they are served from now on. Raises Mistake."""
        port = self._settings.port
        for one in self._own:
            listener = self._listen((one.bind, port), handler, "--port", side)
            self._nodes.append(listener)
            port = listener.address[1]
        return port

    def open_for_clients(self, handler: Handler, side: Tls) -> None:
        """Serve them from now on, also where other releases look. Raises Mistake."""
        port = self._settings.scheduler_port
        for one in self._own:
            listener = self._listen((one.bind, port), handler, "--scheduler_port", side)
            self._clients.append(listener)
            port = listener.address[1]
            for base in self._settings.other_ports:
                self._listen_too((one.bind, base + CLIENTS), handler, side)

    def shown(self) -> Iterator[str]:
        """Addresses and ports with their purpose, for people."""
        for listener in self._clients:
            yield f"{self._reached(listener)} clients"
        for listener in self._nodes:
            yield f"{self._reached(listener)} nodes"

    def pause(self) -> None:
        """Let who connects wait for the next run; those that are here are served on."""
        for listener in self._all():
            listener.pause()

    @property
    def busy(self) -> bool:
        """Whether a connection is served."""
        return any(listener.busy for listener in self._all())

    def listening(self) -> Iterator[tuple[str, int]]:
        """Names and descriptors of all sockets that listen."""
        return ((listener.name, listener.descriptor) for listener in self._all())

    def stop_accepting_clients(self) -> None:
        """Those that are here are served on."""
        for listener in self._clients:
            listener.stop_accepting()

    def stop(self) -> None:
        """Serve nobody any more."""
        for listener in self._all():
            listener.stop()

    def _all(self) -> Iterator[Listener]:
        return chain(self._clients, self._nodes)

    def _listen(self, address: Address, handler: Handler, option: str, side: Tls) -> Listener:
        common = (self._settings.msg_timeout, self._complaints, self._guests, self._turns, side)
        try:
            listener = Listener(address, handler, *common, name=f"{option} {place(address)}")
        except OSError as error:
            raise Mistake(
                f"{option} {address[1]}: cannot listen at {place(address)}"
                f" ({os.strerror(error.errno or 0)}); another scheduler may run here"
            ) from error
        listener.start()
        return listener

    def _listen_too(self, address: Address, handler: Handler, side: Tls) -> None:
        try:
            self._clients.append(self._listen(address, handler, "--other_ports", side))
        except Mistake as error:
            log.warning("%s", error)

    def _reached(self, listener: Listener) -> str:
        """Where peers find it: no use to tell them the address that stands for all."""
        host, port = listener.address
        everywhere = host in (EVERY_ADDRESS, EVERY_ADDRESS_6)
        return place((self._own[0].use if everywhere else host, port))


def place(address: Address) -> str:
    """For people."""
    host, port = address
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
