"""The `gsched` command."""

import logging
import os
import signal
import sys
from collections.abc import Sequence

import gevent

from gsched import __version__
from gsched.console import Console, interactive
from gsched.net.mistakes import Mistake
from gsched.options.table import parse
from gsched.server import Server
from gsched.welcome import client_program, greeting

log = logging.getLogger("gsched")

USAGE_ERROR = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until a signal or the console stops it. Returns the exit code."""
    settings = parse(list(sys.argv[1:] if arguments is None else arguments), os.environ)
    _log_to_stderr(settings.debug)
    try:
        server = Server(settings)
        server.start()
    except Mistake as error:
        print(f"gsched: {error}", file=sys.stderr)  # noqa: T201
        return USAGE_ERROR
    handlers = _stop_on_signals(server)
    program = client_program(server.own[0])
    print(greeting(__version__, server.listens(), program), flush=True)  # noqa: T201
    if not settings.daemon and interactive(sys.stdin):
        Console(server, sys.stdin).start()
    server.wait()
    del handlers
    return 0


def _stop_on_signals(server: Server) -> list[object]:
    """The handlers, which work as long as they are held."""
    return [gevent.signal_handler(x, _stop, server) for x in (signal.SIGTERM, signal.SIGINT)]


def _stop(server: Server) -> None:
    if server.stopping.is_set():
        log.warning("stopped the hard way")
        os._exit(1)
    server.stopping.set()


def _log_to_stderr(debug: bool) -> None:
    logging.basicConfig(
        level=logging.DEBUG if debug else logging.INFO,
        format="%(asctime)s %(levelname)-8s %(name)s: %(message)s",
        stream=sys.stderr,
    )
