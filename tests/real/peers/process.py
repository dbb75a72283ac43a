"""Processes that the tests start: what they print, how they end, and that none is left over."""

import contextlib
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TypeVar

from peers.terminal import Terminal

PATIENCE = 60.0  # seconds until a wait counts as failed: far beyond what a slow machine needs
STOP_PATIENCE = 40.0  # seconds to end when asked to; then it is killed
POLL = 0.02
TAIL = 12_000  # characters of each process's output that a failed test shows

T = TypeVar("T")

_sessions: set[int] = set()  # of all processes ever started here


def wait_until(condition: Callable[[], T], what: str, timeout: float = PATIENCE) -> T:
    """The first true answer of `condition`."""
    deadline = time.monotonic() + timeout
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {timeout:.0f} s in vain: {what}; last seen: {answer!r}")
        time.sleep(POLL)


class Process:
    """One process, leader of a session of its own, in a folder of its own."""

    def __init__(
        self,
        name: str,
        arguments: Iterable[str],
        folder: Path,
        environ: Mapping[str, str] | None = None,
        terminal: Terminal | None = None,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.name = name
        self.folder = folder
        self.arguments = list(arguments)
        self._start(_environment(folder) | dict(environ or {}), terminal)
        _sessions.add(self.pid)

    def _start(self, environ: dict[str, str], terminal: Terminal | None) -> None:
        """With a terminal, it is in the foreground there, and what it prints is shown there."""
        with self._file("out").open("ab") as out, self._file("err").open("ab") as err:
            self._popen = subprocess.Popen(
                self.arguments,
                cwd=self.folder,
                env=environ,
                stdin=terminal.slave if terminal else subprocess.DEVNULL,
                stdout=terminal.slave if terminal else out,
                stderr=err,
                start_new_session=True,
                preexec_fn=_take_terminal if terminal else None,
            )
        if terminal:
            terminal.leave()
            terminal.show(self._file("out"))

    # -- what it says -------------------------------------------------------------------------

    @property
    def out(self) -> str:
        """What it has printed so far."""
        return self._file("out").read_text(errors="replace")

    @property
    def err(self) -> str:
        """What it has printed as errors, or logged."""
        return self._file("err").read_text(errors="replace")

    def wait_for_text(self, pattern: str, timeout: float = PATIENCE) -> "re.Match[str]":
        """Wait until it has said that, on either stream."""

        def said() -> "re.Match[str] | None":
            found = re.search(pattern, self.out) or re.search(pattern, self.err)
            if found is None and not self.running:
                raise AssertionError(f"{self.name} ended ({self.code}) without saying {pattern!r}")
            return found

        found = wait_until(said, f"{self.name} says {pattern!r}", timeout)
        assert found is not None
        return found

    def story(self) -> str:
        """Command line, state and output, for the report of a failed test."""
        state = "running" if self.running else f"ended with {self.code}"
        head = f"{' '.join(self.arguments)}\n-- {state}"
        return f"{head}\n-- stdout\n{self.out[-TAIL:]}\n-- stderr\n{self.err[-TAIL:]}"

    def _file(self, stream: str) -> Path:
        return self.folder / f"{self.name}.{stream}"

    # -- how it ends --------------------------------------------------------------------------

    @property
    def pid(self) -> int:
        """Of the process itself, which is also the id of its session."""
        return self._popen.pid

    @property
    def running(self) -> bool:
        """Whether it has not ended yet."""
        return self._popen.poll() is None

    @property
    def code(self) -> int | None:
        """The exit code; negative: the signal that ended it."""
        return self._popen.poll()

    def wait(self, timeout: float = PATIENCE) -> int:
        """Wait for the end; the exit code."""
        wait_until(lambda: not self.running, f"{self.name} ends", timeout)
        return self._popen.wait()

    def send(self, number: int) -> None:
        """Send it a signal."""
        self._popen.send_signal(number)

    def kill(self) -> None:
        """End it and all that it has started, as a power cut would."""
        _kill_session(self.pid)
        self._popen.wait(STOP_PATIENCE)

    def stop(self, timeout: float = STOP_PATIENCE) -> int:
        """Wait until it ends that was asked to; end by force what does not. The exit code."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._popen.wait(timeout)
        self.kill()
        return self._popen.wait()

    def terminate(self, timeout: float = STOP_PATIENCE) -> int:
        """Ask it to end, and see to it. The exit code."""
        self.send(signal.SIGTERM)
        return self.stop(timeout)


def alive(pid: int) -> bool:
    """Whether that process has not ended."""
    return _session_of(pid) is not None


def leftovers() -> list[str]:
    """Command lines of processes that are alive though their session's leader was started here."""
    return [_command(pid) for session in _sessions for pid in _members(session)]


def _environment(folder: Path) -> dict[str, str]:
    """What surrounds a process: nothing of the user's that it might read or write."""
    ours = {x: y for x, y in os.environ.items() if x in ("PATH", "LANG", "LC_ALL", "VIRTUAL_ENV")}
    return ours | {"HOME": str(folder), "TMPDIR": str(folder), "PYTHONUNBUFFERED": "1"}


def _take_terminal() -> None:
    """Make standard input the terminal of this session, with us in its foreground."""
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def _kill_session(session: int) -> None:
    """Kill all processes of a session; those of its leader's children that survived it, too."""

    def none_left() -> bool:
        members = _members(session)
        for pid in members:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return not members

    wait_until(none_left, f"session {session} ends", STOP_PATIENCE)


def _members(session: int) -> list[int]:
    return [pid for pid in _all_pids() if _session_of(pid) == session]


def _all_pids() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def _session_of(pid: int) -> int | None:
    """Its session, unless it is gone or only waits for its parent to notice that it ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (OSError, UnicodeDecodeError):
        return None
    return None if fields[0] in "ZX" else int(fields[3])


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return str(pid)
