"""The page of a running server, with what is served beside it, and who may see it."""

import logging
import os
import socket
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import psutil

from gsched.core.model.node import Node
from gsched.history.happenings import Happenings
from gsched.history.recorder import Recorder
from gsched.httpd import app
from gsched.httpd.access import accounts
from gsched.httpd.access.accounts import Accounts, AccountsError
from gsched.httpd.access.login import Login
from gsched.httpd.api.acts.acting import Acting
from gsched.httpd.api.acts.audit import Audit
from gsched.httpd.api.acts.stopping import Stopping
from gsched.httpd.api.hours import ServiceHours
from gsched.httpd.api.past.answers import Past
from gsched.httpd.api.policy.answers import Policing, Policy
from gsched.httpd.api.reading import Api
from gsched.httpd.local import LocalServer
from gsched.httpd.metrics import Figures, Metrics
from gsched.httpd.readiness import Readiness
from gsched.httpd.server import PageServer
from gsched.net.exchange import Exchange
from gsched.net.keeping.arguments import Arguments
from gsched.net.keeping.keeper import Keeping
from gsched.net.nodes.hours import Hours
from gsched.net.transport import inherited, tls
from gsched.net.transport.greenlets import under_way
from gsched.net.transport.lag import Lag
from gsched.net.transport.mistakes import Mistake
from gsched.options.settings import Settings
from gsched.options.values import is_loopback
from gsched.running.limits import Limits
from gsched.running.ports import place
from gsched.store.audit import AuditFile

log = logging.getLogger("gsched.httpd")

STOP_TIMEOUT = 1.0  # seconds


