"""Takes one defence away after the other, and sees whether tests fail then: `make mutants`.

That is mutation testing with mutants made by hand. Tools for it, such as mutmut and cosmic-ray,
change operators wherever they are; here each mutant is what somebody would have written who did
not think of that attack.

    python -m naive [-j N] [WORD ...]      only rows that have one of the words

Each row has a copy of the tree for itself. Exit code 1 if a defence can be taken away unnoticed,
or if a test fails with all defences in place.
"""

import argparse
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from xml.etree import ElementTree

from naive.row import ROOT, Row
from naive.table import ROWS

LEFT_OUT = (".*", "build", "dist", "*.egg-info", "*.log")
HANG, LONGEST = 20, 150  # seconds of one test, until it counts as hanging; of another one
ALL = 900  # seconds of all tests of a row
MEMORY = 8 << 30  # bytes: what is taken away may be what keeps a bomb from going off
# What a mistake in the row itself looks like.
MISTAKES = ("NameError", "UnboundLocalError", "ImportError", "ModuleNotFoundError", "SyntaxError")


def main(argv: Sequence[str]) -> int:
    """See the module's text."""
    parser = argparse.ArgumentParser(prog="naive", description="take defences away")
    parser.add_argument("-j", type=int, default=os.cpu_count(), metavar="N", help="rows at a time")
    parser.add_argument("words", nargs="*", metavar="WORD", help="in the row: its module, say")
    given = parser.parse_args(argv)
    rows = [row for row in ROWS if not given.words or any(x in repr(row) for x in given.words)]
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    calls = {f"{row.module}: {row.threat}": partial(tried, row) for row in rows}
    tests = [test for row in rows for test in row.tests]
    bad = [*report({"with all defences": partial(untouched, tests)} | calls, given.j)]
    print(f"{len(rows)} defences, {len(bad)} problems")
    return 1 if bad or not rows else 0


def report(calls: dict[str, Callable[[], str]], at_once: int) -> Iterator[str]:
    """Print what comes of each; those with a problem."""
    with ThreadPoolExecutor(at_once) as pool:
        under_way = {pool.submit(timed, call): name for name, call in calls.items()}
        for one in as_completed(under_way):
            seconds, problem = one.result()
            print(f"{'NOT OK' if problem else 'ok':6} {seconds:5.1f} s  {under_way[one]}")
            if problem:
                print(f"       {problem}", flush=True)
                yield under_way[one]


def timed(call: Callable[[], str]) -> tuple[float, str]:
    """Seconds that it took, and what it returned."""
    began = time.monotonic()
    problem = call()
    return time.monotonic() - began, problem


def tried(row: Row) -> str:
    """What is wrong with its tests, or with the row; empty if they all fail as they should."""
    with copied() as root:
        (root / "gsched" / row.module).write_text(row.altered(root), encoding="utf-8")
        failed = run(root, row.tests, HANG if row.hangs else LONGEST)
        if failed is None:
            return said(root)
    if unaware := [test for test in row.tests if test not in failed]:
        return f"not noticed by {', '.join(unaware)}"
    slow = [test for test, what in failed.items() if "pytest-timeout" in what]
    return f"{slow[0]} hangs" if slow and not row.hangs else ""


def untouched(tests: Sequence[str]) -> str:
    """Which tests fail although nothing was taken away."""
    with copied() as root:
        failed = run(root, tests, LONGEST)
        return said(root) if failed is None else ", ".join(failed)


def run(root: Path, tests: Sequence[str], timeout: int) -> dict[str, str] | None:
    """Tests that fail in that copy of the tree, and how; None if they could not be run."""
    report = root / "report.xml"
    command = [sys.executable, "-m", "pytest", "-q", f"--timeout={timeout}", f"--junitxml={report}"]
    # A defence less may mean that a browser is opened.
    environ = os.environ | {"PYTHONPATH": str(root), "BROWSER": "true"}
    with (
        open(root / "said", "wb") as output,
        subprocess.Popen(
            [*command, *paths(tests)],
            cwd=root,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        ) as process,
    ):
        try:
            code = process.wait(ALL)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            return None
    return failures(report) if code in (0, 1) else None


def failures(report: Path) -> dict[str, str]:
    """Of pytest's report: tests, with their parameters and without, and what they said."""
    found = {}
    for case in ElementTree.parse(report).iter("testcase"):
        file = case.get("classname", "").rpartition(".")[2]
        name = f"{file}.py::{case.get('name')}"
        for failure in [*case.iter("failure"), *case.iter("error")]:
            told = failure.get("message", "")
            what = told.removeprefix("failed on teardown with ").lstrip('"')
            counts = failure.tag == "failure" or what != told  # not what fails before the test
            if counts and not what.startswith(MISTAKES):
                found[name] = found[name.partition("[")[0]] = what
    return found


def paths(tests: Iterable[str]) -> Iterator[str]:
    """What pytest calls them."""
    for test in dict.fromkeys(tests):
        file = test.partition("::")[0]
        [path] = (ROOT / "tests").rglob(file)
        yield test.replace(file, str(path.relative_to(ROOT)), 1)


def said(root: Path) -> str:
    """By pytest, at its end."""
    return (root / "said").read_text(encoding="utf-8", errors="replace")[-2000:]


@contextmanager
def copied() -> Iterator[Path]:
    """A copy of the tree."""
    with tempfile.TemporaryDirectory(prefix="naive") as folder:
        root = Path(folder) / "gsched"
        shutil.copytree(ROOT, root, ignore=shutil.ignore_patterns(*LEFT_OUT))
        yield root


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
