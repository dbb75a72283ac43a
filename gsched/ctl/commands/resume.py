"""`gschedctl resume`."""

from argparse import ArgumentParser

from gsched.ctl import orders, targets
from gsched.ctl.command import Command, Session


def arguments(parser: ArgumentParser) -> None:
    """Of this command."""
    orders.add_targets(parser, "ID", orders.EITHER)
    orders.add_reason(parser)


def run(session: Session) -> int:
    """All that are named."""
    return orders.carry_out(session, "resume", targets.either)


COMMAND = Command(
    "resume",
    "Take back pause of clusters, and drain and close of nodes",
    run,
    arguments,
    about="",
)
