"""python -m bench: run the scenarios, print the table, save what was measured as JSON."""

import argparse
import contextlib
import json
import os
import platform
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from peers import namespace

from bench import table
from bench.catalogue import SCENARIOS, Scenario
from bench.rig import Stuck, rig
from bench.schedulers import ROOT, Kind, missing


def main() -> int:
    """The exit code is 2 if something could not be measured, whatever the figures are."""
    options = _options()
    chosen = _choose(options.scenarios)
    _prepare()
    cores = _cores()
    print(f"{platform.platform()}, Python {platform.python_version()}, {_commit()}", flush=True)
    print(f"scheduler on core {cores[0]}, driver on core {cores[1]}; load {os.getloadavg()[0]:.1f}")
    results, problems = _measure(chosen, options, cores)
    rows = table.rows(chosen, results)
    print("\n" + table.text(rows))
    if options.quick:
        print("\nquick: some numbers were smaller than the lines say, and each ran once")
    _print_noise(results)
    _save(options.json, results, rows, problems)
    return 2 if problems else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("scenarios", nargs="*", help="names, or how they begin; default: all")
    parser.add_argument("--quick", action="store_true", help="one smaller run of each")
    parser.add_argument("--repeats", type=int, help="runs of each, instead of its own number")
    parser.add_argument("--json", type=Path, default=ROOT / "build/bench.json")
    parser.add_argument("--list", action="store_true", help="names of all scenarios")
    options = parser.parse_args()
    if options.list:
        print("\n".join(one.name for one in SCENARIOS))
        sys.exit(0)
    return options


def _choose(names: list[str]) -> list[Scenario]:
    chosen = [one for one in SCENARIOS if not names or one.name.startswith(tuple(names))]
    if not chosen:
        sys.exit(f"bench: no scenario begins with {' or '.join(names)}; --list shows all")
    return chosen


def _prepare() -> None:
    """A network of our own, and enough sockets."""
    problem = namespace.enter()
    if problem:
        sys.exit(f"bench: no network of its own: {problem}")
    ports = Path("/proc/sys/net/ipv4")
    with contextlib.suppress(OSError):  # the usual 28,000 ports are enough for most
        (ports / "ip_local_port_range").write_text("10000 65000")
        (ports / "ip_local_reserved_ports").write_text("9700-9800,51347-51349")
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _cores() -> tuple[int | None, int | None]:
    """One for the scheduler, another one for us."""
    cores = sorted(os.sched_getaffinity(0))
    return (cores[0], cores[1]) if len(cores) > 1 else (None, None)


def _measure(
    chosen: list[Scenario], options: argparse.Namespace, cores: Any
) -> tuple[table.Results, list[str]]:
    results: table.Results = {}
    problems: list[str] = []
    skipped = {kind.name: missing(kind) for one in chosen for kind in one.kinds}
    for name, reason in skipped.items():
        if reason:
            print(f"{name} is left out: {reason}")
    for scenario in chosen:
        runs = results[scenario.name] = {}
        kinds = [kind for kind in scenario.kinds if not skipped[kind.name]]
        for _ in range(1 if options.quick else options.repeats or scenario.repeats):
            for kind in kinds or ([None] if scenario.core_only else []):
                try:
                    figures = _run(scenario, kind, options.quick, cores)
                except Stuck as error:
                    problems.append(f"{scenario.name}, {kind and kind.name}: {error}")
                    print(problems[-1], flush=True)
                else:
                    runs.setdefault(kind.name if kind else table.CORE, []).append(figures)
    return results, problems


def _run(scenario: Scenario, kind: Kind | None, quick: bool, cores: Any) -> dict[str, float]:
    arguments = scenario.arguments | (scenario.quick if quick else {})
    began = time.monotonic()
    if kind is None:
        figures = scenario.run(**arguments)
    else:
        with rig(kind, cores) as made:
            figures = scenario.run(made, **arguments)
    shown = ", ".join(f"{name} {value:.4g}" for name, value in figures.items())
    name = kind.name if kind else table.CORE
    print(f"{scenario.name:18} {name:15} {time.monotonic() - began:5.1f} s  {shown}", flush=True)
    return figures


def _print_noise(results: table.Results) -> None:
    """How far the figures can be trusted."""
    runs = [run for kinds in results.values() for some in kinds.values() for run in some]
    own = [run["own"] for run in runs if "own" in run]
    starved = [run["starved"] for run in runs if "starved" in run]
    if own:
        print(f"\ndriver: {min(own):.3f}..{max(own):.3f} ms of its own CPU per job")
        print(f"scheduler without its core: {min(starved):.0%}..{max(starved):.0%} of the time")


def _save(path: Path, results: Any, rows: Any, problems: list[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    machine = {"platform": platform.platform(), "python": platform.python_version()}
    found = machine | {"commit": _commit(), "time": time.time(), "load": os.getloadavg()}
    found |= {"rows": rows, "runs": results, "problems": problems}
    path.write_text(json.dumps(found, indent=1))
    print(f"saved as {path}")


def _commit() -> str:
    command = ["git", "-C", str(ROOT), "describe", "--always", "--dirty"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "no git"


if __name__ == "__main__":
    sys.exit(main())
