"""The command line of `gsched simulate`."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn, TypeVar

from gsched.core.choice.policies import POLICIES
from gsched.simulation import generated, workload

Value = TypeVar("Value")

_ABOUT = """\
Let gsched's own scheduler work on a workload, on a clock that jumps from event to event, with
each algorithm, and compare what they make of it. Nothing is sent to anybody.

The workload is a TRACE, a CSV file with the columns arrival, cluster, seconds and, if wanted,
client (times in seconds, rows in any order); without one it is made up.
"""
_EXAMPLES = """\
Examples:
  gsched simulate --nodes 10x32,90x8 --jobs 100000 --clusters 20
      A hundred machines, a few big users and many small ones.
  gsched simulate --seconds constant:5 --seconds lognormal:3600,1.5 --svg compare.svg
      Short jobs beside long ones, and a picture of it.
  gsched simulate last-month.csv --nodes 40x16 --algorithms fair,weighted
      What would have become of what you have had.
"""


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}\n")


def parser() -> argparse.ArgumentParser:
    """All that it takes."""
    made = _Parser(
        prog="gsched simulate",
        description=_ABOUT,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    made.add_argument("trace", nargs="?", type=Path, metavar="TRACE", help="the workload")
    site = made.add_argument_group("site")
    _add(site, "--nodes", workload.nodes, "10x8", "MxC,...", "M nodes with C CPUs each")
    about = f"which to compare, of {', '.join(POLICIES)}"
    _add(site, "--algorithms", _algorithms, ",".join(POLICIES), "A,...", about)
    about = "rules for clusters, as --policy_file of gsched has them"
    site.add_argument("--policy_file", type=Path, metavar="FILE", help=about)
    _add_generated(made.add_argument_group("workload that is made up, without a TRACE"))
    answer = made.add_argument_group("answer")
    answer.add_argument("--json", action="store_true", help="all figures, for programs")
    answer.add_argument("--svg", type=Path, metavar="FILE", help="write a picture there")
    answer.add_argument("--save", type=Path, metavar="TRACE", help="write the workload there")
    return made


def _add_generated(group: argparse._ArgumentGroup) -> None:
    _add(group, "--jobs", _count, "10000", "N", "in all")
    _add(group, "--clusters", _count, "5", "N", "that submit them")
    _add(
        group,
        "--arrivals",
        _one_of(generated.ARRIVALS),
        generated.POISSON,
        "HOW",
        "poisson: at random; at-once: all at the beginning, one cluster after the other",
    )
    about = "work that arrives, as a part of what the nodes can do (for poisson)"
    _add(group, "--load", _positive, "0.95", "PART", about)
    about = "0: all clusters submit as much; 1: the k-th a k-th of the first's"
    _add(group, "--skew", _not_negative, "1", "X", about)
    group.add_argument(
        "--seconds",
        type=_told(generated.durations),
        action="append",
        metavar="D",
        help="how long jobs run: constant:60, uniform:10-50, exponential:60 or lognormal:60,1.5 "
        "by their mean; several times: clusters take them in turn (default: exponential:60)",
    )
    _add(group, "--seed", int, "1", "N", "the same seed makes the same workload")


def _add(
    group: argparse._ArgumentGroup,
    name: str,
    read: Callable[[str], object],
    default: str,
    metavar: str,
    about: str,
) -> None:
    group.add_argument(
        name,
        type=_told(read),
        default=default,
        metavar=metavar,
        help=f"{about} (default: {default})",
    )


def _told(read: Callable[[str], Value]) -> Callable[[str], Value]:
    """Argparse shows the text of no other error."""

    def value(text: str) -> Value:
        try:
            return read(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(f"{text!r} is not allowed, give {error}") from error

    return value


def _algorithms(text: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(text.split(",")))
    if not set(names) <= set(POLICIES):
        raise ValueError(f"some of {','.join(POLICIES)}")
    return names


def _one_of(names: tuple[str, ...]) -> Callable[[str], str]:
    def value(text: str) -> str:
        if text not in names:
            raise ValueError(" or ".join(names))
        return text

    return value


def _count(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise ValueError("a whole number above 0")
    return int(text)


def _not_negative(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        raise ValueError("a number that is not below 0")
    return value


def _positive(text: str) -> float:
    try:
        value = _not_negative(text)
    except ValueError:
        value = 0.0
    if not value:
        raise ValueError("a number above 0")
    return value