class Page:
    """Shows what `snapshot` returns: to this host's users, and with --httpd at a port.

    `ends`, `restart`: ways to stop the server, as Stopping has them.

    Raises Mistake when it cannot be served.
    """

    def __init__(
        self,
        settings: Settings,
        snapshot: Callable[[], dict[str, Any]],
        exchange: Exchange,
        keeper: Keeping,
        arguments: Arguments,
        limits: Limits,
        recorder: Recorder,
        policy: Policy,
        ends: Mapping[str, Callable[[], None]],
        restart: Callable[[], str],
        ask_hours: Callable[[Node], Hours],
    ) -> None:
        self._settings = settings
        self._exchange, self._keeper, self._limits = exchange, keeper, limits
        self._recorder = recorder
        self._arguments = arguments
        self._started = exchange.now()
        self._start = time.time() - psutil.Process().create_time()
        self._lag = Lag()
        self._happenings = Happenings()
        logging.getLogger("gsched").addHandler(self._happenings)
        self._accounts = accounts_of(settings) if settings.httpd else None
        self.tls = tls.load("http", settings.http_certfile, settings.http_keyfile)
        secure = self.tls.used or settings.http_url.startswith("https:")
        self._login = Login(self._accounts, secure)
        book = exchange.scheduler.book
        self._audit = Audit(AuditFile(settings.dest_path_prefix), exchange.now)
        self._app = _application(
            settings,
            snapshot,
            self._login,
            Api(book, exchange.now, lambda: keeper.problem, recorder.job),
            Past(book, exchange.now, recorder, self._happenings),
            Readiness(lambda: keeper.problem or book.refusing),
            Metrics(book, self._figures),
            Acting(exchange, keeper, self._audit),
            Policing(policy, exchange, self._audit),
            Stopping(ends, restart, self._audit),
            ServiceHours(book, ask_hours),
            self._audit,
        )
        self._app.publisher.limit = max(1, settings.http_connections // 2)
        self._local = LocalServer(settings.api_socket, self._app)
        self._server = self._at_port(settings) if settings.httpd else None
        self._local.start()
        self._lag.start()

    @property
    def url(self) -> str:
        """Its address for a browser on this host; empty without --httpd."""
        return self._server.url if self._server else ""

    def renew(self, settings: Settings) -> None:
        """Read the accounts again. Raises Mistake, and then all stays as it was."""
        if not self._server:
            return
        found = accounts_of(settings)
        if found is not None:
            self._accounts = found
            self._login.renew(found)
        elif self._accounts is not None:
            raise Mistake(f"{settings.accounts} is gone")

    def listening(self) -> Iterator[tuple[str, int]]:
        """Name and descriptor of the socket at the port, if there is one."""
        if self._server is not None:
            yield _name(self._settings), self._server.descriptor

    def stop(self) -> None:
        """Serve nobody any more."""
        self._lag.stop()
        self._app.close()
        logging.getLogger("gsched").removeHandler(self._happenings)
        for server in (self._local, self._server):
            if server is not None:
                server.stop(STOP_TIMEOUT)
        self._audit.close()

    def _at_port(self, settings: Settings) -> PageServer:
        host, port = settings.http_host, settings.http_port
        _check_reach(host, self._accounts, self.tls.used)
        listening = inherited.adopt(_name(settings))
        server = PageServer(host, port, self._app, self.tls, listening, self._limits.places)
        try:
            server.start()
        except OSError as error:
            raise Mistake(
                f"--http_port {port}: cannot listen at {place((host, port))}"
                f" ({os.strerror(error.errno or 0)}); another gsched may run here, or give another"
                " number (0: any free one)"
            ) from error
        return server

    def _figures(self) -> Figures:
        return Figures(
            uptime=self._exchange.now() - self._started,
            problem=self._keeper.problem,
            connections=self._limits.guests.count,
            turned_away=self._limits.guests.turned_away,
            greenlets=under_way(),
            streams=self._app.publisher.watched,
            lag=self._lag.histogram(),
            spent=self._exchange.spent,
            confirms=self._recorder.confirms.shown(),
            waits=self._recorder.waits.shown(),
            runs=self._recorder.runs.shown(),
            resyncs=self._app.publisher.resyncs,
            start=self._start,
            arguments=self._arguments.shown(),
        )


def _name(settings: Settings) -> str:
    """By which the next run finds the socket."""
    return f"--http_port {settings.http_host}:{settings.http_port}"


def accounts_of(settings: Settings) -> Accounts | None:
    """Who may see the page; None where nobody needs an account. Raises Mistake."""
    path = settings.accounts
    try:
        found = accounts.read(path)
        if accounts.too_open(path):
            log.warning("others than its owner may use %s: chmod 600 mends that", path)
    except FileNotFoundError:
        if settings.http_accounts is None:
            return None
        raise Mistake(f"--http_accounts {path}: no such file; gsched passwd makes it") from None
    except AccountsError as error:
        raise Mistake(f"--http_accounts: {error}") from error
    return found


def _check_reach(host: str, accounts: Accounts | None, secure: bool) -> None:
    """Who is known by name may see the page from elsewhere. Raises Mistake."""
    if is_loopback(host):
        return
    if accounts is None:
        raise Mistake(
            f"--http_host {host}: a page for other hosts takes accounts; "
            "make one by: gsched passwd NAME --role admin"
        )
    if not secure:
        log.warning(
            "--http_host %s without --http_certfile: passwords and all that the page shows cross "
            "the network in clear, unless a proxy on this host is all that reaches it",
            host,
        )


def _application(
    settings: Settings, snapshot: Callable[[], dict[str, Any]], login: Login, *parts: app.Part
) -> app.Page:
    """The page, with what is asked for by whom."""
    built: app.Page = app.build(
        snapshot,
        hosts=_names(settings),
        parts=(login, *parts),
        identify=login.identify,
        origins=_origins(settings.http_url),
        read_only=settings.http_read_only,
    )
    return built


def _names(settings: Settings) -> Iterable[str]:
    """How browsers and Prometheus may call this host."""
    own = socket.gethostname()
    proxied = urlsplit(settings.http_url).hostname or ""
    return (settings.http_host, own, own.partition(".")[0], proxied, *settings.http_name)


def _origins(url: str) -> list[str]:
    """What browsers say of a page at that URL, where there is one."""
    parts = urlsplit(url)
    return [f"{parts.scheme}://{parts.netloc}".lower()] if url else []
