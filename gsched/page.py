"""The page of a running server, with what is served beside it."""

import logging
import os
import socket
from collections.abc import Callable
from typing import Any

from gsched.history.happenings import Happenings
from gsched.history.recorder import Recorder
from gsched.httpd import app
from gsched.httpd.acting import Acting
from gsched.httpd.api import Api
from gsched.httpd.audit import Audit
from gsched.httpd.local import LocalServer
from gsched.httpd.metrics import Figures, Metrics
from gsched.httpd.past import Past
from gsched.httpd.readiness import Readiness
from gsched.httpd.server import PageServer
from gsched.net.exchange import Exchange
from gsched.net.keeping.keeper import Keeping
from gsched.net.transport.greenlets import under_way
from gsched.net.transport.guests import Guests
from gsched.net.transport.lag import Lag
from gsched.net.transport.mistakes import Mistake
from gsched.options.settings import Settings
from gsched.store.audit import AuditFile

STOP_TIMEOUT = 1.0  # seconds


class Page:
    """Shows what `snapshot` returns: to this host's users, and with --httpd at a port.

    Raises Mistake when it cannot be served.
    """

    def __init__(
        self,
        settings: Settings,
        snapshot: Callable[[], dict[str, Any]],
        exchange: Exchange,
        keeper: Keeping,
        guests: Guests,
        recorder: Recorder,
    ) -> None:
        self._exchange, self._keeper, self._guests = exchange, keeper, guests
        self._started = exchange.now()
        self._lag = Lag()
        self._happenings = Happenings()
        logging.getLogger("gsched").addHandler(self._happenings)
        book = exchange.scheduler.book
        self._audit = Audit(AuditFile(settings.dest_path_prefix), exchange.now)
        parts = (
            Api(book, exchange.now, lambda: keeper.problem, recorder.job),
            Past(book, exchange.now, recorder, self._happenings),
            Readiness(lambda: keeper.problem or book.refusing),
            Metrics(book, self._figures),
            Acting(exchange, keeper, self._audit),
            self._audit,
        )
        host, port = settings.http_host, settings.http_port
        self._app: app.Page = app.build(snapshot, (host, *_own_names()), parts)
        self._local = LocalServer(settings.api_socket, self._app)
        self._server = PageServer(host, port, self._app) if settings.httpd else None
        try:
            if self._server is not None:
                self._server.start()
        except OSError as error:
            raise Mistake(f"--http_port {port}: {os.strerror(error.errno or 0)}") from error
        self._local.start()
        self._lag.start()

    @property
    def url(self) -> str:
        """Its address for a browser on this host; empty without --httpd."""
        return self._server.url if self._server else ""

    def stop(self) -> None:
        """Serve nobody any more."""
        self._lag.stop()
        self._app.close()
        logging.getLogger("gsched").removeHandler(self._happenings)
        for server in (self._local, self._server):
            if server is not None:
                server.stop(STOP_TIMEOUT)
        self._audit.close()

    def _figures(self) -> Figures:
        return Figures(
            uptime=self._exchange.now() - self._started,
            problem=self._keeper.problem,
            connections=self._guests.count,
            turned_away=self._guests.turned_away,
            greenlets=under_way(),
            streams=self._app.publisher.watched,
            lag=self._lag.histogram(),
        )


def _own_names() -> list[str]:
    """What this host calls itself: browsers and Prometheus may ask for it by that name."""
    name = socket.gethostname()
    return [name, name.partition(".")[0]]
