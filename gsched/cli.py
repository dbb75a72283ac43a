"""The `gsched` command."""

import gc
import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import gevent

from gsched import __version__, logs, passphrase, passwd, rekey, subcommand
from gsched.console import Console, interactive
from gsched.handover import Handover
from gsched.net.transport import inherited
from gsched.net.transport.mistakes import Mistake
from gsched.options.settings import Settings
from gsched.options.table import parse, read
from gsched.policy.file import PolicyError
from gsched.policy.file import read as read_policy
from gsched.reload import Reload
from gsched.running.server import Server
from gsched.running.welcome import client_program, greeting
from gsched.service import Service
from gsched.simulation import command as simulation

log = logging.getLogger("gsched")

USAGE_ERROR = 2
SAME_WISH = 1.0  # seconds

Command = Callable[[Sequence[str], Mapping[str, str]], int]
COMMANDS: dict[str, Command] = {  # by the first word; they end, where gsched alone goes on
    **dict.fromkeys(passwd.COMMANDS, passwd.main),
    "rekey": rekey.main,
    "simulate": simulation.main,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until a signal or the console stops it. Returns the exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words[:1] and words[0] in COMMANDS:
        with subcommand.pipe_may_break():
            return COMMANDS[words[0]](words, os.environ)
    inherited.inherit(os.environ)
    settings = parse(words, os.environ)
    if settings.check_policy:
        return _check_policy(settings.check_policy)
    logs.to(sys.stderr, debug=settings.debug, form=settings.log_format)
    service = Service(os.environ)
    try:
        server = Server(passphrase.with_key(settings))
        server.start()
    except Mistake as error:
        print(f"gsched: {error}", file=sys.stderr)  # noqa: T201
        return USAGE_ERROR
    _rarely_look_for_garbage()
    _run(server, service, partial(read, words, os.environ))
    return 0


def _run(server: Server, service: Service, again: Callable[[], Settings]) -> None:
    """Serve until somebody stops it. `again` reads the options."""
    settings, handover = server.settings, Handover(server, service, again)
    server.restart = handover.ask
    handlers = _stop_on_signals(server)
    if settings.daemon or not (sys.stdin and sys.stdin.isatty()):  # else the terminal has gone
        handlers.append(gevent.signal_handler(signal.SIGHUP, Reload(server, service, again)))
    handlers.append(gevent.signal_handler(signal.SIGUSR2, handover))
    _greet(server)
    if not settings.daemon and interactive(sys.stdin):
        Console(server, sys.stdin).start()
    service.ready(lambda: _status(server))
    server.stopping.wait()
    if handover.wanted:
        handover.go()
    service.stopping()
    server.shut_down()
    del handlers  # they work as long as they are held


def _check_policy(path: Path) -> int:
    try:
        sharing = read_policy(path)
    except PolicyError as error:
        print(f"gsched: --check_policy: {error}", file=sys.stderr)  # noqa: T201
        return USAGE_ERROR
    print(f"{path}: {len(sharing.rules)} rules, nothing is wrong")  # noqa: T201
    return 0


def _rarely_look_for_garbage() -> None:
    """What is here now stays, and jobs leave no cycles behind: looking took 5 % of the time.

    What has come since is looked through in small lots: nobody is served meanwhile.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 4, 250)


def _greet(server: Server) -> None:
    """Say where it listens: to people, or to programs that read the log."""
    if server.settings.log_format == "json":
        log.info("gsched %s is ready: %s", __version__, ", ".join(server.listens()))
    else:
        program = client_program(server.own[0])
        print(greeting(__version__, server.listens(), program), flush=True)  # noqa: T201


def _status(server: Server) -> str:
    """One line."""
    state, kept = server.scheduler, server.keeper.problem
    counts = f"nodes: {len(state.nodes)}, clusters: {len(state.clusters)}, jobs: {len(state.jobs)}"
    return "; ".join(filter(None, ["stopping" * server.stopping.is_set(), counts, kept]))


def _stop_on_signals(server: Server) -> list[object]:
    """The handlers, which work as long as they are held."""
    stop = Stop(server)
    return [gevent.signal_handler(number, stop) for number in (signal.SIGTERM, signal.SIGINT)]


class Stop:
    """What a signal does: the first stops in order, one that comes later stops at once.

    One that comes right behind the first is the same wish: a terminal signals all its processes,
    and make hands on what it gets.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self._asked = 0.0

    def __call__(self) -> None:
        now = time.monotonic()
        if not self._server.stopping.is_set():
            self._asked = now
            self._server.stopping.set()
        elif now - self._asked > SAME_WISH:
            log.warning("stopped the hard way")
            os._exit(1)
