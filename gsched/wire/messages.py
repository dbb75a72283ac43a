"""The one table of messages that gsched understands: who may send it, what it holds, the reply.

A message is an ASCII tag that ends in a colon, followed by a pickle: a dict with the fields
listed here or one of the records. Fields not listed are let through unread, as newer releases
add some; fields listed must be there unless marked `maybe`.
"""

from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from gsched.wire import pickles, shapes
from gsched.wire.errors import PeerError
from gsched.wire.records import (
    NONE,
    TEXT,
    AvailInfo,
    Compute,
    Job,
    JobReply,
    NodeAllocate,
    Record,
    Types,
    XferFile,
)
from gsched.wire.releases import Unserved
from gsched.wire.shapes import LONGEST_TEXT

KIB, MIB = 1 << 10, 1 << 20
SMALL = 64 * KIB
LARGE = 900 * MIB  # a row of SQLite takes no more than 1,000,000,000 bytes
_LONGEST_TAG = 24

ID: Types = (int, str)
FLAG: Types = (bool, int)


class Sender(Enum):
    """Where a message came in, and so who may have sent it."""

    CLIENT = "client"  # TCP, the clients' port: the stream starts with a code
    NODE = "node"  # TCP, the nodes' port: a node or a job's process, no code
    DATAGRAM = "datagram"  # UDP: anybody on the network

    __hash__ = object.__hash__  # Enum has a slower one, of its own making


@dataclass(frozen=True)
class Maybe:
    """Types of a field that may be missing."""

    types: Types


@dataclass(frozen=True)
class Message:
    """One row of the table.

    `body` is the record that the pickle holds, or dict. `plain` bodies hold no objects at all:
    these are decoded before anything is known of the sender. `limit` is in bytes, and
    `opcodes` bounds the values in its pickle. `reply` says what the sender waits for.
    """

    name: str
    senders: frozenset[Sender]
    reply: str
    fields: dict[str, Types | Maybe] = field(default_factory=dict)
    body: type = dict
    plain: bool = True
    limit: int = SMALL
    opcodes: int = 2_000

    def check(self, body: Any) -> None:
        """Raises PeerError, naming message and field, unless the body is as the table says."""
        if not isinstance(body, self.body):
            raise PeerError(f"{self.name} with a {type(body).__name__}, not {self.body.__name__}")
        if isinstance(body, Record):
            body.check()
        elif isinstance(body, dict):
            self._check_fields(body)

    def _check_fields(self, body: dict[str, Any]) -> None:
        for name, types in self.fields.items():
            self._check_field(name, types, body)

    def _check_field(self, name: str, types: Types | Maybe, body: dict[str, Any]) -> None:
        if isinstance(types, Maybe):
            if name not in body:
                return
            types = types.types
        if name not in body:
            raise PeerError(f"{self.name} without {name}")
        if not isinstance(body[name], types):
            raise PeerError(f"{self.name}.{name} is of type {type(body[name]).__name__}")
        if isinstance(body[name], str) and len(body[name]) > LONGEST_TEXT:
            raise PeerError(f"{self.name}.{name} has {len(body[name])} characters")
        if isinstance(body[name], Record):
            body[name].check()


def _row(name: str, senders: str, reply: str, **more: Any) -> Message:
    return Message(name, frozenset(Sender(one) for one in senders.split()), reply, **more)


_CLUSTER: dict[str, Types | Maybe] = {"compute_id": ID, "auth": (str,)}
_NODE_HERE: dict[str, Types | Maybe] = {"ip_addr": (str,), "port": (int,), "sign": (str,)}

