"""The folder of the state: for one process at a time, and for its owner alone."""

import fcntl
import logging
import os
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from gsched.net.transport.mistakes import Mistake
from gsched.store.journal import NAME

log = logging.getLogger("gsched.journal")

_LOCK = "lock"
_ROOT = 0
_OTHERS = 0o077  # rights of group and all others


def take(directory: Path) -> TextIO:
    """Make it where there is none; it is ours until what is returned is closed. Raises Mistake."""
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        _make_private(directory)
        lock = (directory / _LOCK).open("a+")
    except OSError as error:
        raise Mistake(f"--dest_path_prefix {directory}: {error.strerror}") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        with lock:
            raise Mistake(
                f"--dest_path_prefix {directory}: another gsched uses it{_holder(lock)}; stop that "
                f"one, or give this one its own, such as --dest_path_prefix {directory}-2"
            ) from None
    _sign(lock)
    return lock


def _sign(lock: TextIO) -> None:
    """Note who we are, for those who come later; nothing else depends on it."""
    with suppress(OSError):  # as where the disk is full
        os.ftruncate(lock.fileno(), 0)
        os.write(lock.fileno(), str(os.getpid()).encode())


def _holder(lock: TextIO) -> str:
    """Which process has it, if that is known."""
    lock.seek(0)
    noted = lock.read(20)
    return f" (process {noted})" if noted.isascii() and noted.isdigit() else ""


def _make_private(directory: Path) -> None:
    """See that nobody else reads it. Raises OSError, and Mistake for one that is not ours alone."""
    found = directory.stat()
    if found.st_uid not in (os.geteuid(), _ROOT):
        raise Mistake(
            f"--dest_path_prefix {directory}: belongs to another user, who could change what is "
            "kept there; give a folder of your own, or chown it"
        )
    if not found.st_mode & _OTHERS:
        return
    ours = any((directory / name).exists() for name in (_LOCK, NAME))
    if any(directory.iterdir()) and not ours:
        raise Mistake(
            f"--dest_path_prefix {directory}: others may read it, and it holds more than ours; "
            "give a folder of its own, or chmod 700 it"
        )
    directory.chmod(0o700)
    log.info("%s is for its owner alone from now on", directory)
