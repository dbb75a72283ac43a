"""Who is connected: how many, from where, and what is held for them.

Most connections say what they want at once. Where there are too many, from one address or in all,
those that have said nothing for longest have to go; so whoever opens many to keep others out loses
his own. Bytes of messages that arrive, or wait to be read, are counted too: where they are too
many, from one address or in all, those that bring more have to go.
"""

from contextlib import suppress
from typing import Protocol

from gsched.wire.errors import PeerError

HELD_FREELY = 1 << 17  # bytes of each connection that do not count
WAITING = 2  # beside so many that are served one may wait: each takes a descriptor, too


class Connection(Protocol):
    """What can be ended from elsewhere."""

    def abort(self) -> None: ...


class Guest:
    """One connection."""

    __slots__ = ("_guests", "address", "connection", "held")

    def __init__(self, guests: "Guests", address: str, connection: Connection) -> None:
        self._guests = guests
        self.address = address
        self.connection = connection
        self.held = 0  # bytes

    def hold(self, size: int) -> None:
        """So many bytes are there of its message. Raises PeerError."""
        if size > HELD_FREELY or self.held:
            self._guests.hold(self, size)

    def spoke(self) -> None:
        """Its message is complete."""
        self._guests.spoke(self)


class Guests:
    """All that are there: `most` of them, `most_each` from one address.

    `most_bytes` are held, half of them for one address.
    """

    def __init__(self, most: int, most_each: int, most_bytes: int) -> None:
        self.most = most
        self.most_each = most_each
        self.most_bytes = most_bytes
        self.held = 0  # bytes
        self.waiting = 0  # connections that are not served yet, besides those that are here
        self.refused = self.refused_each = 0  # connections there was no room for, so far
        self.refused_messages = 0
        self._count = 0
        self._each: dict[str, int] = {}
        self._held_each: dict[str, int] = {}
        self._silent: dict[Guest, None] = {}  # in the order in which they came
        self._silent_at: dict[str, dict[Guest, None]] = {}

    @property
    def count(self) -> int:
        """How many are there."""
        return self._count

    @property
    def turned_away(self) -> int:
        """Connections that there was no room for, so far."""
        return self.refused + self.refused_each

    @property
    def most_from_one(self) -> int:
        """How many there are from the address that has the most."""
        return max(self._each.values(), default=0)

    def is_crowded(self, address: str) -> bool:
        """Whether the next one from there takes the place of another."""
        return self._each.get(address, 0) >= self.most_each

    def may_wait(self, others: int) -> bool:
        """Whether one more may wait for its turn, behind so many others from its address."""
        if others >= self.most_each:
            self.refused_each += 1
        elif WAITING * (self.waiting + others) >= self.most:  # it leaves as much for other lines
            self.refused += 1
        else:
            return True
        return False

    def enter(self, address: str, connection: Connection) -> Guest:
        """One more. Raises PeerError if there is no room."""
        if self.is_crowded(address):
            self.refused_each += 1
            self._make_room(self._silent_at.get(address, {}), f"more than {self.most_each} from it")
        if self._count >= self.most:
            self.refused += 1
            self._make_room(self._silent, f"more than {self.most} in all")
        guest = Guest(self, address, connection)
        self._count += 1
        self._each[address] = self._each.get(address, 0) + 1
        self._silent[guest] = None
        self._silent_at.setdefault(address, {})[guest] = None
        return guest

    def leave(self, guest: Guest) -> None:
        """Its connection is closed."""
        self.spoke(guest)
        self._count_bytes(guest, 0)
        self._count -= 1
        self._each[guest.address] -= 1
        if not self._each[guest.address]:
            del self._each[guest.address]

    def spoke(self, guest: Guest) -> None:
        """It has said something whole, which is held until it leaves: it may wait for its turn."""
        if guest in self._silent:
            self._forget(guest)

    def hold(self, guest: Guest, size: int) -> None:
        """So many bytes are there of its message. Raises PeerError if there is no room for more."""
        grows = size > guest.held
        self._count_bytes(guest, size)
        each = self._held_each.get(guest.address, 0)
        if grows and (self.held > self.most_bytes or 2 * each > self.most_bytes):
            self.refused_messages += 1
            raise PeerError("too many large messages at the same time, see --max_message_memory")

    def _count_bytes(self, guest: Guest, size: int) -> None:
        if size == guest.held:
            return
        more, guest.held = size - guest.held, size
        self.held += more
        each = self._held_each[guest.address] = self._held_each.get(guest.address, 0) + more
        if not each:
            del self._held_each[guest.address]

    def _make_room(self, silent: dict[Guest, None], why: str) -> None:
        guest = next(iter(silent), None)
        if guest is None:
            raise PeerError(f"too many connections at the same time, {why}")
        self._forget(guest)
        with suppress(OSError):
            guest.connection.abort()

    def _forget(self, guest: Guest) -> None:
        del self._silent[guest]
        there = self._silent_at[guest.address]
        del there[guest]
        if not there:
            del self._silent_at[guest.address]
