"""What is to be done: jobs in the order in which they are submitted, and the nodes for them.

A workload is asked for its tasks once for each algorithm, and gives the same ones each time.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from math import inf, nan
from pathlib import Path
from typing import NamedTuple, Protocol, TextIO

COLUMNS = ("arrival", "cluster", "seconds")
SOME_CLIENT = "10.0.0.1"
MOST_NODES = 100_000


class WorkloadError(ValueError):
    """What was given cannot be simulated; the text says where and how to mend it."""


class Task(NamedTuple):
    """One job. Tasks of one cluster and client are of one SharedJobCluster."""

    arrival: float  # seconds after the beginning
    cluster: str
    seconds: float  # that it runs, on one CPU
    client: str = SOME_CLIENT


class Workload(Protocol):
    """Where tasks come from."""

    def tasks(self) -> Iterator[Task]:
        """All of them, none before the one in front of it. Raises WorkloadError."""
        ...


@dataclass(frozen=True)
class Trace:
    """A CSV file with the columns arrival, cluster, seconds and, if wanted, client.

    Its rows may come in any order, and its times begin anywhere: the first arrival counts as 0.
    """

    path: Path

    def tasks(self) -> Iterator[Task]:
        """Of the whole file, sorted."""
        return iter(self._sorted)

    @cached_property
    def _sorted(self) -> list[Task]:
        try:
            with self.path.open(newline="", encoding="utf-8") as file:
                found = sorted(self._read(csv.DictReader(file)))
        except OSError as error:
            raise WorkloadError(f"{self.path}: {error.strerror or error}") from error
        except (UnicodeDecodeError, csv.Error) as error:
            raise WorkloadError(f"{self.path}: is no CSV file in UTF-8: {error}") from error
        if not found:
            raise WorkloadError(f"{self.path}: has no jobs")
        first = found[0].arrival
        return [task._replace(arrival=task.arrival - first) for task in found]

    def _read(self, rows: "csv.DictReader[str]") -> Iterator[Task]:
        missing = [name for name in COLUMNS if name not in (rows.fieldnames or ())]
        if missing:
            wanted = ",".join(COLUMNS)
            told = f"has no column {missing[0]!r}; its first line should be {wanted}"
            raise WorkloadError(f"{self.path}: {told}")
        for row in rows:
            try:
                yield _task(row)
            except ValueError as error:
                raise WorkloadError(f"{self.path}, line {rows.line_num}: {error}") from None


def _task(row: dict[str, str]) -> Task:
    arrival, seconds = _number(row, "arrival"), _number(row, "seconds")
    if not row["cluster"]:
        raise ValueError("cluster is empty; give a name")
    return Task(arrival, row["cluster"], seconds, row.get("client") or SOME_CLIENT)


def _number(row: dict[str, str], name: str) -> float:
    try:
        value = float(row[name])
    except (TypeError, ValueError):
        value = nan
    if not 0 <= value < inf:
        raise ValueError(f"{name} {row[name]!r} is not allowed, give 0 or more seconds")
    return value


def write(workload: Workload, file: TextIO) -> None:
    """As a trace, which gives the same tasks."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow((*COLUMNS, "client"))
    for task in workload.tasks():
        writer.writerow((repr(task.arrival), task.cluster, repr(task.seconds), task.client))


def nodes(text: str) -> tuple[int, ...]:
    """The CPUs of each node: `10x32,90x8` is ten nodes of 32 and ninety of 8. Raises ValueError."""
    found: list[int] = []
    for part in text.split(","):
        many, _, cpus = part.partition("x")
        if not (many.isdecimal() and cpus.isdecimal() and int(many) and int(cpus)):
            raise ValueError("nodes and their CPUs, such as 100x8 or 10x32,90x8")
        if len(found) + int(many) > MOST_NODES:
            raise ValueError(f"{MOST_NODES:,} nodes at the most")
        found += [int(cpus)] * int(many)
    return tuple(found)
