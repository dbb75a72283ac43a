"""Greenlets that have a name and do not die in silence."""

import logging
from collections.abc import Callable
from typing import Any

import gevent
from gevent.pool import Group, Pool

log = logging.getLogger("gsched.greenlets")


class Greenlets:
    """All greenlets of one part of the server, to be stopped together."""

    def __init__(self) -> None:
        self._group = Group()

    def spawn(self, name: str, call: Callable[..., Any], *args: Any) -> gevent.Greenlet:
        """Run the call in a greenlet of its own. If it raises, that is logged as our bug."""
        greenlet = self._group.spawn(call, *args)
        greenlet.name = name
        greenlet.link_exception(_report)
        return greenlet

    def spawn_later(self, seconds: float, name: str, call: Callable[..., Any], *args: Any) -> None:
        """As `spawn`, after some seconds."""
        self.spawn(name, _after, seconds, call, *args)

    def kill(self) -> None:
        """Stop all that still run."""
        self._group.kill()


class Handlers(Pool):
    """Greenlets of a server's connections, so many at the same time."""

    def spawn(self, call: Callable[..., Any], *args: Any, **kwargs: Any) -> gevent.Greenlet:
        """As Greenlets.spawn; gevent's servers call it for each connection."""
        greenlet = super().spawn(call, *args, **kwargs)
        greenlet.name = "connection"
        greenlet.link_exception(_report)
        return greenlet


def _after(seconds: float, call: Callable[..., Any], *args: Any) -> None:
    gevent.sleep(seconds)
    call(*args)


def _report(greenlet: gevent.Greenlet) -> None:
    log.critical("bug in %s", greenlet.name, exc_info=greenlet.exc_info)
