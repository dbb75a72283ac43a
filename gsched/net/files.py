"""Files over a connection, in both directions.

The receiver says how many bytes it has, the sender sends at most CHUNK bytes more, and so on
until all are there; a number that the sender does not expect ends the transfer. Disk is touched
in threads, so that a slow one does not hold up others.
"""

import logging
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TypeVar

import gevent

from gsched.net.transport import greenlets
from gsched.net.transport.channel import Address, Caller, Channel
from gsched.store.disk import Disk, Reader, Writer, write_all
from gsched.store.quota import Arrival
from gsched.store.spool import SpoolFile
from gsched.wire.errors import PeerError
from gsched.wire.filestat import StatResult
from gsched.wire.messages import build
from gsched.wire.pickles import dumps, loads
from gsched.wire.records import XferFile

CHUNK = 1_024_000  # the step of dispy's transfers: receivers take exactly that much at a time
REFUSED = -1
PATIENCE = 5.0  # seconds that who is stopped waits for the disk
_SMALL = 1024
_PIECE = CHUNK // 4  # what is held at a time; of a larger one, the write holds up other work

A = TypeVar("A")
R = TypeVar("R")

log = logging.getLogger("gsched.files")


class DiskError(Exception):
    """Our own disk does not take a file, or does not give one back."""


class FileRefused(Exception):
    """The other side does not take the file; the text says which. `outright`: not one byte."""

    def __init__(self, reason: str, *, outright: bool = False) -> None:
        super().__init__(reason)
        self.outright = outright


def receive(
    channel: Channel,
    offered: XferFile,
    disk: Disk,
    path: Path,
    kept: int,
    arrival: Arrival,
    *,
    tell: bool,
) -> int:
    """Take a file of which the first `kept` bytes are kept, as long as there is room for more.

    The sender waits for the count that is returned. Where bytes are cut off and it is to be told,
    that is one which it does not expect, so that it reports a failed transfer to its user. Raises
    OSError and DiskError.
    """
    size = offered.stat_buf.size
    end = kept if tell else size
    space = new_space(size)
    with _created(disk, path) as file:
        done = 0
        while done < end:
            if done < kept and (refusal := arrival.refusal(min(CHUNK, kept - done))):
                raise DiskError(refusal)
            channel.send(dumps(done))
            chunk = min(CHUNK, size - done)
            for piece in pieces(channel, space, chunk, kept - done):
                _write(file, piece)
            done += chunk
            arrival.landed()
        _on_disk(lambda one: one.finish(), file)
    return end


def new_space(size: int) -> memoryview:
    """What is held at a time of a file of so many bytes."""
    return memoryview(bytearray(min(size, _PIECE)))


def pieces(channel: Channel, space: memoryview, size: int, kept: int) -> Iterator[memoryview]:
    """The next `size` bytes that come, a space full at a time, of which `kept` are wanted."""
    for start in range(0, size, len(space)):
        piece = space[: size - start]
        channel.receive_into(piece)
        if start < kept:
            yield piece[: kept - start]


def _created(disk: Disk, path: Path) -> Writer:
    try:
        return disk.create(path)
    except OSError as error:
        raise DiskError(str(error)) from error


def _write(file: Writer, data: memoryview) -> None:
    _on_disk(lambda one: write_all(one, data), file)


def _on_disk(call: Callable[[A], R], arg: A) -> R:
    """In a thread. Raises DiskError."""
    try:
        return in_thread(call, arg)
    except OSError as error:
        raise DiskError(str(error)) from error


def send(caller: Caller, address: Address, code: bytes, file: SpoolFile) -> None:
    """Bring a file to a node. Raises FileRefused, PeerError, OSError, and DiskError of ours."""
    with caller.connect(address) as channel:
        channel.send(build("FILEXFER", file.record), code)
        there = receive_count(channel)
        if there == file.size:
            return
        with _read(file, SpoolFile.open, file) as source:
            there = _send_bytes(channel, file, source, there)
        if there == REFUSED:
            text = f"file {file.record.name} of {file.size} bytes is too large for the node"
            raise FileRefused(f"{text}, see its --max_file_size", outright=True)
        if there != file.size:
            raise FileRefused(f"file {file.record.name} did not arrive whole at the node")


def takes(caller: Caller, address: Address, code: bytes, compute_id: int) -> bool:
    """Whether a node takes files for that computation: not if it does not have it.

    The one that it is asked for, of one byte, never comes. Raises PeerError or OSError.
    """
    file = XferFile(
        name="/.gsched",
        dest_path="",
        compute_id=compute_id,
        stat_buf=StatResult((0, 0, 0, 0, 0, 0, 1, 0, 0, 0)),
        sep="/",
    )
    reply = caller.ask(address, code, build("FILEXFER", file), _SMALL)
    return bool(loads(reply, plain=True) != REFUSED)


def _send_bytes(channel: Channel, file: SpoolFile, source: Reader, there: int) -> int:
    sent, plain = 0, source.plain()
    while sent == there < file.size:
        end = min(sent + CHUNK, file.size)
        if plain is not None:
            sent += _pass_on(channel, plain, end - sent)
            plain = plain if sent == end else None  # what failed once is not tried again
        while sent < end:
            sent += _send_copy(channel, file, source, sent, end)
        there = receive_count(channel)
    return there


def _pass_on(channel: Channel, plain: int, size: int) -> int:
    """Have the system send bytes of a file. How many: where it cannot, the other way says why."""
    done = 0
    while sent := in_thread(partial(channel.pass_on, plain), size - done):
        done += sent
        if done == size:
            break
        channel.wait_writable()
    return done


def _send_copy(channel: Channel, file: SpoolFile, source: Reader, sent: int, end: int) -> int:
    data = _read(file, source.read, end - sent)
    if not data:
        raise DiskError(f"file {file.record.name} has only {sent} of its {file.size} bytes here")
    channel.send_raw(data)
    return len(data)


def _read(file: SpoolFile, call: Callable[[A], R], arg: A) -> R:
    """Ask our disk for something of the file. Raises DiskError: the node has no part in it."""
    try:
        return in_thread(call, arg)
    except OSError as error:
        why = error.strerror or error
        raise DiskError(f"file {file.record.name} cannot be read here: {why}") from error


def receive_count(channel: Channel) -> int:
    """What the receiver of a file says that it has. Raises PeerError or OSError."""
    count = loads(channel.receive(_SMALL), plain=True)
    if type(count) is not int:
        raise PeerError("a file's receiver answered without a number")
    return count


def in_thread(call: Callable[[A], R], arg: A) -> R:
    """The call's result. Raises OSError, which gevent would take for our bug within the thread.

    Whoever is killed waits all the same: what the thread uses must not be closed under its hands,
    as its number would be that of another connection at once. Where the disk hangs, nobody waits
    for the call itself any more.
    """
    job = gevent.get_hub().threadpool.spawn(_attempt, call, arg)
    try:
        result: R | OSError = job.get()
    except BaseException:
        job.wait(timeout=PATIENCE)
        if not job.ready():
            log.error("%s is given up, as the disk hangs: %s", greenlets.give_up(), _named(arg))
            job.wait()
        raise
    if isinstance(result, OSError):
        raise result
    return result


def _named(arg: object) -> object:
    """A file's path, if it is one."""
    return getattr(arg, "path", None) or getattr(arg, "name", arg)


def _attempt(call: Callable[[A], R], arg: A) -> R | OSError:
    try:
        return call(arg)
    except OSError as error:
        return error
