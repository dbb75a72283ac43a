"""The golden files (see capture.py), and how what we decode compares with what is expected."""

import ast
import gzip
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gsched.wire.filestat import StatResult
from gsched.wire.frames import CODE_SIZE
from gsched.wire.messages import Sender
from gsched.wire.records import RECORDS, Record
from gsched.wire.standins import Anonymous, StandIn, StandInType

FOLDER = Path(__file__).resolve().parent / "golden"
_SENDERS = {"client": Sender.CLIENT, "node": Sender.NODE}


@dataclass(frozen=True)
class Golden:
    """One recorded conversation: what its opener sent, what came back, what it means."""

    release: str
    way: str  # opener-receiver
    message: str
    variant: str
    sent: bytes
    received: bytes
    expected: dict[str, Any]

    def __str__(self) -> str:
        return ".".join(filter(None, (self.release, self.way, self.message, self.variant)))

    @property
    def sender(self) -> Sender:
        """Where the scheduler gets this message."""
        if self.variant == "udp":
            return Sender.DATAGRAM
        return _SENDERS[self.way.partition("-")[0]]

    @property
    def payload(self) -> bytes:
        """The message: no code, no length, nothing behind it."""
        if self.variant == "udp":
            return self.sent
        start = CODE_SIZE if self.expected["code"] else 0
        size = int.from_bytes(self.sent[start : start + 4], "big")
        return self.sent[start + 4 : start + 4 + size]

    @property
    def pickle(self) -> bytes:
        """What follows the tag."""
        return self.payload.partition(b":")[2]


def _content(path: Path) -> bytes:
    packed = path.with_name(path.name + ".gz")
    if packed.exists():
        return gzip.decompress(packed.read_bytes())
    return path.read_bytes() if path.exists() else b""


def _load(path: Path) -> Golden:
    name = path.name.removesuffix(".expect")
    way, message, variant = [*name.split(".", 2), ""][:3]
    sent = _content(path.with_name(f"{name}.bin"))
    received = _content(path.with_name(f"{name}.reply.bin"))
    expected = ast.literal_eval(path.read_text())
    return Golden(path.parent.name, way, message, variant, sent, received, expected)


GOLDENS = [_load(path) for path in sorted(FOLDER.glob("*/*.expect"))]


def to_scheduler() -> list[Golden]:
    """What clients and nodes send."""
    return [one for one in GOLDENS if one.way.endswith("-scheduler")]


def from_scheduler() -> list[Golden]:
    """What a scheduler sends."""
    return [one for one in GOLDENS if one.way.startswith("scheduler-")]


# -- what we decoded, as a literal; the same forms as in oracle.py -------------------------------


def describe(value: Any) -> Any:
    """The value as oracle.py describes it."""
    if isinstance(value, Record):
        return {"@": ".".join(value.GLOBAL), **describe(value.items())}
    if isinstance(value, StatResult):
        return {"@": "os.stat_result", "fields": value.fields, **value.more}
    if isinstance(value, StandInType):
        return {"@class": ".".join(value.origin)}
    if isinstance(value, StandIn):
        return _describe_stand_in(value)
    if type(value) in (list, tuple, set, frozenset):
        return type(value)(describe(one) for one in value)
    if type(value) is dict:
        return {describe(key): describe(part) for key, part in value.items()}
    return value


def _describe_stand_in(value: StandIn) -> dict[str, Any]:
    how, call, *args = value.made
    assert how == ("reduce" if isinstance(value, Anonymous) else "newobj")
    found = {"@": ".".join(call.origin), "args": describe(args[0])}
    return found | {kind: describe(step) for kind, step in value.steps}


def exact(described: Any) -> Any:
    """For comparisons in which True is not 1, and 1 is not 1.0."""
    if isinstance(described, dict):
        return {key: exact(part) for key, part in described.items()}
    if isinstance(described, (list, tuple)):
        return type(described), tuple(exact(one) for one in described)
    if isinstance(described, (set, frozenset)):
        return type(described), frozenset(exact(one) for one in described)
    return type(described), described


def revive(described: Any) -> Any:
    """Our values from a description; the way back from `describe`, for plain values and records."""
    if isinstance(described, (list, tuple)):
        return type(described)(revive(one) for one in described)
    if not isinstance(described, dict):
        return described
    fields = {key: revive(part) for key, part in described.items() if key != "@"}
    if "@" not in described:
        return fields
    module, _, name = described["@"].partition(".")
    return _record(RECORDS[module, name], fields)


def _record(cls: Any, fields: dict[str, Any]) -> Any:
    if cls is StatResult:
        return StatResult(fields.pop("fields"), fields)
    known = {name: fields.pop(name) for name in cls.FIELDS}
    return cls(**known, extra=fields)
