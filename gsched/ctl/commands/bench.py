"""`gschedctl bench`: what a job costs on this machine."""

from argparse import ArgumentParser
from dataclasses import asdict

from gsched.ctl.command import Command, Session
from gsched.ctl.commands.jobs import count_of
from gsched.ctl.failures import DONE, Failure
from gsched.ctl.words import size
from gsched.selftest import trial
from gsched.selftest.trial import Figures, TrialError

JOBS = 2000
WAYS = ("off", "process")  # of --durability
COLUMNS = ("durability", "jobs/s", "CPU per job", "one job", "95 %", "memory")


def arguments(parser: ArgumentParser) -> None:
    """Of this command."""
    about = f"in each of two runs; {JOBS} unless given"
    parser.add_argument("--jobs", metavar="N", type=count_of, default=JOBS, help=about)


def run(session: Session) -> int:
    """A run without the journal, and one with it."""
    screen = session.screen
    try:
        found = [trial.run(way, session.given.jobs, screen.note) for way in WAYS]
    except TrialError as error:
        raise Failure(str(error)) from error
    if screen.json:
        screen.give({"runs": [asdict(one) for one in found]})
    else:
        screen.table(COLUMNS, map(_line, found))
    return DONE


def _line(found: Figures) -> tuple[str, ...]:
    times = [f"{1000 * seconds:.2f} ms" for seconds in (found.cpu, found.usual, found.late)]
    return (found.durability, f"{found.rate:.0f}", *times, size(found.memory))


COMMAND = Command(
    "bench",
    "Try what jobs cost on this machine, with a scheduler of its own",
    run,
    arguments,
    about="It starts a scheduler on this host that nobody else finds, with a made-up node and"
    " client whose jobs do nothing, and stops it: no other scheduler is asked. CPU per job is what"
    " the scheduler needs of one core; one job is the time from submit to result when nothing else"
    " goes on. Jobs per second are bounded by the made-up peers as well.",
)
