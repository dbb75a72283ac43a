"""A terminal at which a test types."""

import os
import threading
from pathlib import Path

_CHUNK = 4096


class Terminal:
    """A pseudo terminal. All that is shown on it goes to a file."""

    def __init__(self) -> None:
        self._master, self.slave = os.openpty()

    def show(self, path: Path) -> None:
        """Write what is shown to that file, from now on."""
        threading.Thread(target=self._copy, args=(path,), daemon=True).start()

    def type(self, line: str) -> None:
        """Type a line."""
        os.write(self._master, f"{line}\n".encode())

    def leave(self) -> None:
        """Our own end of what its processes have open: without it, they are alone with it."""
        os.close(self.slave)

    def _copy(self, path: Path) -> None:
        with path.open("ab", buffering=0) as file:
            while True:
                try:
                    file.write(os.read(self._master, _CHUNK))
                except OSError:  # EIO: nobody has it open any more
                    break
        os.close(self._master)
