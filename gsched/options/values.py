"""Readers: the text of an option's value -> the value that the program uses.

A reader takes the text as it was typed, or as it stands in the file or the variable, and
raises ValueError with what is allowed, worded so that it completes the sentence
"'70000' is not allowed, give ...". Readers know nothing of options or sources.
"""

import ipaddress
import os
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

Node = tuple[str, "int | None"]

_TRUE = frozenset({"true", "yes", "on", "1"})
_FALSE = frozenset({"false", "no", "off", "0"})
_NUMBER = re.compile(r"[0-9]{1,12}(\.[0-9]{0,12})?|\.[0-9]{1,12}")
_SIZE = re.compile(r"([0-9]{1,15})([kmgt]?)", re.IGNORECASE)
_LABEL = re.compile(r"(?!-)[\w-]{1,63}")
_NODE = re.compile(r"(\[[^\]]*\]|[^:\[\]]*)(?::([^:]*))?")
_UNITS = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3, "t": 1024**4}

LAST_PORT = 65535
NODES_OFFSET = 1
"""What dispy >= 4.11 adds to its one port number for the port of the nodes ..."""
CLIENTS_OFFSET = 2
"""... and for the port of the clients."""


def text(value: str) -> str:
    """The value as it is: secrets may hold any character."""
    return value


def path(value: str) -> Path | None:
    """An absolute path, `~` expanded; None for an empty value."""
    return Path(os.path.abspath(os.path.expanduser(value))) if value else None


def boolean(value: str) -> bool:
    """`true`, `yes`, `on`, `1` or `false`, `no`, `off`, `0`, in upper or lower case."""
    word = value.lower()
    if word not in _TRUE | _FALSE:
        raise ValueError("true or false (or yes, no, on, off, 1, 0)")
    return word in _TRUE


def choice(*words: str) -> Callable[[str], str]:
    """A reader that takes exactly one of `words`."""

    def read(value: str) -> str:
        if value not in words:
            raise ValueError("one of " + ", ".join(words))
        return value

    return read


def port(value: str) -> int:
    """A port of somebody else or of ours that others must know: 1 to 65535."""
    return _whole(value, 1, LAST_PORT, "a port number from 1 to 65535")


def own_port(value: str) -> int:
    """A port of ours: 1 to 65535, or 0 for a free one that the system picks."""
    return _whole(value, 0, LAST_PORT, "a port number from 1 to 65535, or 0 for any free port")


def base_port(value: str) -> int:
    """The first of three ports in a row, so 1 to 65533."""
    last = LAST_PORT - CLIENTS_OFFSET
    return _whole(value, 1, last, f"a port number from 1 to {last}, since two more follow it")


def base_port_or_none(value: str) -> int | None:
    """As `base_port`; None for `none`."""
    return None if value.lower() == "none" else base_port(value)


def cpus(value: str) -> int | None:
    """How many CPUs of this host: a count, 0 for all of them, None for no local node."""
    word = value.lower()
    if word in {"all", "true", "yes", "on"}:
        return 0
    if word in {"none", "false", "no", "off"}:
        return None
    return _whole(value, 1, 9999, "a number of CPUs from 1 to 9999, all, or none")


def many(value: str) -> int:
    """A count of things of which there may be many: 1 to 999999999."""
    return _whole(value, 1, 999_999_999, "a whole number from 1 to 999999999")


def number(value: str) -> int:
    """A count that may be nothing: 0 to 999999999."""
    return _whole(value, 0, 999_999_999, "a whole number from 0 to 999999999")


def percent(value: str) -> int:
    """Some of a whole: 1 to 100."""
    return _whole(value, 1, 100, "a whole number from 1 to 100")


def _whole(value: str, low: int, high: int, allowed: str) -> int:
    """A whole number from `low` to `high` in ASCII digits, without sign, gaps or exponent."""
    if not re.fullmatch("[0-9]{1,9}", value) or not low <= int(value) <= high:
        raise ValueError(allowed)
    return int(value)


