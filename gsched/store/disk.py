"""How files of clients lie on the disk: as they are. `sealed_files` has another way."""

import io
from pathlib import Path
from types import TracebackType
from typing import Protocol


class Held(Protocol):
    """What is to be closed."""

    def close(self) -> None: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


class Writer(Held, Protocol):
    """A new file. Without `finish` it does not count as whole."""

    def write(self, data: bytes | memoryview, /) -> int | None: ...
    def finish(self) -> None: ...
    def __enter__(self) -> "Writer": ...


class Reader(Held, Protocol):
    """A file from its beginning on. `read` gives so many bytes, all of them for -1."""

    def read(self, size: int = -1, /) -> bytes: ...
    def plain(self) -> int | None:
        """Its descriptor, if the content lies there as it is."""

    def __enter__(self) -> "Reader": ...


class Disk(Protocol):
    """Makes files and reads them. All of it raises OSError."""

    def create(self, path: Path) -> Writer:
        """A new file, whatever was there: a link that somebody has laid is not followed."""

    def open(self, path: Path) -> Reader:
        """The file's content."""

    def size(self, path: Path) -> int:
        """Bytes of the content."""


class PlainFile(io.FileIO):
    """Without a buffer, so that the disk's complaint comes at the write, not at the close."""

    def finish(self) -> None:
        """Nothing is left to be written."""

    def plain(self) -> int:
        """See Reader."""
        return self.fileno()

    def __enter__(self) -> "PlainFile":
        return self


class Plain:
    """See the module's text."""

    def create(self, path: Path) -> PlainFile:
        """See Disk."""
        path.unlink(missing_ok=True)
        return PlainFile(path, "x")

    def open(self, path: Path) -> PlainFile:
        """See Disk."""
        return PlainFile(path, "r")

    def size(self, path: Path) -> int:
        """See Disk."""
        return path.stat().st_size


PLAIN = Plain()


def write_all(file: Writer, data: bytes | memoryview) -> None:
    """Write all of it, which a write alone need not do. Raises OSError."""
    while data:
        data = data[file.write(data) :]
