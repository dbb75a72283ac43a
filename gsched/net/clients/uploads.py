"""Files from clients on their way into the spool."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from gsched.net import files
from gsched.net.paths import check_file
from gsched.net.transport.channel import Channel
from gsched.store.quota import Arrival
from gsched.store.spool import Spool
from gsched.wire.pickles import dumps
from gsched.wire.records import XferFile


@dataclass(frozen=True)
class Limit:
    """What becomes of large files: `most` in bytes, 0 for no limit."""

    most: int = 0
    refuse: bool = False  # else the file is truncated

    def refuses(self, file: XferFile) -> bool:
        """Whether it is not taken at all."""
        return self.refuse and self.kept(file) < file.stat_buf.size

    def kept(self, file: XferFile) -> int:
        """Its size with us."""
        return min(file.stat_buf.size, self.most) if self.most else file.stat_buf.size

    def problem(self, file: XferFile) -> str:
        """What is wrong with it, for people; an empty text if nothing is."""
        kept, size = self.kept(file), file.stat_buf.size
        if kept == size:
            return ""
        if self.refuse:
            return f"file {file.name} is refused: {size} bytes are more than --max_file_size"
        return truncated(file, kept)


def truncated(file: XferFile, kept: int) -> str:
    """What people are told of a file whose first `kept` bytes are there."""
    cut = file.stat_buf.size - kept
    return f"file {file.name} is TRUNCATED to --max_file_size: its last {cut} bytes are lost"


def receive_into(
    spool: Spool, channel: Channel, offered: XferFile, limit: Limit, *, tell: bool
) -> str:
    """Take a file from a client, which is told of a truncation with `tell` only.

    Returns what is wrong with it, for the log and the status, or an empty text. Raises OSError,
    and PeerError if the file is not to be had on any terms.
    """
    check_file(offered)
    if limit.refuses(offered):
        channel.send(dumps(files.REFUSED))
    elif spool.has_same(offered):
        channel.send(dumps(offered.stat_buf.size))
        return ""
    else:
        problem = _receive(spool, channel, offered, limit, tell)
        if problem:
            return problem
    return limit.problem(offered)


def _receive(spool: Spool, channel: Channel, offered: XferFile, limit: Limit, tell: bool) -> str:
    kept, arrived = limit.kept(offered), False
    if refusal := spool.share.refusal(kept):
        channel.send(dumps(files.REFUSED))
        return f"file {offered.name} is refused: {refusal}"
    arrival = Arrival(spool.share)
    try:
        problem = _take(spool, channel, offered, kept, tell, arrival)
        arrived = not problem
        return problem
    finally:
        if not arrived:
            arrival.lost()


def _take(
    spool: Spool, channel: Channel, offered: XferFile, kept: int, tell: bool, arrival: Arrival
) -> str:
    path = spool.new_path()
    try:
        with _our_disk():
            spool.make_room()
        end = files.receive(channel, offered, spool.disk, path, kept, arrival, tell=tell)
        with _our_disk():
            record = replace(offered, stat_buf=offered.stat_buf.resized(kept))
            file = spool.add(path, record, kept)
            if spool.share.quota.power:
                files.in_thread(spool.flush, file)
    except files.DiskError as error:
        spool.discard(path)
        channel.send(dumps(files.REFUSED))
        return f"file {offered.name} cannot be kept: {error}"
    except OSError:
        spool.discard(path)
        raise
    channel.send(dumps(end))
    return ""


@contextmanager
def _our_disk() -> Iterator[None]:
    """What fails in here is not the client's connection."""
    try:
        yield
    except OSError as error:
        raise files.DiskError(str(error)) from error
