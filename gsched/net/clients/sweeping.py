"""What takes the core long, bit by bit: others have their turn in between."""

import gevent

from gsched.core.effects import Sweep
from gsched.net.exchange import Exchange
from gsched.net.keeping.keeper import Keeping
from gsched.net.transport.greenlets import Greenlets


class Sweeping:
    """Has jobs end that are to end. Each bit is kept before the next one."""

    def __init__(self, exchange: Exchange, keeper: Keeping) -> None:
        self._exchange = exchange
        self._keeper = keeper
        self._greenlets = Greenlets()
        exchange.perform(Sweep, self._sweep)

    def stop(self) -> None:
        """Leave the rest for the next start."""
        self._greenlets.kill()

    def _sweep(self, effect: Sweep) -> None:
        self._greenlets.spawn("sweep", self._go_on)

    def _go_on(self) -> None:
        self._keeper.settled_at_last()
        gevent.sleep(0)
        self._exchange.tell(self._exchange.scheduler.swept)
