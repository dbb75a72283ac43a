"""How much of the disk files of clients may take: each cluster, all together, and what is left."""

import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from weakref import WeakSet

_LOOK = 16 << 20  # bytes that arrive between two looks at the disk, which may be slow to answer
_PLACES_LEFT = 10_000  # of a disk, for what others and we ourselves write there
MOST_FILES = 100_000  # of one cluster, old versions included that jobs still need


@dataclass
class Quota:
    """`most_each` bytes for a cluster, `most_all` for all; 0 is no limit. `free` bytes are left."""

    root: Path = Path("/")
    most_each: int = 0
    most_all: int = 0
    free: int = 0
    power: bool = False  # files are on the disk itself before they count as kept
    used: int = 0  # bytes
    refused_each: int = 0  # files there was no room for, so far
    refused_all: int = 0
    _pending: int = 0  # bytes of files that are arriving
    _seen: int = 0  # bytes that may come before the disk is asked again
    _shares: "WeakSet[Share]" = field(default_factory=WeakSet)

    def refusal(self, size: int, used: int, *, look: bool = True) -> str:
        """Why a file is not taken for a cluster that has so many bytes; empty if it is.

        Without `look`, the disk is asked only if more has come since than it had room for then.
        """
        if self.most_each and used + size > self.most_each:
            self.refused_each += 1
            return f"its cluster would have {used + size} bytes, more than --max_cluster_size"
        if self.most_all and self.used + size > self.most_all:
            self.refused_all += 1
            return f"all clusters would have {self.used + size} bytes, more than --max_spool_size"
        if self.free and (look or size > self._seen):
            return self._full(size)
        return ""

    @property
    def largest(self) -> int:
        """Bytes of the cluster that has the most."""
        return max((share.used for share in self._shares), default=0)

    def share(self, share: "Share") -> None:
        """A cluster is here, until nobody holds its share any more."""
        self._shares.add(share)

    def expect(self, size: int) -> None:
        """So many bytes more are about to arrive, or less if negative: they are not there yet."""
        self._pending += size
        self._seen -= max(0, size)

    def _full(self, size: int) -> str:
        """Why the disk does not take so many bytes; empty if it does."""
        if self._places() < _PLACES_LEFT:
            return "the disk has no places left for more files"
        room = self._room()
        if size > room:
            return f"the disk has {max(0, room)} bytes to spare besides --min_free_disk"
        self._seen = min(room, _LOOK)
        return ""

    def _room(self) -> int:
        """Bytes that the disk has for files that do not arrive yet."""
        return shutil.disk_usage(self._place()).free - self._pending - self.free

    def _places(self) -> int:
        """Files that the disk has room for, however small they are; some disks do not count."""
        found = os.statvfs(self._place())
        return found.f_favail if found.f_files else _PLACES_LEFT

    def _place(self) -> Path:
        place = self.root
        while not place.is_dir() and place != place.parent:
            place = place.parent
        return place


@dataclass(eq=False)
class Share:
    """What one cluster has of it."""

    quota: Quota = field(default_factory=Quota)
    used: int = 0  # bytes
    files: int = 0

    def __post_init__(self) -> None:
        self.quota.share(self)

    def refusal(self, size: int) -> str:
        """Why a file of that size is not taken; empty if it is."""
        if self.files >= MOST_FILES:
            return f"its cluster has {self.files} files already"
        return self.quota.refusal(size, self.used)

    def take(self, size: int) -> None:
        """A file is there, or begins to arrive: with so many bytes."""
        self.files += 1
        self.add(size)

    def add(self, size: int) -> None:
        """So many bytes more of a file that arrives."""
        self.quota.used += size
        self.used += size

    def give_back(self, size: int) -> None:
        """A file is not there any more."""
        self.add(-size)
        self.files -= 1

    def close(self) -> None:
        """None is there any more."""
        self.quota.used -= self.used
        self.used = self.files = 0
        self.quota = Quota()  # for what is released after that


class Arrival:
    """A file on its way. What counts is what is there of it, and what comes next.

    Else whoever announces as much as there is room for, and sends it slowly, takes all of it.
    """

    def __init__(self, share: Share) -> None:
        self._share = share
        self._quota = share.quota  # the cluster may be gone before the file is here
        self._size = self._coming = 0
        share.take(0)

    def refusal(self, size: int) -> str:
        """Why so many bytes more are not taken; empty if they are: they count from now on."""
        if self._share.quota is not self._quota:
            return "its cluster is gone"
        if problem := self._quota.refusal(size, self._share.used, look=False):
            return problem
        self._share.add(size)
        self._quota.expect(size)
        self._size, self._coming = self._size + size, size
        return ""

    def landed(self) -> None:
        """What was to come is on the disk, or will not come."""
        self._quota.expect(-self._coming)
        self._coming = 0

    def lost(self) -> None:
        """The file does not arrive."""
        self.landed()
        self._share.give_back(self._size)
