"""The one table of what a policy file may say.

A reader takes the text of a value and raises ValueError with what is allowed, worded so that it
completes the sentence "'x' is not allowed, give ...".
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any

from gsched.core.model.sharing import EVERY, HALF_LIFE

MOST = 999_999_999
LONGEST = 200  # characters of a name or a pattern
_NUMBER = re.compile(r"[0-9]{1,9}(\.[0-9]{1,6})?")
_SPAN = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,6})?) ?(s|min|h|d|)")
_SECONDS = {"": 1, "s": 1, "min": 60, "h": 3600, "d": 86400}


@dataclass(frozen=True)
class Field:
    """One key of a file, or of a rule in it: also what it is called in the core."""

    name: str
    about: str
    read: Callable[[str], Any]
    many: bool = False
    """A list, or one value alone."""
    default: Any = None
    """The value of a key that is not there, or has none."""


def text(value: str) -> str:
    """A name for people."""
    if not value.isprintable() or not 0 < len(value) <= LONGEST:
        raise ValueError(f"a text of at most {LONGEST} characters")
    return value


def pattern(value: str) -> str:
    """A name, in which * stands for any text."""
    return text(value)


def place(value: str) -> str:
    """An address, a pattern of addresses, or a network."""
    if "/" in value:
        try:
            ip_network(value)
        except ValueError:
            raise ValueError(
                "an address, a pattern such as 10.1.*, or a network such as 10.1.0.0/16"
            ) from None
    return text(value)


def weight(value: str) -> float:
    """More than 0."""
    allowed = "a number greater than 0, such as 2 or 0.5"
    if not _NUMBER.fullmatch(value) or not float(value):
        raise ValueError(allowed)
    return float(value)


def priority(value: str) -> int:
    """The larger the sooner."""
    return _whole(value, -1_000_000, 1_000_000, "a whole number, such as 10 or -5")


def count(value: str) -> int:
    """At least 1."""
    return _whole(value, 1, MOST, f"a whole number from 1 to {MOST}, or leave it out for no limit")


def cpus(value: str) -> int:
    """At least 1."""
    return _whole(value, 1, 10_000, "a whole number from 1 to 10000")


def few(value: str) -> int:
    """At least 0."""
    return _whole(value, 0, 1000, "a whole number from 0 to 1000, or leave it out for 2")


def span(value: str) -> float:
    """Seconds."""
    match = _SPAN.fullmatch(value)
    if match is None or not float(match[1]):
        raise ValueError("a time such as 90, 90 s, 15 min, 2 h or 1 d")
    return float(match[1]) * _SECONDS[match[2]]


def half_life(value: str) -> float | None:
    """Seconds; None for never."""
    try:
        return None if value == "never" else span(value)
    except ValueError:
        raise ValueError("a time such as 30 min, 1 h or 7 d, or never") from None


def _whole(value: str, low: int, high: int, allowed: str) -> int:
    if not re.fullmatch("-?[0-9]{1,9}", value) or not low <= int(value) <= high:
        raise ValueError(allowed)
    return int(value)


FILE = (
    Field(
        "half_life",
        "after which CPU time that was used counts half: weighted scheduler",
        half_life,
        default=HALF_LIFE,
    ),
    Field("rules", "the first one that matches a cluster is its rule", text, many=True),
)
RULE = (
    Field("name", "for people", text),
    Field("clusters", "names, * stands for any text", pattern, many=True, default=EVERY),
    Field(
        "clients",
        "addresses of clients, patterns or networks",
        place,
        many=True,
        default=EVERY,
    ),
    Field(
        "nodes",
        "addresses that may be used, patterns or networks",
        place,
        many=True,
        default=EVERY,
    ),
    Field("weight", "share of CPU time: weighted scheduler", weight, default=1.0),
    Field("priority", "the highest goes first: all schedulers", priority, default=0),
    Field("cpus_per_job", "that a job of it has to itself", cpus, default=1),
    Field("max_cpus", "of a cluster at the same time", count),
    Field("max_cpus_per_node", "the same of one node", count),
    Field("max_queued_jobs", "of a cluster; one more is refused", count),
    Field("soft_time_limit", "of a job, in seconds; what runs longer is told", span),
    Field("hard_time_limit", "of a job, in seconds; what runs longer is stopped", span),
    Field("retries", "of a reentrant job after its node failed or its time was over", few),
)
