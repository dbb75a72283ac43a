"""Who imports whom: `cli -> running -> net, httpd, store -> core, wire`, and no way back.

Read from the source, so nothing is started and an import inside a function counts as well.
"""

import ast
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

import gsched

ROOT = Path(gsched.__file__).resolve().parent
ROOMS = sorted(path.name for path in ROOT.iterdir() if (path / "__init__.py").exists())
MODULES = sorted(ROOT.rglob("*.py"))

# What would make them wait, act, or answer differently at another time or place.
IMPURE = {
    "asyncio",
    "concurrent",
    "gevent",
    "importlib",
    "io",
    "logging",
    "multiprocessing",
    "os",
    "pathlib",
    "random",
    "select",
    "selectors",
    "shutil",
    "signal",
    "socket",
    "sqlite3",
    "ssl",
    "subprocess",
    "sys",
    "tempfile",
    "threading",
    "time",
}
PURE = ("core", "wire")
EXCEPTIONS = {("wire", "io")}  # pickle reads from a file: io.BytesIO

# Which other rooms a room may use. What is not a room (cli, console ...) stands above all.
MAY_USE: dict[str, set[str]] = {
    "core": set(),
    "wire": set(),
    "options": set(),
    "selftest": {"wire"},
    "ctl": {"wire", "selftest"},
    "demo": set(),
    "simulation": {"core", "policy"},
    "policy": {"core"},
    "store": {"core", "wire"},
    "net": {"core", "wire", "store"},
    "history": {"core", "wire", "store", "net"},
    "httpd": {"core", "net", "store", "history", "policy"},
    "running": {"core", "wire", "options", "store", "net", "history", "httpd", "policy"},
}

# The same for the rooms inside some of them; "" is that room itself.
INSIDE: dict[str, dict[str, set[str]]] = {
    "core": {
        "model": set(),
        "choice": {"model"},
        "": {"choice", "model"},
        "seen": {"", "choice", "model"},
    },
    "net": {
        "transport": set(),
        "": {"transport"},
        "keeping": {"", "transport"},
        "nodes": {"", "keeping", "transport"},
        "clients": {"", "keeping", "nodes", "transport"},
    },
    "httpd": {
        "access": set(),
        "live": set(),
        "": {"access", "live"},
        "api": {"", "access", "live"},
    },
}


def imported(tree: ast.AST) -> Iterator[str]:
    """The dotted names of all imports, wherever they stand."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide from this test"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def imports_of(path: Path) -> set[str]:
    """The dotted names that a module imports."""
    return set(imported(ast.parse(path.read_text(), str(path))))


def label(path: Path) -> str:
    """For the reports of pytest."""
    return str(path.relative_to(ROOT))


def room_of(path: Path) -> str:
    """The room that a module is in; empty if it is above all rooms."""
    first, *more = path.relative_to(ROOT).parts
    return first if more else ""


@pytest.mark.parametrize("path", [p for p in MODULES if room_of(p) in PURE], ids=label)
def test_core_and_wire_are_pure(path: Path) -> None:
    """No sockets, no clock, no files, no greenlets, no threads."""
    used = {name.partition(".")[0] for name in imports_of(path)}
    allowed = {name for room, name in EXCEPTIONS if room == room_of(path)}
    assert not used & IMPURE - allowed


@pytest.mark.parametrize("path", [p for p in MODULES if room_of(p) in PURE], ids=label)
def test_core_and_wire_import_nothing_in_disguise(path: Path) -> None:
    """Nor by calls: what this test cannot see must not be there."""
    calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    names = {call.func.id for call in calls if isinstance(call.func, ast.Name)}
    assert not names & {"__import__", "open", "exec", "eval", "compile"}


@pytest.mark.parametrize("path", [p for p in MODULES if room_of(p)], ids=label)
def test_arrows_point_one_way(path: Path) -> None:
    """A room uses itself and the rooms below it, and never what stands above the rooms."""
    ours = [name.split(".") for name in imports_of(path) if name.startswith("gsched.")]
    used = {parts[1] for parts in ours} - {room_of(path), "__version__"}
    assert used <= MAY_USE[room_of(path)]


def inner_room(room: str, parts: Sequence[str]) -> str:
    """Which room inside `room` the rest of a path or of a dotted name leads to; empty if none."""
    return parts[0] if parts and parts[0] in INSIDE[room] else ""


@pytest.mark.parametrize("path", [p for p in MODULES if room_of(p) in INSIDE], ids=label)
def test_arrows_inside_a_room_point_one_way(path: Path) -> None:
    """Nodes are served without clients, the model knows nothing of who chooses, and so on."""
    room = room_of(path)
    names = [name for name in imports_of(path) if name.startswith(f"gsched.{room}.")]
    inner = inner_room(room, path.relative_to(ROOT / room).parts)
    used = {inner_room(room, name.split(".")[2:]) for name in names}
    assert used - {inner} <= INSIDE[room][inner]


@pytest.mark.parametrize("table", [MAY_USE, *INSIDE.values()], ids=["all", *INSIDE])
def test_no_circles_are_allowed(table: dict[str, set[str]]) -> None:
    """The tables above have none themselves."""
    left = dict(table)
    while left:
        free = [room for room, used in left.items() if not used & left.keys()]
        assert free, f"a circle among {sorted(left)}"
        for room in free:
            del left[room]
