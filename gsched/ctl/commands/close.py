"""`gschedctl close`."""

from argparse import ArgumentParser

from gsched.ctl import orders, targets
from gsched.ctl.command import Command, Session


def arguments(parser: ArgumentParser) -> None:
    """Of this command."""
    orders.add_targets(parser, "ID", orders.EITHER)
    orders.add_reason(parser)
    orders.add_yes(parser)


def run(session: Session) -> int:
    """All that are named."""
    return orders.carry_out(
        session, "close", targets.either, "Close {}? Jobs at a node are stopped."
    )


COMMAND = Command(
    "close",
    "Take no more jobs of clusters, or leave nodes at once",
    run,
    arguments,
    about="A cluster that is closed goes once its client has the answers to all its jobs.\n\n"
    "Jobs at a node that is closed go elsewhere if they may run again, or end as Abandoned; resume"
    " takes it back.",
)
