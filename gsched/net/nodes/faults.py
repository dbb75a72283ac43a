"""Replies by which a node says that it failed itself, and not the job that it was to run.

A dispynode tells what its user's code has raised without its own frames above that; where its own
frame comes first, nothing of the user's was to blame. Its own race is one such case: a job that
ends before the node has noted its process is told as failed. A program that is not there, or is
none, was the user's.
"""

import re

from gsched.wire import records
from gsched.wire.records import JobReply

_OWN_FRAME = re.compile(
    r'Traceback \(most recent call last\):\n  File "[^"\n]*\bdispynode\.pyc?", line'
)
_NO_PROGRAM = ("FileNotFoundError", "PermissionError", "OSError: [Errno 8]")


def is_nodes_own(reply: JobReply) -> bool:
    """Whether the node has failed by a fault of its own."""
    text = reply.exception
    if reply.status != records.TERMINATED or not isinstance(text, str):
        return False
    return bool(_OWN_FRAME.match(text)) and not last_line(reply).startswith(_NO_PROGRAM)


def last_line(reply: JobReply) -> str:
    """The one of its traceback that says what went wrong."""
    text = reply.exception
    return text.rstrip().rpartition("\n")[2] if isinstance(text, str) else ""
