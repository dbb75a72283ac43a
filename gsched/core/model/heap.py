"""A heap whose keys may change behind its back."""

from collections.abc import Callable
from heapq import heapify, heappop, heappush, heapreplace
from typing import Any, Generic, TypeVar

T = TypeVar("T")
Key = tuple[Any, ...]

_SLACK = 64  # entries that may be out of date before it is worth while to clear them away


class LazyHeap(Generic[T]):
    """Gives the item with the smallest key.

    An item whose key may have become *smaller* must be put again. One whose key has grown, or
    that no longer belongs here, may be left as it is: it is mended when it reaches the top.
    So each change costs O(log n) and nothing is ever searched for.
    """

    __slots__ = ("_entries", "_keys", "_serial")

    def __init__(self) -> None:
        self._entries: list[tuple[Key, int, T]] = []
        self._keys: dict[T, Key] = {}  # the entry that counts, of those an item may have
        self._serial = 0  # items themselves are never compared

    def put(self, item: T, key: Key) -> None:
        """Add the item, or give it another key."""
        if self._keys.get(item) == key:
            return
        self._keys[item] = key
        self._serial += 1
        heappush(self._entries, (key, self._serial, item))
        if len(self._entries) > _SLACK + 2 * len(self._keys):
            self._clear_away()

    def lower(self, item: T, key: Key) -> None:
        """Add the item, whose key may have become as small as this; a smaller one stays."""
        known = self._keys.get(item)
        if known is None or key < known:
            self.put(item, key)

    def discard(self, item: T) -> None:
        """Take the item out, if it is here."""
        self._keys.pop(item, None)

    def top(self, key_of: Callable[[T], Key | None]) -> T | None:
        """The item with the smallest key, or None if there is none.

        `key_of` tells an item's present key; None says that it does not belong here any more.
        """
        entries, keys = self._entries, self._keys
        while entries:
            key, _, item = entries[0]
            if keys.get(item) is not key:
                heappop(entries)
                continue
            present = key_of(item)
            if present == key:
                return item
            self._mend(item, present)
            if entries and entries[0][0] is present and entries[0][2] is item:
                return item  # it still comes first
        return None

    def floor(self) -> Key | None:
        """None of the keys is smaller. It is the key of what `top` has just given."""
        return self._entries[0][0] if self._entries else None

    def first(self, key_of: Callable[[T], Key | None], suits: Callable[[T], bool]) -> T | None:
        """The item with the smallest key of those that suit: O(log n) for each that does not."""
        passed = []
        while (item := self.top(key_of)) is not None and not suits(item):
            passed.append(heappop(self._entries))
        for entry in passed:
            heappush(self._entries, entry)
        return item

    def __bool__(self) -> bool:
        return bool(self._keys)

    def _mend(self, item: T, present: Key | None) -> None:
        """The item at the top has another key, or none."""
        if present is None:
            heappop(self._entries)
            del self._keys[item]
        else:
            self._keys[item] = present
            self._serial += 1
            heapreplace(self._entries, (present, self._serial, item))

    def _clear_away(self) -> None:
        """Drop entries that no longer count."""
        serials = range(self._serial + 1, self._serial + 1 + len(self._keys))
        self._entries[:] = [  # it is this very list that `top` looks at
            (key, serial, item)
            for serial, (item, key) in zip(serials, self._keys.items(), strict=True)
        ]
        self._serial += len(self._keys)
        heapify(self._entries)
