"""Wheel and sdist: what is in them, and that the wheel runs in a clean environment."""

import os
import shutil
import subprocess
import sys
import tarfile
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import pytest
from peers.process import PATIENCE, Process
from peers.releases import python

from gsched import __version__

pytestmark = pytest.mark.timeout(900)  # seconds: pip downloads

ROOT = Path(__file__).resolve().parents[2]
PIP = ["-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
MINORS = (10, 11, 12, 13)  # of the Pythons that gsched is for


def checked(command: list[str], folder: Path) -> str:
    """Run it there, with nothing of this environment's Python. What it printed."""
    clean = {name: text for name, text in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(
        command, cwd=folder, env=clean, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="session")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist, and the wheel that was built from it."""
    given = os.environ.get("TEST_DIST")
    if given:
        return ROOT / given
    folder = tmp_path_factory.mktemp("dist")
    checked([sys.executable, "-m", "build", "--outdir", str(folder), str(ROOT)], folder)
    return folder


@pytest.fixture(scope="session")
def wheel(dist: Path) -> Path:
    """The one wheel."""
    [path] = dist.glob("*.whl")
    return path


def tracked(*folders: str) -> set[str]:
    """What is to be shipped of these folders."""
    found = (path for folder in folders for path in (ROOT / folder).rglob("*"))
    files = {path.relative_to(ROOT).as_posix() for path in found if path.is_file()}
    return {path for path in files if "__pycache__" not in path}


def test_wheel_holds_the_page_and_the_examples(wheel: Path) -> None:
    names = set(ZipFile(wheel).namelist())
    page = {path.replace("web/", "gsched/web/") for path in tracked("web")}
    examples = f"gsched-{__version__}.data/data/share/gsched/"
    conf = {path.replace("conf/", examples) for path in tracked("conf")}
    assert names >= page | conf | tracked("gsched")
    assert not {name for name in names if name.startswith(("tests", "web"))}


def test_sdist_holds_all_that_building_and_testing_need(dist: Path) -> None:
    [path] = dist.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    top = {"setup.py", "pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE", "Makefile"}
    assert names >= top | tracked("gsched", "web", "conf", "tests")


def test_container_copies_what_building_needs(wheel: Path, tmp_path: Path) -> None:
    """What its first part copies makes the same wheel."""
    lines = (ROOT / "conf/Containerfile").read_text().splitlines()
    for line in [line for line in lines if line.startswith("COPY ") and "--from" not in line]:
        *sources, target = line.split()[1:]
        for source in sources:
            copy(ROOT / source, tmp_path / target.strip("/"))
    checked([sys.executable, "-m", "build", "--wheel", "-o", str(tmp_path), "src"], tmp_path)
    [made] = tmp_path.glob("*.whl")
    assert set(ZipFile(made).namelist()) == set(ZipFile(wheel).namelist())


def copy(source: Path, target: Path) -> None:
    """As COPY of a Containerfile: what is in a folder, or a file into a folder."""
    target.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(source, target, dirs_exist_ok=True, ignore=ignored)
    else:
        shutil.copy(source, target)


def _minor(minor: int) -> object:
    ours = sys.version_info[:2] == (3, minor)
    return pytest.param(minor, marks=[] if ours else [pytest.mark.every_python])


@pytest.fixture(params=[_minor(minor) for minor in MINORS], ids=lambda minor: f"3.{minor}")
def installed(request: pytest.FixtureRequest, wheel: Path, tmp_path: Path) -> Path:
    """The programs of a fresh environment that has the wheel, and nothing else of ours."""
    interpreter = python(request.param)
    if not interpreter:
        pytest.skip(f"no Python 3.{request.param} here")
    folder = tmp_path / "venv"
    checked([interpreter, "-m", "venv", str(folder)], tmp_path)
    checked([str(folder / "bin/python"), *PIP, str(wheel)], tmp_path)
    return folder / "bin"


@pytest.fixture
def running(installed: Path, tmp_path: Path) -> Iterator[Process]:
    """The installed gsched, with its page."""
    ports = [x for name in ("port", "scheduler_port", "http_port") for x in (f"--{name}", "0")]
    options = ["-i", "127.0.0.1", *ports, "--other_ports", "none", "--httpd", "--daemon"]
    state = ["--dest_path_prefix", str(tmp_path / "state")]
    process = Process("gsched", [str(installed / "gsched"), *options, *state], tmp_path)
    yield process
    process.kill()


def test_installed(installed: Path, running: Process, tmp_path: Path) -> None:
    """It says what it is, serves its page, and stops in order."""
    for name in ("gsched", "gsched-dispyscheduler"):
        assert checked([str(installed / name), "--version"], tmp_path) == f"gsched {__version__}\n"
    assert "--fair_cluster_scheduler" in checked([str(installed / "gsched"), "--help"], tmp_path)
    page = running.wait_for_text(r"(http://\S+) page").group(1)
    answers = {path: read(page + path) for path in ("healthz", "", "static/main.js")}
    assert answers["healthz"] == b"ok\n"
    assert b"<title>" in answers[""] and b"import" in answers["static/main.js"]
    assert running.terminate() == 0
    assert "Traceback" not in running.err
    assert (installed.parent / "share/gsched/gsched.conf").is_file()


def read(url: str) -> bytes:
    """What is there."""
    with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
        content: bytes = answer.read()
    return content
