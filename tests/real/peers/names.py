"""Names of hosts that all processes of a test know: a table of hosts instead of the system's."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from peers.mounts import MS_BIND, mounted

TABLE = Path("/etc/hosts")


class Names:
    """The table. Names may be changed at any time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.write({})

    def write(self, names: Mapping[str, str]) -> None:
        """These names for these addresses, and no others."""
        lines = [f"{address} {name}" for name, address in names.items()]
        self.path.write_text("\n".join(["127.0.0.1 localhost", *lines, ""]))


@contextmanager
def own_names(folder: Path) -> Iterator[Names]:
    """Have a table of our own, which nobody else on this machine sees."""
    names = Names(folder / "hosts")
    with mounted(str(names.path).encode(), TABLE, None, MS_BIND, None):
        yield names
