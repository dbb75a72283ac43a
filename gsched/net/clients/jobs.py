"""Jobs as clients bring them."""

from gsched.core.demands import Refused
from gsched.core.model.cluster import Cluster
from gsched.net.clients import uploads
from gsched.net.computation import Message, computation_of
from gsched.net.paths import check_file
from gsched.wire.errors import PeerError
from gsched.wire.records import Job

LONGEST_HASH = 255


def job_message(cluster: Cluster, record: Job, size: int) -> Message:
    """What is kept of a job whose request has `size` bytes. Raises Refused and PeerError."""
    if len(record.hash) > LONGEST_HASH:
        raise PeerError("job with a long hash")
    message = _with_files(cluster, record) if record.xfer_files else Message(record, [])
    message.more = max(0, size - message.size)
    return message


def _with_files(cluster: Cluster, record: Job) -> Message:
    for one in record.xfer_files:
        check_file(one)  # nodes remove them, wherever they are said to be
    found = [(one, computation_of(cluster).spool.find(one)) for one in record.xfer_files]
    files = [(one, file) for one, file in found if file]
    if len(files) < len(found):
        raise Refused("files that it needs did not arrive")
    cut = [(one, file.size) for one, file in files if file.size < one.stat_buf.size]
    warning = "".join(f"gsched: {uploads.truncated(one, size)}\n" for one, size in cut)
    return Message(record, [file for _, file in files], warning)
