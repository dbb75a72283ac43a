"""A Python on which dispy's status callbacks work.

dispy checks callbacks by a function that Python 3.11 has removed, so that clients with callbacks
run with an older Python only.
"""

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

TOO_NEW = (3, 11)
WANTED = "dispy's callbacks need Python 3.10"
PIP_TIMEOUT = 120.0  # seconds


def old_python(folder: Path) -> tuple[str, str]:
    """The interpreter, with dispy installed, and why there is none: one of both is empty.

    In `folder`, which is kept, a virtual environment is made where that is needed.
    """
    if sys.version_info < TOO_NEW:
        return sys.executable, ""
    found = [path for path in _candidates() if _runs(path, "import sys")]
    if not found:
        return "", f"{WANTED}, which is not here"
    for path in found:
        if _runs(path, "import dispy"):
            return path, ""
    return _install(found[0], folder)


def _candidates() -> Iterator[str]:
    named = os.environ.get("TEST_PYTHON310")
    on_path = shutil.which("python3.10")
    yield from (path for path in (named, on_path) if path)
    root = Path(os.environ.get("PYENV_ROOT", "~/.pyenv")).expanduser()
    yield from (str(path) for path in sorted(root.glob("versions/3.10*/bin/python")))


def _runs(python: str, code: str) -> bool:
    """Whether that interpreter, run with that code, succeeds."""
    done = subprocess.run([python, "-c", code], capture_output=True, timeout=PIP_TIMEOUT)
    return done.returncode == 0


def _install(python: str, folder: Path) -> tuple[str, str]:
    try:
        wanted = f"dispy=={version('dispy')}"
    except PackageNotFoundError:
        return "", "dispy is not installed"
    ours = folder / "venv/bin/python"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # other test processes may want the same
        if ours.exists() and _runs(str(ours), "import dispy"):
            return str(ours), ""
        try:
            _run([python, "-m", "venv", "--clear", str(folder / "venv")])
            _run([str(ours), "-m", "pip", "install", "-q", wanted])
        except (subprocess.SubprocessError, OSError) as error:
            return "", f"{WANTED} with dispy, which pip does not get: {error}"
    return str(ours), ""


def _run(arguments: list[str]) -> None:
    subprocess.run(arguments, check=True, capture_output=True, timeout=PIP_TIMEOUT)