def _number(value: str, allowed: str) -> float:
    """A finite number that is not negative, in plain decimal notation."""
    if not _NUMBER.fullmatch(value):
        raise ValueError(allowed)
    return float(value)


def pulse_seconds(value: str) -> float:
    """Seconds from 1 to 600."""
    allowed = "a number of seconds from 1 to 600"
    seconds = _number(value, allowed)
    if not 1 <= seconds <= 600:
        raise ValueError(allowed)
    return seconds


def timeout_seconds(value: str) -> float:
    """Seconds, more than 0."""
    allowed = "a number of seconds greater than 0"
    seconds = _number(value, allowed)
    if seconds <= 0:
        raise ValueError(allowed)
    return seconds


def grace_seconds(value: str) -> float:
    """Seconds, 0 or more."""
    return _number(value, "a number of seconds, 0 for none")


def ping_seconds(value: str) -> float | None:
    """Seconds, at least 1; None for 0, which means never."""
    return _at_least_one(value, "a number of seconds of at least 1, or 0 for never")


def zombie_seconds(value: str) -> float | None:
    """Minutes, at least 1, as seconds; None for 0, which means never."""
    minutes = _at_least_one(value, "a number of minutes of at least 1, or 0 for never")
    return None if minutes is None else minutes * 60


def _at_least_one(value: str, allowed: str) -> float | None:
    """A number of at least 1; None for 0."""
    number = _number(value, allowed)
    if 0 < number < 1:
        raise ValueError(allowed)
    return number or None


def size(value: str) -> int:
    """Bytes: a whole number, with k, m, g or t times 1024 once, twice, ... four times."""
    match = _SIZE.fullmatch(value)
    if not match:
        raise ValueError("a whole number of bytes, or one with k, m, g or t after it, as in 10m")
    return int(match[1]) * _UNITS[match[2].lower()]


def host(value: str) -> str:
    """A host name, an IPv4 or an IPv6 address; brackets around the last are dropped."""
    bracketed = value.startswith("[") and value.endswith("]")
    name = value[1:-1] if bracketed else value
    if not _is_host(name) or (bracketed and ":" not in name):
        raise ValueError("a host name, an IPv4 or an IPv6 address")
    return name


def _is_host(name: str) -> bool:
    """Whether `name` has the form of an address or of a name; nothing is looked up."""
    if ":" in name or re.fullmatch(r"[0-9.]+", name):
        return _is_address(name)
    labels = name.removesuffix(".").split(".")
    return len(name) <= 253 and all(_LABEL.fullmatch(label) for label in labels)


def _is_address(name: str) -> bool:
    """Whether `name` is an IPv4 or IPv6 address in digits."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def node(value: str) -> Node:
    """`host`, `host:port`, `[IPv6]`, `[IPv6]:port` or bare IPv6, as (host, port or None)."""
    match = _NODE.fullmatch(value)
    if match is None:
        return host(value), None
    return host(match[1]), None if match[2] is None else port(match[2])


def network(value: str) -> str:
    """An address, or a network such as 10.0.0.0/8, as a network."""
    try:
        return str(ipaddress.ip_network(value))
    except ValueError:
        raise ValueError("an address, or a network such as 10.0.0.0/8 or fd00::/8") from None


def url(value: str) -> str:
    """An http or https URL without user, query and fragment; empty for an empty value."""
    allowed = "a URL like https://gsched.example.org/ or http://host:8080/below/"
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        raise ValueError(allowed) from None
    plain = not (parts.username or parts.password or parts.query or parts.fragment)
    right = parts.scheme in ("http", "https") and _is_host(parts.hostname or "-") and port != 0
    if value and not (plain and right):
        raise ValueError(allowed)
    return value


def is_loopback(address: str) -> bool:
    """Whether a value of `host` can be reached from this host only, as far as its text tells."""
    if not _is_address(address):
        return address.lower().removesuffix(".") == "localhost"
    return ipaddress.ip_address(address).is_loopback
