"""`gschedctl drain`."""

from argparse import ArgumentParser

from gsched.ctl import orders
from gsched.ctl.command import Command, Session


def arguments(parser: ArgumentParser) -> None:
    """Of this command."""
    orders.add_targets(parser, "NODE", orders.A_NODE)
    orders.add_reason(parser)


def run(session: Session) -> int:
    """All that are named."""
    return orders.carry_out(session, "drain", orders.node)


COMMAND = Command(
    "drain",
    "Give no more jobs to nodes",
    run,
    arguments,
    about="Jobs that run there go on. `gschedctl wait idle NODE` tells when they have ended.",
)
