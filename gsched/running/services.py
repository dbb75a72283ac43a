"""What serves nodes and clients: built of the core, of what is kept, and of the network."""

from gsched.net.clients.callbacks import Callbacks
from gsched.net.clients.delivery import Delivery
from gsched.net.clients.openings import Openings
from gsched.net.clients.requests import ClientService
from gsched.net.clients.sweeping import Sweeping
from gsched.net.clients.uploads import Limit
from gsched.net.clients.waiting import Waiting
from gsched.net.exchange import Exchange
from gsched.net.identity import Identity
from gsched.net.keeping.arguments import Arguments
from gsched.net.keeping.keeper import Keeping
from gsched.net.nodes.discovery import Discovery
from gsched.net.nodes.hours import AskHours
from gsched.net.nodes.inquiry import Inquiry
from gsched.net.nodes.messages import NodeService
from gsched.net.nodes.patrol import Patrol
from gsched.net.nodes.sending import Sending
from gsched.net.nodes.setups import SetUps
from gsched.net.reception import Reception
from gsched.net.relays import Relays
from gsched.net.transport.channel import Caller
from gsched.net.transport.datagrams import Datagrams
from gsched.net.transport.tls import Tls
from gsched.options.settings import Settings
from gsched.running.limits import Limits
from gsched.running.ports import NODES
from gsched.running.state import State


class Services:
    """Those of one server. Nodes are to answer at `port`."""

    def __init__(
        self,
        settings: Settings,
        exchange: Exchange,
        identity: Identity,
        reception: Reception,
        state: State,
        keeper: Keeping,
        arguments: Arguments,
        limits: Limits,
        datagrams: Datagrams,
        *,
        port: int,
        node_tls: Tls,
        cluster_tls: Tls,
    ) -> None:
        to_nodes = Caller(settings.msg_timeout, node_tls)
        to_clients = Caller(settings.msg_timeout, cluster_tls)
        self.ask_hours = AskHours(identity, to_nodes)
        self.datagrams = datagrams
        self.discovery = Discovery(
            exchange,
            identity,
            reception,
            port=port,
            ports=[settings.node_port, *(base + NODES for base in settings.other_ports)],
            caller=to_nodes,
            datagrams=datagrams,
            doors=[*settings.allow_node_port, *(at for _, at in settings.nodes if at)],
        )
        relays = Relays(exchange.scheduler, identity, to_nodes, to_clients)
        self.nodes = NodeService(exchange, identity, self.discovery, relays, reception, keeper)
        self._set_ups = SetUps(exchange, identity, port, to_nodes, keeper)
        self._sending = Sending(exchange, identity, to_nodes, keeper, arguments)
        self.delivery = Delivery(exchange, identity, to_clients)
        inquiry = Inquiry(
            *(exchange, identity, to_nodes), *(self._sending, self._set_ups, self.nodes)
        )
        self._sweeping = Sweeping(exchange, keeper)
        self.patrol = Patrol(exchange, inquiry)
        self.openings = Openings(
            exchange,
            reception,
            state.spools,
            callbacks=Callbacks(settings.allow_callback),
            tenants=limits.tenants,
            always_clean_up=settings.cleanup_nodes,
            direct=node_tls.used == cluster_tls.used,
        )
        self.clients = ClientService(
            exchange,
            identity,
            self.delivery,
            self.openings,
            self._sending,
            relays,
            reception,
            Limit(settings.max_file_size, settings.oversize_files == "refuse"),
            keeper,
            arguments,
            limits.effort,
        )
        self.waiting = Waiting(exchange, self.delivery, settings.zombie_interval)

    def stop(self) -> None:
        """Ask and tell nobody any more."""
        for part in (
            self.discovery,
            self.datagrams,
            self.patrol,
            self._sweeping,
            self._sending,
            self._set_ups,
            self.waiting,
            self.clients,
            self.delivery,
        ):
            part.stop()