_TABLE = [
    # -- clients ------------------------------------------------------------------------------
    _row(
        "CLIENT",
        "client",
        "dict: ip_addr, port, sign, version",
        fields={"version": (str,), "ip_addr": TEXT, "scheduler_ip_addr": Maybe(TEXT)},
    ),
    _row(
        "COMPUTE",
        "client",
        "dict: compute_id, auth; anything else is the reason of a refusal",
        fields={"compute": (Compute,), "node_allocs": (list,), "exclusive": FLAG},
        plain=False,
        limit=64 * MIB,
        opcodes=pickles.MAX_OPCODES,
    ),
    _row(
        "FILEXFER",
        "client",
        "int received so far, before each chunk and after the last; -1 refuses",
        body=XferFile,
        plain=False,
        limit=16 * KIB,
    ),
    _row("SCHEDULE", "client", "ACK or NAK", fields=_CLUSTER),
    _row(
        "JOB",
        "client",
        "uid, or None for a refusal; then the client sends ACK or NAK",
        fields={"node": TEXT, "job": (Job,), "auth": (str,)},
        plain=False,
        limit=LARGE,
        opcodes=pickles.MAX_OPCODES,
    ),
    _row("TERMINATE_JOB", "client", "none", fields={"uid": ID, **_CLUSTER}),
    _row("CLOSE", "client", "none", fields={**_CLUSTER, "terminate_pending": Maybe(FLAG)}),
    _row(
        "ALLOCATE_NODE",
        "client",
        "int: 0 done, -1 refused",
        fields={**_CLUSTER, "node_alloc": (list, NodeAllocate)},  # before 4.10 just the one
        plain=False,
        limit=MIB,
        opcodes=pickles.MAX_OPCODES,
    ),
    _row("DEALLOCATE_NODE", "client", "int: 0 done, -1 refused", fields={**_CLUSTER, "node": TEXT}),
    _row(
        "CLOSE_NODE",
        "client",
        "int: 0 done, -1 refused",
        fields={**_CLUSTER, "node": TEXT, "terminate_pending": Maybe(FLAG)},
    ),
    _row(
        "SET_NODE_CPUS",
        "client",
        "int: the CPUs now in use, -1 refused",
        fields={**_CLUSTER, "node": TEXT, "cpus": (int,)},
    ),
    _row(
        "NODE_JOBS",
        "client",
        "list of uids",
        fields={**_CLUSTER, "node": TEXT, "from_node": Maybe(FLAG)},
    ),
    _row(
        "SENDFILE",
        "client",
        "as FILEXFER, in the words of the node",
        fields={"node": TEXT, "xf": (XferFile,)},
        plain=False,
    ),
    _row("PENDING_JOBS", "client", "dict: done, pending", fields=_CLUSTER),
    _row(
        "RETRIEVE_JOB",
        "client",
        "_JobReply or None; then the client sends ACK or NAK",
        fields={**_CLUSTER, "uid": ID, "hash": (str,)},
    ),
    _row("RESEND_JOB_RESULTS", "client", "int: jobs not yet answered for", fields=_CLUSTER),
    _row("PULSE", "client", "none", fields={"client_ip_addr": TEXT, "client_port": (int,)}),
    # -- nodes --------------------------------------------------------------------------------
    _row(
        "PULSE",
        "node",
        "PULSE",
        fields={"ip_addr": (str,), "cpus": (int,), "avail_info": Maybe((AvailInfo, NONE))},
        plain=False,
    ),
    _row(
        "PONG",
        "node",
        "none",
        fields={
            **_NODE_HERE,
            "version": (str,),
            "name": TEXT,
            "cpus": (int,),
            "platform": Maybe(TEXT),
            "auth": (bytes,),
            "avail_info": Maybe((AvailInfo, NONE)),
            "scheduler_ip_addr": TEXT,
        },
        plain=False,
    ),
    _row(
        "PING",
        "node datagram",
        "none; a PING back to the node itself",
        fields={**_NODE_HERE, "version": (str,), "scheduler_ip_addr": Maybe(TEXT)},
    ),
    _row("TERMINATED", "node datagram", "none", fields=_NODE_HERE),
    _row(
        "NODE_CPUS",
        "node",
        "none",
        fields={"ip_addr": (str,), "sign": (str,), "cpus": (int,)},
    ),
    _row(
        "FILEXFER",
        "node",
        "as FILEXFER, in the words of the client, after a second frame: _JobReply without a tag",
        body=XferFile,
        plain=False,
    ),
    _row(
        "RELAY_INFO",
        "node",
        "dict: sign, ip_addrs, port; None refuses",
        fields={"version": (str,), "auth": Maybe((bytes, NONE)), "scheduler_ip_addr": TEXT},
    ),
    _row(
        "JOB_REPLY",
        "node",
        "ACK once the result is in safe hands",
        body=JobReply,
        plain=False,
        limit=LARGE,
    ),
]

MESSAGES: dict[tuple[Sender, bytes], Message] = {
    (sender, row.name.encode()): row for row in _TABLE for sender in sorted(row.senders, key=str)
}


def parse(payload: bytes, sender: Sender) -> tuple[Message, Any]:
    """The row of the table and the decoded body.

    Raises PeerError if the message is not known or not this sender's to send, too large, or
    not what the table says; Unserved, which is one too, if no release is served that sends so.
    """
    tag, colon, _ = payload[:_LONGEST_TAG].partition(b":")
    message = MESSAGES.get((sender, tag))
    if not colon or message is None:
        raise PeerError(f"unknown message {_printable(tag)} from a {sender.value}")
    if len(payload) > message.limit:
        raise PeerError(f"{message.name} of {len(payload)} bytes, {message.limit} allowed")
    data = payload[len(tag) + 1 :]
    if pickles.protocol(data) == pickles.PYTHON_2:
        raise Unserved("Python 2 is not served")
    body = shapes.read(message.name, data)
    if body is None:
        body = pickles.loads(data, plain=message.plain, max_opcodes=message.opcodes)
        message.check(body)
        if not message.plain:
            pickles.check(body)
    return message, body


def protocol(payload: bytes) -> int:
    """The protocol of a message's pickle, which says how old its sender's Python is."""
    start = payload.find(b":") + 1
    return pickles.protocol(payload[start : start + 2])


def build(name: str, body: Any) -> bytes:
    """A message to a peer: tag and pickle, not yet framed."""
    return name.encode() + b":" + pickles.dumps(body)


def _printable(tag: bytes) -> str:
    return repr(tag.decode("ascii", "replace")) if tag else "without a tag"
