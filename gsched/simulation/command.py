"""`gsched simulate`: try the algorithms on a workload, before people have to live with them."""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Mapping, Sequence

from gsched.core.model.sharing import NO_SHARING
from gsched.policy import file as policy
from gsched.simulation import arguments, picture, report, workload
from gsched.simulation.generated import Generated, durations
from gsched.simulation.outcome import outcome
from gsched.simulation.run import Run
from gsched.simulation.workload import Trace, Workload, WorkloadError


def main(words: Sequence[str], _environ: Mapping[str, str]) -> int:
    """Do what is asked for; the first word is the command's own name. Returns the exit code."""
    given = arguments.parser().parse_args(words[1:])
    try:
        _run(given)
    except BrokenPipeError:  # an OSError, too, but no mistake
        raise
    except (WorkloadError, policy.PolicyError) as error:
        told = str(error)
    except OSError as error:
        told = f"{error.filename}: {error.strerror or error}"
    else:
        return 0
    print(f"gsched simulate: {told}", file=sys.stderr)  # noqa: T201
    return 2


def _run(given: argparse.Namespace) -> None:
    work = _workload(given)
    if given.save:
        with given.save.open("w", encoding="utf-8", newline="") as file:
            workload.write(work, file)
    sharing = policy.read(given.policy_file) if given.policy_file else NO_SHARING
    runs = [(name, Run(name, given.nodes, sharing).go(work)) for name in given.algorithms]
    outcomes = [outcome(*run) for run in runs]
    if given.svg:
        given.svg.write_text(picture.draw(runs), encoding="utf-8")
    if given.json:
        print(json.dumps([one.plain() for one in outcomes], indent=2))  # noqa: T201
    else:
        report.tell(outcomes, _site(given.nodes))


def _workload(given: argparse.Namespace) -> Workload:
    if given.trace:
        return Trace(given.trace)
    return Generated(
        jobs=given.jobs,
        clusters=given.clusters,
        cpus=sum(given.nodes),
        lasting=given.seconds or [durations("exponential:60")],
        arrivals=given.arrivals,
        load=given.load,
        skew=given.skew,
        seed=given.seed,
    )


def _site(nodes: Sequence[int]) -> str:
    kinds = Counter(nodes)
    told = ", ".join(f"{many:,} nodes with {cpus} CPUs" for cpus, many in kinds.items())
    return f"{told}: {sum(nodes):,} CPUs in all" if len(kinds) > 1 else told
