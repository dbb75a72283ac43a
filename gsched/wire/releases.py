"""Releases of dispy: what each speaks, and which of them work together.

Peers compare version texts for equality, so each is answered with its own. Behind the texts are
two dialects. What is said here of a release was read in its sources and tried with its programs.
"""

import re
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from gsched.wire.errors import PeerError

_VERSION = re.compile(r"(\d{1,3})\.(\d{1,3})(?:\.(\d{1,3}))?", re.ASCII)
_OLDEST, _BEYOND = (4, 8), (4, 16)
_NEW_DIALECT = (4, 11)
_LONGEST = 20  # characters of a version that are repeated to people

# All that were published, the newest first; of each line the last one is the likeliest.
KNOWN = (
    *("4.15.2", "4.15.1", "4.15.0", "4.14.0", "4.13.0"),
    *("4.12.4", "4.12.3", "4.12.2", "4.12.1", "4.12.0", "4.11.1", "4.11.0"),
    *("4.10.6", "4.10.5", "4.10.4", "4.10.3", "4.10.2", "4.10.1", "4.10.0", "4.9.1", "4.9.0"),
    *("4.8.9", "4.8.8", "4.8.7", "4.8.6", "4.8.5", "4.8.4", "4.8.3", "4.8.2", "4.8.1", "4.8.0"),
)

# Lines of releases whose nodes listen there unless told otherwise: the newest and the oldest.
# 4.8 to 4.10 use 51348, but so do nodes of any release that are told gsched's ports.
_OWN_PORTS = {9701: ((4, 15), (4, 15)), 61591: ((4, 14), (4, 11))}


class Unserved(PeerError):
    """A peer of a release, or a Python, that is not served. `version` is what it says it is.

    `peer` is its role and address, where these are better known than to who catches this.
    """

    def __init__(self, reason: str, version: str = "") -> None:
        super().__init__(reason)
        self.peer: tuple[str, str] | None = None
        self.version = "".join(c if c.isprintable() else "?" for c in version[:_LONGEST])


class Dialect(Enum):
    """What peers say to each other; they do not understand those of the other dialect.

    The old one has sets of files, tuples for node allocations, set-up functions with their
    arguments inside the computation, and sends all that comes from jobs by way of the scheduler.
    """

    OLD = "dispy 4.8 to 4.10"
    NEW = "dispy 4.11 to 4.15"


@dataclass(frozen=True, slots=True)
class Release:
    """One release. `version` is the text that its peers compare."""

    version: str
    number: tuple[int, int, int]

    @property
    def dialect(self) -> Dialect:
        """What its peers speak."""
        return Dialect.NEW if self.number[:2] >= _NEW_DIALECT else Dialect.OLD

    @property
    def always_set_up(self) -> bool:
        """Whether nodes want SETUP in any case; before 4.10 only for a set-up function."""
        return self.number >= (4, 10, 0)

    @property
    def tells_its_sign(self) -> bool:
        """Whether clients answer RELAY_INFO; before 4.9 they close the connection."""
        return self.number >= (4, 9, 0)

    @property
    def tells_all_cpus(self) -> bool:
        """Whether nodes answer COMPUTE with all their CPUs; before 4.15.1 with the free ones."""
        return self.number >= (4, 15, 1)


@lru_cache(maxsize=256)
def find(version: str) -> Release:
    """The release of that version. Raises Unserved, which says why, if it is not served."""
    found = _VERSION.fullmatch(version)
    if not found:
        raise Unserved(f"{version[:_LONGEST]!r} is no release of dispy that is known", version)
    number = (int(found[1]), int(found[2]), int(found[3] or 0))
    if number[:2] < _OLDEST:
        raise Unserved(f"dispy {version} is too old, 4.8 is the oldest that is served", version)
    if number[:2] >= _BEYOND:
        raise Unserved(f"dispy {version} is not known, 4.15 is the newest that is served", version)
    return Release(version, number)


def family(dialect: Dialect, protocol: int) -> str:
    """Peers work together if this text, which is also for people, is the same for both.

    Arguments and results of jobs are pickles that only client and node look into, in the newest
    protocol of the Python that writes them: Python 3.7 has 4 and does not read 5, which is 3.8's.
    """
    return f"{dialect.value} on Python {'3.8 or newer' if protocol > 4 else '3.7 or older'}"


def greetings(port: int, met: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The versions in which to greet all nodes at a port, the likeliest first.

    Each node writes a line into its log for each that is not its own, so these are few: those
    of `met`, which other peers have, and the last one of each line of releases.
    """
    newest, oldest = _OWN_PORTS.get(port, (_BEYOND, _OLDEST))
    likely = dict.fromkeys([*met, *_last_of_lines()])
    return tuple(version for version in likely if oldest <= find(version).number[:2] <= newest)


def all_greetings(port: int, met: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Every version, the likeliest first: for a node that was named, and logs nothing of it."""
    return tuple(dict.fromkeys([*greetings(port, met), *KNOWN]))


def _last_of_lines() -> list[str]:
    last: dict[tuple[int, ...], str] = {}
    for version in KNOWN:
        last.setdefault(find(version).number[:2], version)
    return list(last.values())
