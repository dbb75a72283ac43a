"""Who is connected: how many, from where, and what is held for them.

Most connections say what they want at once. Where there are too many, from one address or in all,
those that have said nothing for longest have to go; so whoever opens many to keep others out loses
his own. Bytes of messages that are not complete yet are counted too: where they are too many,
those that bring more have to go.
"""

from contextlib import suppress
from typing import Protocol

from gsched.wire.errors import PeerError

HELD_FREELY = 1 << 17  # bytes of each connection that do not count


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
        """So many bytes are there of a message that is not complete. Raises PeerError."""
        if size > HELD_FREELY or self.held:
            self._guests.held += size - self.held
            self.held = size
            if self._guests.held > self._guests.most_bytes:
                raise PeerError("too many large messages arrive at the same time")

    def spoke(self) -> None:
        """Its message is complete."""
        self._guests.spoke(self)


class Guests:
    """All that are there: `most` of them, `most_each` from one address; `most_bytes` are held."""

    def __init__(self, most: int, most_each: int, most_bytes: int) -> None:
        self.most = most
        self.most_each = most_each
        self.most_bytes = most_bytes
        self.held = 0  # bytes
        self.turned_away = 0  # so far
        self._count = 0
        self._each: dict[str, int] = {}
        self._silent: dict[Guest, None] = {}  # in the order in which they came
        self._silent_at: dict[str, dict[Guest, None]] = {}

    @property
    def count(self) -> int:
        """How many are there."""
        return self._count

    @property
    def most_from_one(self) -> int:
        """How many there are from the address that has the most."""
        return max(self._each.values(), default=0)

    def enter(self, address: str, connection: Connection) -> Guest:
        """One more. Raises PeerError if there is no room."""
        if self._each.get(address, 0) >= self.most_each:
            self._make_room(self._silent_at.get(address, {}), f"more than {self.most_each} from it")
        if self._count >= self.most:
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
        self._count -= 1
        self._each[guest.address] -= 1
        if not self._each[guest.address]:
            del self._each[guest.address]

    def spoke(self, guest: Guest) -> None:
        """It has said something whole."""
        if guest.held:
            self.held -= guest.held
            guest.held = 0
        if guest in self._silent:
            self._forget(guest)

    def _make_room(self, silent: dict[Guest, None], why: str) -> None:
        self.turned_away += 1
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
