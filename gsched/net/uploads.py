"""Files from clients on their way into the spool."""

from dataclasses import dataclass, replace

from gsched.net import files
from gsched.net.channel import Channel
from gsched.net.paths import check_relative
from gsched.store.spool import Spool
from gsched.wire.errors import PeerError
from gsched.wire.pickles import dumps
from gsched.wire.records import XferFile


@dataclass(frozen=True)
class Limit:
    """What becomes of large files: `most` in bytes, 0 for no limit."""

    most: int = 0
    refuse: bool = False  # else the file is truncated

    def refuses(self, size: int) -> bool:
        """Whether a file of that size is not taken at all."""
        return self.refuse and 0 < self.most < size


def receive_into(spool: Spool, channel: Channel, offered: XferFile, limit: Limit) -> str:
    """Take a file from a client.

    Returns what is wrong with it, for the log and the status, or an empty text. Raises OSError,
    and PeerError if the file is not to be had on any terms.
    """
    size = offered.stat_buf.size
    if size < 0:
        raise PeerError(f"file of {size} bytes")
    check_relative(offered.dest_path, offered.sep)
    if limit.refuses(size):
        channel.send(dumps(files.REFUSED))
        return f"file {offered.name} is refused: {size} bytes are more than --max_file_size"
    if spool.has_same(offered):
        channel.send(dumps(size))
        return ""
    return _receive(spool, channel, offered, limit)


def _receive(spool: Spool, channel: Channel, offered: XferFile, limit: Limit) -> str:
    path = spool.new_path()
    try:
        received = files.receive(channel, offered, path, limit.most)
    except files.DiskError as error:
        path.unlink(missing_ok=True)
        channel.send(dumps(files.REFUSED))
        return f"file {offered.name} cannot be kept: {error}"
    except OSError:
        path.unlink(missing_ok=True)
        raise
    record = replace(offered, stat_buf=offered.stat_buf.resized(received.size))
    spool.add(path, record, received.size)
    if not received.truncated:
        return ""
    cut = offered.stat_buf.size - received.size
    return f"file {offered.name} is TRUNCATED to --max_file_size: its last {cut} bytes are lost"
