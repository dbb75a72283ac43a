"""Fixtures of the end-to-end tests: a private network, peers to be started, logs of failures.

The conftest.py of each folder with such tests imports all of it.
"""

import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pytest

from peers import Stage, leftovers, namespace, pythons
from peers.names import Names, own_names
from peers.networks import Host
from peers.releases import Installed, Release, install
from peers.stage import Addresses, free_base

FOLDERS = [Path(__file__).parents[2] / name for name in ("real", "chaos", "browser")]
OLD_PYTHON = "old_python"  # fixture
RELEASES = "releases"  # fixture, and in its test's module the list of those that are wanted

# What keeps broadcasts from leaving this machine where there is no private network: real peers
# run unmodified, in an interpreter that sends no datagram elsewhere.
NO_BROADCASTS = """
import sys
def check(event, arguments):
    if event == "socket.sendto" and not str(arguments[1][0]).startswith("127."):
        raise OSError(101, "the tests let no datagrams out")
sys.addaudithook(check)
"""


class Surroundings:
    """What is found out once, before the first test."""

    obstacle = ""  # why there is no private network
    old_python = ("", "not looked for")
    releases: dict[Release, Installed] = {}
    entered = False


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Enter the private network, after what needs the other one.

    Tests that last long come first: at the end the others would wait for them alone. Each is
    followed by a short one, since workers are given two at once.
    """
    long = sorted((item for item in items if _patience(item)), key=_patience, reverse=True)
    short = [item for item in items if not _patience(item)]
    items[:] = [item for pair in zip_longest(long, short) for item in pair if item is not None]
    ours = [item for item in items if any(x in item.path.parents for x in FOLDERS)]
    if not ours or config.option.collectonly or Surroundings.entered:
        return
    Surroundings.entered = True
    if any(OLD_PYTHON in getattr(item, "fixturenames", ()) for item in ours):
        Surroundings.old_python = pythons.old_python(config.cache.mkdir(OLD_PYTHON))
    for module in {item.module for item in ours if RELEASES in getattr(item, "fixturenames", ())}:
        Surroundings.releases |= install(module.RELEASES, config.cache.mkdir(RELEASES))
    Surroundings.obstacle = namespace.enter()


def _patience(item: pytest.Item) -> float:
    """Seconds that a test may take; 0 for the usual time."""
    marker = item.get_closest_marker("timeout")
    return float(marker.args[0]) if marker else 0.0


def pytest_report_collectionfinish() -> str | list[str]:
    if not Surroundings.entered:
        return []
    if not Surroundings.obstacle:
        return "real peers: in a private network"
    return f"real peers: on the loopback of this host, no private network ({Surroundings.obstacle})"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, Any]:
    """Show what all processes of a failed test said."""
    report = yield
    stage = getattr(item, "funcargs", {}).get("stage")
    if report.failed and isinstance(stage, Stage):
        for process in stage.processes:
            report.sections.append((f"{process.name}", process.story()))
    return report


@pytest.fixture(scope="session", autouse=True)
def nothing_left_over() -> Iterator[None]:
    """See that no process outlives the tests."""
    yield
    assert leftovers() == []


@pytest.fixture(scope="session")
def private_network() -> None:
    """For tests that need it."""
    if Surroundings.obstacle:
        pytest.skip(f"no private network: {Surroundings.obstacle}")


@pytest.fixture(scope="session")
def real_peers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What surrounds real peers: nothing special in a private network."""
    if not Surroundings.obstacle:
        return {}
    folder = tmp_path_factory.mktemp("no_broadcasts")
    (folder / "sitecustomize.py").write_text(NO_BROADCASTS)
    return {"PYTHONPATH": str(folder)}


@pytest.fixture(scope="session")
def addresses() -> Addresses:
    """All addresses and ports of the session."""
    return Addresses(free_base()) if Surroundings.obstacle else Addresses()


@pytest.fixture
def stage(tmp_path: Path, addresses: Addresses, real_peers: dict[str, str]) -> Iterator[Stage]:
    """Starts peers, stops them after the test, and sees that gsched found no bug in itself."""
    stage = Stage(tmp_path, addresses, real_peers)
    yield stage
    assert stage.stop() == []


@pytest.fixture
def new_host() -> Iterator[Callable[[], Host]]:
    """Makes hosts with networks of their own."""
    with ExitStack() as stack:

        def make() -> Host:
            host = Host()
            stack.callback(host.close)
            return host

        yield make


@pytest.fixture
def names(tmp_path: Path, private_network: None) -> Iterator[Names]:
    """Names of hosts for all that is started in the test."""
    with own_names(tmp_path) as names:
        yield names


@pytest.fixture
def old_python() -> str:
    """An interpreter on which callbacks of clients work."""
    path, reason = Surroundings.old_python
    if not path:
        pytest.skip(reason)
    return path


@pytest.fixture(scope="session")
def releases() -> dict[Release, Installed]:
    """Releases of dispy, each installed or with the reason why it is not."""
    return Surroundings.releases


assert "dispy" not in sys.modules, "real peers run in processes of their own"
