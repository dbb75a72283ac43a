"""Writes down what is tested: calls with which releases of dispy, and options in which file.

It is taken from the marks of the tests themselves, `@pytest.mark.proves("cancel", "--clean")`, by
collecting them. `python tests/proofs.py` rewrites the tables in README.md, between the markers;
with `--check` it only tells whether they are out of step, and exits with 1 then.
"""

import contextlib
import io
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest

from gsched.options.table import OPTIONS

ROOT = Path(__file__).resolve().parents[1]
START, END = "<!-- proofs -->", "<!-- /proofs -->"
USUAL = "4.15.2"  # the release with which a test runs that is not given one

CALLS = (
    *("submit", "submit_node", "submit_job_id", "submit_job_id_node", "cancel"),
    *("allocate_node", "deallocate_node", "close_node", "set_node_cpus"),
    *("node_jobs", "node_jobs(from_node=True)", "send_file", "send_file(relay=True)"),
    *("status", "print_status", "wait", "close", "shutdown", "recover_jobs"),
    *("NodeAllocate", "nodes=", "depends=", "setup=", "cleanup=", "cleanup=function"),
    *("dest_path=", "exclusive=", "reentrant=", "poll_interval=", "secret=", "certfile="),
    *("job_status=", "cluster_status=", "dispy_job_depends"),
    *("dispy_provisional_result", "dispy_provisional_result(relay=True)"),
    *("dispy_send_file", "dispy_send_file(relay=True)"),
)
NAMES = (*CALLS, *(f"--{option.name}" for option in OPTIONS))

Proofs = dict[str, dict[str, set[str]]]
"""Name -> release -> files of the tests that prove it with that."""


class Wrong(Exception):
    """The tables cannot be made, and why."""


class Collector:
    """A plugin of pytest that keeps what is collected."""

    def __init__(self) -> None:
        self.items: list[pytest.Item] = []

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self.items = session.items


def collect() -> list[pytest.Item]:
    """All tests. Raises Wrong."""
    collector, printed = Collector(), io.StringIO()
    with contextlib.redirect_stdout(printed):
        code = pytest.main(["--collect-only", "-qq", str(ROOT / "tests")], plugins=[collector])
    if code:
        raise Wrong(f"pytest cannot collect the tests:\n{printed.getvalue()}")
    return collector.items


def proofs_of(items: Iterable[pytest.Item]) -> Proofs:
    """What the marks of these tests say. Raises Wrong for what is no call and no option."""
    proofs: Proofs = {name: {} for name in NAMES}
    for item in items:
        for name in (name for mark in item.iter_markers("proves") for name in mark.args):
            if name not in proofs:
                raise Wrong(f"{item.nodeid} proves {name!r}, which is no call and no option")
            proofs[name].setdefault(release_of(item), set()).add(item.path.name)
    return proofs


def release_of(item: pytest.Item) -> str:
    """The release of dispy that a test runs with."""
    callspec = getattr(item, "callspec", None)
    release = callspec.params.get("release") if callspec else None
    return release.dispy if release else USUAL


def tables(proofs: Proofs) -> str:
    """Both tables."""
    return f"{calls_table(proofs)}\n{options_table(proofs)}"


def calls_table(proofs: Proofs) -> str:
    """Calls that are tested with the same releases share a row: most releases first."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for call in CALLS:
        releases = sorted(proofs[call], key=lambda text: [int(x) for x in text.split(".")])
        groups.setdefault(tuple(releases), []).append(call)
    rows = [(", ".join(releases) or "not yet", names) for releases, names in _longest_first(groups)]
    return _table(("Tested with dispy", "calls, arguments, functions of jobs"), rows)


def _longest_first(
    groups: dict[tuple[str, ...], list[str]],
) -> list[tuple[tuple[str, ...], list[str]]]:
    return sorted(groups.items(), key=lambda row: -len(row[0]))


def options_table(proofs: Proofs) -> str:
    """Options that are tested by the same files share a row, in the order of the options."""
    groups: dict[str, list[str]] = {}
    for option in OPTIONS:
        name = f"--{option.name}"
        files = sorted({file for found in proofs[name].values() for file in found})
        groups.setdefault(", ".join(f"`{file}`" for file in files), []).append(name)
    untested = groups.pop("", [])
    rows = [*groups.items(), *([("their effect: not yet", untested)] if untested else [])]
    return _table(("Tested by", "options"), rows)


def _table(head: tuple[str, str], rows: Iterable[tuple[str, list[str]]]) -> str:
    lines = [f"| {head[0]} | {head[1]} |", "|---|---|"]
    lines += [f"| {left} | {', '.join(f'`{name}`' for name in names)} |" for left, names in rows]
    return "\n".join(lines) + "\n"


def written(text: str, inside: str) -> str:
    """The README with these tables. Raises Wrong."""
    head, start, rest = text.partition(START)
    _, end, tail = rest.partition(END)
    if not start or not end:
        raise Wrong(f"README.md lacks the markers {START} and {END}")
    return f"{head}{START}\n{inside}{END}{tail}"


def main(argv: Sequence[str]) -> int:
    """Rewrite or check; 0 when all is in step, 1 when something is not, 2 for a wrong call."""
    if list(argv) not in ([], ["--check"]):
        sys.stderr.write("usage: python tests/proofs.py [--check]\n")
        return 2
    path = ROOT / "README.md"
    current = path.read_text(encoding="utf-8")
    try:
        wanted = written(current, tables(proofs_of(collect())))
    except Wrong as problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    if not argv:
        path.write_text(wanted, encoding="utf-8")
    elif wanted != current:
        sys.stderr.write("README.md is out of step with the tests: run python tests/proofs.py\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
