"""Messages of one shape: what is always the same is encoded once, the rest is put in between.

A job costs four messages of ours, and nearly all of each is names of fields.
"""

from typing import Any

from gsched.wire import records
from gsched.wire.encoder import Encoder
from gsched.wire.messages import build
from gsched.wire.pickles import dumps
from gsched.wire.plain import PLAIN
from gsched.wire.records import Job, JobReply, Record


class Slot:
    """Stands in an example for a value that varies: a plain one, no list or object."""


class Template:
    """Pickles like that of the example, behind a tag if there is one."""

    def __init__(self, tag: str, example: Any) -> None:
        encoder = _Examples()
        encoder.save(example)
        parts = [f"{tag}:".encode() * bool(tag) + b"\x80\x04"]
        for part in encoder.out:
            if part is _MARK:
                parts.append(b"")
            else:
                parts[-1] += part
        parts[-1] += b"."
        self._head, self._rest = parts[0], parts[1:]

    def fill(self, *values: Any) -> bytes:
        """The message with these values, in the order in which the example has its slots.

        Raises KeyError if one is of a type that is not plain.
        """
        out = [self._head]
        for value, part in zip(values, self._rest, strict=True):
            PLAIN[type(value)](out, value)
            out.append(part)
        return b"".join(out)


_MARK = b"slot"


class _Examples(Encoder):
    """Leaves marks where slots are."""

    def save(self, value: Any) -> None:
        """As Encoder.save."""
        if isinstance(value, Slot):
            self.out.append(_MARK)
        else:
            super().save(value)


def _record(tag: str, cls: type[Record], **fixed: Any) -> Template:
    """Of a record whose fields all vary, but for those that are given."""
    example = object.__new__(cls)
    example.__setstate__({name: Slot() for name in cls.FIELDS} | fixed)
    return Template(tag, example)


_STATUS = {"uid": Slot(), "status": records.RUNNING, "node": Slot(), "hash": Slot()}
_JOB_STATUS = Template("JOB_STATUS", _STATUS | {"start_time": Slot()})
_JOB = _record("JOB", Job, xfer_files=[])
_JOB_REPLY = _record("JOB_REPLY", JobReply, cpus=Slot())
_KEPT_REPLY = _record("", JobReply)
_NUMBER = Template("", Slot())


def job_status(uid: int, node: str, hash_: str, start_time: float) -> bytes:
    """A client is told that its job runs."""
    return _JOB_STATUS.fill(uid, node, hash_, start_time)


def number(value: int) -> bytes:
    """What a client is told that has brought a job."""
    return _NUMBER.fill(value)


def job(one: Job) -> bytes:
    """A node is brought a job."""
    if one.xfer_files or one.extra:
        return build("JOB", one)
    return _JOB.fill(one.uid, one.hash, one.compute_id, one._args, one._kwargs, one.code)


def job_reply(reply: JobReply) -> bytes:
    """A client is told how its job ended; `extra` says how many CPUs its node has."""
    if reply.extra.keys() != {"cpus"}:
        return build("JOB_REPLY", reply)
    return _JOB_REPLY.fill(*_in_order(reply), reply.extra["cpus"])


def kept_reply(reply: JobReply) -> bytes:
    """The pickle alone, to be kept: without the number of CPUs, which is only for the client."""
    if reply.extra.keys() - {"cpus"}:
        return dumps(reply)
    return _KEPT_REPLY.fill(*_in_order(reply))


def _in_order(reply: JobReply) -> tuple[Any, ...]:
    return (
        *(reply.uid, reply.hash, reply.ip_addr, reply.status, reply.result),
        *(reply.stdout, reply.stderr, reply.exception, reply.start_time, reply.end_time),
    )
