"""Releases of dispy as peers, each with the newest Python that it runs on and that is found here.

Each is installed once, into a folder that is kept between runs of the tests. It is pure Python, so
that any interpreter may be pointed to it.
"""

import fcntl
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from peers.process import Process
from peers.stage import PROGRAMS, Client, Gsched, Node, Stage

PIP_TIMEOUT = 120.0  # seconds
OLDEST, NEWEST = (3, 6), (3, 13)  # Pythons that are looked for
DONE = "done"  # a file that says that an installation came to its end


@dataclass(frozen=True)
class Release:
    """One release, with the release of pycos that suits it."""

    dispy: str
    pycos: str
    newest: tuple[int, int] = NEWEST  # Python that it runs on


@dataclass(frozen=True)
class Installed:
    """A release that can be started; or `obstacle` says why not."""

    release: Release
    folder: Path
    python: str = ""
    obstacle: str = ""

    def environ(self, around: Mapping[str, str]) -> dict[str, str]:
        """What surrounds its processes."""
        paths = [str(self.folder), *filter(None, [around.get("PYTHONPATH")])]
        return {**around, "PYTHONPATH": os.pathsep.join(paths)}


# -- installing ---------------------------------------------------------------------------------


def install(releases: list[Release], folder: Path) -> dict[Release, Installed]:
    """All of them, as far as they can be had. Other processes may want the same."""
    with (folder / "lock").open("w") as lock, ThreadPoolExecutor() as pool:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return dict(zip(releases, pool.map(lambda x: _install(x, folder), releases), strict=True))


def _install(release: Release, folder: Path) -> Installed:
    place = folder / f"dispy-{release.dispy}-pycos-{release.pycos}"
    python = newest_python(release.newest)
    if not python:
        newest = ".".join(map(str, release.newest))
        return Installed(release, place, obstacle=f"it runs on Python {newest} at the most")
    if not (place / DONE).exists():
        shutil.rmtree(place, ignore_errors=True)
        wanted = [f"dispy=={release.dispy}", f"pycos=={release.pycos}"]
        problem = _pip("install", "--quiet", "--no-compile", "--target", str(place), *wanted)
        if problem:
            return Installed(release, place, obstacle=f"pip does not get {wanted}: {problem}")
        (place / DONE).touch()
    return Installed(release, place, python)


def _pip(*arguments: str) -> str:
    """Run it; why it failed, or an empty text."""
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PIP_TIMEOUT)
    except (OSError, subprocess.SubprocessError) as error:
        return str(error)
    lines = done.stderr.strip().splitlines() or ["no reason given"]
    return lines[-1] if done.returncode else ""


def newest_python(limit: tuple[int, int]) -> str:
    """The newest interpreter that is no newer than that, or an empty text."""
    found = (python(minor) for minor in range(limit[1], OLDEST[1] - 1, -1))
    return next(filter(None, found), "")


def python(minor: int) -> str:
    """An interpreter of Python 3 with that number, or an empty text."""

    def works(path: str) -> bool:
        return subprocess.run([path, "-c", ""], capture_output=True).returncode == 0

    return next(filter(works, _pythons(3, minor)), "")


def _pythons(*version: int) -> Iterator[str]:
    name = ".".join(map(str, version))
    if sys.version_info[:2] == version:
        yield sys.executable
    on_path = shutil.which(f"python{name}")
    if on_path:
        yield on_path
    root = Path(os.environ.get("PYENV_ROOT", "~/.pyenv")).expanduser()
    found = sorted(root.glob(f"versions/{name}.*/bin/python"), key=_numbers, reverse=True)
    yield from map(str, found)


def _numbers(path: Path) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", path.parts[-3])]


# -- peers --------------------------------------------------------------------------------------


class ReleaseNode(Node):
    """A dispynode of that release with one CPU, at the ports that it uses by itself."""

    def __init__(self, name: str, folder: Path, address: str, installed: Installed) -> None:
        self.address = address
        arguments = [installed.python, "-m", "dispy.dispynode", "--daemon", "--clean"]
        arguments += ["-i", address, "-c", "1", "--name", name]
        arguments += ["--dest_path_prefix", str(folder / name)]
        Process.__init__(self, name, arguments, folder, installed.environ({}))


def start_node(stage: Stage, installed: Installed, address: str = "") -> ReleaseNode:
    """It is waited for until it listens."""
    place = address or next(stage.addresses)
    node = ReleaseNode(stage.name("node"), stage.folder, place, installed)
    stage.processes.append(node)
    node.wait_until_ready()
    return node


def start_client(
    stage: Stage, gsched: Gsched, installed: Installed, jobs: int, address: str = ""
) -> Client:
    """The program release.py, at the ports that its release uses by itself."""
    return start_program("release", stage, gsched, installed, address=address, jobs=jobs)


def start_program(
    program: str,
    stage: Stage,
    gsched: Gsched,
    installed: Installed,
    *,
    address: str = "",
    **arguments: Any,
) -> Client:
    """A client program that runs with each release."""
    name = stage.name("client")
    folder = stage.folder / name
    wanted = {"scheduler": gsched.address, "address": address or next(stage.addresses)}
    wanted |= {"gate": str(folder / "gate"), **arguments}
    path = str(PROGRAMS / f"{program}.py")
    client = Client(
        name, [installed.python, path, json.dumps(wanted)], folder, installed.environ({})
    )
    stage.processes.append(client)
    return client
